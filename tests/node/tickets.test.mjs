// Tickets with real processes: replicas that are killed, an archive that is away (TIC-8, TIC-2).
//
// CRM_ESCALATIONS=10000 is the full form: so many escalations fall due within two minutes, while
// every three seconds one of two replicas is killed. Otherwise a few are looked at, in seconds.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {eventually, startPlatform} from './harness.mjs';

const TICKETS = 'crm.ticket.v1.TicketService';
const SLA = 'crm.ticket.v1.SlaService';
const full = Number(process.env.CRM_ESCALATIONS ?? 0);
const seconds = (time) => Number(time.seconds) + time.nanos / 1e9;
const pause = (millis) => new Promise((soon) => setTimeout(soon, millis));

let platform;
let archive;
let tickets;

before(async () => {
  platform = startPlatform();
  archive = await platform.start('customer');
  const staff = archive.client('crm.customer.v1.StaffService', platform.token('root', 'administrator'));
  await staff.call('CreateStaffUser', {user: {user_id: 'zhao.min', name: '赵敏', roles: ['service_supervisor']}});
  tickets = await platform.start('ticket', {peer: archive});
});
after(async () => { if (platform) await platform.stop(); });

const fault = (i) => ({
  request_id: `ticket-${i}`,
  ticket: {
    requester_name: '王建国', requester_phone: '13800138001', channel: 'phone', type: 'TICKET_TYPE_FAULT',
    priority: 'TICKET_PRIORITY_HIGH', description: '打印机无法联网，重启后依旧。',
  },
});

test('intake goes on without the archive, and links come when it is back', async () => {  // TIC-2
  const steward = archive.client('crm.customer.v1.CustomerService', platform.token('wang.fang', 'data_steward'));
  const {number} = await steward.call('CreateCustomer', {customer: {
    kind: 'CUSTOMER_KIND_PERSON', full_name: '王建国', industry: 'F52', tier: 'TIER_POTENTIAL', phone: '13800138001'}});
  const {port} = archive;
  archive.signal('SIGKILL');
  await archive.ended();

  const agent = tickets.client(TICKETS, platform.token('li.na', 'service_agent'));
  const ticket = await agent.call('CreateTicket', fault('away'));
  assert.equal(ticket.customer, undefined);
  assert.equal(ticket.customer_state, 'CUSTOMER_STATE_UNKNOWN');

  await archive.restart(port);
  await eventually('the ticket is linked', async () =>
    (await agent.call('GetTicket', {ticket: ticket.number})).customer === number, {seconds: 60, tell: tickets.log});
});

// Minutes and percent: warning, nobody's, missed.
const plan = full > 0
  ? {tickets: Math.ceil(full / 3), response: 2, warning: 30, unassigned: 1, killEvery: 3000,
    due: {first_response_warning: 36, unassigned: 60, first_response_breach: 120}, mostLate: 5}
  // A machine that does something else besides shows late ones sooner than wrong ones.
  : {tickets: 60, response: 1, warning: 10, unassigned: 0, killEvery: 2000,
    due: {first_response_warning: 6}, mostLate: 30};

async function configure() {
  const manager = tickets.client(SLA, platform.token('sun.li', 'service_manager'));
  const configuration = await manager.call('GetSlaConfiguration', {});
  const priorities = ['LOW', 'MEDIUM', 'HIGH', 'URGENT'];
  await manager.call('UpdateSlaConfiguration', {reason: '演练', configuration: {
    ...configuration,
    policies: [{
      policy_id: 'drill', name: '演练', warning_percent: plan.warning,
      targets: priorities.map((each) => ({priority: `TICKET_PRIORITY_${each}`, first_response_minutes: plan.response})),
    }],
    escalation: {unassigned_minutes: plan.unassigned},
    assignment: {enabled: false},
  }});
}

// Calls a replica that lives, until one answers: request ids make that safe.
async function persistently(replicas, agent, method, request) {
  for (let i = 0; ; ++i) {
    try {
      return await replicas[i % replicas.length].client(TICKETS, agent).call(method, request);
    } catch (error) {
      if (error.code !== 'UNAVAILABLE' || i > 200) throw error;
      await pause(50);
    }
  }
}

