#!/usr/bin/env bash
# run_node_tests.sh FOLDER: installs the packages of the lock file if they are not, then runs the tests.
set -euo pipefail
cd "$(dirname "$0")/$1"
stamp=node_modules/.lock-installed
if ! cmp -s package-lock.json "$stamp"; then
  # Not `npm ci`: npm 11 refuses a lock file that leaves out the optional packages of other systems.
  npm install --no-save --no-audit --no-fund --loglevel=error
  cp package-lock.json "$stamp"
fi
exec node --test
