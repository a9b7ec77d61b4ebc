// Starts services on databases of their own and gives clients of them, made from the protos alone:
// nothing here is generated or shared with the C++ code (PLT-11).
//
//   const suite = await startSuite();                       // crm-customer alone
//   const customers = suite.client('crm.customer.v1.CustomerService', suite.token('li.lei', 'data_steward'));
//   const customer = await customers.call('GetCustomer', {customer: 'CRM2026000001'});
//   await suite.stop();
//
//   const platform = startPlatform();
//   const archive = await platform.start('customer');
//   const tickets = await platform.start('ticket', {peer: archive});
//   const second = await tickets.launch();                  // another replica
//   await platform.stop();
//
// `startPlatform({encrypted: true})`: mutual TLS everywhere, with `platform.certificates`.
//
// Environment: CRM_BIN (build/release/bin), CRM_TEST_DIR (build/test), CRM_TEST_MYSQL_URL (a server
// to use instead of a private MariaDB; the account may make schemas and users).
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import {execFileSync, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {chmodSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {makeCertificates} from './certificates.mjs';
import {decodeDetails} from './error_details.mjs';

export const top = resolve(fileURLToPath(import.meta.url), '../../..');
export const protoDir = join(top, 'protos');
// Debian's package grpc-proto: health and reflection.
const grpcProtoDir = '/usr/share/grpc-proto';
const bin = resolve(process.env.CRM_BIN ?? join(top, 'build/release/bin'));
const testDir = resolve(process.env.CRM_TEST_DIR ?? join(top, 'build/test'));
const issuer = 'https://crm.local';

export const programOf = (service) => join(bin, `crm-${service}`);

function protosBelow(dir) {
  return readdirSync(dir, {withFileTypes: true}).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return protosBelow(path);
    return entry.name.endsWith('.proto') ? [path] : [];
  });
}

function loadPackages() {
  const files = protosBelow(join(protoDir, 'crm')).map((path) => relative(protoDir, path));
  files.push('grpc/health/v1/health.proto', 'grpc/reflection/v1alpha/reflection.proto');
  const definition = protoLoader.loadSync(files, {
    includeDirs: [protoDir, grpcProtoDir],
    keepCase: true, longs: String, enums: String, oneofs: true,
  });
  return grpc.loadPackageDefinition(definition);
}

// Calls by name. A failed call rejects with an error that has `code` (the name of the canonical code),
// `message` and `details`: the google.rpc messages by type name.
export class Client {
  constructor(stub, token) {
    this.stub = stub;
    this.token = token;
  }

  metadata(extra = {}) {
    const metadata = new grpc.Metadata();
    if (this.token) metadata.set('authorization', `Bearer ${this.token}`);
    for (const [key, value] of Object.entries(extra)) metadata.set(key, value);
    return metadata;
  }

  call(method, request, {headers, timeout = 20_000} = {}) {
    return new Promise((done, fail) => {
      this.stub[method](request, this.metadata(headers), {deadline: Date.now() + timeout}, (error, answer) =>
        error ? fail(typed(error)) : done(answer));
    });
  }

  // Sends all messages of an iterable, gives the one answer.
  async upload(method, messages, {timeout = 60_000} = {}) {
    let stream;
    const answer = new Promise((done, fail) => {
      stream = this.stub[method](this.metadata(), {deadline: Date.now() + timeout}, (error, response) =>
        error ? fail(typed(error)) : done(response));
    });
    for (const message of messages) {
      if (!stream.write(message)) await new Promise((drained) => stream.once('drain', drained));
    }
    stream.end();
    return answer;
  }

  // All messages of a server stream, or those until `enough(message)`.
  download(method, request, {timeout = 20_000, enough = () => false} = {}) {
    return new Promise((done, fail) => {
      const messages = [];
      const stream = this.stub[method](request, this.metadata(), {deadline: Date.now() + timeout});
      stream.on('data', (message) => {
        messages.push(message);
        if (enough(message)) {
          stream.on('error', () => {});
          stream.cancel();
          done(messages);
        }
      });
      stream.on('error', (error) => fail(typed(error)));
      stream.on('end', () => done(messages));
    });
  }
}

