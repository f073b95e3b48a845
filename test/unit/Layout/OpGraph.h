//===- OpGraph.h - Conversions of a whole model, from letters ---*- C++ -*-===//
//
// A model as a list of ops with letters, on one stage. Given degrees for every op it says which
// conversions forward, backward and parameters need: from wanted, left and dual layouts alone, by
// the rules "take the cheapest form that exists" and "add what has one layout, then convert".
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_LAYOUT_OPGRAPH_H
#define ACESO_TEST_UNIT_LAYOUT_OPGRAPH_H

#include "aceso/Layout/Conversion.h"
#include "aceso/Layout/Signature.h"

namespace aceso::test {

class OpGraph {
public:
  using ValueId = size_t;

  /// An input of the model: read in whatever layout is wanted, no gradient.
  ValueId input(std::vector<int64_t> shape);
  /// A parameter: at home in the layout that its first use wants.
  ValueId parameter(std::vector<int64_t> shape);

  /// Adds an op on `operands`; minor letters of products in `extents`. Gives its results.
  /// Without `hasGradient` nothing flows back through it.
  std::vector<ValueId> op(const std::string &name, Signature signature,
                          const std::vector<ValueId> &operands,
                          const std::map<char, int64_t> &extents = {}, bool hasGradient = true);

  /// Says that `gradient`, a result of some op, is a contribution to the gradient of `value`.
  void setGradient(ValueId value, ValueId gradient) { seeds.push_back({value, gradient}); }

  struct Op {
    std::string name;
    Signature signature;
    std::vector<ValueId> operands, results;
    bool hasGradient;
  };
  const std::vector<Op> &getOps() const { return ops; }
  const std::vector<int64_t> &shapeOf(ValueId value) const { return values[value].shape; }

  struct Conversion {
    ValueId value;
    Layout from, to;
    std::vector<ConversionStep> steps;
  };
  struct Conversions {
    /// Parameters from home to their uses, values and their gradients, parameters' gradients to
    /// home.
    std::vector<Conversion> reads, forward, backward, synchronization;
  };

  /// `degrees[i]` for op i. A gradient that nothing else gives starts at results without any use,
  /// in the layout in which the value was left.
  Conversions place(const Mesh &mesh, const std::vector<Degrees> &degrees) const;

private:
  enum class Source { Input, Parameter, Op };
  struct Value {
    Source source;
    std::vector<int64_t> shape;
  };
  std::vector<Value> values;
  std::vector<Op> ops;
  std::vector<std::pair<ValueId, ValueId>> seeds;

  friend class Placer;
};

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_LAYOUT_OPGRAPH_H
