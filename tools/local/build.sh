#!/usr/bin/env bash
# Builds with the release preset (or CRM_PRESET) into build/<preset>; shows progress.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
preset=${CRM_PRESET:-release}
if [[ ! -f build/$preset/build.ninja ]]; then
  echo "configuring build/$preset"
  mkdir -p build
  cmake --preset "$preset" > "build/configure-$preset.log" 2>&1 || { tail -n 30 "build/configure-$preset.log" >&2; exit 1; }
fi
export NINJA_STATUS='[%f/%t %es] '
cmake --build "build/$preset" -- "$@"
