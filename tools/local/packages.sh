#!/usr/bin/env bash
# Installs the Debian packages of packages.txt, and of the lists that are named, that are missing. Says what
# it does; silent and quick when nothing is.
#   packages.sh               to build, run and test
#   packages.sh packages_lint.txt
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

lists=("$here/packages.txt")
for list in "$@"; do lists+=("$here/$list"); done

missing=()
while IFS=: read -r package command; do
  [[ -z $package || $package == \#* ]] && continue
  if [[ -n $command ]] && command -v "$command" >/dev/null; then continue; fi
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done < <(cat "${lists[@]}")
[[ ${#missing[@]} -eq 0 ]] && exit 0

echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
sudo=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || { echo "error: install them as root: apt-get install ${missing[*]}" >&2; exit 1; }
  sudo=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
# A service of the system is neither wanted nor started: every server of ours is private.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
  "${sudo[@]}" chmod +x "$policy"
  trap '"${sudo[@]}" rm -f "$policy"' EXIT
fi
log=$(mktemp)
if ! { "${sudo[@]}" apt-get update -q && "${sudo[@]}" apt-get install -yq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "error: the packages could not be installed (whole log: $log)" >&2
  exit 1
fi
rm -f "$log"
