#!/usr/bin/env bash
# The table of docs/design/proof.md, from what hunt.sh and ordinary.sh have printed.
#
# usage: table.sh HUNTED ORDINARY     files
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"

# found MUTANT SCHEDULER: "12, basic", "dies, basic" or "-".
found() {
  awk -v mutant="$1" -v scheduler="$2" '
    $1 == mutant && $2 == scheduler {
      if ($3 == "-") { print "-" } else if ($5 == "(died)") { print "dies, " $4 } else { print $3 ", " $4 }
    }' "$3"
}

echo '| mutant | what it removes | random | priority | ordinary tests |'
echo '| --- | --- | --- | --- | --- |'
awk '!seen[$1]++ && $1 != "mutant" && NF >= 2 && $2 != "was" {print $1}' "$1" | sort | while read -r mutant; do
  words="$(sed '/^--- /,$d' "$here/$mutant.patch" | tr '\n' ' ' | sed -E 's/ *Removed.*$//; s/\.? *$//')"
  ordinary="$(awk -v mutant="$mutant" '$1 == mutant {$1 = ""; print substr($0, 2)}' "$2" | sed 's/ /, /g; s/(hangs)/ (hangs)/g')"
  printf '| `%s` | %s | %s | %s | %s |\n' "$mutant" "$words" "$(found "$mutant" random "$1")" \
    "$(found "$mutant" priority "$1")" "${ordinary:-?}"
done
