#!/usr/bin/env bash
# Builds everything and runs every test; the release programs are in build/bin/ afterwards. The last line counts the tests:
#   123 passed, 0 failed, 4 skipped
# and the exit code is 0 only if none failed.
#   scripts/test.sh             what CI runs: unit, lit and integration tests, and the plain C++ unit tests under sanitizers
#   scripts/test.sh --nightly   also what takes longer: tests labelled nightly, lit with every output parsed back, unit and lit tests
#                               of an unoptimized build, the compiler under sanitizers
# Logs of every phase go to build/test-logs/.
set -uo pipefail
if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0"
  exit 0
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
logs=$root/build/test-logs
jobs=$(nproc)
passed=0 failed=0 skipped=0

# Whatever happens, the last line is the count.
summary() {
  trap - EXIT
  if [ $((passed + failed)) -eq 0 ]; then failed=1; fi
  local line="$passed passed, $failed failed"
  if [ "$skipped" -gt 0 ]; then line+=", $skipped skipped"; fi
  echo "$line"
  if [ "$failed" -gt 0 ]; then exit 1; fi
  exit 0
}
trap summary EXIT
trap 'printf "\ntest: interrupted\n"; failed=$((failed + 1)); exit 1' INT TERM

nightly=
for argument in "$@"; do
  case $argument in
    --nightly) nightly=1 ;;
    *) echo "test: error: unknown argument '$argument' (--nightly and --help are known)" >&2; exit 1 ;;
  esac
done
rm -rf "$logs"
mkdir -p "$logs"

# run NAME command...: a phase, its output in NAME.log; prints its name, and when it is over how long it took.
run() {
  local name=$1 start=$SECONDS status=0
  shift
  printf 'test: %-32s ' "$name"
  "$@" >"$logs/${name// /-}.log" 2>&1 || status=$?
  printf '%5d s%s\n' $((SECONDS - start)) "$([ $status = 0 ] || echo '  FAILED')"
  return $status
}

# build NAME PRESET [cmake argument...]: configures and builds; on failure shows what the compiler said and counts one failure.
build() {
  local name=$1 preset=$2
  shift 2
  if run "configure $name" cmake --preset "$preset" "$@" && run "build $name" cmake --build --preset "$preset"; then
    return 0
  fi
  cat "$logs"/{configure,build}-"$name".log 2>/dev/null | grep -E -A 12 'error:|Error |FAILED:|undefined symbol' | head -n 80
  echo "test: error: the $name build failed (logs: $logs)"
  failed=$((failed + 1))
  return 1
}

# count KIND FILE [LOG]: adds the results in FILE (ctest's JUnit XML or lit's JSON) to the sums, shows the tests that failed and why
# others were skipped.
count() {
  local counts
  if ! counts=$(python3 scripts/test_counts.py "$@"); then
    failed=$((failed + 1))
    return
  fi
  read -r p f s <<<"$counts"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# ctest_phase NAME FOLDER LABEL: the tests of a build with this label.
ctest_phase() {
  local results=$logs/${1// /-}.xml
  rm -f "$results"
  run "$1" ctest --test-dir "$2" -L "^$3\$" -j "$jobs" --no-tests=ignore --output-junit "$results"
  count junit "$results" "$logs/${1// /-}.log"
}

lit_phase() {
  local results=$logs/${1// /-}.json
  rm -f "$results"
  run "$1" "${lit[@]}" -j "$jobs" -o "$results" "$2/test"
  count lit "$results"
}

if ! run setup scripts/setup.sh; then
  tail -n 20 "$logs/setup.log"
  echo "test: error: scripts/setup.sh failed (log: $logs/setup.log)"
  exit 1
fi
build release release -DACESO_ENABLE_COMPILER=ON -DACESO_ENABLE_RUNTIME=ON -DACESO_BUILD_TESTS=ON || { passed=0 failed=1 skipped=0; exit 1; }
lit=("$(sed -n 's/^ACESO_LIT:[A-Z]*=//p' build/CMakeCache.txt)" -q)

ctest_phase "unit tests" build unit
lit_phase "lit tests" build
ctest_phase "integration tests" build integration
if build sanitizers asan; then
  ctest_phase "unit tests, sanitizers" build-asan unit
fi

if [ "$nightly" ]; then
  ctest_phase "nightly tests" build nightly
  ACESO_VERIFY_ROUNDTRIP=1 lit_phase "lit tests, round trip" build
  # Other warnings, other evaluation orders, no inlining: what only an optimizer makes right shows here.
  if build debug debug -DACESO_BUILD_BENCHMARKS=OFF; then
    ctest_phase "unit tests, unoptimized" build-debug unit
    lit_phase "lit tests, unoptimized" build-debug
  fi
  # The packaged MLIR is not instrumented: arena memory that our code poisons it hands out again without a word.
  export ASAN_OPTIONS=allow_user_poisoning=0
  if build compiler-sanitizers asan-compiler; then
    lit_phase "lit tests, sanitizers" build-asan-compiler
    ctest_phase "compiler unit tests, sanitizers" build-asan-compiler unit
  fi
fi
