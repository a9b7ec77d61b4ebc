// The manifests render, fit the Kubernetes schemas, are restricted, and name nothing that the programs
// do not have (OPS-3, OPS-6).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import yaml from 'js-yaml';
import * as models from '@kubernetes/client-node/dist/gen/models/all.js';
import {optionsOf, read, render, renderText, top} from './cluster_files.mjs';

const base = render('k8s/base');
const rules = yaml.load(read('k8s/monitoring/rules.yaml')).groups.flatMap((each) => each.rules);
const monitoring = render('k8s/monitoring');
const prod = render('k8s/prod');
const issued = prod.filter((each) => each.apiVersion.startsWith('cert-manager.io/'));
const all = [...base, ...monitoring, ...issued];
const ofKind = (kind) => base.filter((each) => each.kind === kind);
const nameOf = (object) => `${object.kind}/${object.metadata.name}`;

const workloads = base.filter((each) => ['Deployment', 'Job'].includes(each.kind));
const podOf = (workload) => workload.spec.template.spec;
const containers = workloads.flatMap((workload) =>
  podOf(workload).containers.map((container) => ({where: `${nameOf(workload)}/${container.name}`, workload, container})));

// The Secret that the workload's container sees in that folder.
function secretAt(workload, folder) {
  const mount = podOf(workload).containers[0].volumeMounts.find((each) => each.mountPath === folder);
  assert.ok(mount?.readOnly, folder);
  return podOf(workload).volumes.find((each) => each.name === mount.name).secret;
}

// Types as the models name them: `Array<V1Container>`, `{ [key: string]: string; }`, `V1PodSpec`.
function unknownFields(value, type, path) {
  if (value === null || typeof value !== 'object') return [];
  const list = /^Array<(.+)>$/.exec(type) ?? /^Set<(.+)>$/.exec(type);
  if (list) {
    if (!Array.isArray(value)) return [`${path}: not a list`];
    return value.flatMap((item, i) => unknownFields(item, list[1], `${path}[${i}]`));
  }
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type);
  if (map) return Object.entries(value).flatMap(([key, item]) => unknownFields(item, map[1], `${path}.${key}`));
  const known = models[type]?.attributeTypeMap;
  if (!known) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const attribute = known.find((each) => each.baseName === key);
    return attribute ? unknownFields(item, attribute.type, `${path}.${key}`) : [`${path}.${key}: unknown field`];
  });
}

function modelName({apiVersion, kind}) {
  const version = apiVersion.split('/').pop();
  return version[0].toUpperCase() + version.slice(1) + kind;
}

const packageOf = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'cert-manager.io': '@kubernetes-models/cert-manager',
};

async function validate(object) {
  const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  const path = [packageOf[group] ?? 'kubernetes-models', ...(group ? [group] : []), version, object.kind].join('/');
  const loaded = await import(path).catch(() => import(`${path}.js`));
  const Model = loaded[object.kind] ?? loaded.default?.[object.kind];
  new Model(object).validate();
}

test('kubectl renders base and monitoring', () => {
  assert.ok(base.length >= 8 && monitoring.length >= 3);
  const names = all.map(nameOf);
  assert.equal(new Set(names).size, names.length, 'names are unique');
});

for (const object of all) {
  test(`${nameOf(object)} fits its schema`, async () => {
    await validate(object);
    if (packageOf[object.apiVersion.split('/')[0]]) return;
    const model = modelName(object);
    assert.ok(models[model], `${model} is a known kind`);
    assert.deepEqual(unknownFields(object, model, nameOf(object)), []);
  });
}

test('the schema checks find what is wrong', async () => {
  const deployment = structuredClone(ofKind('Deployment')[0]);
  deployment.spec.template.spec.containers[0].readOnlyRootFileSystem = true;
  assert.equal(unknownFields(deployment, 'V1Deployment', '').length, 1);
  delete deployment.spec.selector;
  await assert.rejects(validate(deployment));
});

