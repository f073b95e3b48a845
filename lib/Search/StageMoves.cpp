//===- StageMoves.cpp - Moves of ops and devices between stages -*- C++ -*-===//

#include "MoveChecks.h"

#include <algorithm>

using namespace aceso;

static std::string number(int64_t value) { return std::to_string(value); }

static std::string list(const std::vector<uint32_t> &values) {
  std::string text;
  for (uint32_t value : values)
    text += (text.empty() ? "" : ",") + number(value);
  return text;
}

std::string_view aceso::axisName(DeviceAxis axis) { return axis == DeviceAxis::Tp ? "tp" : "dp"; }

std::optional<DeviceAxis> aceso::axisFromName(std::string_view name) {
  if (name == "tp")
    return DeviceAxis::Tp;
  if (name == "dp")
    return DeviceAxis::Dp;
  return std::nullopt;
}

static uint16_t &degree(OpPlan &op, DeviceAxis axis) {
  return axis == DeviceAxis::Tp ? op.tp : op.dp;
}

//===----------------------------------------------------------------------===//
// MoveOps
//===----------------------------------------------------------------------===//

std::vector<MoveOption> MoveOps::getOptions() const {
  return {{"stage", number(stage)}, {"count", number(count)}};
}

StageEffect MoveOps::effectOn(const CompactPlan &, uint32_t index) const {
  // dec_op for the stage that gives; the opposite for the one that takes.
  if (index != stage && index != stage + 1)
    return {};
  Change change = (index == stage) == (count > 0) ? Change::Less : Change::More;
  return {.time = change, .memory = change, .workload = change};
}

std::string MoveOps::change(CompactPlan &plan) const {
  if (std::string error = checkStageIndex(plan, stage); !error.empty())
    return error;
  if (stage + 1 == plan.stages.size())
    return "has no stage after stage " + number(stage) + " to " +
           (count < 0 ? "take ops from" : "move ops to");
  if (count == 0)
    return "is not changed by count=0";
  uint32_t giver = count > 0 ? stage : stage + 1;
  uint64_t moved = count > 0 ? uint64_t(count) : -uint64_t(count);
  if (moved >= plan.stages[giver].numOps)
    return "cannot move " + std::to_string(moved) + " ops out of stage " + number(giver) +
           ", which has " + number(plan.stages[giver].numOps) +
           ": a stage keeps at least one op (par-set-stages removes stages)";
  uint32_t boundary = plan.firstOp(stage + 1);
  uint32_t first = count > 0 ? boundary - moved : boundary;
  const OpPlan neighbour = plan.ops[count > 0 ? boundary : boundary - 1];
  for (uint32_t op = first; op < first + moved; ++op) {
    plan.ops[op].tp = neighbour.tp;
    plan.ops[op].dp = neighbour.dp;
  }
  plan.stages[stage].numOps -= count;
  plan.stages[stage + 1].numOps += count;
  return "";
}

//===----------------------------------------------------------------------===//
// MoveDevices
//===----------------------------------------------------------------------===//

std::vector<MoveOption> MoveDevices::getOptions() const {
  std::string axes;
  for (DeviceAxis axis : fromAxes)
    axes += (axes.empty() ? "" : ",") + std::string(axisName(axis));
  return {{"from", list(from)},
          {"from-axes", axes},
          {"to", number(to)},
          {"to-axis", std::string(axisName(toAxis))}};
}

StageEffect MoveDevices::effectOn(const CompactPlan &, uint32_t stage) const {
  // inc_dp, inc_tp; dec_dp, dec_tp.
  if (stage == to)
    return {.time = Change::Less,
            .memory = Change::Less,
            .devices = Change::More,
            .efficiency = Change::Less,
            .communication = Change::More};
  if (std::find(from.begin(), from.end(), stage) != from.end())
    return {.time = Change::More,
            .memory = Change::More,
            .devices = Change::Less,
            .efficiency = Change::More,
            .communication = Change::Less};
  return {};
}

/// All ops of `stage` get their `axis` times `factor` (halved for factor 0).
static std::string scaleStage(CompactPlan &plan, uint32_t stage, DeviceAxis axis, uint32_t factor) {
  uint32_t first = plan.firstOp(stage);
  for (uint32_t op = first; op < first + plan.stages[stage].numOps; ++op) {
    uint16_t &value = degree(plan.ops[op], axis);
    if (factor == 0 && value % 2 != 0)
      return "cannot halve " + std::string(axisName(axis)) + " " + number(value) + " of op " +
             number(op) + " in stage " + number(stage);
    if (std::string error =
            checkDegree(axisName(axis), factor == 0 ? value / 2 : int64_t(value) * factor);
        !error.empty())
      return error;
    value = factor == 0 ? value / 2 : value * factor;
  }
  return "";
}

