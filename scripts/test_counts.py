"""Counts test results for test.sh: prints "passed failed skipped", and on stderr why tests were skipped and every test that
failed, with how its process ended and its last lines.

test_counts.py junit FILE [LOG]   what ctest --output-junit wrote, and what ctest printed: only there it says of what a process died
test_counts.py lit FILE           what lit -o wrote
"""

import collections
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

LINES_SHOWN = 40


def how_processes_ended(log):
    """By test, from the list at the end of what ctest printed: "SEGFAULT", "Subprocess aborted", "Timeout", "Failed", ..."""
    if not log:
        return {}
    with open(log, errors="replace") as file:
        _, _, failed = file.read().rpartition("The following tests FAILED:")
    return dict(re.findall(r"^\s*\d+ - (.+) \(([\w ]+)\)", failed, re.MULTILINE))


def junit_results(path, log=None):
    """(name, state, output) of each test; state is passed, failed or skipped."""
    ends = how_processes_ended(log)
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name, status, output = case.get("name"), case.get("status"), case.findtext("system-out") or ""
        why = [element.get("message") or "" for element in (case.find("skipped"), case.find("failure")) if element is not None]
        if status == "run" and case.find("failure") is None:
            yield name, "passed", output
        # The test itself said so; a missing program and a disabled test are also "skipped" to ctest, but not to us.
        elif why and why[0].startswith("SKIP_"):
            yield name, "skipped", output
        else:
            yield name, "failed", "\n".join([output.rstrip(), *filter(None, why), f"ended: {ends.get(name, status)}"])


def lit_results(path):
    with open(path) as file:
        tests = json.load(file)["tests"]
    states = {"PASS": "passed", "FLAKYPASS": "passed", "UNSUPPORTED": "skipped", "SKIPPED": "skipped", "EXCLUDED": None}
    for test in tests:
        # An expected failure is a disabled test: this project has none.
        state = states.get(test["code"], "failed")
        if state:
            yield test["name"], state, test.get("output") or test["code"]


def reason_to_skip(output):
    """What a skipped test gives as its reason: GoogleTest in the line below "Skipped", a script in its last line."""
    lines = [line.strip() for line in output.strip().splitlines() if line.strip()]
    for line, below in zip(lines, lines[1:]):
        if line.endswith(": Skipped"):
            return below
    return lines[-1].removeprefix("skipped: ") if lines else "no reason given"


def main():
    kind, *files = sys.argv[1:]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    reasons = collections.Counter()
    try:
        for name, state, output in {"junit": junit_results, "lit": lit_results}[kind](*files):
            counts[state] += 1
            if state == "failed":
                lines = output.strip().splitlines()[-LINES_SHOWN:]
                print(f"test: FAILED {name}", *("    " + line for line in lines), sep="\n", file=sys.stderr)
            elif state == "skipped":
                reasons[reason_to_skip(output)] += 1
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
        print(f"test: error: no results in {files[0]}: {error}", file=sys.stderr)
        return 1
    if not sum(counts.values()):
        print(f"test: error: no test was run: {files[0]} has none", file=sys.stderr)
        return 1
    for reason, count in reasons.items():
        print(f"test: {count} skipped: {reason}", file=sys.stderr)
    print(counts["passed"], counts["failed"], counts["skipped"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
