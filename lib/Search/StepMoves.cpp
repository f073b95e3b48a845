//===- StepMoves.cpp - Steps of a search as moves ---------------*- C++ -*-===//

#include "aceso/Search/StepMoves.h"

#include <algorithm>

using namespace aceso;

namespace {

/// Applies moves to a copy of a plan and keeps those that were legal.
class Recorder {
public:
  Recorder(const CompactPlan &plan, const ModelFacts &facts) : plan(plan), facts(facts) {}

  bool add(std::unique_ptr<Move> move) {
    if (!move->apply(plan, facts).empty())
      return false;
    moves.push_back(std::move(move));
    return true;
  }

  CompactPlan plan;
  MoveList moves;

private:
  const ModelFacts &facts;
};

} // namespace

/// The axis along which a stage's ops changed; of those that keep neither degree, the one left.
static DeviceAxis changedAxis(const OpPlan &from, const OpPlan &to) {
  return from.dp == to.dp ? DeviceAxis::Tp : DeviceAxis::Dp;
}

/// One stage got what some others halved. False if that is not what happened, or not legal.
static bool moveDevices(Recorder &recorder, const CompactPlan &to) {
  const CompactPlan &from = recorder.plan;
  std::optional<uint32_t> taker;
  std::vector<uint32_t> givers;
  std::vector<DeviceAxis> axes;
  uint32_t firstFrom = 0, firstTo = 0;
  DeviceAxis takerAxis = DeviceAxis::Tp;
  for (uint32_t stage = 0; stage < from.stages.size(); ++stage) {
    uint32_t before = from.stages[stage].devices, after = to.stages[stage].devices;
    DeviceAxis axis = changedAxis(from.ops[firstFrom], to.ops[firstTo]);
    firstFrom += from.stages[stage].numOps;
    firstTo += to.stages[stage].numOps;
    if (after > before) {
      if (taker)
        return false;
      taker = stage;
      takerAxis = axis;
    } else if (after < before) {
      if (before != 2 * after)
        return false;
      givers.push_back(stage);
      axes.push_back(axis);
    }
  }
  if (!taker)
    return false;
  // Where the degrees change in other ways too, an axis that can be halved does.
  for (bool other : {false, true}) {
    std::vector<DeviceAxis> tried = axes;
    for (size_t i = 0; i < tried.size() && other; ++i)
      tried[i] = tried[i] == DeviceAxis::Tp ? DeviceAxis::Dp : DeviceAxis::Tp;
    for (DeviceAxis axis :
         {takerAxis, takerAxis == DeviceAxis::Tp ? DeviceAxis::Dp : DeviceAxis::Tp})
      if (recorder.add(std::make_unique<MoveDevices>(givers, tried, *taker, axis)))
        return true;
  }
  return false;
}

/// Boundaries one after the other, in an order in which no stage runs empty. What is not legal is
/// left as it is.
static void moveBoundaries(Recorder &recorder, const CompactPlan &to) {
  uint32_t numStages = to.stages.size();
  bool changed = true;
  while (changed) {
    changed = false;
    for (uint32_t stage = 0; stage + 1 < numStages; ++stage) {
      int64_t count = int64_t(recorder.plan.firstOp(stage + 1)) - int64_t(to.firstOp(stage + 1));
      const std::vector<StagePlan> &stages = recorder.plan.stages;
      if (count == 0 || (count > 0 && count >= int64_t(stages[stage].numOps)) ||
          (count < 0 && -count >= int64_t(stages[stage + 1].numOps)))
        continue;
      changed |= recorder.add(std::make_unique<MoveOps>(stage, count));
    }
  }
}

static bool haveEqualDevices(const CompactPlan &a, const CompactPlan &b) {
  return std::equal(a.stages.begin(), a.stages.end(), b.stages.begin(), b.stages.end(),
                    [](const StagePlan &x, const StagePlan &y) { return x.devices == y.devices; });
}

Result<MoveList> aceso::movesOfStep(const CompactPlan &from, const CompactPlan &to,
                                    const ModelFacts &facts) {
  if (from.stages.size() != to.stages.size())
    return movesBetween(from, to, facts);
  Recorder recorder(from, facts);
  // A smaller micro-batch may not divide by the degrees as they are; then it comes last.
  if (from.microBatch != to.microBatch)
    recorder.add(std::make_unique<SetMicroBatch>(to.microBatch));
  if (!haveEqualDevices(recorder.plan, to) && !moveDevices(recorder, to))
    return movesBetween(from, to, facts);
  moveBoundaries(recorder, to);
  Result<MoveList> rest = movesBetween(recorder.plan, to, facts);
  if (!rest)
    return movesBetween(from, to, facts);
  for (std::unique_ptr<Move> &move : *rest)
    recorder.moves.push_back(std::move(move));
  return std::move(recorder.moves);
}