for (const {where, workload, container} of containers) {
  test(`${where} keeps to restricted Pod Security`, () => {
    const pod = podOf(workload);
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.ok(pod.securityContext.runAsUser > 0);
    assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
    assert.equal(pod.automountServiceAccountToken, false);
    assert.ok(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC);
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: ['ALL']}});
    assert.ok(!pod.volumes?.some((each) => each.hostPath));
    assert.ok(container.resources.requests.cpu && container.resources.requests.memory && container.resources.limits.memory);
  });

  test(`${where} names only settings, commands and ports that the program has`, () => {
    const program = optionsOf(container.image.split(':')[0]);
    const settings = (container.envFrom ?? []).flatMap(({configMapRef}) =>
      Object.keys(base.find((each) => each.kind === 'ConfigMap' && each.metadata.name === configMapRef.name).data));
    const own = (container.env ?? []).map((each) => each.name);
    for (const variable of [...settings, ...own].filter((each) => each !== 'TMPDIR')) {
      // A secret has a flag for its file and a variable for itself.
      const flag = `--${variable.slice('CRM_'.length).toLowerCase().replaceAll('_', '-')}-file`;
      assert.ok(program.variables.has(variable) || program.flags.has(flag), `${variable} is no setting`);
    }
    for (const argument of container.args ?? []) assert.ok(program.subcommands.has(argument), argument);
  });
}