function typed(error) {
  const failure = new Error(error.details || error.message);
  failure.code = grpc.status[error.code];
  failure.details = decodeDetails(error.metadata?.get('grpc-status-details-bin')?.[0]);
  return failure;
}

// What MariaDB is started with to take nothing but TLS over TCP. It may run as another user.
function databaseTls(dir, certificates) {
  const issued = certificates.issue('database');
  for (const file of ['tls.crt', 'tls.key', 'ca.crt']) {
    copyFileSync(issued(file), join(dir, file));
    chmodSync(join(dir, file), 0o644);
  }
  return [`--ssl-cert=${join(dir, 'tls.crt')}`, `--ssl-key=${join(dir, 'tls.key')}`, '--require-secure-transport=ON'];
}

// A private MariaDB (test files run at the same time), or the server that was given.
function startDatabases(certificates) {
  const script = (name, args, options = {}) =>
    execFileSync(join(top, 'tools/local', name), args, {encoding: 'utf8', ...options})?.trim();
  const server = process.env.CRM_TEST_MYSQL_URL;
  const dir = join(testDir, `mariadb-${process.pid}`);
  const schemas = [];
  const encrypted = certificates && !server;
  if (!server) {
    script('mariadb.sh', ['place', dir]);
    const tls = encrypted ? databaseTls(realpathSync(dir), certificates) : [];
    script('mariadb.sh', ['start', dir, ...tls], {stdio: ['ignore', 'inherit', 'inherit']});
  }
  return {
    ours: !server,
    // The address of a new schema, whose user may do everything there and nothing elsewhere.
    create(service) {
      const schema = `crm_${service}_${process.pid}`;
      const password = randomBytes(12).toString('hex');
      schemas.push(schema);
      if (server) {
        return script('mysql.sh', ['provision', server, schema], {env: {...process.env, CRM_NEW_PASSWORD: password}});
      }
      script('mariadb.sh', ['sql', dir], {input: `
        CREATE DATABASE ${schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
        CREATE USER '${schema}'@'%' IDENTIFIED BY '${password}';
        GRANT ALL ON ${schema}.* TO '${schema}'@'%';`});
      const url = script('mariadb.sh', ['url', dir, schema, password, schema]);
      return encrypted ? `${url}?ssl_ca=${join(dir, 'ca.crt')}` : url;
    },
    remove() {
      if (server) {
        const drop = schemas.map((each) => `DROP DATABASE ${each}; DROP USER IF EXISTS '${each}'@'%';`).join('\n');
        script('mysql.sh', ['sql', server], {input: drop});
        return;
      }
      script('mariadb.sh', ['stop', dir]);
      rmSync(realpathSync(dir), {recursive: true, force: true});  // may be a link
      rmSync(dir, {recursive: true, force: true});
    },
  };
}

// Resolves with the line of the log that says where the service serves; fails if it ends before.
async function untilServing(program, child, logFile) {
  for (;;) {
    const log = readFileSync(logFile, 'utf8');
    const line = log.split('\n').find((each) => each.includes('"message":"serving"'));
    if (line) return JSON.parse(line);
    if (child.exitCode !== null) throw new Error(`${program} ended at start:\n${log}`);
    await new Promise((soon) => setTimeout(soon, 50));
  }
}

// Polls every tenth of a second.
export async function eventually(what, condition, {seconds = 30, tell = () => ''} = {}) {
  for (let i = 0; i < seconds * 10; ++i) {
    if (await condition()) return;
    await new Promise((soon) => setTimeout(soon, 100));
  }
  throw new Error(`not within ${seconds} s: ${what}\n${tell()}`);
}

