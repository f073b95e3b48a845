//===- FullModel.h - Inside of formula `full` -------------*- C++ -*-===//

#ifndef ACESO_LIB_COST_FULLMODEL_H
#define ACESO_LIB_COST_FULLMODEL_H

#include "LayoutPricer.h"

#include "aceso/Cost/DeviceModel.h"
#include "aceso/Cost/FullFormula.h"

namespace aceso {

/// Ops of one stage, or a part of them, with their degrees.
struct StageView {
  uint32_t first, numOps;
  const OpPlan *plans;
  int64_t microBatch, devices;

  bool contains(uint32_t op) const { return op >= first && op < first + numOps; }
  const OpPlan &plan(uint32_t op) const { return plans[op - first]; }
};

class FullModel {
public:
  FullModel(const ModelFacts &facts, std::shared_ptr<const CostTables> tables,
            const ClusterDesc &cluster, DeviceModel device);

  /// A value on one stage, given there or received: its forms, and what conversions between its
  /// users cost.
  struct ValueFlow {
    TensorId tensor = 0;
    std::vector<LayoutId> forms; ///< the oldest is the one in which it is given or arrives
    /// The form of the first contribution to its gradient; the others are converted to it where the
    /// value was received, all are converted to the given form where it was given.
    LayoutId gradient = 0;
    Price forward, backward;
  };
  Result<ValueFlow> flowOf(const StageView &view, ValueId id);

  Result<FullOpTerms> opTerms(uint32_t op, const OpPlan &plan, int64_t microBatch, int64_t devices);
  Result<FullValueTerms> valueTerms(const StageView &view, uint32_t op);
  Result<FullBlockTerms> blockTerms(const StageView &view, uint32_t begin, uint32_t end);
  Result<FullStageSums> sumOps(const StageView &view);
  Result<std::vector<FullStageLinks>> links(const CompactPlan &plan);
  Result<std::vector<FullStageLinks>> arrivalLinks(const CompactPlan &plan, int64_t firstDevice);
  Result<FullStageLinks> sharedLinks(const StageView &view);

  /// The mesh on which the degrees of these ops all have their digits.
  Result<MeshId> meshOf(const StageView &view, const std::vector<uint32_t> &ops);

  OpTable::KeyId key(uint32_t op) const { return opKeys[op]; }

  ModelFacts facts;
  std::shared_ptr<const CostTables> tables;
  ClusterDesc cluster;
  DeviceModel device;
  DataFlow flow;
  LinkModel linkModel;
  /// The tables tell how long an op's own collectives take.
  bool knowsCollectives;
  LayoutPricer pricer;

private:
  using TermsKey = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t, int64_t, int64_t>;

  Result<FullOpTerms> calculateOpTerms(uint32_t op, const OpPlan &plan, int64_t microBatch,
                                       int64_t devices);
  Result<TensorId> tensorOf(const StageView &view, ValueId id);
  Price addForm(TensorId tensor, std::vector<LayoutId> &forms, LayoutId wanted);
  int64_t unreadUnits(ValueId id, MeshId mesh, const OpPlan &plan, int64_t microBatch);
  Price idealTime(uint32_t op, const OpPlan &plan, const OpRow &row, int64_t microBatch,
                  int64_t devices) const;
  int64_t forwardNs(const OpRow &row) const;
  int64_t backwardNs(const OpRow &row) const;
  bool isOwnUse(const DataFlow::Use &use, const DataFlow::Value &value) const {
    return !knowsCollectives && use.op == value.producer;
  }
  std::vector<bool> recomputedOps(const StageView &view, uint32_t begin, uint32_t end,
                                  const std::vector<bool> &dropped) const;
  Result<Price> repeatedConversions(const StageView &view, uint32_t begin,
                                    const std::vector<bool> &recomputed, uint32_t op);

  std::vector<OpTable::KeyId> opKeys;
  /// Ops of one class have equal terms.
  std::vector<uint32_t> opClass;
  std::map<TermsKey, FullOpTerms> opTermsMemo;
};

} // namespace aceso

#endif // ACESO_LIB_COST_FULLMODEL_H
