#!/usr/bin/env python3
"""Writes the small golden set of the tests: tables with invented numbers, plans, and their cost.

    python3 test/unit/Cost/golden/generate.py     # rewrites tables/ and tiny.json beside it

The numbers describe no machine. They only have the shape of measured ones: times fall with tp, sizes
grow with the samples. The costs come from evaluate.py.
"""

import json
import os

from evaluate import OPS, TUNABLE, Model

HERE = os.path.dirname(os.path.abspath(__file__))
LAYERS, NODES, DEVICES_PER_NODE = 2, 2, 2
NAMES = [OPS[0]] + OPS[1:14] * LAYERS + OPS[14:]
SAMPLES, TPS, RULES = [1, 2, 4], [1, 2, 4], [0, 1]
LIMIT, GLOBAL_BATCH, EXTRA = 420, 64, 20


class Numbers:
    """A fixed sequence, the same in every Python."""

    def __init__(self):
        self.state = 20240601

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def decimal(self, low, high):
        return low + self.below((high - low) * 1000) / 1000


def make_rows(numbers):
    rows = {}
    for name in OPS:
        time, back = numbers.decimal(20, 900), numbers.decimal(30, 1500)
        size_in, size_out, act = numbers.decimal(1, 9), numbers.decimal(1, 9), numbers.decimal(1, 12)
        weight = numbers.decimal(2, 20) if name in TUNABLE or name == "gpt-post-process" else 0.0
        reserved = numbers.decimal(0, 8) if numbers.below(2) else 0.0
        rows[name] = {}
        for m in SAMPLES:
            for t in TPS:
                for rule in RULES:
                    noise = 1 + numbers.below(100) / 1000
                    r3 = lambda x: round(x, 3)
                    rows[name][m, t, rule] = {
                        "fwd": r3(time * m / t * noise + 5), "bwd": r3(back * m / t * noise + 7),
                        "in": 0.016 * m if name == "encoder-embedding" else r3(size_in * m),
                        "out": r3(size_out * m / (t if rule == 0 else 1)),
                        "w": r3(weight / t), "act": r3(act * m / t * noise),
                        "fres": r3(reserved * m), "bres": r3(reserved * m * 2 + numbers.below(3)),
                    }
    return rows


def make_collectives(numbers):
    """Whole MB. Sizes that leave 4 on division by 5 are left out: the size below stands in."""
    tables = {}  # no all_to_all over 4: one case misses it
    for kind in ("all_gather", "all_reduce", "reduce_scatter", "all_to_all"):
        for group in (2, 4) if kind != "all_to_all" else (2,):
            tables[kind, group] = {mb: round(0.02 + mb * 0.09 * group + numbers.below(50) / 1000, 3)
                                   for mb in range(40) if mb % 5 != 4}
    return tables


COLUMNS = ["fwd", "bwd", "in", "out", "w", "act", "fres", "bres"]
HEADER = "op_name,forward-compute,backward-compute,input_size,output_size,weights,activations,fwd_reserved,bwd_reserved"


def write_tables(rows, collectives, links, numbers):
    folder = os.path.join(HERE, "tables")
    os.makedirs(folder, exist_ok=True)

    def write(name, lines, end="\n"):
        with open(os.path.join(folder, name), "w", newline="") as f:
            f.write(end.join(lines) + end)

    for m in SAMPLES:
        for t in TPS:
            for rule in RULES:
                lines = [HEADER] + [",".join([name] + [f"{rows[name][m, t, rule][c]:.3f}" for c in COLUMNS])
                                    for name in OPS]
                write(f"gpt_tiny_mbs{m}_tp{t}_algo{rule}.csv", lines, "\r\n" if rule else "\n")
    for (kind, group), times in collectives.items():
        keys = list(times)
        for i in range(len(keys) - 1, 0, -1):  # unsorted, as published ones are
            j = numbers.below(i + 1)
            keys[i], keys[j] = keys[j], keys[i]
        write(f"prim_gpt_tiny_{kind}_{group}gpus.csv",
              ["data_size(MB),time(ms)"] + [f"{k},{times[k]:.3f}" for k in keys])
    for name, values in links.items():
        write(f"p2p_{name}_node.csv", [",".join(str(2**i) for i in range(11)), ", ".join(f"{v:.2f}" for v in values)])


def stages_of(counts, degrees, rules=lambda i: 0, flags=lambda i: 0):
    """counts: ops of each stage; degrees(stage, i) = (tp, dp) of op i of the model."""
    stages, op = [], 0
    for s, count in enumerate(counts):
        stage = []
        for _ in range(count):
            tp, dp = degrees(s, op)
            rule = rules(op) if NAMES[op] in TUNABLE else 0
            stage.append({"tp": tp, "dp": dp, "rule": rule, "recompute": flags(op)})
            op += 1
        stages.append(stage)
    assert op == len(NAMES)
    return stages


