"""What the tests of scripts share: facts that hold or do not, one a line."""

import sys

failures = []


def check(holds, what):
    print(("ok      " if holds else "FAILED  ") + what)
    if not holds:
        failures.append(what)


def finish():
    sys.exit(1 if failures else 0)
