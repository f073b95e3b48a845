#!/usr/bin/env bash
# Installs what aceso needs to build and run, and nothing that is there already. Safe to run again.
#   scripts/setup.sh          everything for this machine's CPU
#   scripts/setup.sh --cuda   also the CUDA libraries that a GPU machine needs at run time
# LibTorch goes to ACESO_TORCH_DIR (default: ~/.cache/aceso/libtorch-2.11.0), shared by all checkouts.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { echo "setup: $*"; }
die() { echo "setup: error: $*" >&2; exit 1; }

cuda=
for argument in "$@"; do
  case $argument in
    --help | -h) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --cuda) cuda=1 ;;
    *) die "unknown argument '$argument' (--cuda and --help are known)" ;;
  esac
done
[ -n "${ACESO_TORCH_DIR:-}${XDG_CACHE_HOME:-}${HOME:-}" ] || die "neither HOME nor ACESO_TORCH_DIR says where LibTorch shall go; set one"
torch_dir=${ACESO_TORCH_DIR:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/aceso/libtorch-2.11.0}
[ "$(uname -m)" = x86_64 ] || die "LibTorch's wheels are for x86_64, and this machine is $(uname -m)"

packages=(cmake g++ ninja-build git python3 python3-pip ccache mold libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools
          nlohmann-json3-dev libcli11-dev libgtest-dev libgmock-dev libbenchmark-dev)
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || die "needs the packages ${missing[*]}; install them with this system's package manager"
  as_root=()
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null || die "not root and no sudo; let root run: apt-get install ${missing[*]}"; as_root=(sudo); }
  say "installing ${missing[*]}"
  log=$(mktemp)
  # A source of this machine that cannot be read (update fails) is no fault as long as the packages are found. --no-remove: another
  # LLVM's libmlir-dev would have to go, which is the user's choice and not ours.
  { "${as_root[@]}" apt-get update || true
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-remove --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; die "apt-get failed (whole log: $log); Debian 12 with its security suite has these packages"; }
  rm -f "$log"
fi

# install_wheels DIR REQUIREMENTS NAME: a fixed set of wheels, whole or not at all. The tags are fixed, so the machine's Python is of no account.
install_wheels() {
  local dir=$1 requirements=$2 name=$3 stamp
  stamp=$(sha256sum "$requirements" | cut -d' ' -f1)
  [ "$(cat "$dir/.aceso-stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "installing the wheels of $name into $dir"
  local log platforms=()
  log=$(mktemp)
  for tag in manylinux_2_28 manylinux_2_27 manylinux_2_25 manylinux_2_18 manylinux_2_17 manylinux2014; do
    platforms+=(--platform "${tag}_x86_64")
  done
  rm -rf "$dir.new"
  python3 -m pip install --target "$dir.new" --no-deps --require-hashes --only-binary=:all: --no-compile --no-cache-dir \
    --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none "${platforms[@]}" -r "$requirements" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; die "pip failed (whole log: $log); PyPI must be reachable"; }
  echo "$stamp" >"$dir.new/.aceso-stamp"
  [ -z "$cuda" ] || touch "$dir.new/.aceso-cuda"
  rm -rf "$dir"
  mv "$dir.new" "$dir"
  rm -f "$log"
}
mkdir -p "$(dirname "$torch_dir")"
# The GPU set holds the CPU set: where it is, keep it, and keep it current.
if [ -e "$torch_dir/.aceso-cuda" ]; then cuda=1; fi
requirements=$root/scripts/requirements/runtime.txt name=LibTorch
if [ "$cuda" ]; then
  requirements=$(mktemp --suffix=.txt) name="LibTorch with CUDA"
  trap 'rm -f "$requirements"' EXIT
  cat "$root"/scripts/requirements/{runtime,cuda}.txt >"$requirements"
fi
install_wheels "$torch_dir" "$requirements" "$name"
say "ready${cuda:+ (with CUDA libraries)}"
