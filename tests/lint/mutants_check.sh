#!/usr/bin/env bash
# Every mutant of tests/simulation/mutants still applies to the production sources, one after the other.
#
# usage: mutants_check.sh [ROOT]
set -euo pipefail

root="${1:-$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)}"
work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT

"$root/tests/simulation/mutants/overlay.sh" "$work/overlay" "$root"
if grep -rqF 'simulation::mutant' "$root/framework" "$root/strategies" "$root/cli" "$root/plugins"; then
  echo 'production sources ask for mutants'
  exit 1
fi
echo "$(find "$root/tests/simulation/mutants" -name '*.patch' | wc -l) mutants apply"
