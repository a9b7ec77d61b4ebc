// PLT-26: names, types and labels of the metrics of every service are the documented ones.
// `npm run update-golden` writes the golden files and the tables of docs/metrics.md anew.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {startPlatform, top} from './harness.mjs';
import {goldenText, markdownTable, readMetrics} from './metrics.mjs';

const page = join(top, 'docs/metrics.md');
// The customer service's golden file and table hold what all services have.
const pages = {
  customer: {golden: 'metrics.txt', table: /^\| metric \|.*\n(?:\|.*\n)*/m},
  sales: {golden: 'metrics-sales.txt', table: /(?<=^## Of the sales service\n[^|]*)\| metric \|.*\n(?:\|.*\n)*/m},
  ticket: {golden: 'metrics-ticket.txt', table: /(?<=^## Of the ticket service\n[^|]*)\| metric \|.*\n(?:\|.*\n)*/m},
};
const served = {};
let platform;

before(async () => {
  platform = startPlatform();
  const archive = await platform.start('customer');
  served.customer = readMetrics(await archive.metrics());
  for (const name of ['sales', 'ticket']) {
    const service = await platform.start(name, {peer: archive});
    served[name] = readMetrics(await service.metrics());
  }
});
after(async () => { if (platform) await platform.stop(); });

for (const [name, {golden, table}] of Object.entries(pages)) {
  test(`the metrics of crm-${name} are the documented ones`, () => {
    const path = join(top, 'tests/golden', golden);
    const shared = name === 'customer' ? [] : served.customer.map((each) => each.name);
    const own = served[name].filter((each) => !shared.includes(each.name));
    const text = readFileSync(page, 'utf8');
    assert.match(text, table);
    const documented = text.replace(table, () => markdownTable(own));
    if (process.env.CRM_UPDATE_GOLDEN) {
      writeFileSync(path, goldenText(served[name]));
      writeFileSync(page, documented);
    }
    assert.equal(goldenText(served[name]), readFileSync(path, 'utf8'));
    assert.equal(documented, readFileSync(page, 'utf8'));
  });
}
