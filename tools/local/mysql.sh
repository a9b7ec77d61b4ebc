#!/usr/bin/env bash
# Works on an existing MySQL or MariaDB server.
#
#   mysql.sh sql URL               run the SQL on standard input
#   mysql.sh provision URL SCHEMA  make the schema, and a user of that name with rights to nothing
#                                  else; print the URL the service is to use. An account that may
#                                  not make users is used as it is, which is said on standard error.
#
# URL = mysql://user:password@host:port/[database][?ssl_ca=PATH], user and password percent-encoded.
# With ssl_ca the server is reached over TLS and checked against that PEM, by the services too. The
# password of the new user comes from the environment variable CRM_NEW_PASSWORD.
set -euo pipefail

die() {
  echo "mysql.sh: $*" >&2
  exit 1
}

decode() { printf '%b' "${1//%/\\x}"; }

[[ $# -ge 2 ]] || { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command=$1
[[ $2 =~ ^mysql://([^:@/]+)(:([^@/]*))?@(\[[0-9a-fA-F:]+\]|[^:/?]+)(:([0-9]+))?(/[^?]*)?(\?ssl_ca=([^&%]+))?$ ]] ||
  die "the address is not mysql://user:password@host:port/ with nothing but ?ssl_ca=PATH behind it"
user=$(decode "${BASH_REMATCH[1]}")
password=$(decode "${BASH_REMATCH[3]}")
authority=${BASH_REMATCH[4]}${BASH_REMATCH[5]}
host=${BASH_REMATCH[4]//[\[\]]/}
port=${BASH_REMATCH[6]:-3306}
tls=${BASH_REMATCH[8]}
ssl=()
[[ -n $tls ]] && ssl=("--ssl-ca=${BASH_REMATCH[9]}" --ssl-verify-server-cert)
given=mysql://${BASH_REMATCH[1]}${BASH_REMATCH[2]}@$authority

# The password goes through a file descriptor: command lines are everybody's to read. An option file
# takes \ and quotes as its own.
client() {
  local quoted=${password//\\/\\\\}
  quoted=${quoted//\"/\\\"}
  mariadb --defaults-file=<(printf '[client]\npassword="%s"\n' "$quoted") \
    --host="$host" --port="$port" --protocol=tcp --user="$user" --connect-timeout=10 \
    --default-character-set=utf8mb4 --batch --skip-column-names "${ssl[@]}" "$@"
}

provision() {
  local schema=$1
  [[ $schema =~ ^[a-z][a-z0-9_]*$ ]] || die "a schema is named in lower case: $schema"
  [[ ${CRM_NEW_PASSWORD:-} =~ ^[A-Za-z0-9]{16,}$ ]] || die "CRM_NEW_PASSWORD is missing or odd"
  client --execute="SELECT 1" >/dev/null || die "the server at $host:$port does not let us in"
  client --execute="CREATE DATABASE IF NOT EXISTS $schema CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" ||
    die "the account may not create the schema $schema: create it, or give the account the right"
  if client 2>/dev/null <<SQL
CREATE USER IF NOT EXISTS '$schema'@'%' IDENTIFIED BY '$CRM_NEW_PASSWORD';
ALTER USER '$schema'@'%' IDENTIFIED BY '$CRM_NEW_PASSWORD';
GRANT ALL ON $schema.* TO '$schema'@'%';
SQL
  then
    echo "mysql://$schema:$CRM_NEW_PASSWORD@$authority/$schema$tls"
  else
    echo "the account may not make users: the service uses it as it is" >&2
    echo "$given/$schema$tls"
  fi
}

case $command in
  sql) client ;;
  provision) provision "${3:?schema}" ;;
  *) die "unknown command $command" ;;
esac
