#!/usr/bin/env python3
"""Compares what the cost model predicted for a plan with what a training run of it measured.

    compare_run.py cost.json metrics.jsonl

cost.json: of aceso-opt --par-print-cost="... format=json file=cost.json"; metrics.jsonl: of aceso-run train --metrics.
Prints time and memory of every rank, predicted and measured, and says where a ratio outside 0.8 to 1.25 comes from.
"""

import json
import os
import statistics
import sys

LOW, HIGH = 0.8, 1.25
MEMORY_PARTS = ("weights", "gradients", "optimizer", "activations", "peak", "reserved")


def fail(message):
    sys.exit(f"compare_run: error: {message}")


def load(file, parse):
    try:
        with open(file) as stream:
            return parse(stream)
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    except ValueError as error:
        fail(f"{file}: not what aceso wrote: {error}")


def require(file, entry, fields, where=""):
    """Ends with an error if `entry` lacks one of the fields or has another type there."""
    for name, kind in fields.items():
        if not isinstance(entry, dict) or name not in entry:
            fail(f"{file}: not what aceso wrote: {where}no '{name}'")
        if not isinstance(entry[name], kind):
            fail(f"{file}: not what aceso wrote: {where}'{name}' is {json.dumps(entry[name])[:40]}")


def load_cost(file):
    cost = load(file, json.load)
    number = (int, float)
    require(file, cost, {"iteration_time_ms": number, "num_batches": int, "stages": list})
    for s, stage in enumerate(cost["stages"]):
        require(file, stage, {"devices": int, "compute_time_ms": number, "memory_mb": number} |
                {f"memory_{name}_mb": number for name in MEMORY_PARTS}, f"stage {s}: ")
    return cost


def load_steps(file, ranks, cost_file):
    steps = load(file, lambda stream: [json.loads(line) for line in stream if line.strip()])
    if not steps:
        fail(f"{file}: no step was trained")
    for i, step in enumerate(steps):
        # Memory is not counted with NCCL.
        require(file, step, {"iteration_ms": (int, float), "compute_ms": list, "peak_mb": (list, type(None))}, f"step {i + 1}: ")
        for values in (step["compute_ms"], step["peak_mb"] or step["compute_ms"]):
            if len(values) != ranks:
                fail(f"{file}: of {len(values)} ranks, but the plan of {cost_file} has {ranks}")
    return steps


def explain_time(ratio, busy, predicted_busy):
    """Why the step was not as long as predicted, from the time that ranks really computed."""
    lines = []
    cores = os.cpu_count() or 1
    ranks = len(busy)
    computed = sum(busy) / sum(predicted_busy)
    lines.append(f"time: the ops themselves took {computed:.2f} of their predicted time")
    # Further off, some rank is outside the range and explained by itself.
    if cores < ranks and LOW <= computed < 1:
        lines.append(f"      ({ranks} ranks share {cores} cores: tables are measured with all ranks busy, but in a pipeline "
                     "some wait, and their cores serve the others)")
    # What computing does not explain comes from the rest.
    if LOW <= computed <= HIGH or not LOW <= ratio / computed <= HIGH:
        lines.append(f"      the rest of the step, communication and waiting, took {ratio / computed:.2f} of its share")
    return lines


def computing_causes(formula, ratio, fastest, num_steps, at_once, ranks):
    """Why a rank did not compute for as long as predicted. `fastest`: its ratio in its fastest step; `at_once`: how many ranks
    computed at a time, on average."""
    causes = []
    cores = os.cpu_count() or 1
    # A rank's part of a core while profiling, when all are busy, over its part in training.
    share = max(at_once, cores) / ranks if cores < ranks else 1
    if formula == "aceso":
        causes.append("formula aceso counts an op's own collectives as computing" if ratio < LOW else "formula aceso leaves the optimizer out")
    if ratio < LOW:
        if share < 1:
            causes.append(f"{ranks} ranks share {cores} cores: tables are measured with all ranks busy, but here {at_once:.1f} computed at "
                          "a time, and the cores of those that wait serve the others")
        if ratio / share < LOW:
            causes.append("something else ran on this machine while it was profiled, or its processors were slower then")
    elif num_steps < 3:
        causes.append("the first two steps warm up, and there are no more")
    elif fastest <= HIGH:
        causes.append("other steps did the same work in less time: something else ran on this machine, or its processors slowed down")
    else:
        causes.append("in every step: something else ran on this machine, or it was quieter or its processors faster when it was profiled")
    return causes


