#!/usr/bin/env bash
# What the documents quote is what is compiled and run. A comment in front of a fenced block says what it quotes:
#
#   <!-- quotes docs/snippets/own_policy.cpp [strategy] -->    the region between `// [strategy]` and `// [/strategy]`
#   <!-- quotes docs/snippets/own_policy.yaml -->              the whole file
#
# Every block of C++ in docs/tutorial and docs/guides has such a comment. Prints each difference and exits 1.
#
# usage: snippet_check.sh [ROOT]
set -euo pipefail

root="${1:-$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)}"
cd -- "$root"
found=0
quotes=0

# region FILE NAME: without the indentation of its first line; the whole file if NAME is empty.
region() {
  if [[ -z "$2" ]]; then cat -- "$1"; return; fi
  awk -v open="// [$2]" -v close_="// [/$2]" '
    { line = $0; sub(/^ +/, "", line) }
    line == close_ { inside = 0 }
    inside { if (!seen) { match($0, /^ */); indent = RLENGTH; seen = 1 }
             print ($0 ~ /^ *$/) ? "" : substr($0, indent + 1) }
    line == open { inside = 1 }' "$1"
}

# quoted PAGE LINE: the fenced block that follows a line.
quoted() { awk -v from="$2" 'NR <= from { next } /^```/ { if (++fences == 2) exit; next } fences == 1' "$1"; }

for page in docs/tutorial/*.md docs/guides/*.md; do
  while IFS=: read -r line text; do
    read -r _ _ file name _ <<<"$text"
    [[ "$name" == \[*\] ]] && name="${name:1:-1}" || name=''
    quotes=$((quotes + 1))
    if [[ ! -f "$file" || -z "$(region "$file" "$name")" ]]; then
      echo "$page:$line: nothing called \"$name\" in $file"
      found=1
    elif ! diff -u --label "$page:$line" --label "$file" <(quoted "$page" "$line") <(region "$file" "$name"); then
      found=1
    fi
  done < <(grep -n '^<!-- quotes ' "$page" || true)
  while IFS= read -r line; do
    echo "$page:$line: a block of C++ that quotes nothing that is compiled"
    found=1
  done < <(awk '/^```cpp/ && before !~ /^<!-- quotes / { print NR } { before = $0 }' "$page")
done

if [[ "$quotes" -eq 0 ]]; then
  echo 'no page quotes anything: is the form of the comments another one?'
  found=1
fi
exit "$found"
