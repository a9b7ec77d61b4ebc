# Shared by the scripts of this folder: messages, processes that we start and stop, ports, database
# addresses. For bash, sourced; $run is the folder of the local run.
# shellcheck shell=bash disable=SC2154

say() { printf '%s\n' "$*"; }
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
[[ -t 1 ]] || step() { printf '\n== %s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# A failure and the end of the log that tells more.
die_with_log() {
  local log=$1
  shift
  printf 'error: %s\n' "$*" >&2
  if [[ -s $log ]]; then
    printf 'last lines of %s:\n' "$log" >&2
    tail -n 15 "$log" | sed 's/^/  /' >&2
  fi
  exit 1
}

# When a process was started, in ticks since the machine was: with its pid, its identity.
started_at() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<<"${stat##*) }"
  [[ ${stat[0]} != Z ]] && echo "${stat[19]}"
}

# runs PID_FILE PROGRAM: whether the process of the pid file lives and is the one we started, not
# another one that got its number. A program that has been rebuilt meanwhile is still itself.
runs() {
  local pid first
  [[ -s $1 && -s ${1%.pid}.started ]] || return 1
  pid=$(<"$1")
  [[ $pid =~ ^[0-9]+$ && $(started_at "$pid") == "$(<"${1%.pid}.started")" ]] || return 1
  IFS= read -r -d '' first <"/proc/$pid/cmdline" 2>/dev/null && [[ $first == "$2" ]]
}

# is_outdated PID_FILE PROGRAM: the program on disk is newer than the one that runs.
is_outdated() { [[ $2 -nt $1 ]]; }

# launch NAME PROGRAM ARGUMENT…: starts it in the background; $run/NAME.pid, .started and .log.
# Returns when the process has become the program, or has ended.
launch() {
  local name=$1 i
  shift
  setsid "$@" </dev/null >"$run/$name.log" 2>&1 &
  echo $! >"$run/$name.pid"
  started_at $! >"$run/$name.started" || true
  for ((i = 0; i < 100; ++i)); do
    if runs "$run/$name.pid" "$1" || ! kill -0 $! 2>/dev/null; then return; fi
    sleep 0.02
  done
}

# stop_program NAME PROGRAM: SIGTERM, waits; SIGKILL only after a minute.
stop_program() {
  local pid_file=$run/$1.pid pid i
  if ! runs "$pid_file" "$2"; then
    rm -f "$pid_file" "$run/$1.started"
    return 1
  fi
  pid=$(<"$pid_file")
  kill "$pid"
  for ((i = 0; i < 600; ++i)); do
    runs "$pid_file" "$2" || break
    sleep 0.1
  done
  if runs "$pid_file" "$2"; then
    say "$1 (pid $pid) did not stop within a minute: killing it"
    kill -9 "$pid"
  fi
  rm -f "$pid_file" "$run/$1.started"
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# port NAME FIRST: the port kept in $run/NAME.port, or the first free one from FIRST on.
port() {
  local file=$run/$1.port candidate=$2
  if [[ -s $file ]] && ! port_is_taken "$(<"$file")"; then
    cat "$file"
    return
  fi
  while port_is_taken "$candidate"; do ((++candidate)); done
  echo "$candidate" | tee "$file"
}

# http_get PORT PATH: the answer's text, with nothing but bash.
http_get() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
  while IFS= read -r line <&3 && [[ $line != $'\r' ]]; do :; done
  cat <&3
  exec 3>&-
}

# write_secret FILE: standard input into a file that only we can read.
write_secret() {
  (umask 077 && cat >"$1.new" && mv "$1.new" "$1")
}

random_password() { od -An -N18 -tx1 /dev/urandom | tr -d ' \n'; }
