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


def ranges(ranks):
    """[0, 1, 2, 5] as '0-2, 5'."""
    groups = []
    for rank in ranks:
        if groups and rank == groups[-1][1] + 1:
            groups[-1][1] = rank
        else:
            groups.append([rank, rank])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in groups)


def explain_time(cost, ratio, busy, predicted_busy):
    """Why the step was not as long as predicted, from the time that ranks really computed."""
    lines = []
    cores = os.cpu_count() or 1
    ranks = len(busy)
    computed = sum(busy) / sum(predicted_busy)
    lines.append(f"time: the ops themselves took {computed:.2f} of their predicted time")
    if cores < ranks and computed < 1:
        lines.append(f"      ({ranks} ranks share {cores} cores: tables are measured with all ranks busy, but in a pipeline "
                     "some wait, and their cores serve the others)")
    elif computed > HIGH:
        lines.append("      (something else runs on this machine, or the profile was measured on a quieter one)")
    if not LOW <= ratio / computed <= HIGH:
        lines.append(f"      the rest of the step, communication and waiting, took {ratio / computed:.2f} of its share")
    return lines


def main():
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    cost = load(sys.argv[1], json.load)
    steps = load(sys.argv[2], lambda stream: [json.loads(line) for line in stream if line.strip()])
    if not steps:
        fail(f"{sys.argv[2]}: no step was trained")
    stage_of = [s for s, stage in enumerate(cost["stages"]) for _ in range(stage["devices"])]
    ranks = len(stage_of)
    peaks = steps[-1]["peak_mb"] or []
    if peaks and len(peaks) != ranks:
        fail(f"{sys.argv[2]}: of {len(peaks)} ranks, but the plan of {sys.argv[1]} has {ranks}")

    # The first steps warm up.
    counted = steps[min(2, len(steps) - 1):]
    measured_ms = statistics.median(step["iteration_ms"] for step in counted)
    busy = [statistics.median(step["compute_ms"][rank] for step in counted) for rank in range(ranks)]
    predicted_ms = cost["iteration_time_ms"]
    stages = cost["stages"]
    predicted_busy = [stages[s]["compute_time_ms"] * cost["num_batches"] + stages[s].get("optimizer_ms", 0) for s in stage_of]

    print("             step, ms                     computing, ms                memory, MB")
    print("rank  stage  predicted  measured  ratio   predicted  measured  ratio   predicted  measured  ratio")
    explanations, odd_memory = [], []
    for rank, s in enumerate(stage_of):
        memory = stages[s]["memory_mb"]
        line = (f"{rank:4}  {s:5}  {predicted_ms:9.1f}  {measured_ms:8.1f}  {measured_ms / predicted_ms:5.2f}"
                f"   {predicted_busy[rank]:9.1f}  {busy[rank]:8.1f}  {busy[rank] / predicted_busy[rank]:5.2f}")
        if peaks:
            ratio = peaks[rank] / memory
            line += f"   {memory:9.1f}  {peaks[rank]:8.1f}  {ratio:5.2f}"
            if not LOW <= ratio <= HIGH:
                odd_memory.append((rank, ratio))
        print(line)
    if not LOW <= measured_ms / predicted_ms <= HIGH:
        explanations += explain_time(cost, measured_ms / predicted_ms, busy, predicted_busy)
    for rank, ratio in odd_memory:
        stage = stages[stage_of[rank]]
        program = stage.get("program_memory_mb")
        parts = ", ".join(f"{name} {stage['memory_' + name + '_mb']:.1f}"
                          for name in ("weights", "gradients", "optimizer", "activations", "peak", "reserved"))
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
