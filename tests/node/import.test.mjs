// An import as a client in another language sees it: upload, progress, report, what was refused
// (PLT-11, CUS-27 to CUS-31).
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {startSuite} from './harness.mjs';

let suite;
let imports;
let customers;

before(async () => {
  suite = await startSuite();
  const token = suite.token('wang.fang', 'data_steward', '--team', 'hq');
  imports = suite.client('crm.customer.v1.ImportService', token);
  customers = suite.client('crm.customer.v1.CustomerService', token);
});

after(async () => {
  if (suite) assert.equal(await suite.stop(), 0);
});

const rows = [
  '客户全称,客户类型,所属行业,关键决策人,手机号码,客户等级,员工人数',
  '深圳市云帆智能科技有限公司,企业,软件,张晓明,138 0013 8000,重点客户,"1,200人"',
  '广州海纳贸易有限公司,企业,零售业,李红,,普通客户,约120',
  '北京远山咨询有限公司,企业,服务业,王建国,13800138002,普通客户,12',
].join('\r\n');

// In pieces as small as an odd number of bytes: they split characters.
function* upload(spec, text, requestId) {
  yield {spec, request_id: requestId};
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; at += 37) yield {chunk: bytes.subarray(at, at + 37)};
}

const spec = {kind: 'IMPORT_KIND_CUSTOMER', file_name: 'customers.csv'};

// CUS-30, CUS-31
test('a file is uploaded, watched and reported', async () => {
  const job = await imports.upload('CreateImport', upload(spec, rows, 'import-1'));
  const seen = await imports.download('WatchImport', {import: job.number}, {timeout: 60_000});
  const done = seen.at(-1);
  assert.equal(done.state, 'IMPORT_STATE_SUCCEEDED', JSON.stringify(done));
  assert.deepEqual([done.rows_read, done.created, done.rejected], ['3', '2', '1']);
  assert.equal(done.progress.fraction, 1);
  const {issues} = await imports.call('ListImportIssues', {import: job.number});
  assert.deepEqual(issues.map((each) => [each.line, each.field, each.rule]), [['3', 'phone', 'REQUIRED']]);
  assert.match(issues[0].mend_zh, /[\u4e00-\u9fff]/);

  const {customers: list} = await customers.call('ListCustomers', {filter: 'full_name = "深圳市云帆智能科技有限公司"'});
  assert.equal(list.length, 1);
  assert.equal(list[0].scale, 'SCALE_500_TO_2000');

  const chunks = await imports.download('DownloadRejected', {import: job.number});
  const rejected = Buffer.concat(chunks.map((each) => each.data)).toString('utf8');
  assert.match(rejected, /广州海纳贸易有限公司/);
  assert.doesNotMatch(rejected, /云帆/);
});

// CUS-31
test('the same request changes nothing', async () => {
  const first = await imports.upload('CreateImport', upload(spec, rows, 'import-1'));
  const {imports: list} = await imports.call('ListImports', {});
  assert.deepEqual(list.map((each) => each.number), [first.number]);
});
