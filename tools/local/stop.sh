#!/usr/bin/env bash
# Stops what make run started, by its pid files, and nothing else: a process whose program is not
# the one we started is left alone. The data stays; make run goes on with it.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
source tools/local/lib.sh

bin=$top/build/${CRM_PRESET:-release}/bin
run=$(realpath -m "${CRM_RUN_DIR:-$top/build/run}")
[[ -d $run ]] || { say "nothing was started"; exit 0; }
exec 9>"$run/lock"
flock -w 60 9 || die "another make run or make stop is at work in $run"

stopped=0
stop() {
  if stop_program "$1" "$2"; then
    say "stopped $1"
    stopped=$((stopped + 1))
  fi
}

stop prometheus "$(command -v prometheus || echo prometheus)"
stop crm-sales "$bin/crm-sales"
stop crm-ticket "$bin/crm-ticket"
stop crm-customer "$bin/crm-customer"
if [[ -s $run/mariadb/mariadb.pid ]]; then
  tools/local/mariadb.sh stop "$run/mariadb"
  say "stopped MariaDB"
  stopped=$((stopped + 1))
fi
if [[ $stopped = 0 ]]; then say "nothing was running"; else say "the data stays in $run"; fi
