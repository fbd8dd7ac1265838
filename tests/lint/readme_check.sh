#!/usr/bin/env bash
# The program, policy and output in README.md are those that tests/packaging builds, runs under and expects.
#
# usage: readme_check.sh [ROOT]
set -euo pipefail

root="${1:-$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)}"

# first_block LANGUAGE: the first fenced block of that language in the README.
first_block() {
  awk -v fence="\`\`\`$1" '$0 == fence && !seen { inside = seen = 1; next } /^```$/ { inside = 0 } inside' "$root/README.md"
}

# compare LANGUAGE FILE
compare() {
  diff -u --label "README.md, first $1 block" --label "$2" <(first_block "$1") "$root/$2"
}

compare yaml tests/packaging/policy.yaml
compare cpp tests/packaging/main.cpp
compare text tests/packaging/expected_output.txt
