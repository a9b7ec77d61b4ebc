// The manifests render, fit the Kubernetes schemas, are restricted, and name nothing that the programs
// do not have (OPS-3, OPS-6).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import yaml from 'js-yaml';
import * as models from '@kubernetes/client-node/dist/gen/models/all.js';
import {optionsOf, read, render, top} from './cluster_files.mjs';

const base = render('k8s/base');
const rules = yaml.load(read('k8s/monitoring/rules.yaml')).groups.flatMap((each) => each.rules);
const monitoring = render('k8s/monitoring');
const all = [...base, ...monitoring];
const ofKind = (kind) => base.filter((each) => each.kind === kind);
const nameOf = (object) => `${object.kind}/${object.metadata.name}`;

const workloads = base.filter((each) => ['Deployment', 'Job'].includes(each.kind));
const podOf = (workload) => workload.spec.template.spec;
const containers = workloads.flatMap((workload) =>
  podOf(workload).containers.map((container) => ({where: `${nameOf(workload)}/${container.name}`, workload, container})));

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

const packageOf = {'monitoring.coreos.com': '@kubernetes-models/prometheus-operator'};

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
    if (object.apiVersion.startsWith('monitoring.coreos.com')) return;
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
    assert.equal(container.startupProbe.grpc.port, ports.grpc);
    assert.equal(container.readinessProbe.grpc.port, ports.grpc);
    assert.deepEqual(container.livenessProbe.httpGet, {path: '/metrics', port: 'metrics'});
  });

  test(`${name}: there is time to drain`, () => {  // PLT-28
    const grace = Number(/^(\d+)s$/.exec(settings.CRM_SHUTDOWN_GRACE)[1]);
    const before = container.lifecycle.preStop.sleep.seconds;
    assert.ok(podOf(deployment).terminationGracePeriodSeconds >= before + grace + 10);
  });

  test(`${name}: files are mounted where the settings look for them`, () => {
    const mounts = container.volumeMounts.map((each) => each.mountPath);
    for (const setting of ['CRM_KEY_FILE', 'CRM_JWKS_FILE', 'CRM_ROLES_FILE', 'CRM_CONFIG']) {
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

test('every secret and config map that is referred to is made here or documented', () => {
  const made = new Set(ofKind('ConfigMap').map((each) => each.metadata.name));
  const documented = read('docs/operations/deploy.md');
  const text = JSON.stringify(workloads);
  const referred = [...text.matchAll(/"(?:secretName|secretKeyRef|configMapRef|configMap)":(?:"([^"]+)"|\{[^}]*?"name":"([^"]+)")/g)]
    .map((each) => each[1] ?? each[2]);
  assert.ok(referred.length >= 5);
  for (const name of referred) assert.ok(made.has(name) || documented.includes(name), name);
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
