#!/usr/bin/env bash
# Builds everything and runs every test: C++ tests beside the code, the Node client, the manifests.
# Ends with ctest's summary, and leaves nothing running.
#
#   make test                                            each test program has a private MariaDB
#   make test MYSQL_URL=mysql://user:password@host:port/ all use that server; tests that kill the
#                                                        server are skipped (OPS-2)
#   make test ONLY=server                                tests whose name matches
#
# A private MariaDB per program costs about a second and keeps tests that kill or stall theirs away
# from the others. Environment: CRM_PRESET (release), CRM_TEST_JOBS (2).
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
source tools/local/lib.sh

build=$top/build/${CRM_PRESET:-release}
[[ -n ${MYSQL_URL:-} ]] && export CRM_TEST_MYSQL_URL=$MYSQL_URL

# The C++ tests' servers die with them; those of Node tests are stopped here if they were cut short.
clean_up() {
  local server folder
  for folder in "$build"/test/run-*; do
    [[ -e $folder ]] && CRM_RUN_DIR=$folder tools/local/stop.sh
  done
  for server in "$build"/test/mariadb-*; do
    [[ -e $server ]] || continue
    tools/local/mariadb.sh stop "$server"
    rm -rf "$(realpath "$server")"
  done
  rm -rf "$build/test"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

step "build"
tools/local/build.sh

step "tests"
ctest --test-dir "$build" -j "${CRM_TEST_JOBS:-2}" --output-on-failure --no-tests=error \
  ${ONLY:+--tests-regex "$ONLY"}
