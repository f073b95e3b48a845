#!/usr/bin/env bash
# From nothing to a trained model: installs and builds what is missing, profiles this machine, searches a plan for a small GPT on
# a few ranks, lowers it, trains it on real text, and compares what was predicted with what was measured. Three minutes after
# the build. Everything it makes lies in build/quickstart/.
#   scripts/quickstart.sh [--data FILE] [--nproc N] [--steps N] [--profile-seconds S]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() { echo "quickstart: error: $*" >&2; exit 1; }
# number OPTION VALUE LEAST
number() { [[ $2 =~ ^[1-9][0-9]{0,5}$ && $2 -ge $3 ]] || die "$1 needs a number from $3, not '$2'"; }

data="" nproc=4 steps=30 profile_seconds=60
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --data | --nproc | --steps | --profile-seconds) [ $# -ge 2 ] || die "$1 needs a value" ;;
    *) die "unknown argument '$1' (--data, --nproc, --steps, --profile-seconds and --help are known)" ;;
  esac
  case $1 in
    --data) data=$(realpath -m "$2") ;;
    --nproc) number "$1" "$2" 2; nproc=$2 ;;
    --steps) number "$1" "$2" 1; steps=$2 ;;
    --profile-seconds) number "$1" "$2" 1; profile_seconds=$2 ;;
  esac
  shift 2
done
if [ -z "$data" ]; then
  data=/usr/share/common-licenses/GPL-3
  [ -r "$data" ] || data=$root/LICENSE
fi
[ -r "$data" ] || die "--data: cannot read '$data'; name a text file"
cd "$root"

step() { printf '\n== %s\n' "$*"; }
# show COMMAND...: prints a command as one would type it, and runs it.
show() {
  local argument line='$'
  for argument; do
    case $argument in
      *[[:space:]]*=* | *=*[[:space:]]*) line+=" ${argument%%=*}=\"${argument#*=}\"" ;;
      *) line+=" $argument" ;;
    esac
  done
  echo "$line"
  "$@"
}

step "Build"
scripts/setup.sh
# Always: it takes a second where nothing changed, and a first try that failed leaves a folder that cannot be built.
mkdir -p build
cmake --preset release -DACESO_ENABLE_COMPILER=ON -DACESO_ENABLE_RUNTIME=ON >build/configure.log 2>&1 ||
  { grep -A 8 'CMake Error' build/configure.log >&2 || true; die "cmake failed; its output is in build/configure.log"; }
# One line for each tenth of the work.
cmake --build --preset release --target aceso-opt aceso-translate aceso-run |
  awk -F'[][/]' '/^\[[0-9]+\/[0-9]+\]/ { tenth = int(10 * $2 / $3); if (tenth != last && $3 > 20) { print "  " 10 * tenth " %"; last = tenth; fflush() }; next }
                 !/^ninja: (Entering|no work)/ { print }' || die "the build failed"
echo "programs are in build/bin"
PATH=$root/build/bin:$PATH
started=$SECONDS
work=build/quickstart
rm -rf "$work"
mkdir -p "$work"
cp models/gpt-quickstart.json "$work/gpt.json"
cd "$work"

step "Model: 4 layers x 256, 128 bytes a sample"
show aceso-translate --import-model gpt.json -o gpt.mlir

step "Profile: every op, collective and transfer on this machine, $nproc ranks at once (at most $profile_seconds s)"
show aceso-run profile gpt.mlir --output profiles --nproc "$nproc" --samples 1,2 --max-seconds "$profile_seconds"

step "Plan"
# Half of what is free now, for all ranks together.
memory=$(awk -v n="$nproc" '/^MemAvailable:/ { print int($2 / 1024 / 2 / n) }' /proc/meminfo)
cluster="nodes=1 devices-per-node=$nproc memory-mb=$memory"
batch="global-batch=32 micro-batches=1,2,4,8"
cost="profiles=profiles formula=full"
show aceso-opt gpt.mlir --par-search="$cluster $batch $cost log=search.txt" -o plan.mlir
show aceso-opt plan.mlir --par-print-cost="$cost" -o /dev/null
aceso-opt plan.mlir --par-print-cost="$cost format=json file=cost.json" -o /dev/null
if [ "$(python3 -c 'import json; print(len(json.load(open("cost.json"))["stages"]))')" = 1 ]; then
  # Say what a pipeline would have cost.
  echo "One stage is best here. The best plan of two stages or more:"
  aceso-opt gpt.mlir --par-search="$cluster $batch $cost stages=$(seq -s, 2 "$nproc")" -o pipeline.mlir
  aceso-opt pipeline.mlir --par-print-cost="$cost" -o /dev/null
fi

step "Program of every rank"
show aceso-opt plan.mlir --lower-to-exec="optimizer=adamw clip-grad=1.0" -o exec.mlir
show aceso-translate --export-program exec.mlir -o gpt.program

step "Train on $data"
show aceso-run train gpt.program --data "$data" --steps "$steps" --log-interval 5 --metrics metrics.jsonl --save trained

step "What happened"
show ../../scripts/compare_run.py cost.json metrics.jsonl
echo
echo "$((SECONDS - started)) s after the build. All files are in $work; README.md takes the steps one by one."
