#!/usr/bin/env bash
# Builds the README's program as somebody else's project would and compares what it prints.
#
# usage: run.sh BUILD_DIR SOURCE_DIR find_package|add_subdirectory
#   find_package       against what `cmake --install BUILD_DIR` installs, moved afterwards to a path with a blank
#   add_subdirectory   with SOURCE_DIR as part of its tree
set -euo pipefail

[[ $# -eq 3 ]] || { sed -n '4,6s/^# \?//p' -- "${BASH_SOURCE[0]}" >&2; exit 2; }
build_dir="$1" source_dir="$2" mode="$3"
packaging="$source_dir/tests/packaging"

work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT

# Prints a variable of the build's cache: the consumer is compiled by the same compiler.
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build_dir/CMakeCache.txt"; }

# ccache takes a source with a precompiled header only so.
export CCACHE_SLOPPINESS=pch_defines,time_macros
options=(-G Ninja -DCMAKE_CXX_COMPILER="$(cached CMAKE_CXX_COMPILER)" -DCMAKE_C_COMPILER="$(cached CMAKE_C_COMPILER)")
if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi

case "$mode" in
  find_package)
    cmake --install "$build_dir" --prefix "$work/first" >"$work/log" || { cat -- "$work/log"; exit 1; }
    mv -- "$work/first" "$work/moved prefix"
    options+=("-DCMAKE_PREFIX_PATH=$work/moved prefix")
    if [[ -e "$work/moved prefix/bin/freshet" ]]; then "$work/moved prefix/bin/freshet" --version; fi
    # Nothing installed may point back to where it was built.
    if grep -rIlF -e "$source_dir" -e "$build_dir" -- "$work/moved prefix"; then
      echo 'these installed files name the tree that they came from'
      exit 1
    fi
    ;;
  add_subdirectory) options+=("-DFRESHET_SOURCE=$source_dir") ;;
  *) echo "unknown mode: $mode" >&2; exit 2 ;;
esac

cmake -S "$packaging/$mode" -B "$work/build" "${options[@]}" >"$work/log" 2>&1 || { cat -- "$work/log"; exit 1; }
ninja -C "$work/build" -j 2 --quiet

(cd -- "$packaging" && "$work/build/consumer") >"$work/output"
diff -- "$packaging/expected_output.txt" "$work/output"
echo "the consumer printed what the README says"
