// A foreign client's tour of the customer service: what an internal client in another language relies
// on (PLT-11).
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {startSuite, top} from './harness.mjs';

const CUSTOMERS = 'crm.customer.v1.CustomerService';
const EVENTS = 'crm.event.v1.EventService';

let suite;
let steward;
let agent;

before(async () => {
  suite = await startSuite();
  steward = suite.client(CUSTOMERS, suite.token('wang.fang', 'data_steward', '--team', 'hq'));
  agent = suite.client(CUSTOMERS, suite.token('zhao.min', 'service_agent', '--team', 'hotline'));
});

after(async () => {
  // PLT-28: SIGTERM ends it in order.
  if (suite) assert.equal(await suite.stop(), 0);
});

const organization = (over = {}) => ({
  kind: 'CUSTOMER_KIND_ORGANIZATION', full_name: '深圳市云帆智能科技有限公司', decision_maker: '张晓明',
  phone: '138-0013-8000', email: 'Xiaoming.Zhang@Example.com', industry: '软件和信息技术服务业', region: '广东省深圳市',
  scale: 'SCALE_500_TO_2000', tier: 'TIER_KEY', ...over,
});
const person = (i, over = {}) => ({
  kind: 'CUSTOMER_KIND_PERSON', full_name: '欧阳小慧', phone: `1391000${String(1000 + i)}`,
  industry: '软件和信息技术服务业', tier: 'TIER_NORMAL', ...over,
});

async function failure(promise) {
  const error = await promise.then(() => assert.fail('the call should have failed'), (caught) => caught);
  assert.ok(error.details?.ErrorInfo, `no ErrorInfo: ${error.message}`);
  assert.equal(error.details.ErrorInfo.domain, 'crm');
  return error;
}

// PLT-10
test('health is served for the whole and for each service', async () => {
  const health = suite.client('grpc.health.v1.Health');
  for (const service of ['', CUSTOMERS, EVENTS]) {
    assert.equal((await health.call('Check', {service})).status, 'SERVING', service);
  }
});

// PLT-10
test('every answer names the version of the server', async () => {
  const version = await new Promise((done) => {
    const call = steward.stub.ListCustomers({page_size: 1}, steward.metadata(), () => {});
    call.on('status', ({metadata}) => done(metadata.get('x-crm-version')[0]));
  });
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.match(await suite.metrics(), new RegExp(`crm_build_info\\{[^}]*version="${version}"`));
});

// PLT-10
test('reflection lists the services', async () => {
  const reflection = suite.client('grpc.reflection.v1alpha.ServerReflection');
  const stream = reflection.stub.ServerReflectionInfo(reflection.metadata());
  const answer = await new Promise((done, fail) => {
    stream.once('data', done);
    stream.once('error', fail);
    stream.write({list_services: '*'});
  });
  stream.end();
  const names = answer.list_services_response.service.map((each) => each.name);
  assert.ok(names.includes(CUSTOMERS) && names.includes(EVENTS), names.join(' '));
});

// PLT-12
test('a call without a token is refused', async () => {
  const error = await failure(suite.client(CUSTOMERS).call('GetCustomer', {customer: 'CRM2026000001'}));
  assert.equal(error.code, 'UNAUTHENTICATED');
});

// PLT-7, PLT-8, PLT-30
test('every wrong field is named at once, in the language of the caller', async () => {
  const request = {customer: organization({phone: '123', email: 'nobody', credit_code: '91440300MA5C9FJR9X'})};
  const error = await failure(steward.call('CreateCustomer', request, {headers: {'accept-language': 'zh-CN'}}));
  assert.equal(error.code, 'INVALID_ARGUMENT');
  const fields = error.details.BadRequest.field_violations.map((each) => each.field).sort();
  assert.deepEqual(fields, ['customer.credit_code', 'customer.email', 'customer.phone']);
  assert.match(JSON.stringify(error.details), /[\u4e00-\u9fff]/);
  assert.match(error.message, /customer\.phone/);
  assert.ok(!error.message.includes('nobody'), 'the value is not in the message');
});

// PLT-8, PLT-14, CUS-1
test('a created customer is normalised, plain to its owner and masked to others', async () => {
  const created = await steward.call('CreateCustomer', {customer: organization(), request_id: 'tour-1'});
  assert.match(created.number, /^CRM\d{10}$/);
  assert.equal(created.phone, '13800138000');
  const plain = await steward.call('GetCustomer', {customer: created.number});
  assert.equal(plain.phone, '13800138000');
  assert.equal(plain.email, 'Xiaoming.Zhang@example.com');
  const masked = await agent.call('GetCustomer', {customer: created.number});
  assert.equal(masked.phone, '138****8000');
  assert.match(masked.email, /^X\*+@example\.com$/);
  assert.match(masked.decision_maker, /^张\*+$/);
  assert.equal(masked.full_name, '深圳市云帆智能科技有限公司');
});

// PLT-4, PLT-11, CUS-26
test('a report comes as a file', async () => {
  const fields = suite.client('crm.customer.v1.CustomFieldService');
  const ask = (over) => suite.client('crm.report.v1.ReportExportService', suite.token('wang.fang', 'data_steward'))
    .download('ExportReport', {
      method: 'crm.customer.v1.CustomFieldService/GetFillRates', format: 'EXPORT_FORMAT_CSV', purpose: '数据质量',
      request: {
        type_url: 'type.googleapis.com/crm.customer.v1.GetFillRatesRequest',
        value: fields.stub.GetFillRates.requestSerialize({kind: 'CUSTOMER_KIND_ORGANIZATION'}),
      },
      ...over,
    });
  const [{file}, ...rest] = await ask();
  const bytes = Buffer.concat(rest.map((each) => each.data));
  assert.equal(bytes.length, Number(file.bytes));
  const lines = bytes.toString('utf8').split('\r\n');
  assert.equal(lines[0], '\ufefffield,label,customers,filled,percent,retired');
  assert.equal(lines.length, Number(file.rows) + 2);
  assert.ok(lines.some((line) => line.startsWith('full_name,')), lines.join('\n'));
  const error = await failure(ask({purpose: ''}));
  assert.deepEqual(error.details.BadRequest.field_violations.map((each) => each.field), ['purpose']);
});