std::string MoveDevices::change(CompactPlan &plan) const {
  if (from.empty() || from.size() != fromAxes.size())
    return "needs one axis for each stage that gives devices, not from=" + list(from) + " with " +
           number(fromAxes.size()) + " axes";
  if (std::string error = checkStageIndex(plan, to); !error.empty())
    return error;
  uint32_t given = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    if (std::string error = checkStageIndex(plan, from[i]); !error.empty())
      return error;
    if (from[i] == to)
      return "cannot move devices from stage " + number(to) + " to itself";
    if (std::string error = scaleStage(plan, from[i], fromAxes[i], 0); !error.empty())
      return error;
    plan.stages[from[i]].devices /= 2;
    given += plan.stages[from[i]].devices;
  }
  uint32_t had = plan.stages[to].devices;
  if (given % had != 0)
    return "cannot grow stage " + number(to) + " of " + number(had) + " devices by " +
           number(given) + ": the sum must be a multiple of what it has";
  plan.stages[to].devices += given;
  return scaleStage(plan, to, toAxis, plan.stages[to].devices / had);
}

//===----------------------------------------------------------------------===//
// ExchangeAxes
//===----------------------------------------------------------------------===//

std::vector<MoveOption> ExchangeAxes::getOptions() const {
  std::vector<MoveOption> options = {{"stage", number(stage)}};
  if (!ops.empty())
    options.push_back({"ops", ops.toString()});
  options.push_back({"to", std::string(axisName(to))});
  return options;
}

StageEffect ExchangeAxes::effectOn(const CompactPlan &, uint32_t index) const {
  if (index != stage)
    return {};
  // inc_tp_dec_dp; inc_dp_dec_tp.
  if (to == DeviceAxis::Tp)
    return {.time = Change::More,
            .memory = Change::Less,
            .efficiency = Change::Less,
            .communication = Change::More};
  return {.time = Change::Less, .memory = Change::More, .efficiency = Change::More};
}

std::string ExchangeAxes::change(CompactPlan &plan) const {
  if (std::string error = checkStageIndex(plan, stage); !error.empty())
    return error;
  uint32_t first = plan.firstOp(stage), end = first + plan.stages[stage].numOps;
  OpRanges all = ops.empty() ? OpRanges(first, end - 1) : ops;
  if (std::string error = checkOps(plan, all); !error.empty())
    return error;
  if (all.getRanges().front().first < first || all.getRanges().back().last >= end)
    return "has ops " + number(first) + " to " + number(end - 1) + " in stage " + number(stage) +
           ", not all of " + all.toString();
  DeviceAxis other = to == DeviceAxis::Tp ? DeviceAxis::Dp : DeviceAxis::Tp;
  std::string error;
  all.forEach([&](uint32_t op) {
    uint16_t &less = degree(plan.ops[op], other), &more = degree(plan.ops[op], to);
    if (less % 2 != 0 && error.empty())
      error = "cannot halve " + std::string(axisName(other)) + " " + number(less) + " of op " +
              number(op) + " in stage " + number(stage);
    less /= 2;
    more *= 2;
  });
  return error;
}

//===----------------------------------------------------------------------===//
// SetStages
//===----------------------------------------------------------------------===//

std::vector<MoveOption> SetStages::getOptions() const {
  std::vector<MoveOption> options = {{"ops", list(ops)}, {"devices", list(devices)}};
  if (!tp.empty())
    options.push_back({"tp", list(tp)});
  return options;
}

StageEffect SetStages::effectOn(const CompactPlan &, uint32_t) const {
  return {Change::Varies, Change::Varies, Change::Varies,
          Change::Varies, Change::Varies, Change::Varies};
}

std::string SetStages::change(CompactPlan &plan) const {
  if (ops.empty() || ops.size() != devices.size() || (!tp.empty() && tp.size() != ops.size()))
    return "needs one entry a stage in each list, not ops=" + list(ops) +
           " devices=" + list(devices) + " tp=" + list(tp);
  uint64_t total = 0;
  for (uint32_t count : ops)
    total += count;
  if (total != plan.ops.size())
    return "has " + number(plan.ops.size()) + " ops, but ops=" + list(ops) + " adds up to " +
           std::to_string(total);
  plan.stages.clear();
  uint32_t op = 0;
  for (size_t stage = 0; stage < ops.size(); ++stage) {
    uint32_t stageTp = tp.empty() ? devices[stage] : tp[stage];
    if (stageTp == 0 || devices[stage] % stageTp != 0)
      return "cannot have tp " + number(stageTp) + " in stage " + number(stage) + " of " +
             number(devices[stage]) + " devices: tp must divide them";
    uint32_t stageDp = devices[stage] / stageTp;
    for (auto [name, value] : {std::pair("tp", stageTp), std::pair("dp", stageDp)})
      if (std::string error = checkDegree(name, value); !error.empty())
        return error;
    plan.stages.push_back({ops[stage], devices[stage]});
    for (uint32_t end = op + ops[stage]; op < end; ++op) {
      plan.ops[op].tp = stageTp;
      plan.ops[op].dp = stageDp;
    }
  }
  return "";
}
