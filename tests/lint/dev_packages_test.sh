#!/usr/bin/env bash
# How ./dev asks for packages, against a dpkg-query, apt-get, sudo and id that only write down what they are told.
#
# usage: dev_packages_test.sh [ROOT]
set -euo pipefail

root="${1:-$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)}"
work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT
failures=0

# A copy of the script in a tree of its own: whatever it would build after the packages fails there at once.
mkdir -p -- "$work/a tree" "$work/bin"
cp -- "$root/dev" "$work/a tree/dev"

stub() { printf '#!/bin/bash\n%s\n' "$2" >"$work/bin/$1" && chmod +x -- "$work/bin/$1"; }
for tool in bash env dirname basename grep sed awk nproc mkdir rm cat cksum; do
  ln -s -- "$(command -v "$tool")" "$work/bin/$tool"
done
stub dpkg-query "cat '$work/installed'"
stub apt-get "echo \"apt-get \$*\" >>'$work/calls'; [[ ! -f '$work/apt_fails' || \"\$*\" != *\"\$(cat '$work/apt_fails')\"* ]]"
stub sudo "echo -n 'sudo ' >>'$work/calls'; exec \"\$@\""
stub id "cat '$work/uid'"
for tool in g++ cmake ninja pkg-config ccache; do stub "$tool" 'exit 1'; done

libraries=(libyaml-cpp-dev libfmt-dev libxxhash-dev nlohmann-json3-dev libhowardhinnant-date-dev tzdata libcli11-dev libzstd-dev zlib1g-dev
  libsqlite3-dev)

# begin UID PACKAGE…: a machine where these are installed.
begin() {
  echo "$1" >"$work/uid"
  printf 'ii  %s\n' "${@:2}" >"$work/installed"
  rm -f -- "$work/calls" "$work/apt_fails"
  touch -- "$work/calls"
}
run() { (cd / && env -i PATH="$work/bin" ${dry:+FRESHET_APT_DRY_RUN=1} "$work/a tree/dev" build) >"$work/output" 2>&1 || true; }
# expect WHAT TEXT: the calls of apt contain TEXT; refuse: they do not.
expect() { grep -qF -- "$2" "$work/calls" "$work/output" || { echo "$1: no \"$2\" in:"; cat -- "$work/calls" "$work/output"; failures=1; }; }
refuse() { if grep -qF -- "$2" "$work/calls" "$work/output"; then echo "$1: \"$2\" in:"; cat -- "$work/calls" "$work/output"; failures=1; fi; }
dry=''

begin 0 libboost-dev "${libraries[@]}"; run
refuse 'nothing missing' apt

begin 0 libboost-dev libyaml-cpp-dev; run
expect 'some missing' 'installing with apt: libfmt-dev libxxhash-dev'
expect 'some missing' 'install -y --no-remove --no-install-recommends libfmt-dev libxxhash-dev'
refuse 'some missing' sudo
refuse 'some missing' ' libyaml-cpp-dev'

begin 0 libboost1.81-dev "${libraries[@]}"; run
refuse 'another Boost is there' apt

begin 0 libboost-system1.74-dev "${libraries[@]}"; run
expect 'a Boost without its headers' 'libboost-dev'

begin 1000 libboost-dev; run
expect 'not root' 'sudo apt-get'

mv -- "$work/bin/sudo" "$work/sudo"
begin 1000 libboost-dev; run
expect 'neither root nor sudo' 'as root, run: apt-get install --no-remove libyaml-cpp-dev'
refuse 'neither root nor sudo' '--no-install-recommends'
mv -- "$work/sudo" "$work/bin/sudo"

begin 0 libboost-dev; echo zlib1g-dev >"$work/apt_fails"; run
expect 'a failing install' 'update'
expect 'a failing install' 'apt could not install'

dry=1
begin 0 libboost-dev; run
expect 'a dry run' 'nothing was installed'
refuse 'a dry run' 'apt-get'

[[ "$failures" -eq 0 ]] && echo 'dev asks for what is missing, and for nothing else'
exit "$failures"
