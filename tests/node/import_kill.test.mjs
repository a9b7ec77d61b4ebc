// An import whose process is killed in the middle: another goes on where it stopped; no row is lost, none is
// there twice (CUS-31, PLT-22). What a killed process had claimed is free again after half a minute, so one kill is
// what a test of every day takes; CRM_IMPORT_KILLS=0.1,0.4,0.7 kills three times.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {eventually, startSuite} from './harness.mjs';

const ROWS = 20_000;
const KILLS = (process.env.CRM_IMPORT_KILLS ?? '0.4').split(',').map(Number);  // once so much has been read

let suite;
let token;

before(async () => {
  suite = await startSuite();
  token = suite.token('wang.fang', 'data_steward', '--team', 'hq');
});
after(async () => { if (suite) await suite.stop(); });

const name = (i) => `中断导入第${i}有限公司`;

function* upload() {
  yield {spec: {kind: 'IMPORT_KIND_CUSTOMER', file_name: 'customers.csv'}, request_id: 'killed-1'};
  const lines = ['客户全称,客户类型,所属行业,关键决策人,手机号码,客户等级'];
  for (let i = 0; i < ROWS; ++i) lines.push(`${name(i)},企业,软件,张晓明,${13_000_000_000 + i},普通客户`);
  const bytes = Buffer.from(lines.join('\r\n'), 'utf8');
  for (let at = 0; at < bytes.length; at += 1 << 19) yield {chunk: bytes.subarray(at, at + (1 << 19))};
}

const imports = () => suite.client('crm.customer.v1.ImportService', token);
const customers = () => suite.client('crm.customer.v1.CustomerService', token);

// Follows the import until `share` of the rows are done, then kills the process. Gives the rows it had done.
async function killAt(share, number) {
  const rows = ({rows_read: read}) => Number(read);
  const seen = await imports().download('WatchImport', {import: number},
    {timeout: 120_000, enough: (job) => rows(job) >= share * ROWS});
  suite.signal('SIGKILL');
  await suite.ended();
  assert.equal(seen.at(-1).state, 'IMPORT_STATE_RUNNING', 'the import was still at work');
  return rows(seen.at(-1));
}

test('an import that is killed takes in every row once', async () => {
  const {number} = await imports().upload('CreateImport', upload());
  for (const share of KILLS) {
    const done = await killAt(share, number);
    assert.ok(done < ROWS, `killed after ${done} rows`);
    await suite.restart();
    const job = await imports().call('GetImport', {import: number});
    assert.ok(Number(job.rows_read) >= done, 'what was told to be done is done');
  }
  let job;
  await eventually('the import ends', async () => {
    job = await imports().call('GetImport', {import: number});
    return !['IMPORT_STATE_QUEUED', 'IMPORT_STATE_RUNNING'].includes(job.state);
  }, {seconds: 120, tell: () => JSON.stringify(job)});

  assert.equal(job.state, 'IMPORT_STATE_SUCCEEDED', JSON.stringify(job));
  assert.deepEqual([job.rows_read, job.created, job.updated, job.merged, job.skipped, job.rejected].map((each) => Number(each ?? 0)),
    [ROWS, ROWS, 0, 0, 0, 0]);
  const names = new Set();
  let listed = 0;
  for (let page_token = ''; ;) {
    const page = await customers().call('ListCustomers', {page_size: 1000, page_token});
    for (const {full_name: each} of page.customers) names.add(each);
    listed += page.customers.length;
    page_token = page.next_page_token;
    if (!page_token) break;
  }
  assert.equal(listed, ROWS);
  assert.equal(names.size, ROWS);
  for (const i of [0, ROWS / 2, ROWS - 1]) assert.ok(names.has(name(i)), name(i));
});
