// The suite as a newcomer has it: what `make run` and `make stop` call once everything is built, on a folder of
// its own, with example data.
//
// Environment: CRM_BIN (build/release/bin; of a preset in this checkout), CRM_TEST_DIR (build/test).
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, realpathSync, rmSync} from 'node:fs';
import {basename, dirname, join, resolve} from 'node:path';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';

const top = resolve(fileURLToPath(import.meta.url), '../../..');
const bin = resolve(process.env.CRM_BIN ?? join(top, 'build/release/bin'));
const testDir = resolve(process.env.CRM_TEST_DIR ?? join(top, 'build/test'));
const ROWS = 240;
const FILES = 6;

// A run in a folder of its own; `url`: the server to use instead of a private MariaDB.
class LocalRun {
  constructor(name, url) {
    this.dir = join(testDir, `run-${name}-${process.pid}`);  // test.sh stops it if this is cut short
    mkdirSync(this.dir, {recursive: true});
    this.env = {...process.env, CRM_RUN_DIR: this.dir, CRM_PRESET: basename(dirname(bin)), CRM_EXAMPLE_ROWS: ROWS};
    delete this.env.MYSQL_URL;
    if (url) this.env.MYSQL_URL = url;
  }

  script(name) {
    return execFileSync(join(top, 'tools/local', name), [], {encoding: 'utf8', env: this.env, stdio: 'pipe'});
  }
  start() { return this.script('run.sh'); }
  stop() { return this.script('stop.sh'); }
  read(name) { return readFileSync(join(this.dir, name), 'utf8').trim(); }

  // Rows of a list of crmctl.
  list(...command) {
    const address = `127.0.0.1:${this.read('crm-customer.port')}`;
    return execFileSync(join(bin, 'crmctl'), ['--address', address, '--token-file', join(this.dir, 'tokens/steward'),
      '--output', 'json', ...command], {encoding: 'utf8'}).trim().split('\n').map((line) => JSON.parse(line));
  }

  remove() {
    try {
      this.stop();
    } finally {
      removeDatabase(join(this.dir, 'mariadb'));
      rmSync(this.dir, {recursive: true, force: true});
    }
  }
}

function removeDatabase(dir) {
  if (!existsSync(dir)) return;
  rmSync(realpathSync(dir), {recursive: true, force: true});  // may be a link
  rmSync(dir, {recursive: true, force: true});
}