def plans():
    n = len(NAMES)
    one = lambda s, i: (1, 1)
    yield "one_device_each", 1, stages_of([7, 7, 7, 8], one)
    yield "tp_only", 4, stages_of([n], lambda s, i: (4, 1))
    yield "dp_only", 4, stages_of([n], lambda s, i: (1, 4))
    yield "tp_and_dp", 2, stages_of([15, 14], lambda s, i: (2, 1) if s == 0 else (1, 2))
    yield "all_recomputed", 2, stages_of([15, 14], lambda s, i: (1, 2), flags=lambda i: 1)
    yield "recompute_islands", 2, stages_of([13, 16], lambda s, i: (2, 1), flags=lambda i: int(i % 7 in (1, 2, 4)))
    yield "open_segment", 1, stages_of([7, 6, 16], lambda s, i: (1, 1) if s < 2 else (2, 1), flags=lambda i: int(i > 3))
    yield "mixed_tp_first", 2, stages_of([n], lambda s, i: (4, 1) if i < 9 else (2, 2))
    yield "mixed_dp_first", 4, stages_of([17, 12], lambda s, i: (1, 2) if i % 17 < 8 else (2, 1))
    yield "rule_1", 2, stages_of([15, 14], lambda s, i: (2, 1), rules=lambda i: int(i > 0))
    yield "rules_alternate", 4, stages_of([14, 15], lambda s, i: (2, 1) if i % 5 else (1, 2), rules=lambda i: i % 2)
    yield "one_op_ends", 1, stages_of([1, 27, 1], lambda s, i: (1, 1) if s != 1 else (2, 1), flags=lambda i: int(1 < i < 20))
    yield "missing_row", 8, stages_of([15, 14], lambda s, i: (2, 1))
    yield "missing_ideal", 8, stages_of([15, 14], lambda s, i: (1, 2))
    yield "missing_collective", 4, stages_of([n], lambda s, i: (4, 1) if i % 3 else (1, 4), rules=lambda i: i % 2)


def config_of(stages, b):
    field = lambda key: [[op[key] for op in stage] for stage in stages]
    return {
        "global_batch_size": GLOBAL_BATCH, "micro_batch_size": b,
        "num_gpus": [stage[0]["tp"] * stage[0]["dp"] for stage in stages],
        "num_ops_in_each_stage": [len(stage) for stage in stages],
        "model_parallel_size_of_each_op": field("tp"), "data_parallel_size_of_each_op": field("dp"),
        "recompute_ops": field("recompute"), "algo_of_each_op": field("rule"),
    }


def initial_points(model):
    devices, points = NODES * DEVICES_PER_NODE, []
    for count in range(1, devices + 1):
        gpus, left, grew = [1] * count, devices - count, True
        while left and grew:
            grew = False
            for i in range(count):
                if gpus[i] < max(TPS) and gpus[i] <= left:
                    left, gpus[i], grew = left - gpus[i], gpus[i] * 2, True
        if left:
            points.append({"num_stages": count, "possible": False})
            continue
        sizes = [len(NAMES) // count] * count
        sizes[-1] += len(NAMES) % count
        stages, first = stages_of(sizes, lambda s, i: (gpus[s], 1)), 0
        for s, stage in enumerate(stages):
            flags = model.choose(first, stage, SAMPLES[0], count - 1 - s, LIMIT, EXTRA)
            for op, flag in zip(stage, flags):
                op["recompute"] = flag
            first += len(stage)
        cost = model.plan(stages, SAMPLES[0], GLOBAL_BATCH, LIMIT, EXTRA)
        points.append({
            "num_stages": count, "possible": True, "num_gpus": gpus, "num_ops_in_each_stage": sizes,
            "micro_batch_size": SAMPLES[0], "recomputed_ops": [sum(op["recompute"] for op in s) for s in stages],
            "iteration_time_ms": cost["iteration_time_ms"], "max_memory_mb": cost["max_memory_mb"],
            "feasible": cost["feasible"],
        })
    return points


def main():
    numbers = Numbers()
    rows, collectives = make_rows(numbers), make_collectives(numbers)
    links = {"intra": [7 + i / 2 for i in range(11)], "inter": [2 + i / 5 for i in range(11)]}
    write_tables(rows, collectives, links, numbers)
    model = Model(NAMES, rows, collectives, links["intra"], links["inter"], DEVICES_PER_NODE)
    cases = []
    for name, b, stages in plans():
        cases.append({"name": name, "config": config_of(stages, b),
                      "expected": model.plan(stages, b, GLOBAL_BATCH, LIMIT, EXTRA)})
    golden = {
        "setting": "tiny", "tables": "tables", "table_prefix": "gpt_tiny", "num_layers": LAYERS,
        "num_ops": len(NAMES),
        "flags": {"--num-nodes": NODES, "--num-gpus-per-node": DEVICES_PER_NODE,
                  "--global-batch-size": GLOBAL_BATCH, "--micro-batch-size": SAMPLES},
        "effective": {"memory_limit_mb": LIMIT, "max_tp": max(TPS), "peak_mem_in_backward_mb": EXTRA,
                      "memory_main_params": 2},
        "initial_points": initial_points(model), "cases": cases,
    }
    with open(os.path.join(HERE, "tiny.json"), "w") as f:
        # One line a case keeps the file small and its changes readable.
        f.write("{\n" + ",\n".join(f' "{k}": {json.dumps(v)}' for k, v in golden.items() if k != "cases"))
        f.write(',\n "cases": [\n' + ",\n".join("  " + json.dumps(c) for c in cases) + "\n ]\n}\n")


if __name__ == "__main__":
    main()