async function inParallel(count, width, work) {
  const results = new Array(count);
  let next = 0;
  await Promise.all(Array.from({length: width}, async () => {
    while (next < count) {
      const i = next++;
      results[i] = await work(i);
    }
  }));
  return results;
}

test('each escalation happens exactly once, whichever replica is killed', async () => {  // TIC-8
  await configure();
  const agent = platform.token('li.na', 'service_agent');
  const replicas = [await tickets.launch(), await tickets.launch()];
  tickets.signal('SIGTERM');  // the two that were just started remain
  await tickets.ended();

  let drilling = true;
  let kills = 0;
  const killer = (async () => {
    while (drilling) {
      await pause(plan.killEvery);
      const victim = kills++ % replicas.length;
      replicas[victim].child.kill('SIGKILL');
      await replicas[victim].ended;
      replicas[victim] = await tickets.launch();
    }
  })();

  const numbers = (await inParallel(plan.tickets, 16, (i) =>
    persistently(replicas, agent, 'CreateTicket', fault(i)))).map((each) => each.number);
  assert.equal(new Set(numbers).size, plan.tickets);
  await pause((Math.max(...Object.values(plan.due)) + 1) * 1000);

  const rules = Object.keys(plan.due);
  const escalationsOf = async (number) => {
    const {events} = await persistently(replicas, agent, 'ListTicketEvents', {ticket: number, page_size: 1000});
    return {opened: seconds(events[0].time), escalations: events.filter((each) => each.kind === 'TICKET_EVENT_KIND_ESCALATED')};
  };
  await eventually('all have escalated', async () => {
    const all = await inParallel(numbers.length, 8, (i) => escalationsOf(numbers[i]));
    return all.every(({escalations}) => escalations.length >= rules.length);
  }, {seconds: 60, tell: () => replicas[0].log()});
  drilling = false;
  await killer;

  const lateness = [];
  await inParallel(numbers.length, 8, async (i) => {
    const {opened, escalations} = await escalationsOf(numbers[i]);
    assert.deepEqual(escalations.map((each) => each.rule).sort(), [...rules].sort(), numbers[i]);
    for (const {rule, time} of escalations) lateness.push(seconds(time) - opened - plan.due[rule]);
  });
  const worst = Math.max(...lateness);
  console.log(`${numbers.length * rules.length} escalations, ${kills} kills, the latest ${worst.toFixed(2)} s after it was due`);
  // Seconds since 1970 in floating point are good to less than a microsecond.
  assert.ok(Math.min(...lateness) > -1e-6, `${-Math.min(...lateness)} s early`);
  assert.ok(worst <= plan.mostLate, `${worst} s late`);
  assert.ok(kills >= 2);

  // The work list agrees: all are on it, what is due first comes first.
  const list = await persistently(replicas, agent, 'ListTickets',
    {filter: 'sla_policy = "drill"', count_total: true, page_size: 1000});
  assert.equal(Number(list.total), plan.tickets);
  const dues = list.tickets.map((each) => seconds(each.due_time));
  assert.deepEqual(dues, [...dues].sort((a, b) => a - b));
  // So do the lists that are streamed, on both replicas (TIC-13).
  const queues = await Promise.all(replicas.map(async (replica) => {
    const messages = await replica.client('crm.ticket.v1.QueueService', agent).download('WatchQueue', {list_only: true});
    assert.equal(messages.at(-1).list_complete, true);
    return messages.flatMap((each) => each.tickets).map((each) => each.number);
  }));
  assert.deepEqual(queues[0], queues[1]);
  assert.deepEqual(numbers.filter((each) => !queues[0].includes(each)), []);
  if (full > 0) {
    const escalated = await persistently(replicas, agent, 'ListTickets',
      {filter: 'escalated_to = "zhao.min"', count_total: true, page_size: 1});
    assert.equal(Number(escalated.total), plan.tickets);
  }
});
