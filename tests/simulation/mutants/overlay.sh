#!/usr/bin/env bash
# A copy of the production sources with every mutant in it: framework/ and strategies/, all patches of this folder applied in
# the order of their names. Files of OUT that are right already are left alone, so that nothing is compiled again for nothing.
#
# A patch begins with words that say which safeguard it removes, and asks `simulation::mutant("NAME")`, NAME being its own,
# where it does: nothing goes wrong until the mutant is planted. It is made against the sources with the patches before it:
#   overlay.sh /tmp/mutants && edit there && diff -u of the file, with a/ and b/ before its path
#
# usage: overlay.sh OUT [ROOT]
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
out="$1"
root="${2:-$(cd -- "$here/../../.." && pwd -P)}"

stage="$(mktemp -d)"
trap 'rm -rf -- "$stage"' EXIT
cp -R -- "$root/framework" "$root/strategies" "$stage/"
failures=0
shopt -s nullglob
for patch in "$here"/*.patch; do
  name="$(basename -- "$patch" .patch)"
  if ! sed -n 1p "$patch" | grep -q '[a-z]'; then
    echo "$name: its first line does not say which safeguard it removes" >&2
    failures=1
  fi
  if ! grep -qF -- "simulation::mutant(\"$name\")" "$patch"; then
    echo "$name: does not ask simulation::mutant(\"$name\")" >&2
    failures=1
  fi
  if ! patch -d "$stage" -p1 --fuzz=2 --silent --no-backup-if-mismatch <"$patch" >"$stage/said" 2>&1; then
    echo "$name: does not apply:" >&2
    cat -- "$stage/said" >&2
    failures=1
  fi
done
rm -f -- "$stage/said"
[[ "$failures" -eq 0 ]] || exit 1

mkdir -p -- "$out"
(cd -- "$stage" && find framework strategies -type f -print0) | while IFS= read -r -d '' file; do
  if ! cmp -s -- "$stage/$file" "$out/$file"; then
    mkdir -p -- "$(dirname -- "$out/$file")"
    cp -- "$stage/$file" "$out/$file"
  fi
done
(cd -- "$out" && find framework strategies -type f -print0) | while IFS= read -r -d '' file; do
  if [[ ! -e "$stage/$file" ]]; then rm -f -- "$out/$file"; fi
done
