#!/usr/bin/env bash
# Plants each mutant in turn and runs the ordinary tests, which are compiled from the same sources on real threads: a line for
# each, with the kinds of tests that fail. One that hangs fails too, so each has a time limit. Ends with 1 if a kind fails
# where nothing is planted.
#
# usage: ordinary.sh FOLDER [MUTANT…]     FOLDER: with freshet_unit_tests and the others of a build with FRESHET_MUTANTS=ON
set -euo pipefail

folder="$1"
mutants=("${@:2}")
[[ ${#mutants[@]} -gt 0 ]] ||
  mapfile -t mutants < <("$folder/freshet_simulation" --list | awk '$1 == "mutant" {print $2}')

# By kind: seconds that it may take, and what of it is left out. Left out is what takes long and looks at files, plugins and
# sizes, which no mutant touches. Histories and the model run a fraction of what they do in ./dev test.
kinds=(unit property guarantee coro)
declare -A limit=([unit]=180 [property]=120 [guarantee]=180 [coro]=60)
declare -A filter=([unit]='-*Plugin*:*Million*:*DeeperThanAnyStack*:Document*:TraceReader*:*Naive*:KeyGlobTest.Random*:EntryReport*'
  [property]='*' [guarantee]='-BoundedBookkeeping*' [coro]='*')
export FRESHET_HISTORY_OPERATIONS="${FRESHET_HISTORY_OPERATIONS:-100000}"
export FRESHET_MODEL_CASES="${FRESHET_MODEL_CASES:-1000}"

# run KIND MUTANT: prints nothing if the tests of that kind pass with it, otherwise the kind. Without a mutant, why.
run() {
  local log status=0
  log="$(mktemp)"
  FRESHET_MUTANT="$2" timeout -k 5 "${limit[$1]}" "$folder/freshet_$1_tests" --gtest_brief=1 --gtest_fail_fast \
    --gtest_filter="${filter[$1]}" </dev/null >"$log" 2>&1 || status=$?
  if [[ -z "$2" && "$status" -ne 0 ]]; then tail -n 40 -- "$log" >&2; fi
  rm -f -- "$log"
  case "$status" in
    0) ;;
    124 | 137) printf '%s(hangs)\n' "$1" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

for kind in "${kinds[@]}"; do
  if [[ -n "$(run "$kind" '')" ]]; then
    echo "the $kind tests fail without a mutant" >&2
    exit 1
  fi
done
for mutant in "${mutants[@]}"; do
  caught=()
  for kind in "${kinds[@]}"; do
    mapfile -t -O "${#caught[@]}" caught < <(run "$kind" "$mutant")
  done
  [[ ${#caught[@]} -gt 0 ]] || caught=(none)
  printf '%-40s %s\n' "$mutant" "${caught[*]}"
done
