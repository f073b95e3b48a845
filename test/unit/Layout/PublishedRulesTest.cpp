//===- PublishedRulesTest.cpp - Mixed degrees never need boxes ------------===//
//
// Random plans of three models in which degrees and rules change from op to op. With the published
// rules and tensor parallel digits in reversed order every conversion is a list of digit moves.
//
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "TensorInterpreter.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace aceso::test {
namespace {

/// How many of an op's rules are published; sequence parallelism is not.
unsigned numPublishedRules(const OpGraph::Op &op) {
  unsigned count = 0;
  while (count < op.signature.rules.size() && op.signature.rules[count] != 's')
    ++count;
  return count;
}

/// Ops of one unit of planning share their degrees; gelu takes what fc1 leaves where degrees are
/// equal.
bool sharesRule(const std::string &name) {
  return name.ends_with("-split") || name.starts_with("loss") || name == "bn-apply" ||
         name == "gelu";
}
bool sharesDegrees(const std::string &name) { return sharesRule(name) && name != "gelu"; }

/// A stage of `mesh` whose dps are `dps`: for every op degrees that its letters admit.
std::vector<Degrees> randomDegrees(Random &random, const OpGraph &graph, const Mesh &mesh,
                                   const std::vector<int64_t> &dps) {
  std::vector<Degrees> degrees;
  for (const OpGraph::Op &op : graph.getOps()) {
    Degrees chosen = degrees.empty() ? Degrees{} : degrees.back();
    bool isLegal = false;
    for (int attempt = 0; attempt < 100 && !isLegal; ++attempt) {
      // Half of the ops keep the degrees of the one before.
      if (degrees.empty() || (!sharesDegrees(op.name) && pick(random, 2))) {
        chosen.dp = dps[pick(random, dps.size())];
        chosen.tp = mesh.numDevices() / chosen.dp;
      }
      if (degrees.empty() || !sharesRule(op.name))
        chosen.rule = pick(random, numPublishedRules(op));
      chosen.rule = std::min<unsigned>(chosen.rule, numPublishedRules(op) - 1);
      isLegal = checkDegrees(op.signature, chosen).empty();
    }
    EXPECT_TRUE(isLegal) << op.name;
    degrees.push_back(chosen);
  }
  return degrees;
}

struct Statistics {
  int64_t conversions = 0, local = 0, one = 0, more = 0, withoutPending = 0, mixedPlans = 0;
};

void checkConversions(const OpGraph &graph, const Mesh &mesh,
                      const std::vector<OpGraph::Conversion> &conversions, Statistics &statistics) {
  for (const OpGraph::Conversion &conversion : conversions) {
    const std::vector<int64_t> &shape = graph.shapeOf(conversion.value);
    ConversionCost cost = conversionCost(mesh, conversion.steps, shape);
    for (const ConversionStep &step : conversion.steps)
      EXPECT_NE(step.kind, StepKind::BoxExchange)
          << toString(conversion.from) << "  =>  " << toString(conversion.to);
    if (conversion.from.pending.empty()) {
      int64_t lacking = 0;
      for (int64_t device = 0; device < mesh.numDevices(); ++device) {
        Box needed = boxOf(mesh, conversion.to, shape, device);
        lacking += needed.numElements() -
                   intersect(needed, boxOf(mesh, conversion.from, shape, device)).numElements();
      }
      EXPECT_EQ(cost.elementsReceived, lacking);
      ++statistics.withoutPending;
    }
    ++statistics.conversions;
    (cost.numCollectives == 0   ? statistics.local
     : cost.numCollectives == 1 ? statistics.one
                                : statistics.more) += 1;
  }
}

void checkPlan(uint64_t seed, Statistics &statistics) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  // Devices of a stage and the dps that its ops choose from: one chain of divisors.
  static const std::vector<std::vector<int64_t>> chains = {
      {1, 2}, {1, 2, 4}, {1, 2, 4, 8}, {1, 2, 4, 8, 16},
      {1, 3}, {1, 2, 6}, {1, 3, 6},    {1, 2, 4, 12}};
  const std::vector<int64_t> &dps = chains[pick(random, chains.size())];
  int64_t devices = dps.back();
  Mesh mesh = *Mesh::factorize(devices, devices, dps);
  // 48 is divisible by every degree that occurs.
  TransformerSizes sizes{48, 48, 96, 48, 96};
  OpGraph graph;
  switch (pick(random, 3)) {
  case 0:
    graph = gpt(sizes, 2);
    break;
  case 1:
    graph = t5(sizes, 2);
    break;
  default:
    graph = resNet(48, 48, 3);
  }
  std::vector<Degrees> degrees = randomDegrees(random, graph, mesh, dps);
  for (const Degrees &other : degrees)
    if (other.dp != degrees[0].dp) {
      ++statistics.mixedPlans;
      break;
    }
  OpGraph::Conversions conversions = graph.place(mesh, degrees);
  checkConversions(graph, mesh, conversions.reads, statistics);
  checkConversions(graph, mesh, conversions.forward, statistics);
  checkConversions(graph, mesh, conversions.backward, statistics);
  checkConversions(graph, mesh, conversions.synchronization, statistics);
}

TEST(PublishedRulesTest, MixedPlansNeedNoBoxExchange) {
  Statistics statistics;
  uint64_t seed = 1;
  for (; statistics.conversions < 28000 && !HasFailure(); ++seed)
    checkPlan(seed, statistics);
  RecordProperty("plans", static_cast<int>(seed - 1));
  RecordProperty("mixed_plans", static_cast<int>(statistics.mixedPlans));
  RecordProperty("conversions", static_cast<int>(statistics.conversions));
  RecordProperty("local", static_cast<int>(statistics.local));
  RecordProperty("one_collective", static_cast<int>(statistics.one));
  RecordProperty("more_collectives", static_cast<int>(statistics.more));
  RecordProperty("without_pending", static_cast<int>(statistics.withoutPending));
  EXPECT_GE(statistics.mixedPlans, 100);
  EXPECT_GE(statistics.local, 1000);
  EXPECT_GE(statistics.one, 10000);
  EXPECT_GE(statistics.more, 100);
  EXPECT_GE(statistics.withoutPending, 5000);
}

} // namespace
} // namespace aceso::test
