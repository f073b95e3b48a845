#!/usr/bin/env bash
# Installs what aceso needs to build and run, and nothing that is there already. Safe to run again.
#   scripts/setup.sh          everything for this machine's CPU
#   scripts/setup.sh --cuda   also the CUDA libraries that a GPU machine needs at run time
# LibTorch goes to ACESO_TORCH_DIR (default: ~/.cache/aceso/libtorch-2.11.0), shared by all checkouts.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
torch_dir=${ACESO_TORCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/aceso/libtorch-2.11.0}

say() { echo "setup: $*"; }
die() { echo "setup: error: $*" >&2; exit 1; }

packages=(cmake g++ ninja-build git python3 python3-pip ccache mold libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools
          nlohmann-json3-dev libcli11-dev libgtest-dev libgmock-dev libbenchmark-dev)
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || die "needs the packages ${missing[*]}; install them with this system's package manager"
  as_root=()
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null || die "not root and no sudo: install ${missing[*]} by hand"; as_root=(sudo); }
  say "installing ${missing[*]}"
  log=$(mktemp)
  # --no-remove: another LLVM's libmlir-dev would have to go, which is the user's choice and not ours.
  { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-remove --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
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
  rm -rf "$dir"
  mv "$dir.new" "$dir"
  rm -f "$log"
}
mkdir -p "$(dirname "$torch_dir")"
requirements=$root/scripts/requirements/runtime.txt name=LibTorch
for argument in "$@"; do
  case $argument in
    --cuda) combined=$(mktemp --suffix=.txt)
            cat "$root"/scripts/requirements/{runtime,cuda}.txt >"$combined"
            requirements=$combined name="LibTorch with CUDA" ;;
    *) die "unknown argument '$argument' (only --cuda is known)" ;;
  esac
done
# A GPU set holds the CPU set: do not take it away again.
if [ "$requirements" = "$root/scripts/requirements/runtime.txt" ] && [ -e "$torch_dir/.aceso-cuda" ]; then
  say "ready (with CUDA libraries)"; exit 0
fi
install_wheels "$torch_dir" "$requirements" "$name"
[ -z "${combined:-}" ] || { touch "$torch_dir/.aceso-cuda"; rm -f "$combined"; }
say "ready"
