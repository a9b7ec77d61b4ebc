#!/usr/bin/env bash
# Starts the suite on this machine and shows it at work. What is up stays up, what is imported is
# not imported again: a second run takes seconds and keeps the data (OPS-1).
#
#   make run                                            a private MariaDB under build/run
#   make run MYSQL_URL=mysql://user:password@host:port/ an existing MySQL or MariaDB (OPS-2)
#
# CRM_PRESET (release), CRM_RUN_DIR (build/run), CRM_EXAMPLE_ROWS (2400).
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
source tools/local/lib.sh

bin=$top/build/${CRM_PRESET:-release}/bin
run=$(realpath -m "${CRM_RUN_DIR:-$top/build/run}")
issuer=https://crm.local
started=$SECONDS
mkdir -p "$run"

exec 9>"$run/lock"
flock -n 9 || die "another make run or make stop is at work in $run"

[[ -x $bin/crm-customer && -x $bin/crm-sales && -x $bin/crm-ticket && -x $bin/crm-local ]] || die "not built yet: make run builds, then calls this script"

# ---------------------------------------------------------------------------------------- database

start_private_database() {
  step "MariaDB: private, in $run/mariadb"
  tools/local/mariadb.sh start "$run/mariadb" 9>&- || die_with_log "$run/mariadb/mariadb.log" "MariaDB does not start"
  say "answers on 127.0.0.1:$(<"$run/mariadb/port"), as an unprivileged user, on loopback only"
}

# make_schema SERVICE: its schema and a database user with rights to nothing else (PLT-18).
make_schema() {
  local service=$1 schema=crm_$1 password_file=$run/$1.database-password password
  [[ -s $password_file ]] || random_password | write_secret "$password_file"
  password=$(<"$password_file")
  if [[ -n ${MYSQL_URL:-} ]]; then
    CRM_NEW_PASSWORD=$password tools/local/mysql.sh provision "$MYSQL_URL" "$schema" |
      write_secret "$run/$service.database-url"
  else
    tools/local/mariadb.sh sql "$run/mariadb" <<SQL
CREATE DATABASE IF NOT EXISTS $schema CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER IF NOT EXISTS '$schema'@'%' IDENTIFIED BY '$password';
ALTER USER '$schema'@'%' IDENTIFIED BY '$password';
GRANT ALL ON $schema.* TO '$schema'@'%';
SQL
    tools/local/mariadb.sh url "$run/mariadb" "$schema" "$password" "$schema" |
      write_secret "$run/$service.database-url"
  fi
}

# Another server than last time: the example files have to be imported there too.
remember_server() {
  local server=${MYSQL_URL:-private}
  server=$(printf '%s' "${server##*@}" | tr -c 'A-Za-z0-9.:\n' _)
  if [[ -s $run/server && $(<"$run/server") != "$server" ]]; then
    say "the last run used $(<"$run/server"), this one uses $server"
    stop_program crm-sales "$bin/crm-sales" || true
    stop_program crm-ticket "$bin/crm-ticket" || true
    stop_program crm-customer "$bin/crm-customer" || true
    rm -rf "$run/imported" "$run/opportunity" "$run/tickets"
  fi
  echo "$server" >"$run/server"
}

# ---------------------------------------------------------------------------------------- services

make_keys() {
  "$bin/crm-local" keys "$run/keys" || die "keys and token issuer could not be made"
  "$bin/crm-local" roles "$run/keys" || die "the roles file could not be written"
  mkdir -p "$run/tokens"
  token steward data_steward
  token director sales_director
  token agent service_agent
  token supervisor service_supervisor
  token administrator administrator
}

# token NAME ROLE [ARGUMENT…]: a token for the name, good for 30 days, in $run/tokens/NAME.
token() {
  local name=$1 role=$2
  shift 2
  "$bin/crm-local" token "$run/keys" --user "$name" --role "$role" --team hq --hours 720 "$@" |
    write_secret "$run/tokens/$name" || die "the token of $name could not be made"
}

