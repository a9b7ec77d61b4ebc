// Two services over mutual TLS, as in a cluster: without tokens between them, on a database that takes
// nothing but TLS (PLT-12).
import assert from 'node:assert/strict';
import grpc from '@grpc/grpc-js';
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {after, before, test} from 'node:test';
import {makeCertificates} from './certificates.mjs';
import {eventually, programOf, startPlatform} from './harness.mjs';

const CUSTOMERS = 'crm.customer.v1.CustomerService';
const TICKETS = 'crm.ticket.v1.TicketService';
let platform;
let archive;
let tickets;

before(async () => {
  platform = startPlatform({encrypted: true});
  archive = await platform.start('customer');
  tickets = await platform.start('ticket', {peer: archive});
});
after(async () => { if (platform) await platform.stop(); });

const person = (phone) => ({customer: {
  kind: 'CUSTOMER_KIND_PERSON', full_name: '王建国', industry: 'F52', tier: 'TIER_POTENTIAL', phone}});

test('a ticket asks the archive, which knows the caller by its certificate', async () => {
  archive.configure('log-level = debug\n');
  archive.signal('SIGHUP');
  await eventually('the level changes', () => archive.log().includes('"log_level":"debug"'));
  const steward = archive.client(CUSTOMERS, platform.token('wang.fang', 'data_steward'));
  const {number} = await steward.call('CreateCustomer', person('13800138001'));

  const agent = tickets.client(TICKETS, platform.token('li.na', 'service_agent'));
  const ticket = await agent.call('CreateTicket', {request_id: 'over-tls', ticket: {
    requester_name: '王建国', requester_phone: '13800138001', channel: 'phone', type: 'TICKET_TYPE_FAULT',
    priority: 'TICKET_PRIORITY_HIGH', description: '打印机无法联网，重启后依旧。'}});
  assert.equal(ticket.customer, number);
  const calls = archive.log().split('\n').filter((line) => line.includes('"caller":"crm-ticket"'));
  assert.ok(calls.some((line) => line.includes('"code":"OK"') || line.includes('"code":"Ok"')), calls.join('\n'));
});

test('nobody gets in without a certificate of the authority', async () => {
  const strangers = makeCertificates(`${platform.folder}/strangers`);
  const ours = platform.certificates;
  const token = platform.token('wang.fang', 'data_steward');
  const [certificate, key] = ['tls.crt', 'tls.key'].map(strangers.issue('crm-ticket')).map((path) => readFileSync(path));
  const refused = {
    'plain text': grpc.credentials.createInsecure(),
    'no certificate': ours.credentials(),
    "another authority's certificate": grpc.credentials.createSsl(readFileSync(ours.issue('x')('ca.crt')), key, certificate),
    'a server of another authority': strangers.credentials('crm-ticket'),
  };
  for (const [what, credentials] of Object.entries(refused)) {
    const client = archive.client(CUSTOMERS, token, credentials);
    await assert.rejects(client.call('ListCustomers', {page_size: 1}), {code: 'UNAVAILABLE'}, what);
  }
  const client = archive.client(CUSTOMERS, token, ours.credentials('web-gateway'));
  await client.call('ListCustomers', {page_size: 1});
});

test('a token counts more than the certificate', async () => {
  const gateway = platform.certificates.credentials('web-gateway');
  await archive.client(CUSTOMERS, undefined, gateway).call('ListCustomers', {page_size: 1});
  const auditor = archive.client(CUSTOMERS, platform.token('zhou.jie', 'auditor'), gateway);
  await assert.rejects(auditor.call('CreateCustomer', person('13800138002')), {code: 'PERMISSION_DENIED'});
  await assert.rejects(archive.client(CUSTOMERS, 'forged', gateway).call('ListCustomers', {}), {code: 'UNAUTHENTICATED'});
});

test('probes need no TLS, and the end of all certificates is a metric', async () => {
  for (const path of ['livez', 'readyz']) {
    const answer = await fetch(`http://127.0.0.1:${archive.metricsPort}/${path}`);
    assert.equal(answer.status, 200, path);
  }
  const ends = async () => Object.fromEntries([...(await archive.metrics()).matchAll(
    /^crm_tls_certificate_expiry_timestamp_seconds\{setting="([a-z-]+)"\} (\S+)$/gm)].map((each) => [each[1], Number(each[2])]));
  const before = await ends();
  const settings = ['database-url', 'peer-ca', 'tls-certificate', 'tls-client-ca'];
  assert.deepEqual(Object.keys(before).sort(), platform.databaseIsOurs ? settings : settings.slice(1));
  const days = (seconds) => Math.round((seconds - Date.now() / 1000) / 86400);
  assert.equal(days(before['tls-certificate']), 90);
  assert.equal(days(before['peer-ca']), 3650);

  platform.certificates.renew('crm-customer', {CRM_CERTIFICATE_DAYS: '7'});
  assert.equal(days((await ends())['tls-certificate']), 7);
});

// The local default is loopback, and plain.
test('plain text that others could read is refused at start', () => {
  const start = (program, environment) => spawnSync(programOf(program), ['--metrics-listen', '127.0.0.1:0'],
    {encoding: 'utf8', env: {...process.env, CRM_DATABASE_URL: 'mysql://u:geheim@127.0.0.1:1/d', ...environment}});
  const refused = {
    listen: {CRM_LISTEN: '0.0.0.0:0'},
    peers: {CRM_PEERS: 'customer=dns:///crm-customer:7001'},
    'database-url': {CRM_DATABASE_URL: 'mysql://u:geheim@db.internal/d'},
  };
  for (const [setting, environment] of Object.entries(refused)) {
    const {status, stderr} = start('ticket', environment);
    assert.equal(status, 2, stderr);
    assert.match(stderr, new RegExp(`^${setting}: .*plain text.*-plain-text`));
    assert.doesNotMatch(stderr, /geheim/);
  }
  // Asked for, it goes on: to the database, where nobody is.
  const {stderr} = start('ticket', {CRM_LISTEN: '0.0.0.0:0', CRM_LISTEN_PLAIN_TEXT: 'true'});
  assert.doesNotMatch(stderr, /plain text/);
});
