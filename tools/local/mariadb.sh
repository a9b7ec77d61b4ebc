#!/bin/sh
# A private MariaDB for local runs and tests: its own data directory, socket and pid file, loopback
# only, an unprivileged user. Nothing outside DIR is touched.
#
#   mariadb.sh init  DIR                     make the data directory (done by start if missing)
#   mariadb.sh start DIR [mariadbd options]  start unless it runs; returns when it answers
#   mariadb.sh stop  DIR                     stop, and wait until it has stopped
#   mariadb.sh place DIR                     make DIR, or a link DIR to where that user may go
#   mariadb.sh url   DIR USER PASSWORD DB    print mysql://USER:PASSWORD@127.0.0.1:PORT/DB
#   mariadb.sh sql   DIR                     run the SQL on standard input as root
#
# CRM_MARIADB_PORT sets the port; otherwise a free one is chosen at the first start and kept.
# Started by root in a tree that only root can enter (/root), the data lies in /var/tmp.
set -eu

die() {
  echo "mariadb.sh: $*" >&2
  exit 1
}

need() {
  for program in "$@"; do
    command -v "$program" >/dev/null 2>&1 || die "$program is missing (Debian: mariadb-server)"
  done
}

# mariadbd refuses to run as root, and is not in everybody's PATH.
PATH=$PATH:/usr/sbin:/sbin
owner=$(id -un)
if [ "$(id -u)" = 0 ]; then
  owner=mysql
  id "$owner" >/dev/null 2>&1 || owner=nobody
fi

usage() {
  sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

# Whether the user that mariadbd runs as can enter a directory.
can_enter() {
  [ "$owner" = "$(id -un)" ] || runuser -u "$owner" -- test -x "$1"
}

# A checkout in /root: only root gets there.
place() {
  mkdir -p "$1" || die "cannot make the directory $1"
  can_enter "$(cd "$1" && pwd -P)" && return
  elsewhere=/var/tmp/crm-mariadb-$(printf '%s' "$(cd "$1" && pwd -P)" | cksum | tr -d ' ')
  mkdir -p "$elsewhere"
  rmdir "$1" || die "the user $owner cannot enter $1"
  ln -s "$elsewhere" "$1"
}

[ $# -ge 2 ] || usage
command=$1
place "$2"
dir=$(cd "$2" && pwd -P)
shift 2
data=$dir/data
pid_file=$dir/mariadb.pid
port_file=$dir/port
log=$dir/mariadb.log
# The path of a Unix socket has at most 107 characters.
socket=$dir/mariadb.sock
if [ ${#socket} -gt 100 ]; then
  socket=/tmp/crm-$(printf '%s' "$dir" | cksum | tr -d ' ')/mariadb.sock
fi

# A killed one that nobody has waited for yet still has its name.
running() {
  [ -s "$pid_file" ] || return 1
  pid=$(cat "$pid_file")
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = mariadbd ] &&
    ! grep -q "^State:.Z" "/proc/$pid/status" 2>/dev/null
}

client() {
  mariadb --no-defaults --socket="$socket" --user=root "$@"
}

init() {
  [ -d "$data/mysql" ] && return 0
  need mariadb-install-db
  rm -rf "$data.new"
  mkdir "$data.new"
  chown "$owner" "$dir" "$data.new" 2>/dev/null || true
  mariadb-install-db --no-defaults --user="$owner" --datadir="$data.new" --skip-test-db \
    --auth-root-authentication-method=normal --innodb-log-file-size=16M >"$dir/install.log" 2>&1 ||
    die "mariadb-install-db failed, see $dir/install.log"
  mv "$data.new" "$data"
}

# Only bash can open a socket.
port_is_taken() {
  bash -c "exec 3<>/dev/tcp/127.0.0.1/$1" 2>/dev/null
}

# Below the range that outgoing connections take theirs from.
choose_port() {
  if [ -n "${CRM_MARIADB_PORT:-}" ]; then
    echo "$CRM_MARIADB_PORT" >"$port_file"
    return
  fi
  [ -s "$port_file" ] && return
  candidate=$((20000 + $(printf '%s' "$dir" | cksum | cut -d' ' -f1) % 10000))
  while port_is_taken "$candidate"; do candidate=$((candidate + 1)); done
  echo "$candidate" >"$port_file"
}

start() {
  need mariadbd mariadb bash
  running && return 0
  init
  choose_port
  mkdir -p "$(dirname "$socket")"
  chown "$owner" "$(dirname "$socket")" 2>/dev/null || true
  rm -f "$pid_file"
  setsid mariadbd --no-defaults --user="$owner" --datadir="$data" --socket="$socket" \
    --pid-file="$pid_file" --bind-address=127.0.0.1 --port="$(cat "$port_file")" \
    --log-error="$log" --skip-log-bin --skip-name-resolve --character-set-server=utf8mb4 \
    --innodb-buffer-pool-size=128M --innodb-log-file-size=64M --max-connections=400 "$@" \
    </dev/null >>"$log" 2>&1 &
  started=$!
  tries=0
  until client --execute='DO 1' 2>/dev/null; do
    kill -0 "$started" 2>/dev/null || die "mariadbd did not start, see $log"
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || die "mariadbd does not answer, see $log"
    sleep 0.1
  done
}

stop() {
  running || return 0
  kill "$pid"
  while running; do sleep 0.1; done
  rm -f "$pid_file"
}

case $command in
  init) init ;;
  place) ;;
  start) start "$@" ;;
  stop) stop ;;
  url)
    [ $# -eq 3 ] || usage
    [ -s "$port_file" ] || die "not started yet"
    echo "mysql://$1:$2@127.0.0.1:$(cat "$port_file")/$3"
    ;;
  sql)
    need mariadb
    client
    ;;
  *) usage ;;
esac
