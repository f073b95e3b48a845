"""The published cost model (formula `aceso`) once more, straight from its description.

A second opinion for the tests: floating point, walks over ops, nothing shared with the C++ code.
Used by generate.py. Times in us inside, memory in MB.
"""

import math

# Layout of an op's input and output by rule: (replicas, slices of the first three dimensions).
WHOLE = ("tp", ("1", "dp", "1"))
SPLIT = ("1", ("1", "dp", "tp"))
HEADS = ("1", ("dp", "tp", "1"))
FIRST = ("tp", ("dp", "1", "1"))
LAYOUTS = {
    "encoder-embedding": ([None, None], [WHOLE, WHOLE]),
    "enc-1st-layernorm": ([WHOLE, WHOLE], [WHOLE, WHOLE]),
    "enc-attention-qkv": ([WHOLE, SPLIT], [SPLIT, WHOLE]),
    "enc-attention-score": ([SPLIT, SPLIT], [HEADS, HEADS]),
    "enc-attention-softmax": ([HEADS, HEADS], [HEADS, HEADS]),
    "enc-attention-dropout": ([HEADS, HEADS], [HEADS, HEADS]),
    "enc-attention-context": ([HEADS, HEADS], [SPLIT, SPLIT]),
    "enc-attention-dense": ([SPLIT, WHOLE], [WHOLE, SPLIT]),
    "enc-post-attention-dropout": ([WHOLE, WHOLE], [WHOLE, WHOLE]),
    "enc-2nd-layernorm": ([WHOLE, WHOLE], [WHOLE, WHOLE]),
    "enc-MLP-GEMM-1": ([WHOLE, SPLIT], [SPLIT, WHOLE]),
    "enc-MLP-gelu": ([SPLIT, SPLIT], [SPLIT, SPLIT]),
    "enc-MLP-GEMM-2": ([SPLIT, WHOLE], [WHOLE, SPLIT]),
    "enc-post-MLP-dropout": ([WHOLE, WHOLE], [WHOLE, WHOLE]),
    "final-layernorm": ([WHOLE, WHOLE], [FIRST, FIRST]),
    "gpt-post-process": ([FIRST, FIRST], [None, None]),
}
OPS = list(LAYOUTS)
TUNABLE = ["encoder-embedding", "enc-attention-qkv", "enc-attention-dense", "enc-MLP-GEMM-1",
           "enc-MLP-GEMM-2"]
NEVER_CHOSEN = ["enc-1st-layernorm", "encoder-embedding", "gpt-post-process"]
MISSING_ROW = 1000000.0
MISSING_COLLECTIVE_MS = 100000.0
MAIN, OPTIMIZER = 2, 4  # multiples of the weights, 16-bit parameters


def spec(pattern, tp, dp):
    value = {"1": 1, "tp": tp, "dp": dp}
    return value[pattern[0]], tuple(value[s] for s in pattern[1])


