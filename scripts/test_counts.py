"""Counts test results for test.sh: prints "passed failed skipped", and on stderr every test that failed with its last lines.

test_counts.py junit FILE   what ctest --output-junit wrote
test_counts.py lit FILE     what lit -o wrote
"""

import json
import sys
import xml.etree.ElementTree as ElementTree

LINES_SHOWN = 40


def junit_results(path):
    """(name, state, output) of each test; state is passed, failed or skipped."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name, status, output = case.get("name"), case.get("status"), case.findtext("system-out") or ""
        why = [element.get("message") or "" for element in (case.find("skipped"), case.find("failure")) if element is not None]
        if status == "run" and case.find("failure") is None:
            yield name, "passed", output
        # The test itself said so; a missing program and a disabled test are also "skipped" to ctest, but not to us.
        elif why and why[0].startswith("SKIP_"):
            yield name, "skipped", output
        else:
            yield name, "failed", "\n".join([output, *why, f"status: {status}"])


def lit_results(path):
    with open(path) as file:
        tests = json.load(file)["tests"]
    states = {"PASS": "passed", "FLAKYPASS": "passed", "UNSUPPORTED": "skipped", "SKIPPED": "skipped", "EXCLUDED": None}
    for test in tests:
        # An expected failure is a disabled test: this project has none.
        state = states.get(test["code"], "failed")
        if state:
            yield test["name"], state, test.get("output") or test["code"]


def main():
    kind, path = sys.argv[1:]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    try:
        for name, state, output in {"junit": junit_results, "lit": lit_results}[kind](path):
            counts[state] += 1
            if state == "failed":
                lines = output.strip().splitlines()[-LINES_SHOWN:]
                print(f"test: FAILED {name}", *("    " + line for line in lines), sep="\n", file=sys.stderr)
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
        print(f"test: error: no results in {path}: {error}", file=sys.stderr)
        return 1
    print(counts["passed"], counts["failed"], counts["skipped"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
