//===- RandomCompactPlan.cpp - Compact plans at random ----------*- C++ -*-===//

#include "RandomCompactPlan.h"

#include "aceso/Cost/PlanCheck.h"

#include <algorithm>
#include <set>

using namespace aceso;
using namespace aceso::test;

int64_t aceso::test::pick(std::mt19937_64 &random, int64_t first, int64_t last) {
  return first + int64_t(random() % uint64_t(last - first + 1));
}

static std::vector<int64_t> divisors(int64_t value) {
  std::vector<int64_t> result;
  for (int64_t d = 1; d <= value; ++d)
    if (value % d == 0)
      result.push_back(d);
  return result;
}

/// Cuts [0, total) into `parts` nonempty ranges and gives their sizes.
static std::vector<int64_t> randomCuts(int64_t total, int64_t parts, std::mt19937_64 &random) {
  std::set<int64_t> cuts = {0, total};
  while (int64_t(cuts.size()) < parts + 1)
    cuts.insert(pick(random, 1, total - 1));
  std::vector<int64_t> sizes;
  for (auto it = cuts.begin(); std::next(it) != cuts.end(); ++it)
    sizes.push_back(*std::next(it) - *it);
  return sizes;
}

/// What the op may be, of all degrees on `devices` with one of `dps`.
static std::optional<OpPlan> randomOp(const OpFacts &facts, int64_t devices,
                                      const std::vector<int64_t> &dps, int64_t microBatch,
                                      std::mt19937_64 &random) {
  std::vector<OpPlan> choices;
  for (int64_t dp : dps)
    for (uint32_t rule = 0; rule < facts.numRules; ++rule) {
      OpPlan op;
      op.tp = devices / dp;
      op.dp = dp;
      op.rule = rule;
      if (checkOpDegrees(facts, {op.tp, op.dp, op.rule}, microBatch).empty())
        choices.push_back(op);
    }
  if (choices.empty())
    return std::nullopt;
  OpPlan op = choices[pick(random, 0, choices.size() - 1)];
  op.recompute = pick(random, 0, 3) == 0;
  return op;
}

std::optional<CompactPlan> aceso::test::drawCompactPlan(const ModelFacts &facts,
                                                        const ClusterDesc &cluster,
                                                        int64_t globalBatch,
                                                        std::mt19937_64 &random) {
  int64_t numOps = facts.ops.size(), numDevices = cluster.numDevices();
  CompactPlan plan;
  plan.cluster = cluster;
  plan.globalBatch = globalBatch;
  std::vector<int64_t> batches = divisors(globalBatch);
  plan.microBatch = batches[pick(random, 0, batches.size() - 1)];
  int64_t numStages = pick(random, 1, std::min(numDevices, numOps));
  std::vector<int64_t> devices = randomCuts(numDevices, numStages, random);
  std::vector<int64_t> ops = randomCuts(numOps, numStages, random);
  for (int64_t i = 0; i < numStages; ++i) {
    plan.stages.push_back({uint32_t(ops[i]), uint32_t(devices[i])});
    std::vector<int64_t> dps = divisors(devices[i]);
    if (pick(random, 0, 1))
      dps = {dps[pick(random, 0, dps.size() - 1)]};
    for (int64_t k = 0; k < ops[i]; ++k) {
      std::optional<OpPlan> op =
          randomOp(facts.ops[plan.ops.size()], devices[i], dps, plan.microBatch, random);
      if (!op)
        return std::nullopt;
      plan.ops.push_back(*op);
    }
  }
  if (checkPlan(plan, facts))
    return std::nullopt;
  return plan;
}

CompactPlan aceso::test::randomCompactPlan(const ModelFacts &facts, const ClusterDesc &cluster,
                                           int64_t globalBatch, std::mt19937_64 &random) {
  for (;;)
    if (std::optional<CompactPlan> plan = drawCompactPlan(facts, cluster, globalBatch, random))
      return *plan;
}