class Model:
    """rows[name][samples, tp, rule] = dict of columns; collectives[kind, group] = {MB: ms}."""

    def __init__(self, names, rows, collectives, intra, inter, nodes_of):
        self.names, self.rows, self.collectives = names, rows, collectives
        self.links = {False: intra, True: inter}
        self.devices_per_node = nodes_of
        self.missing = {"op": 0, "ideal": 0, "collective": 0}

    def row(self, op, samples, tp, rule, kind="op"):
        found = self.rows[self.names[op]].get((samples, tp, rule))
        if found is None:
            self.missing[kind] += 1
            return dict.fromkeys(["fwd", "bwd", "in", "out", "w", "act", "fres", "bres"], MISSING_ROW)
        return found

    def held(self, op, act):
        return {"enc-attention-dropout": act * 1.5, "enc-attention-softmax": 0.0}.get(self.names[op], act)

    def transfer(self, size, cross):
        if size == 0:
            return 0.0
        index = math.trunc(math.log(size) / math.log(2))
        if index >= 1:
            index -= 1
        table = self.links[cross]
        return size / (table[-1 if index > len(table) - 1 else index] * 0.001)

    def collective(self, kind, group, size):
        table = self.collectives.get((kind, group), {})
        for key in (round(size), round(size - 1)):
            if key in table:
                return table[key]
        self.missing["collective"] += 1
        return MISSING_COLLECTIVE_MS

    def conversion(self, have, need, size):
        """(forward ms, backward ms)"""
        if have is None or need is None or have == need:
            return 0.0, 0.0
        (r, d), (r2, d2) = have, need
        grows = [k for k in range(3) if d[k] < d2[k]]
        if r > r2 and grows:
            return 0.0, self.collective("all_gather", r // r2, size)
        j = [k for k in range(3) if d[k] > d2[k]][0]
        group = d[j] // d2[j]
        if r < r2:
            return self.collective("all_gather", group, size), 0.0
        assert [k for k in grows if k != j]
        time = self.collective("all_to_all", group, size)
        return time, self.collective("all_to_all", group, size)

    def saved_and_peak(self, first, flags, acts):
        saved = peak = running = 0.0
        last = len(flags) - 1
        for i in range(last):
            if not (flags[i] and flags[i + 1]):
                peak, running = max(peak, running), 0.0
                continue
            held = self.held(first + i, acts[i])
            running += held
            if self.names[first + i] in ("enc-attention-dropout", "enc-attention-softmax"):
                saved += held
                continue
            starts = self.names[first + i + 1] == "enc-1st-layernorm"
            if not starts:
                saved += held
            if starts or i + 1 == last:
                peak, running = max(peak, running), 0.0
        return saved, peak

    def memory(self, first, plans, b, behind):
        rows = [self.row(first + i, b // p["dp"], p["tp"], p["rule"]) for i, p in enumerate(plans)]
        acts = [r["act"] for r in rows]
        weights = sum(r["w"] for r in rows)
        held = sum(self.held(first + i, a) for i, a in enumerate(acts))
        saved, peak = self.saved_and_peak(first, [p["recompute"] for p in plans], acts)
        forward = max([r["fres"] for r in rows[:-1]], default=0.0)
        backward = max([r["bres"] for r in rows[:-1]], default=0.0)
        kept = rows[0]["in"] + held - saved
        parts = {
            "op_weights_mb": weights, "inputs_mb": rows[0]["in"], "op_activations_mb": held,
            "saved_activations_mb": saved, "peak_activations_mb": peak,
            "memory_weights_mb": weights * (1 + MAIN), "memory_gradients_mb": weights,
            "memory_optimizer_mb": weights * OPTIMIZER, "memory_activations_mb": kept * behind,
            "memory_peak_mb": kept + peak, "memory_reserved_mb": max(forward + backward, weights),
        }
        parts["memory_mb"] = sum(v for k, v in parts.items() if k.startswith("memory_"))
        return parts

    def stage(self, first, plans, b, behind, first_device, devices):
        self.missing = dict.fromkeys(self.missing, 0)
        rows, ideal = [], []
        forward_ms = backward_ms = 0.0
        for i, p in enumerate(plans):
            row = self.row(first + i, b // p["dp"], p["tp"], p["rule"])
            rows.append(row)
            ideal.append(self.row(first + i, b, 1, p["rule"], "ideal"))
            if i > 0:
                q = plans[i - 1]
                have, need = LAYOUTS[self.names[first + i - 1]][1][q["rule"]], LAYOUTS[self.names[first + i]][0][p["rule"]]
                f, r = self.conversion(have and spec(have, q["tp"], q["dp"]),
                                       need and spec(need, p["tp"], p["dp"]), row["in"])
                forward_ms += f
                backward_ms += r
        misses = dict(self.missing)
        last = plans[-1]
        out_size = self.row(first + len(plans) - 1, b // last["dp"], plans[0]["tp"], last["rule"])["out"]
        forward, backward = sum(r["fwd"] for r in rows), sum(r["bwd"] for r in rows)
        again = sum(r["fwd"] for r, p in zip(rows, plans) if p["recompute"])
        in_cross = first_device > 0 and first_device % self.devices_per_node == 0
        out_cross = (first_device + devices) % self.devices_per_node == 0

        def time(cross_in, cross_out):
            i = self.transfer(rows[0]["in"], cross_in) + forward_ms * 1000
            o = self.transfer(out_size, cross_out) + backward_ms * 1000
            return i, o, (forward + backward + i + o + again) / 1000

        i, o, total = time(in_cross, out_cross)
        ideal_us = sum(r["fwd"] + r["bwd"] for r in ideal)
        ends = self.transfer(ideal[0]["in"], in_cross) + self.transfer(ideal[-1]["out"], out_cross)
        result = {
            "in_cross_node": in_cross, "out_cross_node": out_cross, "fwd_comp_us": forward,
            "bwd_comp_us": backward, "recomp_time_us": again, "in_comm_us": i, "out_comm_us": o,
            "tp_comm_us": (forward_ms + backward_ms) * 1000, "stage_time_ms": total,
            "quick_stage_time_ms": time(False, False)[2], "compute_time_ms": (forward + backward + again) / 1000,
            "ideal_time_per_gpu_ms": ideal_us / devices / 1000,
            "eff_loss_time_per_gpu_ms": (forward + backward - ideal_us / devices) / 1000,
            "recomp_time_per_gpu_ms": again / 1000,
            "efficiency": (ideal_us + ends) / 1000 / (total * devices),
            "missing_op_entries": misses["op"], "missing_ideal_entries": misses["ideal"],
            "missing_collective_entries": misses["collective"],
        }
        result.update(self.memory(first, plans, b, behind))
        return result

    def choose(self, first, plans, b, behind, limit, extra):
        """Flags of the recompute chooser."""
        plans = [dict(p, recompute=0) for p in plans]
        memory = self.memory(first, plans, b, behind)["memory_mb"] + extra
        acts = [self.row(first + i, b // p["dp"], p["tp"], p["rule"])["act"] for i, p in enumerate(plans)]
        groups = {}
        for i in range(len(plans)):
            groups.setdefault(self.names[first + i], []).append(i)
        marked = set()
        saved, peak = 0.0, 0.0
        while memory > limit:
            best, size = None, 0
            for name, ops in groups.items():
                weight = sum(acts[i] * (behind + 1) for i in ops)
                if name not in marked and name not in NEVER_CHOSEN and weight > size:
                    best, size = name, weight
            if best is None:
                break
            marked.add(best)
            after = groups[best][0] + 1
            if after >= len(plans):
                break
            marked.add(self.names[first + after])
            over, taken, total = memory - limit, [], 0.0
            for i in groups[best]:
                taken.append(i)
                total += acts[i] * (behind + 1)
                if size >= over and total > over:
                    break
            for i in taken:
                plans[i]["recompute"] = 1
                if i + 1 < len(plans):
                    plans[i + 1]["recompute"] = 1
            new_saved, new_peak = self.saved_and_peak(first, [p["recompute"] for p in plans], acts)
            memory += (new_peak - peak) - (new_saved - saved) * (behind + 1)
            saved, peak = new_saved, new_peak
        return [p["recompute"] for p in plans]

    def plan(self, stages, b, global_batch, limit, extra):
        """stages: lists of op plans. The fields of a golden case."""
        batches = global_batch // b
        results, first, device = [], 0, 0
        for s, plans in enumerate(stages):
            behind, devices = len(stages) - 1 - s, plans[0]["tp"] * plans[0]["dp"]
            result = self.stage(first, plans, b, behind, device, devices)
            result["chosen_recompute"] = "".join(map(str, self.choose(first, plans, b, behind, limit, extra)))
            result["devices"] = devices
            results.append(result)
            first, device = first + len(plans), device + devices
        total = sum(r["stage_time_ms"] for r in results)
        for r in results:
            r["time_ms"] = r["stage_time_ms"] * (batches - 1) + total
            r["within_limit"] = r["memory_mb"] <= limit
        slowest = max(r["time_ms"] for r in results)
        gpu_time = (batches - 1) * sum(r["stage_time_ms"] * r["devices"] for r in results)
        for r in results:
            idle = slowest - r["time_ms"]
            if r["recomp_time_us"] > 0:
                idle /= 2
            else:
                room = (limit - r["memory_mb"]) / r["memory_mb"] * r["time_ms"]
                if not room > idle:
                    idle = room + (idle - room) / 2
            r["efficient_time"] = idle * r.pop("devices") * r["efficiency"]
        return {
            "num_batches": batches, "iteration_time_ms": slowest,
            "max_memory_mb": max(r["memory_mb"] for r in results),
            "feasible": all(r["within_limit"] for r in results),
            "total_gpu_time_ms": gpu_time, "stages": results,
        }