def main():
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    cost = load_cost(sys.argv[1])
    stages = cost["stages"]
    stage_of = [s for s, stage in enumerate(stages) for _ in range(stage["devices"])]
    ranks = len(stage_of)
    steps = load_steps(sys.argv[2], ranks, sys.argv[1])
    peaks = steps[-1]["peak_mb"] or []

    # The first steps warm up.
    counted = steps[min(2, len(steps) - 1):]
    measured_ms = statistics.median(step["iteration_ms"] for step in counted)
    busy = [statistics.median(step["compute_ms"][rank] for step in counted) for rank in range(ranks)]
    predicted_ms = cost["iteration_time_ms"]
    predicted_busy = [stages[s]["compute_time_ms"] * cost["num_batches"] + stages[s].get("optimizer_ms", 0) for s in stage_of]

    print("             step, ms                     computing, ms                memory, MB")
    print("rank  stage  predicted  measured  ratio   predicted  measured  ratio   predicted  measured  ratio")
    explanations, odd_computing, odd_memory = [], {}, []
    for rank, s in enumerate(stage_of):
        memory = stages[s]["memory_mb"]
        computing = busy[rank] / predicted_busy[rank]
        line = (f"{rank:4}  {s:5}  {predicted_ms:9.1f}  {measured_ms:8.1f}  {measured_ms / predicted_ms:5.2f}"
                f"   {predicted_busy[rank]:9.1f}  {busy[rank]:8.1f}  {computing:5.2f}")
        if not LOW <= computing <= HIGH:
            fastest = min(step["compute_ms"][rank] for step in counted) / predicted_busy[rank]
            causes = computing_causes(cost.get("formula"), computing, fastest, len(steps), sum(busy) / measured_ms, ranks)
            odd_computing.setdefault(tuple(causes), []).append((rank, computing))
        if peaks:
            ratio = peaks[rank] / memory
            line += f"   {memory:9.1f}  {peaks[rank]:8.1f}  {ratio:5.2f}"
            if not LOW <= ratio <= HIGH:
                odd_memory.append((rank, ratio))
        print(line)
    if not LOW <= measured_ms / predicted_ms <= HIGH:
        explanations += explain_time(measured_ms / predicted_ms, busy, predicted_busy)
    for causes, ranks_of_causes in odd_computing.items():
        explanations += [f"computing of rank {rank}: {ratio:.2f} of the predicted time" for rank, ratio in ranks_of_causes]
        explanations += [f"      ({cause})" for cause in causes]
    for rank, ratio in odd_memory:
        stage = stages[stage_of[rank]]
        program = stage.get("program_memory_mb")
        parts = ", ".join(f"{name} {stage['memory_' + name + '_mb']:.1f}" for name in MEMORY_PARTS)
        explanations.append(f"memory of rank {rank}: predicted as {parts}")
        if program:
            explanations.append(f"      the lowered program needs {program:.1f} at its peak, {peaks[rank] / program:.2f} of it measured; "
                                "tables measure each op alone and cannot see what others free")
    if explanations:
        print(f"\nRatios outside {LOW} to {HIGH}:")
        print("\n".join("  " + line for line in explanations))
    if "loss" in steps[0]:
        print(f"\nloss {steps[0]['loss']:.4f} -> {steps[-1]['loss']:.4f} in {len(steps)} steps")


if __name__ == "__main__":
    main()
