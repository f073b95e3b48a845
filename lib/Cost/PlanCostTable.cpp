//===- PlanCostTable.cpp - A plan's cost for people -------------*- C++ -*-===//

#include "aceso/Cost/PlanCostTable.h"

#include <algorithm>
#include <array>
#include <cstdio>

using namespace aceso;

static std::string fixed(double value, int decimals) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

static std::string plural(int64_t count, const std::string &noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

namespace {

/// Text in columns as wide as their widest cell.
class TextTable {
public:
  enum class Align { Left, Right };
  explicit TextTable(std::vector<Align> aligns) : aligns(std::move(aligns)) {}

  void addRow(std::vector<std::string> cells) { rows.push_back(std::move(cells)); }

  std::string toString() const {
    std::vector<size_t> widths(aligns.size(), 0);
    for (const std::vector<std::string> &row : rows)
      for (size_t i = 0; i < row.size(); ++i)
        widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (const std::vector<std::string> &row : rows) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) {
        std::string padding(widths[i] - row[i].size(), ' ');
        line += (i ? "  " : "") + (aligns[i] == Align::Left ? row[i] + padding : padding + row[i]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
    return text;
  }

private:
  std::vector<Align> aligns;
  std::vector<std::vector<std::string>> rows;
};

} // namespace

/// "2 x 1", or each pair that occurs, in order of first appearance: "2 x 1, 1 x 2".
static std::string degreesOf(const CompactPlan &plan, uint32_t first, uint32_t numOps) {
  std::vector<std::pair<uint16_t, uint16_t>> seen;
  std::string text;
  for (uint32_t op = first; op < first + numOps; ++op) {
    std::pair degrees(plan.ops[op].tp, plan.ops[op].dp);
    if (std::find(seen.begin(), seen.end(), degrees) != seen.end())
      continue;
    seen.push_back(degrees);
    text += (text.empty() ? "" : ", ") + std::to_string(degrees.first) + " x " +
            std::to_string(degrees.second);
  }
  return text;
}

static std::string bindsOf(const PlanCost &cost, uint32_t stage, double limitMiB) {
  const StageCost &own = cost.stages[stage];
  auto slowest =
      std::max_element(cost.stages.begin(), cost.stages.end(),
                       [](const StageCost &a, const StageCost &b) { return a.timeMs < b.timeMs; });
  std::string text;
  if (slowest == cost.stages.begin() + stage) {
    std::pair<double, const char *> parts[] = {{own.forwardUs + own.backwardUs, "compute"},
                                               {own.inUs + own.outUs, "communication"},
                                               {own.recomputeUs, "recompute"}};
    text = std::max_element(std::begin(parts), std::end(parts), [](auto a, auto b) {
             return a.first < b.first;
           })->second;
  }
  if (!own.withinLimit)
    text += (text.empty() ? "" : ", ") + std::string("memory: ") +
            fixed(own.memoryMiB - limitMiB, 1) + " MB over";
  else if (own.memoryMiB > 0.98 * limitMiB)
    text += (text.empty() ? "" : ", ") + std::string("memory");
  return text.empty() ? "-" : text;
}

static std::string header(const PlanCost &cost, const CompactPlan &plan, const ModelFacts &facts,
                          const CostTables &tables) {
  const ClusterDesc &cluster = plan.cluster;
  return "model      " + facts.name + ", " + plural(facts.ops.size(), "op") + "\ntables     " +
         tables.getPrefix() + " in " + tables.getFolder() + "\nformula    " + cost.formula +
         "\ncluster    " + plural(cluster.nodes, "node") + " of " +
         plural(cluster.devicesPerNode, "device") +
         (cluster.device.empty() ? "" : " (" + cluster.device + ")") + ", " +
         std::to_string(cluster.memoryLimitMiB) + " MB each\nbatch      " +
         plural(plan.globalBatch, "sample") + " in " +
         (cost.numMicroBatches == 1 ? "1 micro-batch"
                                    : std::to_string(cost.numMicroBatches) + " micro-batches") +
         " of " + std::to_string(plan.microBatch) + "\n";
}

static std::string footer(const PlanCost &cost, const CompactPlan &plan, const CostTables &tables,
                          const std::optional<LoweredMemory> &lowered) {
  auto largest = std::max_element(
      cost.stages.begin(), cost.stages.end(),
      [](const StageCost &a, const StageCost &b) { return a.memoryUnits < b.memoryUnits; });
  double limitMiB = plan.cluster.memoryLimitMiB;
  double onceMs = 0;
  for (const StageCost &stage : cost.stages)
    onceMs = std::max(onceMs, stage.gradientSyncMs + stage.tiedWeightsMs + stage.optimizerMs);
  std::string text = "iteration  " + fixed(cost.iterationMs, 2) + " ms, " +
                     fixed(plan.globalBatch * 1000 / cost.iterationMs, 3) + " samples/s\n";
  if (onceMs > 0)
    text += "of it      up to " + fixed(onceMs, 2) +
            " ms of a stage for gradient synchronization, tied weights and optimizer\n";
  text += "memory     " + fixed(cost.maxMemoryMiB, 1) + " MB in stage " +
          std::to_string(largest - cost.stages.begin()) +
          (cost.feasible ? ", " + fixed(limitMiB - cost.maxMemoryMiB, 1) + " MB below"
                         : ", " + fixed(cost.maxMemoryMiB - limitMiB, 1) + " MB over") +
          " the limit\n";
  if (lowered && lowered->stageBytes.empty())
    text += "program    not known: the plan cannot be lowered: " + lowered->problem + "\n";
  for (const std::string &estimate : cost.estimates)
    text += estimate + "\n";
  for (const std::string &note : tables.getNotes())
    text += "note       " + note + "\n";
  return text;
}

std::string aceso::planCostTable(const PlanCost &cost, const CompactPlan &plan,
                                 const ModelFacts &facts, const CostTables &tables,
                                 const std::optional<LoweredMemory> &lowered) {
  using enum TextTable::Align;
  bool hasProgram = lowered && !lowered->stageBytes.empty();
  std::vector<TextTable::Align> aligns = {Right, Left,  Right, Left, Right,
                                          Right, Right, Right, Right};
  std::vector<std::string> titles = {"stage",      "ops",        "devices",          "tp x dp",
                                     "recomputed", "compute ms", "communication ms", "recompute ms",
                                     "memory MB"};
  if (hasProgram) {
    aligns.push_back(Right);
    titles.push_back("program MB");
  }
  aligns.push_back(Left);
  titles.push_back("binds");
  TextTable table(std::move(aligns));
  table.addRow(std::move(titles));
  uint32_t first = 0;
  for (uint32_t index = 0; index < plan.stages.size(); ++index) {
    const StagePlan &stage = plan.stages[index];
    const StageCost &own = cost.stages[index];
    uint32_t last = first + stage.numOps - 1;
    auto recomputed = std::count_if(plan.ops.begin() + first, plan.ops.begin() + last + 1,
                                    [](const OpPlan &op) { return op.recompute; });
    std::vector<std::string> row = {std::to_string(index),
                                    facts.ops[first].path + " .. " + facts.ops[last].path + " (" +
                                        std::to_string(stage.numOps) + ")",
                                    std::to_string(stage.devices),
                                    degreesOf(plan, first, stage.numOps),
                                    std::to_string(recomputed),
                                    fixed((own.forwardUs + own.backwardUs) / 1000, 3),
                                    fixed((own.inUs + own.outUs) / 1000, 3),
                                    fixed(own.recomputeUs / 1000, 3),
                                    fixed(own.memoryMiB, 1)};
    if (hasProgram)
      row.push_back(fixed(lowered->stageMiB(index), 1));
    row.push_back(bindsOf(cost, index, plan.cluster.memoryLimitMiB));
    table.addRow(std::move(row));
    first += stage.numOps;
  }
  return header(cost, plan, facts, tables) + "\n" + table.toString() + "\n" +
         footer(cost, plan, tables, lowered);
}
