#!/usr/bin/env bash
# Certificates for mutual TLS where nothing else issues them (no cert-manager): an authority of one's
# own, and for each service or client a folder with what its Secret holds. docs/operations/deploy.md.
#
#   certificates.sh DIR NAME[,OTHER…] …
#
# makes DIR/ca.crt and DIR/ca.key unless they are there, and DIR/NAME/{tls.crt,tls.key,ca.crt} anew.
# NAME is the common name, by which services know a caller without a token. The certificate is good for
# NAME, its names in the cluster, and what stands behind commas: names or IP addresses.
#
# CRM_NAMESPACE (crm), CRM_CERTIFICATE_DAYS (90). DIR/ca.key signs service accounts: keep it as such.
set -euo pipefail
umask 077

authority_days=3650
days=${CRM_CERTIFICATE_DAYS:-90}
namespace=${CRM_NAMESPACE:-crm}

die() {
  echo "certificates.sh: $*" >&2
  exit 1
}

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

make_authority() {
  [[ -s $dir/ca.crt && -s $dir/ca.key ]] && return
  new_key "$dir/ca.key"
  openssl req -x509 -new -key "$dir/ca.key" -subj "/CN=crm authority" -days "$authority_days" \
    -addext keyUsage=critical,keyCertSign,cRLSign -out "$dir/ca.crt" || die "no authority could be made"
}

# DNS:… and IP:… for all names of a certificate, separated by commas.
alternatives() {
  local name=$1 each
  shift
  printf 'DNS:%s' "$name"
  for each in "$name.$namespace" "$name.$namespace.svc" "$name.$namespace.svc.cluster.local"; do
    printf ',DNS:%s' "$each"
  done
  for each in "$@"; do
    if [[ $each =~ ^[0-9.]+$|: ]]; then printf ',IP:%s' "$each"; else printf ',DNS:%s' "$each"; fi
  done
}

make_certificate() {
  local names name folder
  IFS=, read -ra names <<<"$1"
  name=${names[0]}
  [[ $name =~ ^[a-z0-9]([a-z0-9-]*[a-z0-9])?$ ]] || die "not the name of a service or client: '$name'"
  folder=$dir/$name
  mkdir -p "$folder"
  new_key "$folder/tls.key"
  openssl req -new -key "$folder/tls.key" -subj "/CN=$name" |
    openssl x509 -req -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -days "$days" -out "$folder/tls.crt" -extfile <(
      echo "basicConstraints = critical,CA:FALSE"
      echo "keyUsage = critical,digitalSignature"
      echo "extendedKeyUsage = serverAuth,clientAuth"
      echo "subjectAltName = $(alternatives "${names[@]}")"
    ) 2>/dev/null || die "no certificate could be made for $name"
  cp "$dir/ca.crt" "$folder/ca.crt"
}

[[ $# -ge 2 ]] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command -v openssl >/dev/null || die "openssl is missing"
dir=$1
shift
mkdir -p "$dir"
make_authority
for each in "$@"; do make_certificate "$each"; done
