#!/usr/bin/env bash
# What no file of the tree may have: paths of somebody's machine, notes to oneself, an unfinished merge, more than 500
# lines of code. Prints each finding and exits 1.
#
# usage: tree_check.sh [ROOT]
set -euo pipefail

root="${1:-$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)}"
cd -- "$root"
found=0

list_files() {
  git ls-files -z --cached --others --exclude-standard 2>/dev/null ||
    find . -name build -prune -o -name .git -prune -o -type f -print0
}
files=()
while IFS= read -r -d '' file; do
  if [[ -f "$file" && "$file" != */tree_check.sh ]]; then files+=("${file#./}"); fi
done < <(list_files)

# report MEANING PATTERN: -I leaves binary files out.
report() {
  local line
  while IFS= read -r line; do
    printf '%s: %s\n' "$1" "$line"
    found=1
  done < <(printf '%s\0' "${files[@]}" | xargs -0 -r grep -nIE -- "$2" /dev/null || true)
}

report "a path of somebody's machine" '(^|[^A-Za-z0-9_.])/(home|root|Users|work|mnt|media)/[A-Za-z0-9_.-]'
report 'a note to oneself' '(^|[^A-Za-z0-9_])(TODO|FIXME|XXX)([^A-Za-z0-9_]|$)'
report 'a merge that was not finished' '^(<<<<<<<|>>>>>>>) '

for file in "${files[@]}"; do
  case "$file" in
    framework/*.?pp | strategies/*.?pp | cli/*.?pp | plugins/*.?pp | plugins/*.[ch] | framework/*.inc) ;;
    *) continue ;;
  esac
  lines="$(wc -l <"$file")"
  if (( lines > 500 )); then
    printf 'longer than 500 lines: %s: %s\n' "$file" "$lines"
    found=1
  fi
done

exit "$found"
