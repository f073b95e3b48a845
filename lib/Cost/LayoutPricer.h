//===- LayoutPricer.h - Layouts and what conversions cost -------*- C++ -*-===//
//
// The layouts that ops want and leave by their degrees, and the times of conversions and transfers
// between them; everything is calculated once and remembered by number. Ops of equal letters share.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_COST_LAYOUTPRICER_H
#define ACESO_LIB_COST_LAYOUTPRICER_H

#include "DataFlow.h"

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Cost/LinkModel.h"
#include "aceso/Layout/ConversionTable.h"

#include <unordered_map>

namespace aceso {

using MeshId = uint32_t;
/// A tensor's layouts on one mesh: one shape (with a micro-batch) of one element size.
using TensorId = uint32_t;

/// Devices [first, first + count) of the cluster.
struct DeviceRange {
  int64_t first, count;
};

/// All that layouts follow from, as text.
std::string describeLetters(const Signature &signature);

class LayoutPricer {
public:
  /// `reducedAtSource`: values and gradients count as left with nothing pending (see
  /// FullFormula.h).
  LayoutPricer(const ModelFacts &facts, const LinkModel &links, int64_t devicesPerNode,
               bool reducedAtSource);

  /// None: no mesh of so many devices has every one of `dps` as a product of leading radices.
  std::optional<MeshId> mesh(int64_t devices, const std::vector<int64_t> &dps);
  TensorId tensor(ValueId value, MeshId mesh, int64_t microBatch);
  /// The sum of a parameter's gradients, which may have wider elements than the parameter; layouts
  /// have the same numbers.
  TensorId gradientSum(TensorId parameter);

  // Layouts of `tensor`, by the degrees of the op that uses or gives it.

  /// As an operand; with what pends there (the masked part of a bias).
  LayoutId wanted(TensorId tensor, const DataFlow::Use &use, const OpPlan &plan);
  /// As a result.
  LayoutId left(TensorId tensor, const DataFlow::Value &value, const OpPlan &plan);
  /// The gradient that the use contributes.
  LayoutId gradient(TensorId tensor, const DataFlow::Use &use, const OpPlan &plan);
  /// The same whatever pends: for parameters, whose synchronization no op time contains.
  LayoutId parameterGradient(TensorId tensor, const DataFlow::Use &use, const OpPlan &plan);
  LayoutId withoutPending(TensorId tensor, LayoutId layout);

  Price conversion(TensorId tensor, LayoutId from, LayoutId to);
  ConversionCost conversionCost(TensorId tensor, LayoutId from, LayoutId to);
  /// The form among `forms` from which `to` is cheapest; the oldest of equal ones.
  LayoutId cheapestSource(TensorId tensor, const std::vector<LayoutId> &forms, LayoutId to);

  struct TransferPrice {
    Price beforeSend;
    Price receive; ///< messages and the conversion behind them
    bool crossNode = false;
  };
  TransferPrice transfer(TensorId source, LayoutId from, const DeviceRange &sourceDevices,
                         TensorId destination, LayoutId to, const DeviceRange &destinationDevices);
  /// What the conversion in front of sending `from` costs.
  ConversionCost sendCost(TensorId source, LayoutId from, TensorId destination, LayoutId to);

  int64_t localElements(TensorId tensor, LayoutId layout);
  int64_t elementBytes(TensorId tensor) const { return tensors[tensor].elementBytes; }

private:
  enum class Slot : uint8_t { Wanted, Left, Gradient, ParameterGradient };
  struct Tensor {
    LayoutTable *table;
    MeshId mesh;
    int64_t elementBytes;
    std::optional<TensorId> gradientSum;
    /// Prices by from, to; ns < 0: not calculated yet.
    std::vector<std::vector<Price>> prices;
    std::vector<int64_t> localElements;
  };

  LayoutId layoutOf(TensorId tensor, Slot slot, uint32_t op, uint32_t primitive, uint32_t index,
                    const OpPlan &plan);
  Layout calculate(TensorId tensor, Slot slot, const Signature &signature, uint32_t index,
                   const OpPlan &plan);
  Price priceOf(TensorId tensor, const ConversionSummary &summary) const;

  const LinkModel &links;
  int64_t devicesPerNode;
  bool reducedAtSource;

  /// Letters of primitives, equal ones once; by op and primitive the number of its letters.
  std::vector<Signature> signatures;
  std::vector<std::vector<uint32_t>> signatureOf;
  /// Kinds of values, equal ones once: shape, majors, element size; by value its number.
  std::vector<ValueFacts> valueKinds;
  std::vector<uint32_t> kindOf;

  std::vector<Mesh> meshes;
  std::map<std::vector<int64_t>, MeshId> meshIds; ///< by radices
  std::map<std::pair<int64_t, std::vector<int64_t>>, std::optional<MeshId>> meshOfDps;
  ConversionCache cache;
  std::vector<Tensor> tensors;
  std::map<std::tuple<uint32_t, MeshId, int64_t>, TensorId> tensorIds;
  std::unordered_map<uint64_t, LayoutId> layouts;
};

} // namespace aceso

#endif // ACESO_LIB_COST_LAYOUTPRICER_H
