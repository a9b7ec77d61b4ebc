// Writes what is made from other files: the PrometheusRule from rules.yaml, the dashboards from
// dashboards.mjs. `npm run generate`; a test compares.
import {readFileSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import yaml from 'js-yaml';
import {salesDashboard, suiteDashboard, ticketDashboard} from './dashboards.mjs';

const monitoring = resolve(fileURLToPath(import.meta.url), '../../../k8s/monitoring');

function prometheusRule() {
  const rules = yaml.load(readFileSync(join(monitoring, 'rules.yaml'), 'utf8'));
  const resource = {
    apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: {name: 'crm'}, spec: rules};
  return `# Made from rules.yaml: npm run generate in tests/k8s.\n${yaml.dump(resource, {lineWidth: 120})}`;
}

export const generated = () => ({
  [join(monitoring, 'prometheus_rule.yaml')]: prometheusRule(),
  ...Object.fromEntries(Object.entries({suite: suiteDashboard, sales: salesDashboard, ticket: ticketDashboard}).map(
    ([name, make]) => [join(monitoring, `${name}_dashboard.json`), `${JSON.stringify(make(), null, 2)}\n`])),
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(generated())) writeFileSync(path, text);
}