// PLT-5
test('repeating a request id gives the first answer; another request under it is refused', async () => {
  const request = {customer: person(1), request_id: 'tour-2'};
  const first = await steward.call('CreateCustomer', request);
  const again = await steward.call('CreateCustomer', request);
  assert.deepEqual(again, first);
  const other = {customer: person(2), request_id: 'tour-2'};
  assert.equal((await failure(steward.call('CreateCustomer', other))).code, 'INVALID_ARGUMENT');
});

// PLT-2
test('validate_only writes nothing', async () => {
  await steward.call('CreateCustomer', {customer: person(90, {full_name: '司马试探'}), validate_only: true});
  const found = await steward.call('SearchCustomers', {query: '司马试探'});
  assert.equal(found.hits?.length ?? 0, 0);
});

// PLT-6
test('a stale etag is a conflict only if the same field has changed meanwhile', async () => {
  const {number, etag} = await steward.call('CreateCustomer', {customer: person(3)});
  const update = (change, paths, tag) => steward.call('UpdateCustomer', {
    customer: {number, etag: tag, ...change}, update_mask: {paths}});
  await update({employer: '云帆'}, ['employer'], etag);
  const conflict = await failure(update({employer: '远航'}, ['employer'], etag));
  assert.equal(conflict.code, 'ABORTED');
  assert.match(JSON.stringify(conflict.details.ErrorInfo.metadata), /employer/);
  const both = await update({position: '总监'}, ['position'], etag);
  assert.deepEqual([both.employer, both.position], ['云帆', '总监']);
});

// PLT-7
test('what is not there is NOT_FOUND and names the resource', async () => {
  const error = await failure(steward.call('GetCustomer', {customer: 'CRM2026999999'}));
  assert.equal(error.code, 'NOT_FOUND');
  assert.equal(error.details.ResourceInfo.resource_name, 'CRM2026999999');
});

// PLT-4
test('pages give every customer once, in order', async () => {
  for (let i = 10; i < 35; ++i) {
    await steward.call('CreateCustomer', {customer: person(i, {employer: '分页测试', full_name: `上官${'甲乙丙丁戊己庚辛壬癸'[i % 10]}${'一二三四'[Math.floor(i / 10)]}`})});
  }
  const seen = [];
  let token = '';
  do {
    const page = await steward.call('ListCustomers', {
      page_size: 7, page_token: token, filter: 'employer = "分页测试"', order_by: 'number desc'});
    assert.ok(page.customers.length <= 7);
    seen.push(...page.customers.map((each) => each.number));
    token = page.next_page_token;
  } while (token);
  assert.equal(seen.length, 25);
  assert.deepEqual(seen, [...new Set(seen)].sort().reverse());
});

// PLT-4
test('a filter that cannot be read is refused with the place of the mistake', async () => {
  const error = await failure(steward.call('ListCustomers', {filter: 'employer = AND'}));
  assert.equal(error.code, 'INVALID_ARGUMENT');
  assert.equal(error.details.BadRequest.field_violations[0].field, 'filter');
});

// CUS-25
test('customers are found by a part of the name and by the end of the phone', async () => {
  const byName = await steward.call('SearchCustomers', {query: '云帆智能'});
  assert.equal(byName.hits[0].customer.full_name, '深圳市云帆智能科技有限公司');
  const byPhone = await steward.call('SearchCustomers', {query: '8000'});
  assert.equal(byPhone.hits[0].match, 'MATCH_PHONE');
});

// PLT-13
test('a role without the permission is refused before anything is looked up', async () => {
  const auditor = suite.client(CUSTOMERS, suite.token('qian.li', 'auditor'));
  const error = await failure(auditor.call('GetCustomer', {customer: 'CRM2026999999'}));
  assert.equal(error.code, 'PERMISSION_DENIED');
});

// PLT-20
test('events come in order, resume behind a position and carry nothing sensitive', async () => {
  const events = suite.client(EVENTS, suite.token('warehouse', 'service_account', '--service'));
  const {number} = await steward.call('CreateCustomer', {customer: person(60, {full_name: '诸葛晚晴'})});
  const ours = (message) => message.events?.some((each) => each.subject === number);
  const messages = await events.download('StreamEvents', {types: ['customer.*']}, {enough: ours});
  const all = messages.flatMap((each) => each.events ?? []);
  const positions = all.map((each) => Number(each.position));
  assert.deepEqual(positions, [...positions].sort((a, b) => a - b));
  assert.equal(all[0].type, 'customer.created');
  assert.ok(!JSON.stringify(all.map((each) => each.payload.value.toString('latin1'))).includes('13800138000'));

  const after = positions.at(-2);
  const rest = await events.download('StreamEvents', {after_position: after, stop_at_end: true});
  assert.equal(Number(rest.flatMap((each) => each.events ?? [])[0].position), positions.at(-1));
});

// PLT-27: one JSON object a line, and no personal value in it.
test('the log is JSON without personal data', () => {
  const lines = suite.log().trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.some((line) => line.method === 'CreateCustomer' || /CreateCustomer/.test(JSON.stringify(line))));
  assert.doesNotMatch(suite.log(), /13800138000|138-0013-8000|张晓明|Xiaoming/);
});