// A process that has ended but whose parent does not ask for it is still in the table.
function lives(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

// Commands of the blocks of a Markdown text that begin with `$ `, with the lines shown under each.
function readTour(text) {
  const commands = [];
  for (const [, block] of text.matchAll(/^```\n(\$ [^]*?)^```$/gm)) {
    for (const line of block.split('\n')) {
      if (line.startsWith('$ ')) commands.push({command: line.slice(2), lines: []});
      else if (line.trim() && line !== '…') commands.at(-1).lines.push(line);
    }
  }
  return commands;
}

// Types the commands into one shell; gives what each said and its exit code.
function typeAll(commands) {
  const mark = '=== answered ';
  const script = ['exec 2>&1', 'shopt -s expand_aliases', ...commands.flatMap((each) => [each, `echo "${mark}$?"`])].join('\n');
  const env = {...process.env, LC_ALL: 'C.UTF-8'};
  const said = execFileSync('bash', [], {input: script, encoding: 'utf8', env, cwd: top, maxBuffer: 1 << 26});
  return said.split(mark).map((part, i, all) => ({
    output: part.replace(/^\d+\n/, ''), code: i + 1 < all.length ? parseInt(all[i + 1], 10) : 0,
  }));
}

// What does not change from run to run.
const plain = (line) => line.replaceAll(/[█▏▎▍▌▋▊▉─]+/g, ' ').replaceAll(/\d[\d,.:]*/g, '0').replaceAll(/\s+/g, ' ').trim();

const run = new LocalRun('local');
let output;

before(() => {
  assert.equal(resolve(top, 'build', run.env.CRM_PRESET, 'bin'), bin, 'run.sh uses the programs of a preset');
  output = run.start();
});
after(() => run.remove());

// OPS-1: one command, from nothing to a service that shows its data, and where to point a client.
test('a run starts everything and shows it at work', () => {
  assert.match(output, /MariaDB: private/);
  assert.match(output, /schema crm_customer is current \([1-9]\d* steps applied now\)/);
  assert.match(output, /serves on 127\.0\.0\.1:\d+/);
  for (const step of ['imports list', 'customer list', 'customer search', 'customer get', 'purchase list', 'opportunity list', 'opportunity stages',
    'ticket list', 'ticket sla', 'ticket report', 'ticket problems']) {
    assert.ok(output.includes(`$ crmctl ${step}`), step);
  }
  assert.match(output, /== for your client[^]*export CRM_ADDRESS=/);
  assert.match(output, /ready after \d+ s/);
});

// OPS-1, CUS-27 to CUS-30: the example files are imported, from a workbook and from GB18030, and each report says of
// the dirt what the generator has put in.
test('the reports of the imports are those of the example data', () => {
  const manifest = JSON.parse(run.read('examples/manifest.json')).files;
  const jobs = new Map(run.list('imports', 'list').map((job) => [job.file_name, job]));
  assert.deepEqual([...jobs.keys()].sort(), Object.keys(manifest).sort());
  const count = (job, field) => Number(job[field] ?? 0);
  for (const [file, job] of jobs) {
    assert.equal(job.state, 'IMPORT_STATE_SUCCEEDED', file);
    assert.equal(count(job, 'rows_read'), manifest[file].rows, file);
    const outcomes = ['created', 'updated', 'merged', 'skipped', 'rejected'];
    assert.equal(outcomes.reduce((sum, outcome) => sum + count(job, outcome), 0), manifest[file].rows, file);
  }
  for (const file of ['customers.xlsx', 'customers_gb18030.csv']) {
    const {dirt} = manifest[file];
    const {report} = jobs.get(file);
    const cleaned = new Map(report.cleanings.map((cleaning) => [cleaning.rule, Number(cleaning.count)]));
    assert.equal(cleaned.get('date'), dirt.chinese_date + dirt.slash_date + dirt.short_date, file);
    assert.equal(cleaned.get('phone'), dirt.separated_phone + dirt.country_code_phone, file);
    assert.equal(cleaned.get('full_width'), dirt.full_width_phone, file);
    assert.equal(cleaned.get('trim'), dirt.spaced_name, file);
    assert.equal(Number(report.duplicates_in_file), dirt.duplicate_in_file, file);
    assert.equal(Number(report.duplicates_in_archive ?? 0), dirt.duplicate_across_files, file);
  }
});

// OPS-1: a second run keeps what is up and what is there.
test('a second run keeps the data and imports nothing again', () => {
  const pid = run.read('crm-customer.pid');
  const jobs = run.list('imports', 'list').length;
  const again = run.start();
  assert.match(again, /is up \(pid \d+\)/);
  assert.match(again, /have been imported by an earlier run/);
  assert.equal(run.read('crm-customer.pid'), pid);
  assert.equal(run.list('imports', 'list').length, jobs);
});

// OPS-1: a stop leaves nothing running, and the data.
test('a stop stops what the run started, and a run goes on with the data', () => {
  const pid = Number(run.read('crm-customer.pid'));
  const jobs = run.list('imports', 'list').length;
  const said = run.stop();
  assert.match(said, /stopped crm-sales/);
  assert.match(said, /stopped crm-customer/);
  assert.match(said, /stopped MariaDB/);
  assert.ok(!lives(pid));
  assert.match(run.stop(), /nothing was running/);
  run.start();
  assert.equal(run.list('imports', 'list').length, jobs);
});

// The tour of the README as it is typed: every command works, and every line that the README shows is one that comes
// out, but for numbers, dates and bars.
test('the tour of the README is true', () => {
  const shown = readTour(readFileSync(join(top, 'README.md'), 'utf8'));
  assert.ok(shown.length >= 9, `${shown.length} commands`);
  const typed = shown.map(({command}) => command
    .replaceAll('build/run', run.dir).replaceAll('build/release/bin', bin)
    .replace('127.0.0.1:7001', `127.0.0.1:${run.read('crm-customer.port')}`));
  const answers = typeAll(typed);
  shown.forEach(({command, lines}, i) => {
    const {output: said, code} = answers[i];
    assert.ok(code === 0 || (code === 3 && command.includes('import')), `${command}: ${code}\n${said}`);
    const there = new Set(said.split('\n').map(plain));
    for (const line of lines) assert.ok(there.has(plain(line)), `${command} does not say: ${line}\n${said}`);
  });
});

// OPS-1: what fails says why.
test('a run fails with the reason', () => {
  const lost = new LocalRun('lost', 'mysql://nobody:wrong@127.0.0.1:1/');
  try {
    assert.throws(() => lost.start(), /the server at 127\.0\.0\.1:1 does not let us in/);
  } finally {
    lost.remove();
  }
});

// OPS-2: the same on a server that is there already; no MariaDB of our own then.
test('a run on an existing server', () => {
  const dir = join(testDir, `mariadb-guest-${process.pid}`);
  const mariadb = (args, options) => execFileSync(join(top, 'tools/local/mariadb.sh'), args,
    {encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'], ...options}).trim();
  mariadb(['start', dir]);
  try {
    mariadb(['sql', dir], {input: `
      CREATE USER 'operator'@'%' IDENTIFIED BY 'operator0password';
      GRANT ALL ON *.* TO 'operator'@'%' WITH GRANT OPTION;`});
    const server = mariadb(['url', dir, 'operator', 'operator0password', '']);
    const guest = new LocalRun('guest', server);
    try {
      const said = guest.start();
      assert.match(said, /the given server/);
      assert.match(said, /ready after/);
      assert.ok(!existsSync(join(guest.dir, 'mariadb')));
      assert.equal(guest.list('imports', 'list').length, FILES);
      assert.doesNotMatch(guest.stop(), /MariaDB/);
    } finally {
      guest.remove();
    }
  } finally {
    mariadb(['stop', dir]);
    removeDatabase(dir);
  }
});
