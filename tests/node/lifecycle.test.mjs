// The process itself: how it ends under load, and what changes while it runs.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {eventually, startSuite} from './harness.mjs';

const CUSTOMERS = 'crm.customer.v1.CustomerService';
let suite;

before(async () => { suite = await startSuite(); });
after(async () => { if (suite) await suite.stop(); });

const steward = () => suite.client(CUSTOMERS, suite.token('wang.fang', 'data_steward'));
const creation = (i) => ({
  request_id: `lifecycle-${i}`,
  customer: {
    kind: 'CUSTOMER_KIND_PERSON', full_name: '王小明', industry: 'F52', tier: 'TIER_POTENTIAL',
    phone: `139${String(10_000_000 + i)}`,
  },
});

// PLT-28, PLT-5: what was acknowledged is there, nothing is half done, and what was not answered can be sent
// again with its request id.
test('SIGTERM under load loses nothing', async () => {
  const client = steward();
  const acknowledged = new Map();
  const unanswered = [];
  let next = 0;
  const worker = async () => {
    for (;;) {
      const i = next++;
      try {
        acknowledged.set(i, (await client.call('CreateCustomer', creation(i))).number);
      } catch (error) {
        assert.equal(error.code, 'UNAVAILABLE', error.message);
        unanswered.push(i);
        return;
      }
      if (acknowledged.size === 100) suite.signal('SIGTERM');
    }
  };
  await Promise.all(Array.from({length: 16}, worker));
  assert.equal(await suite.ended(), 0);
  assert.match(suite.log(), /"message":"stopped"/);
  assert.ok(acknowledged.size >= 100);
  assert.equal(unanswered.length, 16);

  await suite.restart();
  const again = steward();
  for (const number of acknowledged.values()) {
    assert.equal((await again.call('GetCustomer', {customer: number})).number, number);
  }
  const numbers = new Set(acknowledged.values());
  for (const i of unanswered) numbers.add((await again.call('CreateCustomer', creation(i))).number);
  const first = await again.call('CreateCustomer', creation(0));
  assert.equal(first.number, acknowledged.get(0));
  assert.equal(numbers.size, next);
});

// PLT-27: levels are changeable at run time; a traceparent is taken over into the log.
test('the log level follows the configuration file', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const call = () => steward().call('ListCustomers', {page_size: 1},
    {headers: {traceparent: `00-${trace}-00f067aa0ba902b7-01`}});
  await call();
  suite.configure('log-level = debug\n');
  suite.signal('SIGHUP');
  await eventually('the level changes', () => suite.log().includes('"log_level":"debug"'));
  await eventually('a call is logged', async () => {
    await call();
    return suite.log().split('\n').some((line) =>
      line.includes(`"trace_id":"${trace}"`) && line.includes('"level":"debug"') && line.includes('ListCustomers'));
  });

  // PLT-25: what is wrong is named; the service goes on as before.
  suite.configure('log-level = loud\n');
  suite.signal('SIGHUP');
  await eventually('the mistake is named', () =>
    /"message":"job failed","job":"reload-settings","error":"[^"]*log-level/.test(suite.log()));
  await call();
  suite.configure('log-level = warning\n');
  suite.signal('SIGHUP');
  await eventually('the level changes', () => suite.log().includes('"log_level":"warning"'));
});
