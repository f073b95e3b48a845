#!/usr/bin/env python3
"""Runs scripts/quickstart.sh and checks what it says and leaves: with --defaults as a user does, else with fewer steps and
more time to profile."""

import json
import math
import pathlib
import re
import subprocess
import sys

from checks import check, finish

root = pathlib.Path(sys.argv[1])
options, num_steps = (("--steps", "12", "--profile-seconds", "120"), 12) if "--defaults" not in sys.argv else ((), 30)
work = root / "build" / "quickstart"


def quickstart(*arguments):
    return subprocess.run([root / "scripts" / "quickstart.sh", *arguments], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=900)


run = quickstart(*options)
print(run.stdout)
check(run.returncode == 0, "exit code 0")

for name in ("gpt.mlir", "plan.mlir", "search.txt", "cost.json", "exec.mlir", "gpt.program", "metrics.jsonl",
             "trained/model.safetensors", "profiles/gpt_quickstart_provenance.json"):
    check((work / name).is_file(), f"{name} is there")

cost = json.loads((work / "cost.json").read_text())
check(cost["formula"] == "full" and cost["feasible"], "the plan was priced with formula full and fits")
check(len(cost["stages"]) >= 2 or "best plan of two stages or more" in run.stdout, "two stages or more, or why not")

steps = [json.loads(line) for line in (work / "metrics.jsonl").read_text().splitlines()]
check(len(steps) == num_steps, "metrics of every step")
check(steps[-1]["loss"] < steps[0]["loss"] - 0.5, f"the loss falls: {steps[0]['loss']:.3f} to {steps[-1]['loss']:.3f}")
check(abs(steps[0]["loss"] - math.log(256)) < 0.5, "the first loss is that of guessing among 256 bytes")

rows = re.findall(r"^ *(\d+) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)$",
                  run.stdout, re.MULTILINE)
check([row[0] for row in rows] == ["0", "1", "2", "3"], "predicted and measured of each rank")
explained = run.stdout.partition("Ratios outside")[2]
for row in rows:
    for i, what, explanation in ((4, "step", "\n  time: "), (7, "computing", f"\n  computing of rank {row[0]}: "),
                                 (10, "memory", f"\n  memory of rank {row[0]}: ")):
        check(0.8 <= float(row[i]) <= 1.25 or explanation in explained, f"rank {row[0]}: ratio {row[i]} of {what} is 0.8 to 1.25 or explained")
# Times depend on what else this machine does; memory does not.
check(all(0.5 <= float(row[10]) <= 1.5 for row in rows), "memory is predicted")

for arguments, message in ((("--steps", "0"), "--steps needs a number from 1"), (("--nproc", "1"), "--nproc needs a number from 2"),
                           (("--data", "/no/such/file"), "--data: cannot read"), (("--data",), "--data needs a value"),
                           (("--dta", "x"), "unknown argument '--dta'")):
    bad = quickstart(*arguments)
    check(bad.returncode != 0 and message in bad.stdout, f"{' '.join(arguments)} is refused: {message}")

finish()
