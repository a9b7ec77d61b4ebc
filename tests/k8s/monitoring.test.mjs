// Rules and dashboards: made from their sources, readable PromQL, and no metric or label that the
// services do not have (OPS-8, OPS-9).
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, readdirSync} from 'node:fs';
import {basename, join} from 'node:path';
import {test} from 'node:test';
import {parser} from '@prometheus-io/lezer-promql';
import yaml from 'js-yaml';
import {generated} from './generate.mjs';
import {goldenMetrics, read, render, services, top} from './cluster_files.mjs';

const rules = yaml.load(read('k8s/monitoring/rules.yaml')).groups.flatMap((each) => each.rules);
const dashboardFiles = readdirSync(join(top, 'k8s/monitoring')).filter((each) => each.endsWith('_dashboard.json'));
const dashboards = dashboardFiles.map((each) => JSON.parse(read(`k8s/monitoring/${each}`)));
const monitoring = render('k8s/monitoring');
const deployments = render('k8s/base').filter((each) => each.kind === 'Deployment');
const panels = dashboards.flatMap(({panels: all}) => all.flatMap((each) => [each, ...(each.panels ?? [])]));
const queries = [
  ...rules.map((each) => ({where: each.record ?? each.alert, expr: each.expr})),
  ...panels.flatMap((panel) => (panel.targets ?? []).map((each) => ({where: panel.title, expr: each.expr}))),
];

const metrics = goldenMetrics();
const scraped = ['service', 'instance'];  // labels that scraping adds
const series = new Map([['up', scraped]]);
for (const [name, {type, labels}] of metrics) {
  const all = [...labels, ...scraped];
  if (type !== 'histogram') series.set(name, all);
  else for (const suffix of ['_bucket', '_sum', '_count']) series.set(name + suffix, [...all, 'le']);
}
for (const {record} of rules) if (record) series.set(record, [...scraped, 'grpc_service']);

// What a query names: metrics, and labels in selectors and groupings.
function parse(expr) {
  const text = expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '3h').replaceAll('$service', '.*');
  const found = {metrics: [], labels: [], mistakes: []};
  parser.parse(text).iterate({
    enter(node) {
      const part = text.slice(node.from, node.to);
      if (node.type.isError) found.mistakes.push(`${part || '(end)'} at ${node.from}`);
      if (node.name === 'VectorSelector') found.metrics.push(/^[a-zA-Z_:][\w:]*/.exec(part)[0]);
      if (node.name === 'LabelName') found.labels.push(part);
    },
  });
  return found;
}

for (const {where, expr} of queries) {
  test(`${where}: ${expr.replaceAll(/\s+/g, ' ').slice(0, 70)}`, () => {
    const found = parse(expr);
    assert.deepEqual(found.mistakes, []);
    assert.ok(found.metrics.length > 0);
    for (const metric of found.metrics) assert.ok(series.has(metric), `no such metric: ${metric}`);
    const labels = new Set(found.metrics.flatMap((each) => series.get(each)));
    for (const label of found.labels) assert.ok(labels.has(label), `no such label: ${label}`);
  });
}

test('the check of queries finds what is wrong', () => {
  assert.notDeepEqual(parse('sum(rate(up[5m])').mistakes, []);
  assert.ok(!series.has(parse('rate(grpc_server_handled[5m])').metrics[0]));
});

test('generated files are up to date', () => {  // npm run generate
  for (const [path, text] of Object.entries(generated())) assert.equal(readFileSync(path, 'utf8'), text, path);
});

test('every alert has a severity, a summary and a runbook that exists', () => {
  const runbooks = read('docs/operations/runbooks.md');
  for (const {alert, labels, annotations} of rules.filter((each) => each.alert)) {
    assert.match(labels.severity, /^(page|ticket)$/, alert);
    assert.ok(annotations.summary, alert);
    assert.equal(annotations.runbook, `docs/operations/runbooks.md#${alert.toLowerCase()}`);
    assert.match(runbooks, new RegExp(`^## ${alert}$`, 'm'));
  }
});

test('every alert has a unit test', () => {
  const tests = read('k8s/monitoring/rules_test.yaml');
  for (const {alert} of rules.filter((each) => each.alert)) assert.match(tests, new RegExp(`alertname: ${alert}\\b`));
});

for (const {metadata: {name}, spec: {template}} of deployments) {
  const container = template.spec.containers[0];

  test(`${name}: is scraped`, () => {
    const {selector, podMetricsEndpoints: [endpoint]} = monitoring.find((each) => each.kind === 'PodMonitor').spec;
    assert.deepEqual(Object.keys(selector), ['matchLabels']);
    for (const [key, value] of Object.entries(selector.matchLabels)) assert.equal(template.metadata.labels[key], value);
    assert.ok(container.ports.some((each) => each.name === endpoint.port));
  });

  test(`${name}: the memory alert has a limit to compare with`, () => {
    assert.match(container.resources.limits.memory, /^\d+[MG]i$/);
  });

  test(`${name}: its metrics are known to these tests`, () => {
    assert.ok(services.includes(name.replace('crm-', '')), 'tests/golden has its metrics');
  });
}

test('no alert has the limit of one service for all', () => {
  for (const {alert, expr} of rules.filter((each) => each.alert)) assert.doesNotMatch(expr, /\d{9,}/, alert);
  assert.match(rules.find((each) => each.alert === 'CrmMemoryHigh').expr, /\/ process_memory_limit_bytes/);
});

test('every dashboard is shipped', () => {
  const shipped = monitoring.find((each) => each.kind === 'ConfigMap' && each.metadata.labels.grafana_dashboard);
  assert.deepEqual(Object.keys(shipped.data).sort(), dashboardFiles.sort());
  assert.deepEqual(Object.keys(generated()).filter((each) => each.endsWith('.json')).map((each) => basename(each)).sort(), dashboardFiles);
  assert.ok(Buffer.byteLength(JSON.stringify(shipped)) < 250_000, 'kubectl apply keeps a copy in an annotation of 256 KiB at most');
});

test('promtool finds the rules right and their unit tests pass', () => {
  const folder = join(top, 'k8s/monitoring');
  execFileSync('promtool', ['check', 'rules', join(folder, 'rules.yaml')]);
  execFileSync('promtool', ['test', 'rules', join(folder, 'rules_test.yaml')]);
});

test('panels have a title, a unit and a known data source', () => {
  for (const panel of panels.filter((each) => each.type !== 'row')) {
    assert.ok(panel.title && panel.fieldConfig.defaults.unit, panel.title);
    assert.equal(panel.datasource.uid, '${datasource}');
    assert.ok(panel.gridPos.w > 0 && panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
  }
});
