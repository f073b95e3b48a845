//===- Remedy.h - Ways to relieve a bottleneck ------------------*- C++ -*-===//
//
// A remedy proposes changed plans for a stage that is the bottleneck. Each is one move of par (a
// published primitive) completed so that the plan is worth judging: what is recomputed is
// chosen anew in the stages that changed, boundaries may follow changed devices. All that a remedy
// proposes can be said in moves. A new one is a class here, in allRemedies.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_REMEDY_H
#define ACESO_SEARCH_REMEDY_H

#include "aceso/Search/Bottleneck.h"
#include "aceso/Search/Budget.h"

#include <map>
#include <string>

namespace aceso {

class Partitioner;
struct Partition;

struct Candidate {
  SearchPlan plan;
  std::string what; ///< "2 devices from stage 3, 1 op to stage 0"
};

/// What remedies share: partitioners and their memory.
class Workshop {
public:
  explicit Workshop(StageModel &model);
  ~Workshop();

  StageModel &getModel() { return model; }
  Partitioner &partitioner(int64_t microBatch);

  /// Boundaries of stages on these devices, moved all at once. Not found if no iteration is shorter
  /// than `belowMs`.
  Partition rebalance(int64_t microBatch, const std::vector<uint32_t> &devices, double belowMs,
                      const Budget &budget);
  /// Before another start (another round): what is remembered of whole plans saves candidates, so
  /// it must not depend on what was searched before.
  void forgetPlans();

private:
  StageModel &model;
  std::map<int64_t, std::unique_ptr<Partitioner>> partitioners;
  struct Remembered;
  std::map<std::pair<int64_t, std::vector<uint32_t>>, std::unique_ptr<Remembered>> rebalanced;
};

/// A plan to be relieved.
struct Patient {
  Workshop &workshop;
  const SearchPlan &plan;
  const PlanCost &cost;
  Bottleneck bottleneck;
  /// Iterations longer than this are of no interest.
  double belowMs;
  Budget &budget;

  StageModel &model() const { return workshop.getModel(); }
  const Pattern &pattern(uint32_t stage) const {
    return model().pattern(plan.stages[stage].pattern);
  }
  uint32_t numStages() const { return plan.stages.size(); }
  std::vector<uint32_t> devices() const;
};

class Remedy {
public:
  virtual ~Remedy() = default;
  /// As in logs: "move-ops".
  virtual std::string_view getName() const = 0;
  /// On the bottleneck.
  virtual StageEffect getEffect() const = 0;
  /// Whether it works on the whole plan at much more cost than the others: tried last.
  virtual bool isThorough() const { return false; }
  virtual void propose(const Patient &patient, std::vector<Candidate> &candidates) const = 0;
};

const std::vector<std::unique_ptr<Remedy>> &allRemedies();

/// A plan while it is changed. What is recomputed is chosen anew in stages that changed.
class PlanEditor {
public:
  PlanEditor(StageModel &model, const SearchPlan &plan) : model(model), plan(plan) {
    changed.assign(plan.stages.size(), false);
  }
  const StageChoice &stage(uint32_t index) const { return plan.stages[index]; }
  void setRange(uint32_t index, uint32_t first, uint32_t end);
  void setPattern(uint32_t index, PatternId pattern);
  void touch(uint32_t index) { changed[index] = true; }
  /// All stages anew.
  void setPartition(int64_t microBatch, const Partition &partition);
  /// The changed plan; none if its devices or degrees are not allowed.
  std::optional<SearchPlan> finish();
  /// Of one stage as things are, what is recomputed chosen anew.
  StageValue value(uint32_t index) const;

private:
  StageQuery query(uint32_t index) const;

  StageModel &model;
  SearchPlan plan;
  std::vector<bool> changed;
};

} // namespace aceso

#endif // ACESO_SEARCH_REMEDY_H
