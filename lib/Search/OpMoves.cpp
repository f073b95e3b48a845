//===- OpMoves.cpp - Moves that set facts of ops and of the plan -*- C++ -*-===//

#include "MoveChecks.h"

using namespace aceso;

static std::string number(int64_t value) { return std::to_string(value); }

//===----------------------------------------------------------------------===//
// SetMicroBatch
//===----------------------------------------------------------------------===//

std::vector<MoveOption> SetMicroBatch::getOptions() const { return {{"size", number(size)}}; }

StageEffect SetMicroBatch::effectOn(const CompactPlan &plan, uint32_t) const {
  // inc_mbs; dec_mbs.
  if (size > plan.microBatch)
    return {.time = Change::Less, .memory = Change::More, .efficiency = Change::More};
  if (size < plan.microBatch)
    return {.time = Change::More, .memory = Change::Less, .efficiency = Change::Less};
  return {};
}

std::string SetMicroBatch::change(CompactPlan &plan) const {
  plan.microBatch = size;
  return "";
}

//===----------------------------------------------------------------------===//
// SetRecompute
//===----------------------------------------------------------------------===//

std::vector<MoveOption> SetRecompute::getOptions() const {
  return {{"ops", ops.toString()}, {"value", value ? "recompute" : "keep"}};
}

StageEffect SetRecompute::effectOn(const CompactPlan &plan, uint32_t stage) const {
  if (!touchesStage(plan, ops, stage))
    return {};
  if (value)
    return {.time = Change::More, .memory = Change::Less};
  return {.time = Change::Less, .memory = Change::More};
}

std::string SetRecompute::change(CompactPlan &plan) const {
  if (std::string error = checkOps(plan, ops); !error.empty())
    return error;
  ops.forEach([&](uint32_t op) { plan.ops[op].recompute = value; });
  return "";
}

//===----------------------------------------------------------------------===//
// SetRule
//===----------------------------------------------------------------------===//

std::vector<MoveOption> SetRule::getOptions() const {
  return {{"ops", ops.toString()}, {"rule", number(rule)}};
}

StageEffect SetRule::effectOn(const CompactPlan &plan, uint32_t stage) const {
  if (!touchesStage(plan, ops, stage))
    return {};
  return {.time = Change::Varies,
          .memory = Change::Varies,
          .efficiency = Change::Varies,
          .communication = Change::Varies};
}

std::string SetRule::change(CompactPlan &plan) const {
  if (std::string error = checkOps(plan, ops); !error.empty())
    return error;
  if (rule > std::numeric_limits<decltype(OpPlan::rule)>::max())
    return "has no op with a rule " + number(rule);
  ops.forEach([&](uint32_t op) { plan.ops[op].rule = rule; });
  return "";
}

//===----------------------------------------------------------------------===//
// SetDegrees
//===----------------------------------------------------------------------===//

std::vector<MoveOption> SetDegrees::getOptions() const {
  return {{"ops", ops.toString()}, {"tp", number(tp)}, {"dp", number(dp)}};
}

StageEffect SetDegrees::effectOn(const CompactPlan &plan, uint32_t stage) const {
  if (!touchesStage(plan, ops, stage))
    return {};
  return {.time = Change::Varies,
          .memory = Change::Varies,
          .efficiency = Change::Varies,
          .communication = Change::Varies};
}

std::string SetDegrees::change(CompactPlan &plan) const {
  if (std::string error = checkOps(plan, ops); !error.empty())
    return error;
  for (auto [name, value] : {std::pair("tp", tp), std::pair("dp", dp)})
    if (std::string error = checkDegree(name, value); !error.empty())
      return error;
  ops.forEach([&](uint32_t op) {
    plan.ops[op].tp = tp;
    plan.ops[op].dp = dp;
  });
  return "";
}
