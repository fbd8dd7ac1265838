#!/usr/bin/env bash
# Runs the models of this folder through spin: every run of every model must be clean, and each safeguard's removal must
# break the promise that the model's head names. Every search goes through all states: no hashing away, no bit states.
#
# usage: check.sh [--json] [MODEL…]        models are named without .pml; none: all
#
# Exit 1: a model has an error, a search was not complete, or a twin did not break its promise. Needs spin and a C compiler.
# Variables: FRESHET_MODEL_MB (memory for one search, 6000).
set -euo pipefail

folder="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
memory_mb="${FRESHET_MODEL_MB:-6000}"
json=''
models=()
for argument in "$@"; do
  case "$argument" in
    --json) json=1 ;;
    -*) echo "usage: check.sh [--json] [MODEL…]" >&2; exit 2 ;;
    *) models+=("${argument%.pml}") ;;
  esac
done
if [[ ${#models[@]} -eq 0 ]]; then
  for file in "$folder"/*.pml; do
    if [[ "$(basename -- "$file")" != common.pml ]]; then models+=("$(basename -- "$file" .pml)"); fi
  done
fi
for tool in spin "${CC:-cc}"; do
  command -v "$tool" >/dev/null || { echo "check.sh: no $tool here; ./dev models installs it" >&2; exit 1; }
done

work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT
bad=0
rows=()

progress() { if [[ -t 2 ]]; then printf '\r\033[K%s' "$*" >&2; fi; }
line() { progress ''; if [[ -z "$json" ]]; then printf '%s\n' "$*"; fi; }

# runs_of MODEL: `name definitions` of each run, from the model's head. safeguards_of MODEL: `name run promise`.
runs_of() { sed -nE 's/^ \*   ([a-z_]+) +((-D[A-Z_]+(=[a-z0-9]+)? +)+).*/\1 \2/p' "$folder/$1.pml"; }
safeguards_of() { sed -nE 's/^ \*   (NO_[A-Z_]+) +([a-z_]+) +(G[0-9]) .*/\1 \2 \3/p' "$folder/$1.pml"; }

# search NAME MODEL DEFINITIONS…: leaves what pan says in $work/NAME/output, and the trail beside it.
search() {
  local place="$work/$1" model="$2" optimise=-O2
  shift 2
  if [[ "$*" == *-DNO_* ]]; then optimise=-O1; fi  # a twin is found out soon: compiling it takes longer
  mkdir -p -- "$place"
  (
    cd -- "$place"
    cp -- "$folder"/*.pml .
    spin -a "$@" "$model.pml" >spin.out 2>&1 || { cat -- spin.out >&2; exit 1; }
    "${CC:-cc}" "$optimise" -DSAFETY -DCOLLAPSE -DMEMLIM="$memory_mb" -w -o pan pan.c
    ./pan -m1000000 >output 2>&1 || true
  ) || { echo "check.sh: $model $* cannot be searched" >&2; return 1; }
}

# number NAME PATTERN: the first group of the line that matches, or 0.
number() { sed -nE "s/.*$2.*/\1/p" "$work/$1/output" | head -n 1 | grep . || echo 0; }

is_complete() {
  ! grep -qE 'Search not completed|max search depth too small|out of memory|reached -DMEMLIM' "$work/$1/output" &&
    grep -q '^Full statespace search' "$work/$1/output"
}

# Why it failed: the promise that an assertion names, or what pan says.
promise_broken() {
  local text
  text="$(grep -m 1 -E '^pan:[0-9]+: ' "$work/$1/output" || true)"
  if [[ "$text" == *'assertion violated'* ]] && [[ "$text" =~ \|\|\ ?(G[0-9])\) ]]; then
    printf '%s\n' "${BASH_REMATCH[1]}"
  else
    printf '%s\n' "${text:-nothing}"
  fi
}

# report MODEL NAME WHAT VERDICT STATES DEPTH MEGABYTES SECONDS
report() {
  line "$(printf '%-12s %-24s %-22s %11s states  depth %5s  %6s MB  %6s s' "$1" "$2" "$4" "$5" "$6" "$7" "$8")"
  rows+=("$(printf '{"model":"%s","name":"%s","kind":"%s","result":"%s","states":%s,"depth":%s,"megabytes":%s,"seconds":%s}' \
    "$1" "$2" "$3" "${4//\"/}" "$5" "$6" "$7" "$8")")
}

# judge MODEL NAME KIND GOOD: reports a search that was made as NAME; GOOD is what its outcome should be.
judge() {
  local model="$1" name="$2" kind="$3" good="$4" found verdict depth
  depth="$(number "$name" 'depth reached ([0-9]+)')"
  if [[ "$(number "$name" 'errors: ([0-9]+)')" == 0 ]]; then
    found=clean
    is_complete "$name" || found='not complete'
  else
    found="$(promise_broken "$name")"
  fi
  if [[ "$found" == "$good" && "$good" == clean ]]; then
    verdict=clean
  elif [[ "$found" == "$good" ]]; then
    depth="$(number "$name" 'at depth ([0-9]+)')"
    verdict="caught, breaks $found"
  else
    verdict="BAD: $found, not $good"
    bad=1
  fi
  report "$model" "$name" "$kind" "$verdict" "$(number "$name" ' ([0-9]+) states, stored')" "$depth" \
    "$(number "$name" ' ([0-9.]+)[^0-9]+total actual memory')" "$(number "$name" 'elapsed time ([0-9.]+) s')"
  if [[ "$verdict" == BAD* ]]; then sed 's/^/    /' "$work/$name/output" >&2; fi
  rm -rf -- "${work:?}/$name"
}

began="$SECONDS"
for model in "${models[@]}"; do
  [[ -f "$folder/$model.pml" ]] || { echo "check.sh: no model called $model" >&2; exit 2; }
  declare -A definitions=()
  while read -r name rest; do
    definitions["$name"]="$rest"
    progress "$model: $name"
    # shellcheck disable=SC2086  # a list of definitions
    search "$name" "$model" $rest
    judge "$model" "$name" model clean
  done < <(runs_of "$model")
  [[ ${#definitions[@]} -gt 0 ]] || { echo "check.sh: the head of $model.pml names no run" >&2; exit 1; }
  while read -r name run promise; do
    [[ -n "${definitions[$run]:-}" ]] || { echo "check.sh: $model.pml: no run called $run" >&2; exit 1; }
    grep -q "def.*$name\b" "$folder/$model.pml" || { echo "check.sh: $model.pml: $name removes nothing" >&2; exit 1; }
    grep -q "\b$name\b" "$folder/README.md" || { echo "check.sh: README.md does not say where $name is kept" >&2; exit 1; }
    progress "$model: $name"
    # shellcheck disable=SC2086
    search "$name" "$model" ${definitions[$run]} "-D$name"
    judge "$model" "$name" twin "$promise"
  done < <(safeguards_of "$model")
  unset definitions
done

if [[ -n "$json" ]]; then
  (IFS=,; printf '{"good":%s,"seconds":%s,"runs":[%s]}\n' "$([[ "$bad" -eq 0 ]] && echo true || echo false)" "$((SECONDS - began))" "${rows[*]}")
else
  line "${#rows[@]} searches in $((SECONDS - began)) s: $([[ "$bad" -eq 0 ]] && echo 'models clean, every twin caught' || echo 'NOT GOOD')"
fi
exit "$bad"
