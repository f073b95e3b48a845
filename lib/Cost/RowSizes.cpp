//===- RowSizes.cpp - Sizes in the rows of an op table --------------------===//

#include "aceso/Cost/RowSizes.h"

#include "DataFlow.h"

#include "aceso/Layout/Layout.h"

#include <algorithm>

using namespace aceso;

namespace {

class RowSizer {
public:
  RowSizer(const ModelFacts &facts, int64_t samples, int64_t tp, unsigned rule)
      : facts(facts), flow(facts), samples(samples), mesh(*Mesh::factorize(tp, tp, {1})) {
    for (const OpFacts &op : facts.ops) {
      Degrees degrees{tp, 1, rule < op.numRules ? rule : 0};
      if (!checkOpDegrees(op, degrees, samples).empty())
        degrees.tp = 1;
      ofOps.push_back(degrees);
    }
  }

  RowSizes run(uint32_t op) const {
    RowSizes sizes;
    const OpFacts &unit = facts.ops[op];
    auto isOperand = [&](ValueId id) {
      return std::find(unit.operands.begin(), unit.operands.end(), id) != unit.operands.end();
    };
    for (size_t i = 0; i < unit.operands.size(); ++i) {
      ValueId id = unit.operands[i];
      if (std::find(unit.operands.begin(), unit.operands.begin() + i, id) !=
          unit.operands.begin() + i)
        continue;
      bool isParameter = facts.values[id].kind == ValueKind::Parameter;
      (isParameter ? sizes.weights : sizes.input) += bytes(id, wanted(op, id));
    }
    for (ValueId id : flow.crossing[op])
      if (!isOperand(id))
        sizes.input += bytes(id, left(id));
    for (ValueId id : unit.results)
      sizes.output += bytes(id, left(id));
    if (op + 1 < facts.ops.size())
      for (ValueId id : flow.crossing[op + 1])
        if (flow.values[id].producer != op)
          sizes.output += bytes(id, left(id));
    return sizes;
  }

private:
  /// The layout in which `op` wants `id`: that of its first primitive that takes it.
  Layout wanted(uint32_t op, ValueId id) const {
    if (!isSplit(op))
      return Layout::replicated(facts.values[id].shape.size());
    for (const PrimitiveFacts &primitive : facts.ops[op].primitives)
      for (unsigned i = 0; i < primitive.operands.size(); ++i)
        if (primitive.operands[i] == id)
          return wantedLayout(primitive.signature,
                              assignDigits(primitive.signature, mesh, ofOps[op]), i);
    return Layout::replicated(facts.values[id].shape.size());
  }

  /// The layout in which its producer leaves an activation.
  Layout left(ValueId id) const {
    const DataFlow::Value &value = flow.values[id];
    if (!isSplit(value.producer))
      return Layout::replicated(facts.values[id].shape.size());
    const PrimitiveFacts &primitive = facts.ops[value.producer].primitives[value.primitive];
    return leftLayout(primitive.signature,
                      assignDigits(primitive.signature, mesh, ofOps[value.producer]), value.result);
  }

  bool isSplit(uint32_t op) const { return ofOps[op].tp == mesh.numDevices(); }

  int64_t bytes(ValueId id, const Layout &layout) const {
    std::vector<int64_t> shape = facts.values[id].shape;
    std::replace(shape.begin(), shape.end(), ValueFacts::kDynamic, samples);
    int64_t size = facts.values[id].elementBytes;
    for (int64_t extent : localShape(mesh, layout, shape))
      size *= extent;
    return size;
  }

  const ModelFacts &facts;
  DataFlow flow;
  int64_t samples;
  Mesh mesh;
  std::vector<Degrees> ofOps;
};

} // namespace

std::vector<RowSizes> aceso::rowSizes(const ModelFacts &facts, int64_t samples, int64_t tp,
                                      unsigned rule) {
  RowSizer sizer(facts, samples, tp, rule);
  std::vector<RowSizes> sizes;
  for (uint32_t op = 0; op < facts.ops.size(); ++op)
    sizes.push_back(sizer.run(op));
  return sizes;
}
