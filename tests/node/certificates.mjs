// Certificates of an authority of the tests' own, made as for a cluster: tools/certificates.sh.
//
//   const certificates = makeCertificates(folder);
//   certificates.settings('crm-ticket')       what a service is started with: mutual TLS
//   certificates.credentials('web-gateway')   of a client that shows a certificate
//   certificates.credentials()                of one that does not
import grpc from '@grpc/grpc-js';
import {execFileSync} from 'node:child_process';
import {copyFileSync, existsSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const script = resolve(fileURLToPath(import.meta.url), '../../../tools/certificates.sh');
const files = ['tls.crt', 'tls.key', 'ca.crt'];

export function makeCertificates(folder) {
  const issue = (name, env = {}) => {
    execFileSync(script, [folder, `${name},localhost,127.0.0.1`], {env: {...process.env, ...env}});
    return (file) => join(folder, name, file);
  };

  // A Secret as the kubelet mounts it: the files are links through `..data`, a link to the folder of the
  // present version, which is swapped in one step.
  let versions = 0;
  const mount = (name, env) => {
    const issued = issue(name, env);
    const mounted = join(folder, `${name}-mounted`);
    const version = `..version_${++versions}`;
    mkdirSync(join(mounted, version), {recursive: true});
    for (const file of files) copyFileSync(issued(file), join(mounted, version, file));
    const data = join(mounted, '..data');
    const before = existsSync(data) ? readlinkSync(data) : undefined;
    symlinkSync(version, join(mounted, '..data_tmp'));
    renameSync(join(mounted, '..data_tmp'), data);
    if (before) rmSync(join(mounted, before), {recursive: true});
    else for (const file of files) symlinkSync(join('..data', file), join(mounted, file));
    return (file) => join(mounted, file);
  };

  return {
    // Its folder has tls.crt, tls.key and ca.crt.
    issue,
    // The same service's certificate once more, in the place of the one it was started with.
    renew: (name, env) => void mount(name, env),
    settings(name) {
      const file = mount(name);
      return ['--tls-certificate', file('tls.crt'), '--tls-key', file('tls.key'),
        '--tls-client-ca', file('ca.crt'), '--peer-ca', file('ca.crt')];
    },
    credentials(name) {
      if (!name) return grpc.credentials.createSsl(readFileSync(join(folder, 'ca.crt')));
      const file = issue(name);
      return grpc.credentials.createSsl(...['ca.crt', 'tls.key', 'tls.crt'].map((each) => readFileSync(file(each))));
    },
  };
}
