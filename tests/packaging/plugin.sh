#!/usr/bin/env bash
# Writes plugins with the installed `freshet plugin new`, in both languages, and builds and tests them as their authors
# would: against the installed Freshet, with nothing of this tree. Then an installed program loads one.
#
# usage: plugin.sh BUILD_DIR SOURCE_DIR
set -euo pipefail

[[ $# -eq 2 ]] || { sed -n '5s/^# \?//p' -- "${BASH_SOURCE[0]}" >&2; exit 2; }
build_dir="$1" source_dir="$2"

umask 022   # a plugin that others can write is refused
work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT

cached() { sed -n "s/^$1:[A-Z]*=//p" "$build_dir/CMakeCache.txt"; }
quietly() { "$@" >"$work/log" 2>&1 || { cat -- "$work/log"; exit 1; }; }

quietly cmake --install "$build_dir" --prefix "$work/first"
prefix="$work/moved prefix"
mv -- "$work/first" "$prefix"
freshet="$prefix/bin/freshet"
options=(-G Ninja -DCMAKE_CXX_COMPILER="$(cached CMAKE_CXX_COMPILER)" -DCMAKE_C_COMPILER="$(cached CMAKE_C_COMPILER)"
  "-DCMAKE_PREFIX_PATH=$prefix" -DCMAKE_C_FLAGS=-Werror -DCMAKE_CXX_FLAGS=-Werror)

cd -- "$work"
for language in c c++; do
  name="adaptive_${language//+/p}"
  quietly "$freshet" plugin new "$name" --language "$language"
  if grep -rIlF -e "$source_dir" -e "$build_dir" -- "$name"; then
    echo 'these files of a new plugin name the tree that they came from'
    exit 1
  fi
  quietly cmake -S "$name" -B "$name/build" "${options[@]}"
  quietly ninja -C "$name/build"
  quietly ctest --test-dir "$name/build" --output-on-failure
  grep -q '100% tests passed, 0 tests failed out of 3' "$work/log" || { cat -- "$work/log"; exit 1; }
  cat >"$work/policy.yaml" <<END
freshet: 1
plugins: [{path: $name/build/lib$name.so}]
namespaces: {reports: {strategy: $name, $name: {ttl: 1h}}}
END
  "$freshet" check "$work/policy.yaml" | grep -qF "$name: {ttl: 1h, spread: 10%}"
  echo "$name: built, checked and named by a policy"
done

plugins=()
while IFS= read -r -d '' file; do plugins+=("$file"); done < <(find "$prefix" -path '*/freshet/plugins/*.so' -print0)
[[ ${#plugins[@]} -eq 2 ]] || { echo "expected two installed plugins, found: ${plugins[*]}"; exit 1; }
for file in "${plugins[@]}"; do quietly "$freshet" plugin check "$file"; done
echo 'the plugins that come along are installed and keep the contract'
