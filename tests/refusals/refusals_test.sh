#!/usr/bin/env bash
# What must not compile does not, and the compiler says why in the words that we gave it. A file's lines `// says: TEXT` are
# what it has to say of the code above them.
#
# usage: refusals_test.sh FILE COMPILER [FLAGS...]
set -euo pipefail

file="$1"
shift
output="$(mktemp)"
trap 'rm -f -- "$output"' EXIT
found=0

if ! "$@" -std=c++20 -fsyntax-only -DFRESHET_ONLY_RIGHT "$file" >"$output" 2>&1; then
  cat -- "$output"
  echo "$file: what is right does not compile either"
  exit 1
fi
if LC_ALL=C "$@" -std=c++20 -fsyntax-only -fmessage-length=0 "$file" >"$output" 2>&1; then
  echo "$file: compiles, and should not"
  exit 1
fi

said=0
while IFS=: read -r line text; do
  said=$((said + 1))
  if ! grep -qF -- "${text#*// says: }" "$output"; then
    echo "$file:$line: the compiler does not say: ${text#*// says: }"
    found=1
  fi
done < <(grep -n '// says: ' "$file")

if [[ "$said" -eq 0 ]]; then
  echo "$file: says nothing"
  found=1
fi
exit "$found"