export function startPlatform({encrypted = false} = {}) {
  if (!existsSync(join(bin, 'crm-local'))) throw new Error(`not built: ${bin}/crm-local (set CRM_BIN)`);
  const work = join(testDir, `node-${process.pid}`);
  mkdirSync(work, {recursive: true});
  const local = (...args) => execFileSync(join(bin, 'crm-local'), args, {encoding: 'utf8'}).trim();
  local('keys', work);
  local('roles', work);
  const certificates = encrypted ? makeCertificates(join(work, 'certificates')) : undefined;
  const databases = startDatabases(certificates);
  const packages = loadPackages();
  const ownCredentials = certificates?.credentials('tester') ?? grpc.credentials.createInsecure();
  const services = [];
  const token = (user, role, ...more) => local('token', work, '--user', user, '--role', role, ...more);

  // `peer`: the archive that the service follows.
  async function start(service, {peer} = {}) {
    const program = programOf(service);
    const file = (name) => join(work, `${service}.${name}`);
    writeFileSync(file('database-url'), databases.create(service), {mode: 0o600});
    const options = ['--database-url-file', file('database-url'), '--key-file', join(work, 'keys.json'),
      '--jwks-file', join(work, 'jwks.json'), '--issuer', issuer, '--roles-file', join(work, 'roles.json')];
    if (peer) options.push('--peers', `customer=${peer.address}`);
    if (certificates) {
      options.push(...certificates.settings(`crm-${service}`));
    } else if (peer) {
      writeFileSync(file('token'), token(`crm-${service}`, 'service_account', '--service'), {mode: 0o600});
      options.push('--peer-token-file', file('token'));
    }
    execFileSync(program, ['migrate', ...options], {stdio: 'ignore'});
    const configFile = file('ini');
    writeFileSync(configFile, 'log-level = info\n');
    const stubs = [];
    const replicas = [];

    // One more process on the same database, at `port` or a free one.
    async function launch(port) {
      const logFile = file(`${replicas.length}.log`);
      const log = openSync(logFile, 'w');
      const listen = port ? ['--listen', `127.0.0.1:${port}`] : [];
      const child = spawn(program, [...options, ...listen, '--config', configFile],
        {stdio: ['ignore', log, log], env: {...process.env, TMPDIR: work}});
      const ended = new Promise((done) => child.once('exit', (code) => done(code)));
      const kill = () => child.kill('SIGKILL');
      process.once('exit', kill);
      ended.then(() => process.removeListener('exit', kill));
      const replica = {child, ended, log: () => readFileSync(logFile, 'utf8')};
      replicas.push(replica);
      const serving = await untilServing(program, child, logFile);
      return Object.assign(replica, {
        port: serving.port, address: `127.0.0.1:${serving.port}`, metricsPort: serving.metrics_port,
        metrics: async () => (await fetch(`http://127.0.0.1:${serving.metrics_port}/metrics`)).text(),
        client: (...caller) => clientAt(`127.0.0.1:${serving.port}`, ...caller),
      });
    }
    function clientAt(address, name, callerToken, credentials = ownCredentials) {
      const Stub = name.split('.').reduce((scope, part) => scope[part], packages);
      const stub = new Stub(address, credentials, {'grpc.ssl_target_name_override': 'localhost'});
      stubs.push(stub);
      return new Client(stub, callerToken);
    }

    let running = await launch();
    const started = {
      get address() { return running.address; },
      get port() { return running.port; },
      get metricsPort() { return running.metricsPort; },
      launch,
      // Settings that the running service takes over after `signal('SIGHUP')`, or a little later.
      configure: (text) => writeFileSync(configFile, text),
      signal: (name) => running.child.kill(name),
      // Resolves with the exit status when the program has ended.
      ended: () => running.ended,
      // A new process on the same database, with a port of its own unless one is given.
      async restart(port) { running = await launch(port); },
      log: () => running.log(),
      client: (...caller) => clientAt(running.address, ...caller),
      metrics: () => running.metrics(),
      // SIGTERM, as Kubernetes does; gives the exit status of the replica that was started first.
      async stop() {
        stubs.forEach((stub) => stub.close());
        for (const {child} of replicas) child.kill('SIGTERM');
        await Promise.all(replicas.map((each) => each.ended));
        return running.ended;
      },
    };
    services.push(started);
    return started;
  }

  return {
    start,
    token,
    certificates,
    folder: work,
    databaseIsOurs: databases.ours,
    async stop() {
      for (const each of services.reverse()) await each.stop();
      databases.remove();
      rmSync(work, {recursive: true, force: true});
    },
  };
}

// The customer service alone.
export async function startSuite() {
  const platform = startPlatform();
  const archive = await platform.start('customer');
  return Object.defineProperties({}, {
    ...Object.getOwnPropertyDescriptors(archive),
    token: {value: platform.token},
    stop: {value: async () => {
      const code = await archive.stop();
      await platform.stop();
      return code;
    }},
  });
}
