// The protos are the product's face to every other language (PLT-1).
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {test} from 'node:test';
import {top} from './harness.mjs';

test('buf lint is clean', () => {
  const buf = join(top, 'tests/node/node_modules/.bin/buf');
  const {status, stdout, stderr} = spawnSync(buf, ['lint'], {cwd: top, encoding: 'utf8'});
  assert.equal(status, 0, stdout + stderr);
});
