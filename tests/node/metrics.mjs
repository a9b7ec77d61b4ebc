// Reads the text form of /metrics into what does not depend on values: name, type, names of the
// labels, help.

// Exist only after something has gone wrong, or with TLS.
const seldom = [
  {name: 'crm_db_retries_total', type: 'counter', labels: ['reason'], help: 'Transactions and statements that were run again.'},
  {name: 'crm_tls_certificate_expiry_timestamp_seconds', type: 'gauge', labels: ['setting'], help: 'End of the certificates in the file that a setting names, in seconds since 1970 UTC; only with TLS. Of a chain the first, of authorities the last.'},
];

export function readMetrics(text) {
  const metrics = new Map(seldom.map((each) => [each.name, {...each, labels: new Set(each.labels)}]));
  let help = '';
  for (const line of text.split('\n')) {
    help = /^# HELP \S+ (.*)$/.exec(line)?.[1] ?? help;
    const declared = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (declared) metrics.set(declared[1], {name: declared[1], type: declared[2], labels: new Set(), help});
    const sample = /^([a-z_]+?)(_bucket|_sum|_count)?(?:\{(.*)\})? \S+$/.exec(line);
    if (!sample) continue;
    const metric = metrics.get(sample[1]) ?? metrics.get(sample[1] + (sample[2] ?? ''));
    for (const [, label] of (sample[3] ?? '').matchAll(/(?:^|,)([a-z_]+)="/g)) {
      if (label !== 'le' && label !== 'quantile') metric?.labels.add(label);
    }
  }
  return [...metrics.values()]
    .map((each) => ({...each, labels: [...each.labels].sort()}))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

// For tests/golden/.
export const goldenText = (metrics) =>
  metrics.map(({name, type, labels}) => `${name} ${type}{${labels.join(',')}}\n`).join('');

// For docs/metrics.md.
export const markdownTable = (metrics) => [
  '| metric | type | labels | meaning |', '|---|---|---|---|',
  ...metrics.map(({name, type, labels, help}) =>
    `| \`${name}\` | ${type} | ${labels.map((each) => `\`${each}\``).join(' ')} | ${help} |`)].join('\n') + '\n';