for (const deployment of ofKind('Deployment')) {
  const {name} = deployment.metadata;
  const container = podOf(deployment).containers[0];
  const settings = base.find((each) => each.metadata.name === container.envFrom[0].configMapRef.name).data;
  const portOf = (setting) => Number(settings[setting].split(':').pop());

  test(`${name}: ports and probes are where the program listens`, () => {
    const ports = Object.fromEntries(container.ports.map((each) => [each.name, each.containerPort]));
    assert.deepEqual(ports, {grpc: portOf('CRM_LISTEN'), metrics: portOf('CRM_METRICS_LISTEN')});
    // The kubelet speaks no TLS with gRPC; what these paths answer is tested in tests/node.
    assert.deepEqual(container.startupProbe.httpGet, {path: '/readyz', port: 'metrics'});
    assert.deepEqual(container.readinessProbe.httpGet, {path: '/readyz', port: 'metrics'});
    assert.deepEqual(container.livenessProbe.httpGet, {path: '/livez', port: 'metrics'});
  });

  test(`${name}: serves and calls over mutual TLS, with a certificate of its own`, () => {  // PLT-12
    assert.deepEqual(secretAt(deployment, '/etc/crm/tls'), {secretName: `${name}-tls`, defaultMode: 0o440});
    const files = {CRM_TLS_CERTIFICATE: 'tls.crt', CRM_TLS_KEY: 'tls.key', CRM_TLS_CLIENT_CA: 'ca.crt', CRM_PEER_CA: 'ca.crt'};
    for (const [setting, file] of Object.entries(files)) assert.equal(settings[setting], `/etc/crm/tls/${file}`);
    const service = ofKind('Service').find((each) => each.metadata.name === name);
    assert.equal(service.spec.ports.find((each) => each.name === 'grpc').appProtocol, 'https');
    // Called by names that are in the certificates.
    const peers = container.env.find((each) => each.name === 'CRM_PEERS').value;
    for (const peer of peers.split(',')) {
      const [, service, host] = /^([a-z]+)=dns:\/\/\/([a-z.-]+):7001$/.exec(peer);
      assert.equal(host, `crm-${service}`);
      assert.ok(ofKind('Deployment').some((each) => each.metadata.name === host), host);
    }
  });

  test(`${name}: cert-manager's certificate is the one that is mounted, and says who it is`, () => {
    const {spec} = issued.find((each) => each.kind === 'Certificate' && each.metadata.name === name);
    assert.equal(spec.secretName, `${name}-tls`);
    assert.equal(spec.commonName, name);
    assert.ok(spec.dnsNames.includes(name) && spec.dnsNames.includes(`${name}.crm`));
    assert.ok(spec.usages.includes('server auth') && spec.usages.includes('client auth'));
    assert.ok(parseInt(spec.renewBefore) > 14 * 24, 'before CrmCertificateExpiring');
    const issuer = issued.find((each) => each.kind === 'Issuer' && each.metadata.name === spec.issuerRef.name);
    const authority = issued.find((each) => each.kind === 'Certificate' && each.spec.secretName === issuer.spec.ca.secretName);
    assert.equal(authority.spec.isCA, true);
  });

  test(`${name}: there is time to drain`, () => {  // PLT-28
    const grace = Number(/^(\d+)s$/.exec(settings.CRM_SHUTDOWN_GRACE)[1]);
    const before = container.lifecycle.preStop.sleep.seconds;
    assert.ok(podOf(deployment).terminationGracePeriodSeconds >= before + grace + 10);
  });

  test(`${name}: files are mounted where the settings look for them`, () => {
    const mounts = container.volumeMounts.map((each) => each.mountPath);
    for (const setting of Object.keys(settings).filter((each) => settings[each].startsWith('/'))) {
      assert.ok(mounts.some((mount) => settings[setting].startsWith(`${mount}/`)), setting);
    }
    const temporary = container.env.find((each) => each.name === 'TMPDIR').value;
    const mount = container.volumeMounts.find((each) => each.mountPath === temporary);
    assert.ok(podOf(deployment).volumes.find((each) => each.name === mount.name).emptyDir.sizeLimit);
  });

  test(`${name}: the log level can be changed without rolling the pods`, () => {  // PLT-27
    const runtime = ofKind('ConfigMap').find((each) => each.metadata.name === 'crm-runtime');
    assert.match(runtime.data['crm.ini'], /^log-level = info$/m);
    assert.equal(settings.CRM_LOG_LEVEL, undefined, 'the variable would win over the file');
  });

  test(`${name}: is scaled by an autoscaler, before the alert on the processor`, () => {  // OPS-3
    const scaler = ofKind('HorizontalPodAutoscaler').find((each) => each.spec.scaleTargetRef.name === name);
    assert.equal(deployment.spec.replicas, undefined, 'applying would undo the autoscaler');
    assert.ok(scaler.spec.minReplicas >= 2 && scaler.spec.maxReplicas > scaler.spec.minReplicas);
    const target = Number(/^(\d+)m$/.exec(scaler.spec.metrics[0].resource.target.averageValue)[1]) / 1000;
    const alert = /> (0\.\d+) \* (\d+)$/m.exec(rules.find((each) => each.alert === 'CrmCpuHigh').expr.trim());
    assert.ok(target < Number(alert[1]) * Number(alert[2]));
  });

  test(`${name}: has a headless service, a budget and a network policy that select it`, () => {
    const labels = Object.entries(deployment.spec.template.metadata.labels);
    const selects = (selector) => Object.entries(selector).every(([key, value]) => labels.some(([k, v]) => k === key && v === value));
    const service = ofKind('Service').find((each) => selects(each.spec.selector));
    assert.equal(service.spec.clusterIP, 'None');
    assert.deepEqual(service.spec.ports.map((each) => each.port), container.ports.map((each) => each.containerPort));
    assert.ok(ofKind('PodDisruptionBudget').some((each) => selects(each.spec.selector.matchLabels)));
    const policy = ofKind('NetworkPolicy').find((each) =>
      each.spec.podSelector.matchExpressions?.[0].values.includes(name));
    const open = policy.spec.ingress.flatMap((each) => each.ports.map((port) => port.port));
    assert.deepEqual(open, container.ports.map((each) => each.containerPort));
    assert.ok(ofKind('NetworkPolicy').some((each) => Object.keys(each.spec.podSelector).length === 0), 'default deny');
  });
}

test('nothing may be plain text, and the base needs no kinds that a cluster may not have', () => {  // PLT-12
  for (const {where, container} of containers) {
    // What is handed on from the ConfigMap is looked for there.
    const own = (container.env ?? []).filter((each) => !each.valueFrom?.configMapKeyRef);
    const names = [...own.map((each) => each.name),
      ...(container.envFrom ?? []).flatMap(({configMapRef}) =>
        Object.keys(ofKind('ConfigMap').find((each) => each.metadata.name === configMapRef.name).data))];
    assert.deepEqual(names.filter((each) => /PLAIN_TEXT|PEER_TOKEN/.test(each)), [], where);
  }
  const builtIn = /^(v1$|(apps|batch|autoscaling|policy|[a-z.]+\.k8s\.io)\/)/;
  assert.deepEqual(base.filter((each) => !builtIn.test(each.apiVersion)).map(nameOf), []);
});

