// Rules and dashboards: made from their sources, readable PromQL, and no metric or label that the
// services do not have (OPS-8, OPS-9).
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {parser} from '@prometheus-io/lezer-promql';
import yaml from 'js-yaml';
import {generated} from './generate.mjs';
import {goldenMetrics, read, render, top} from './cluster_files.mjs';

const rules = yaml.load(read('k8s/monitoring/rules.yaml')).groups.flatMap((each) => each.rules);
const dashboards = ['suite', 'sales', 'ticket'].map((each) => JSON.parse(read(`k8s/monitoring/${each}_dashboard.json`)));
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

test('the memory alert knows the limit of the manifests', () => {
  const limit = render('k8s/base').find((each) => each.kind === 'Deployment').spec.template.spec.containers[0].resources.limits.memory;
  const bytes = Number(/^(\d+)Gi$/.exec(limit)[1]) * 2 ** 30;
  assert.ok(rules.find((each) => each.alert === 'CrmMemoryHigh').expr.includes(String(bytes)));
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