# start_service SERVICE GRPC_PORT METRICS_PORT [OPTION…]: migrates and starts it, or leaves it as it is.
start_service() {
  local service=$1 program=crm-$1 grpc metrics grpc_wish=$2 metrics_wish=$3
  shift 3
  step "$program"
  if runs "$run/$program.pid" "$bin/$program"; then
    if ! is_outdated "$run/$program.pid" "$bin/$program"; then
      say "is up (pid $(<"$run/$program.pid"))"
      return
    fi
    say "has been rebuilt: restarting it"
    stop_program "$program" "$bin/$program"
  fi
  rm -f "$run/$program.pid"
  grpc=$(port "$program" "$grpc_wish")
  metrics=$(port "$program-metrics" "$metrics_wish")
  local options=(--database-url-file "$run/$service.database-url" --key-file "$run/keys/keys.json"
    --jwks-file "$run/keys/jwks.json" --issuer "$issuer" --roles-file "$run/keys/roles.json" "$@")

  "$bin/$program" migrate "${options[@]}" >"$run/$program-migrate.log" 2>&1 9>&- ||
    die_with_log "$run/$program-migrate.log" "the schema crm_$service could not be migrated"
  say "schema crm_$service is current ($(wc -l <"$run/$program-migrate.log") steps applied now)"
  TMPDIR=$run launch "$program" "$bin/$program" "${options[@]}" \
    --listen "127.0.0.1:$grpc" --metrics-listen "127.0.0.1:$metrics" 9>&-
  wait_until_serving "$program" "$grpc"
  say "serves on 127.0.0.1:$grpc, metrics on http://127.0.0.1:$metrics/metrics"
}

# start_peer SERVICE GRPC_PORT METRICS_PORT: a service that follows the customer archive.
start_peer() {
  token "crm-$1" service_account --service
  start_service "$@" --peers "customer=127.0.0.1:$(<"$run/crm-customer.port")" \
    --peer-token-file "$run/tokens/crm-$1"
}

# address SERVICE WISHED_PORT: where it serves, or will.
address() {
  local program=crm-$1
  printf '127.0.0.1:'
  if runs "$run/$program.pid" "$bin/$program"; then cat "$run/$program.port"; else port "$program" "$2"; fi
}

# The log says "serving" after the health service does.
wait_until_serving() {
  local program=$1 grpc=$2 i
  for ((i = 0; i < 600; ++i)); do
    runs "$run/$program.pid" "$bin/$program" || die_with_log "$run/$program.log" "$program ended at start"
    grep -q '"serving"' "$run/$program.log" && port_is_taken "$grpc" && return
    sleep 0.1
  done
  die_with_log "$run/$program.log" "$program is not serving after a minute"
}

# -------------------------------------------------------------------------------------- Prometheus

start_prometheus() {
  local prometheus web
  prometheus=$(command -v prometheus) || { say; say "Prometheus is not installed: left out"; return; }
  step "Prometheus"
  cat >"$run/prometheus.yml" <<YAML
global: {scrape_interval: 5s, evaluation_interval: 5s}
rule_files: ["$top/k8s/monitoring/rules.yaml"]
scrape_configs:
  - job_name: crm
    static_configs:
      - targets: ["127.0.0.1:$(<"$run/crm-customer-metrics.port")"]
        labels: {service: crm-customer}
      - targets: ["127.0.0.1:$(<"$run/crm-sales-metrics.port")"]
        labels: {service: crm-sales}
      - targets: ["127.0.0.1:$(<"$run/crm-ticket-metrics.port")"]
        labels: {service: crm-ticket}
YAML
  if runs "$run/prometheus.pid" "$prometheus"; then
    kill -HUP "$(<"$run/prometheus.pid")"
    say "is up on http://127.0.0.1:$(<"$run/prometheus.port")"
    return
  fi
  rm -f "$run/prometheus.pid"
  web=$(port prometheus 9090)
  launch prometheus "$prometheus" --config.file="$run/prometheus.yml" --storage.tsdb.path="$run/prometheus" \
    --storage.tsdb.retention.time=7d --web.listen-address="127.0.0.1:$web" 9>&-
  local i
  for ((i = 0; i < 300; ++i)); do
    runs "$run/prometheus.pid" "$prometheus" || die_with_log "$run/prometheus.log" "Prometheus ended at start"
    [[ $(http_get "$web" /-/ready 2>/dev/null) == *Ready* ]] && break
    sleep 0.1
  done
  say "answers on http://127.0.0.1:$web"
}

# -------------------------------------------------------------------------------------------- main

remember_server
if [[ -z ${MYSQL_URL:-} ]]; then
  start_private_database
else
  step "database: the given server"
fi
make_schema customer
make_schema sales
make_schema ticket
make_keys
# The archive follows the others, which start after it: on the ports that they will have.
token crm-customer service_account --service
start_service customer 7001 9101 --peers "sales=$(address sales 7002),ticket=$(address ticket 7003)" \
  --peer-token-file "$run/tokens/crm-customer"
start_peer sales 7002 9102
start_peer ticket 7003 9103
start_prometheus
source tools/local/show.sh
say
say "ready after $((SECONDS - started)) s"
