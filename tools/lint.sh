#!/usr/bin/env bash
# Checks how the sources read; changes nothing, builds nothing, takes seconds but for clang-tidy, which is
# why that one looks at what was changed only. `make lint` installs the tools; what is not there is named:
#   clang-format   all C++ sources (make format mends them)
#   clang-tidy     C++ sources changed since CRM_LINT_BASE (default: HEAD, so what is not committed)
#   buf            protos, rules in buf.yaml
#   bash -n, shellcheck   shell scripts
#   manifests      kubectl, schemas, promtool: tests/k8s
# CRM_PRESET (release) names the build whose compile commands clang-tidy uses.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
build=build/${CRM_PRESET:-release}
failed=()

# check NAME COMMAND…: runs it, remembers a failure.
check() {
  local name=$1
  shift
  printf '== %s\n' "$name"
  "$@" || failed+=("$name")
}

skip() { printf '== %s: left out, %s\n' "$1" "$2"; }

sources() { git ls-files --cached --others --exclude-standard '*.cc' '*.h'; }
scripts() { git ls-files --cached --others --exclude-standard '*.sh' .ci/run; }
changed() { git diff --name-only --diff-filter=d "${CRM_LINT_BASE:-HEAD}" -- '*.cc'; }

check_format() { sources | xargs clang-format --dry-run -Werror; }
check_tidy() { changed | xargs clang-tidy -p "$build" --quiet; }
check_scripts() {
  local script
  scripts | while read -r script; do bash -n "$script" || exit 1; done
}
check_shellcheck() { scripts | xargs shellcheck --external-sources --source-path=SCRIPTDIR/../..; }

if command -v clang-format >/dev/null; then check clang-format check_format; else skip clang-format "not installed"; fi

if ! command -v clang-tidy >/dev/null; then
  skip clang-tidy "not installed"
elif [[ ! -f $build/compile_commands.json ]]; then
  skip clang-tidy "$build is not configured"
elif [[ -z $(changed) ]]; then
  skip clang-tidy "no source has changed since ${CRM_LINT_BASE:-HEAD}"
else
  check clang-tidy check_tidy
fi

check "shell syntax" check_scripts
if command -v shellcheck >/dev/null; then check shellcheck check_shellcheck; else skip shellcheck "not installed"; fi

if command -v npm >/dev/null; then
  [[ -d tests/node/node_modules ]] || (cd tests/node && npm ci --no-audit --no-fund --loglevel=error)
  check buf tests/node/node_modules/.bin/buf lint
else
  skip buf "npm is not installed"
fi

if [[ -x $build/bin/crm-customer ]]; then
  check manifests env CRM_BIN="$top/$build/bin" tests/run_node_tests.sh k8s >build/lint-manifests.log
  [[ " ${failed[*]-} " == *" manifests "* ]] && grep -A3 "^not ok" build/lint-manifests.log
else
  skip manifests "crm-customer is not built"
fi

if [[ ${#failed[@]} -gt 0 ]]; then
  printf '\nfailed: %s\n' "${failed[*]}" >&2
  exit 1
fi
printf '\nall clean\n'
