#!/usr/bin/env python3
"""Compares made-up predictions with made-up measurements by scripts/compare_run.py: every ratio outside the range must be explained,
and no other one."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

from checks import check, finish

root = pathlib.Path(sys.argv[1])
temporary = tempfile.TemporaryDirectory(prefix="aceso compare ")
folder = pathlib.Path(temporary.name)
cost_file, metrics_file = folder / "cost.json", folder / "metrics.jsonl"
# The script sees as many cores as a test says.
start = "import os, runpy, sys; cores = int(sys.argv.pop(1)); os.cpu_count = lambda: cores; runpy.run_path(sys.argv.pop(1), run_name='__main__')"

# Two stages of two ranks. A rank computes for 10 * 10 ms of the micro-batches and 4 ms of the optimizer.
parts = {"memory_weights_mb": 8, "memory_gradients_mb": 8, "memory_optimizer_mb": 16, "memory_activations_mb": 5, "memory_peak_mb": 2,
         "memory_reserved_mb": 1}
stage = {"devices": 2, "compute_time_ms": 10, "optimizer_ms": 4, "memory_mb": 40, "program_memory_mb": 50, **parts}
cost = {"formula": "full", "num_batches": 10, "iteration_time_ms": 200, "stages": [stage, stage]}


def metrics(step=1.0, computing=(1, 1, 1, 1), memory=(1, 1, 1, 1), steps=5):
    """Steps with these ratios of measured over predicted; the first two take ten times as long."""
    return [{"step": i + 1, "loss": 5.0 - i, "iteration_ms": 200 * step * (10 if i < 2 else 1),
             "compute_ms": [104 * ratio * (10 if i < 2 else 1) for ratio in computing],
             "peak_mb": [40 * ratio for ratio in memory]} for i in range(steps)]


def lines(measured):
    return "".join(json.dumps(step) + "\n" for step in measured)


def compare(measured, predicted=cost, cores=4):
    """The run; `measured` and `predicted` are texts of the files, or what is to be written as JSON, or None: no file."""
    for file, content in ((cost_file, predicted if predicted is None or isinstance(predicted, str) else json.dumps(predicted)),
                          (metrics_file, measured if measured is None or isinstance(measured, str) else lines(measured))):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_text(content)
    return subprocess.run([sys.executable, "-c", start, str(cores), root / "scripts" / "compare_run.py", cost_file, metrics_file], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def explained(run):
    """What is explained, without the reasons."""
    return re.findall(r"^  (time|(?:computing|memory) of rank \d+): ", run.stdout.partition("\nRatios outside 0.8 to 1.25:\n")[2], re.MULTILINE)


def check_explained(what, run, names, *reasons):
    holds = run.returncode == 0 and run.stderr == "" and explained(run) == names and ("Ratios outside" in run.stdout) == bool(names)
    check(holds and all(reason in run.stdout for reason in reasons), f"{what}: explained is {', '.join(names) or 'nothing'}")
    if not holds or not all(reason in run.stdout for reason in reasons):
        print(run.stdout + run.stderr)


run = compare(metrics(1.2, (0.81, 1, 1.1, 1.24), (0.81, 1, 1.1, 1.24)))
check_explained("all inside", run, [], "loss 5.0000 -> 1.0000 in 5 steps")
rows = [line.split() for line in run.stdout.splitlines()[2:6]]
check(rows == [[str(rank), str(rank // 2), "200.0", "240.0", "1.20", "104.0", f"{104 * ratio:.1f}", f"{ratio:.2f}", "40.0", f"{40 * ratio:.1f}",
                f"{ratio:.2f}"] for rank, ratio in enumerate((0.81, 1, 1.1, 1.24))], "every rank's row, without the steps that warm up")

# Step.
check_explained("a long step", compare(metrics(1.5)), ["time"], "took 1.00 of their predicted time", "communication and waiting, took 1.50")
check_explained("a step a little too long", compare(metrics(1.3, (1.1, 1.1, 1.1, 1.1))), ["time"], "took 1.10 of",
                "communication and waiting, took 1.18")
check_explained("a short step", compare(metrics(0.7, (0.9, 0.9, 0.9, 0.9)), cores=2), ["time"], "took 0.90 of", "4 ranks share 2 cores")

# Computing.
slow = metrics(computing=(1, 1, 1.3, 1))
check_explained("one rank slow", compare(slow), ["computing of rank 2"], "1.30 of the predicted time\n        (in every step: something else ran")
slow[3]["compute_ms"][2] = 104
check_explained("one rank slow in some steps", compare(slow), ["computing of rank 2"], "1.30 of",
                "(other steps did the same work in less time: ")
check_explained("two ranks slow", compare(metrics(computing=(1.4, 1, 1.3, 1))), ["computing of rank 0", "computing of rank 2"],
                "1.40 of the predicted time\n  computing of rank 2: 1.30 of the predicted time\n        (in every step")
check_explained("all ranks and the step slow", compare(metrics(2, (2, 2, 2, 2))), ["time"] + [f"computing of rank {rank}" for rank in range(4)],
                "took 2.00 of", "(in every step")
check_explained("a run of two steps", compare(metrics(steps=2)), ["time"] + [f"computing of rank {rank}" for rank in range(4)],
                "(the first two steps warm up")
shared = "(4 ranks share 2 cores: tables are measured with all ranks busy, but here "
profiled = "(something else ran on this machine while it was profiled"
for cores, fast, reasons in ((2, 0.7, {shared + "1.9"}), (2, 0.2, {shared + "1.7", profiled}), (4, 0.7, {profiled})):
    run = compare(metrics(computing=(1, fast, 1, 1)), cores=cores)
    check_explained(f"one rank at {fast} on {cores} cores", run, ["computing of rank 1"], *reasons)
    check(run.stdout.count("\n        (") == len(reasons), f"for {len(reasons)} of the reasons")
for ratio, reason in ((1.3, "formula aceso leaves the optimizer out"), (0.7, "formula aceso counts an op's own collectives")):
    check_explained(f"one rank at {ratio} with formula aceso", compare(metrics(computing=(1, 1, 1, ratio)), cost | {"formula": "aceso"}),
                    ["computing of rank 3"], reason)

# Memory.
check_explained("memory", compare(metrics(memory=(1, 1.5, 1, 0.5))), ["memory of rank 1", "memory of rank 3"],
                "predicted as weights 8.0, gradients 8.0, optimizer 16.0, activations 5.0, peak 2.0, reserved 1.0\n"
                "        the lowered program needs 50.0 at its peak, 1.20 of it measured")
check_explained("everything", compare(metrics(3, (1, 1.5, 1, 1), (1, 1, 0.5, 1))), ["time", "computing of rank 1", "memory of rank 2"])
uncounted = [step | {"peak_mb": None} for step in metrics()]
check_explained("memory that was not counted", compare(uncounted), [])


def without(entry, name):
    return {key: value for key, value in entry.items() if key != name}


# Files that are not right.
lacking = cost | {"stages": [stage, without(stage, "compute_time_ms")]}
for what, run, message in (
        ("no predictions", compare(metrics(), None), f"{cost_file}: No such file"),
        ("no measurements", compare(None), f"{metrics_file}: No such file"),
        ("predictions that are no JSON", compare(metrics(), "{"), f"{cost_file}: not what aceso wrote: "),
        ("predictions cut off", compare(metrics(), json.dumps(cost)[:-20]), f"{cost_file}: not what aceso wrote: "),
        ("measurements cut off", compare(lines(metrics())[:-20]), f"{metrics_file}: not what aceso wrote: "),
        ("files in the wrong order", compare(json.dumps(cost, indent=2), lines(metrics())), f"{cost_file}: not what aceso wrote: "),
        ("predictions of something else", compare(metrics(), "[]"), f"{cost_file}: not what aceso wrote: no 'iteration_time_ms'"),
        ("predictions without stages", compare(metrics(), without(cost, "stages")), f"{cost_file}: not what aceso wrote: no 'stages'"),
        ("a stage without its time", compare(metrics(), lacking), f"{cost_file}: not what aceso wrote: stage 1: no 'compute_time_ms'"),
        ("a time that is none", compare(metrics(), cost | {"iteration_time_ms": "long"}),
         f"{cost_file}: not what aceso wrote: 'iteration_time_ms' is \"long\""),
        ("a step without its time", compare([metrics()[0], without(metrics()[1], "iteration_ms")]),
         f"{metrics_file}: not what aceso wrote: step 2: no 'iteration_ms'"),
        ("no step", compare(""), f"{metrics_file}: no step was trained"),
        ("other ranks", compare([step | {"compute_ms": [104, 104], "peak_mb": []} for step in metrics()]),
         f"{metrics_file}: of 2 ranks, but the plan of {cost_file} has 4")):
    right = run.returncode == 1 and run.stdout == "" and re.fullmatch("compare_run: error: " + re.escape(message) + ".*\n", run.stderr)
    check(right, f"{what}: one error")
    if not right:
        print(run.stdout + run.stderr)

finish()
