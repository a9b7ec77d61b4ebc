#!/usr/bin/env bash
# Measures the suite (QUA-1 to QUA-4) on a private MariaDB of its own and prints one table; also
# build/bench/results.json. Archives are kept in build/bench for the next run.
#
#   make bench                    everything: 1 000 000 customers, and 100 000 to see how cost grows
#   make bench ONLY=archive.get   the benchmarks whose names begin so
#   make bench ROWS=100000        another size
#   make bench QUICK=1            one short round: whether it works, not how fast it is
#
# CRM_BENCH_BIN: folder of the programs, build/release/bin otherwise.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
directory=$top/build/bench
programs=${CRM_BENCH_BIN:-$top/build/release/bin}
mkdir -p "$directory"

for program in sysbench mariadb; do
  command -v "$program" >/dev/null || { echo "error: $program is missing (Debian: sysbench, mariadb-client)" >&2; exit 1; }
done

# Durable: a commit is on the disk before it is answered. The buffer pool holds the databases of all
# three services: a third of the memory, from 1 GiB to 8.
buffer_pool=$(awk '/MemTotal/ { mib = int($2 / 3072); print (mib < 1024 ? 1024 : mib > 8192 ? 8192 : mib) "M" }' /proc/meminfo)
tools/local/mariadb.sh start "$directory/mariadb" --innodb-flush-log-at-trx-commit=1 \
  --innodb-buffer-pool-size="${CRM_BENCH_BUFFER_POOL:-$buffer_pool}" --innodb-log-file-size=1G \
  --local-infile=ON
trap 'tools/local/mariadb.sh stop "$directory/mariadb"' EXIT
tools/local/mariadb.sh sql "$directory/mariadb" <<'SQL'
CREATE USER IF NOT EXISTS bench@127.0.0.1 IDENTIFIED BY 'bench';
GRANT ALL ON *.* TO bench@127.0.0.1 WITH GRANT OPTION;
SQL
url=$(tools/local/mariadb.sh url "$directory/mariadb" bench bench "")

# Words for crm-bench may follow: run.sh --rounds=1 --seconds=10
options=(--directory="$directory" --programs="$programs" --database-url="$url"
         --database-pid="$(cat "$directory/mariadb/mariadb.pid")"
         --roles="$top/common/auth/default_roles.json" --rows="${ROWS:-1000000}")
[[ -n ${ONLY:-} ]] && options+=(--only="$ONLY")
[[ -n ${QUICK:-} ]] && options+=(--quick)
"$programs/crm-bench" "${options[@]}" "$@"
