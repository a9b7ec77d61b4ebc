// Every query of every panel, and every recording rule, gives data in a real Prometheus that scrapes the real
// services (OPS-8). Alert rules have unit tests of their own: k8s/monitoring/rules_test.yaml.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {eventually, startPlatform, top} from './harness.mjs';

const CUSTOMERS = 'crm.customer.v1.CustomerService';
const read = (path) => readFileSync(join(top, path), 'utf8');
const panels = ['suite', 'sales', 'ticket'].flatMap((name) =>
  JSON.parse(read(`k8s/monitoring/${name}_dashboard.json`)).panels.flatMap((each) => [each, ...(each.panels ?? [])]));
const rules = read('k8s/monitoring/rules.yaml');

let platform;
let prometheus;
let work;
let url;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function query(expr) {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`).catch(() => undefined);
  if (!answer || answer.status === 503) return [];  // Prometheus is starting
  const body = await answer.json();
  assert.notEqual(body.status, 'error', body.error);
  return body.data.result;
}

before(async () => {
  platform = startPlatform();
  const archive = await platform.start('customer');
  const services = {'crm-customer': archive};
  for (const name of ['sales', 'ticket']) services[`crm-${name}`] = await platform.start(name, {peer: archive});
  const steward = archive.client(CUSTOMERS, platform.token('wang.fang', 'data_steward'));
  work = mkdtempSync(join(tmpdir(), 'crm-prometheus-'));
  // The same rules, evaluated as often as the test scrapes.
  writeFileSync(join(work, 'rules.yaml'), rules.replace('interval: 30s', 'interval: 1s'));
  writeFileSync(join(work, 'prometheus.yml'), JSON.stringify({
    global: {scrape_interval: '1s', evaluation_interval: '1s'},
    rule_files: [join(work, 'rules.yaml')],
    scrape_configs: [{job_name: 'crm', static_configs: Object.entries(services).map(
      ([service, {metricsPort}]) => ({targets: [`127.0.0.1:${metricsPort}`], labels: {service}}))}],
  }));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  prometheus = spawn('prometheus', [`--config.file=${join(work, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(work, 'data')}`, `--web.listen-address=127.0.0.1:${port}`], {stdio: 'ignore'});
  process.once('exit', () => prometheus.kill('SIGKILL'));
  await eventually('a first scrape', async () => (await query('crm_build_info')).length > 0);
  const opportunities = services['crm-sales'].client('crm.sales.v1.OpportunityService', platform.token('wang.fang', 'data_steward'));
  const tickets = services['crm-ticket'].client('crm.ticket.v1.TicketService', platform.token('li.na', 'service_agent'));
  // A counter that is first scraped with all its calls never grows: the calls go on until each service's rate is seen.
  await eventually('rates of every service', async () => {
    await opportunities.call('ListOpportunities', {});
    await tickets.call('ListTickets', {});
    await steward.call('ListCustomers', {});
    await steward.call('GetCustomer', {customer: 'CRM2026999999'}).catch(() => {});
    const called =
      'count by (grpc_method) (rate(grpc_server_handled_total{grpc_method=~"List(Opportunities|Tickets|Customers)"}[15m]) > 0)';
    return (await query(called)).length === 3 && (await query('crm:rpc_handled:rate5m > 0')).length > 0;
  });
});

after(async () => {
  if (prometheus) {
    prometheus.kill();
    await once(prometheus, 'exit');
  }
  if (work) rmSync(work, {recursive: true, force: true});
  if (platform) await platform.stop();
});

for (const panel of panels) {
  for (const {expr} of panel.targets ?? []) {
    test(`${panel.title}: ${expr.slice(0, 60)}`, async () => {
      const asked = expr.replaceAll('$__rate_interval', '15m').replaceAll('$__range', '15m').replaceAll('$service', '.*');
      await eventually(asked, async () => (await query(asked)).length > 0);
    });
  }
}

for (const [, name] of rules.matchAll(/record: (\S+)/g)) {
  test(`recorded: ${name}`, async () => {
    await eventually(name, async () => (await query(name)).length > 0);
  });
}

test('no alert fires on a healthy service', async () => {
  const {data} = await (await fetch(`${url}/api/v1/alerts`)).json();
  // What is only pending has not lasted yet: calls of a busy machine are slow.
  assert.deepEqual(data.alerts.filter(({state}) => state === 'firing'), []);
});
