#!/usr/bin/env python3
"""Counts tests that end in every way there is with scripts/test_counts.py: a crash in CI must be understood from what it prints."""

import json
import pathlib
import subprocess
import sys
import tempfile

from checks import check, finish

root, cmake, ctest = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
temporary = tempfile.TemporaryDirectory(prefix="aceso-counts-")
folder = pathlib.Path(temporary.name)

tests = {
    "passes": "exit 0",
    "fails": "echo expected 1, got 2; exit 3",
    "crashes": "echo about to crash; kill -SEGV $$",
    "aborts (in a check)": "kill -ABRT $$",
    "waits": "sleep 60",
    "skips": "echo 'skipped: no tables'; exit 77",
    "skips, too": "echo 'file.cpp:1: Skipped'; echo no tables; echo; echo 1 test skipped; exit 77",
    "is disabled": "exit 0",
}


def count(*arguments):
    return subprocess.run([sys.executable, root / "scripts" / "test_counts.py", *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run_ctest(results, *arguments):
    with open(folder / "log", "w") as log:
        subprocess.run([ctest, "--test-dir", folder / "build", "--output-junit", results, *arguments], stdout=log, stderr=subprocess.STDOUT)


lines = ["cmake_minimum_required(VERSION 3.25)", "project(counts LANGUAGES NONE)", "enable_testing()"]
for name, script in tests.items():
    lines.append(f'add_test("{name}" bash -c [[{script}]])')
    lines.append(f'set_tests_properties("{name}" PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 5)')
lines.append('add_test(missing /no/such/program)')
lines.append('set_tests_properties("is disabled" PROPERTIES DISABLED ON)')
lines.append('set_tests_properties(waits PROPERTIES TIMEOUT 1)')
(folder / "CMakeLists.txt").write_text("\n".join(lines))
subprocess.run([cmake, "-S", folder, "-B", folder / "build"], check=True, stdout=subprocess.DEVNULL)
run_ctest(folder / "results.xml")

run = count("junit", folder / "results.xml", folder / "log")
print(run.stderr)
check(run.stdout == "1 6 2\n", "passed, failed and skipped are counted; disabled and missing tests are failed")
for name, end in (("fails", "Failed"), ("crashes", "SEGFAULT"), ("aborts (in a check)", "Subprocess aborted"), ("waits", "Timeout"),
                  ("missing", "Not Run"), ("is disabled", "disabled")):
    part = run.stderr.partition(f"test: FAILED {name}\n")[2].partition("test: ")[0]
    check(part.endswith(f"    ended: {end}\n"), f"'{name}' ended: {end}")
check("    expected 1, got 2\n" in run.stderr and "    about to crash\n" in run.stderr, "what a failed test printed is shown")
check("test: 2 skipped: no tables\n" in run.stderr, "skipped tests are counted by reason")

run_ctest(folder / "none.xml", "-R", "no test has this name")
run = count("junit", folder / "none.xml", folder / "log")
check(run.returncode == 1 and "no test was run" in run.stderr, "a phase without a test is an error")
run = count("junit", folder / "absent.xml")
check(run.returncode == 1 and "no results in" in run.stderr, "a phase without results is an error")

codes = ("PASS", "FAIL", "UNRESOLVED", "XFAIL", "XPASS", "TIMEOUT", "UNSUPPORTED")
(folder / "lit.json").write_text(json.dumps({"tests": [{"name": code, "code": code, "output": f"output of {code}"} for code in codes]}))
run = count("lit", folder / "lit.json")
check(run.stdout == "1 5 1\n", "lit: whatever neither passes nor is unsupported has failed, expected failures too")
check("test: FAILED XFAIL\n    output of XFAIL\n" in run.stderr, "lit: the output of what failed is shown")

finish()