for (const workload of workloads) {
  test(`${nameOf(workload)}: the authority of the database is where deploy.md says`, () => {
    const folder = '/etc/crm/database';
    const secretName = `${workload.metadata.name.replace('-migrate', '')}-database`;
    assert.deepEqual(secretAt(workload, folder), {
      secretName, defaultMode: 0o440, optional: true, items: [{key: 'ca.crt', path: 'ca.crt'}]});
    assert.ok(podOf(workload).securityContext.fsGroup > 0, 'who may read it');
    assert.match(read('docs/operations/deploy.md'), new RegExp(`ssl_ca=${folder}/ca.crt`));
  });
}

test('every secret and config map that is referred to is made here or documented', () => {
  const made = new Set(ofKind('ConfigMap').map((each) => each.metadata.name));
  const documented = read('docs/operations/deploy.md');
  const text = JSON.stringify(workloads);
  const referred = [...text.matchAll(/"(?:secretName|secretKeyRef|configMapRef|configMap)":(?:"([^"]+)"|\{[^}]*?"name":"([^"]+)")/g)]
    .map((each) => each[1] ?? each[2]);
  assert.ok(referred.length >= 5);
  for (const name of referred) assert.ok(made.has(name) || documented.includes(name), name);
});

test('the overlay of deploy.md gives images, issuer and database, and nothing else changes', () => {
  const [, text] = /^```yaml\n(.*?)^```/ms.exec(read('docs/operations/deploy.md'));
  const mine = renderText(text);
  assert.deepEqual(mine.map(nameOf).sort().map((each) => each.replace(/(crm-settings)-\w+/, '$1')),
    prod.map(nameOf).sort().map((each) => each.replace(/(crm-settings)-\w+/, '$1')));
  for (const {spec, metadata} of mine.filter((each) => each.kind === 'Deployment')) {
    const [container] = spec.template.spec.containers;
    assert.equal(container.image, `registry.example.com/${metadata.name}:0.1.0`);
    const settings = mine.find((each) => each.metadata.name === container.envFrom[0].configMapRef.name).data;
    assert.match(settings.CRM_ISSUER, /realms/);
    assert.ok(settings.CRM_TLS_CERTIFICATE);
  }
  const policies = mine.filter((each) => each.kind === 'NetworkPolicy' && each.metadata.name.startsWith('crm-'));
  assert.ok(policies.length >= 3);
  for (const {spec} of policies) {
    assert.deepEqual(spec.egress[2], {to: [{ipBlock: {cidr: '10.20.0.0/24'}}], ports: [{protocol: 'TCP', port: 3306}]});
  }
});

test('the production overlay starts three replicas, and an eviction leaves two', () => {  // OPS-4
  const scalers = prod.filter((each) => each.kind === 'HorizontalPodAutoscaler');
  assert.deepEqual(scalers.map((each) => each.spec.minReplicas), scalers.map(() => 3));
  for (const each of prod.filter((object) => object.kind === 'PodDisruptionBudget')) {
    assert.equal(each.spec.maxUnavailable, 1);
  }
});

test('the roles are the default ones', () => {
  assert.equal(read('k8s/base/roles.json'), read('common/auth/default_roles.json'));
});

test('the Containerfile has a stage for every image', () => {
  const stages = [...read('Containerfile').matchAll(/^FROM .* AS (\S+)$/gm)].map((each) => each[1]);
  for (const {container} of containers) assert.ok(stages.includes(container.image.split(':')[0]), container.image);
  assert.match(read('Containerfile'), new RegExp(`USER ${podOf(workloads[0]).securityContext.runAsUser}`));
  assert.ok(top);
});
