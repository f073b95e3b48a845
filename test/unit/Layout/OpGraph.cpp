//===- OpGraph.cpp - Conversions of a whole model, from letters -----------===//

#include "OpGraph.h"

#include <algorithm>
#include <stdexcept>

namespace aceso::test {

OpGraph::ValueId OpGraph::input(std::vector<int64_t> shape) {
  values.push_back({Source::Input, std::move(shape)});
  return values.size() - 1;
}

OpGraph::ValueId OpGraph::parameter(std::vector<int64_t> shape) {
  values.push_back({Source::Parameter, std::move(shape)});
  return values.size() - 1;
}

std::vector<OpGraph::ValueId> OpGraph::op(const std::string &name, Signature signature,
                                          const std::vector<ValueId> &operands,
                                          const std::map<char, int64_t> &extents,
                                          bool hasGradient) {
  std::vector<std::vector<int64_t>> shapes;
  for (ValueId operand : operands)
    shapes.push_back(values[operand].shape);
  // Operands alone give the sizes, they give the results' shapes.
  std::vector<TensorLetters> results = std::move(signature.results);
  signature.results.clear();
  signature.extents = extents;
  std::string error;
  if (!signature.bindShapes(shapes, {}, error))
    throw std::runtime_error(name + ": " + error);
  signature.results = std::move(results);
  Op op{name, std::move(signature), operands, {}, hasGradient};
  for (const TensorLetters &result : op.signature.results) {
    values.push_back({Source::Op, op.signature.shape(result)});
    op.results.push_back(values.size() - 1);
  }
  ops.push_back(std::move(op));
  return ops.back().results;
}

/// Layouts in which one value exists, oldest first.
using Forms = std::vector<Layout>;

static void addForm(Forms &forms, const Layout &layout) {
  if (std::find(forms.begin(), forms.end(), layout) == forms.end())
    forms.push_back(layout);
}

class Placer {
public:
  Placer(const OpGraph &graph, const Mesh &mesh, const std::vector<Degrees> &degrees)
      : graph(graph), mesh(mesh), forms(graph.values.size()), gradients(graph.values.size()),
        used(graph.values.size()) {
    for (size_t i = 0; i < graph.ops.size(); ++i)
      assignments.push_back(assignDigits(graph.ops[i].signature, mesh, degrees[i]));
  }

  OpGraph::Conversions run() {
    for (size_t i = 0; i < graph.ops.size(); ++i)
      placeForward(graph.ops[i], assignments[i]);
    for (auto [value, gradient] : graph.seeds)
      addForm(gradients[value], forms[gradient].front());
    for (size_t i = graph.ops.size(); i-- > 0;)
      placeBackward(graph.ops[i], assignments[i]);
    for (size_t value = 0; value < graph.values.size(); ++value)
      if (graph.values[value].source == OpGraph::Source::Parameter)
        for (const Layout &contribution : gradients[value])
          convert(value, contribution, forms[value].front(), result.synchronization);
    return std::move(result);
  }

private:
  void placeForward(const OpGraph::Op &op, const Assignment &assignment) {
    for (size_t i = 0; i < op.operands.size(); ++i)
      get(op.operands[i], wantedLayout(op.signature, assignment, i));
    for (size_t j = 0; j < op.results.size(); ++j)
      forms[op.results[j]] = {leftLayout(op.signature, assignment, j)};
    for (size_t operand : op.operands)
      used[operand] = true;
  }

  void get(size_t value, const Layout &wanted) {
    OpGraph::Source source = graph.values[value].source;
    if (source == OpGraph::Source::Input)
      return;
    Forms &existing = forms[value];
    if (existing.empty())
      existing.push_back(wanted.withoutPending());
    if (std::find(existing.begin(), existing.end(), wanted) != existing.end())
      return;
    auto cost = [&](const Layout &form) {
      const std::vector<int64_t> &shape = graph.values[value].shape;
      return conversionCost(mesh, convertLayout(mesh, form, wanted, shape), shape);
    };
    auto cheapest =
        std::min_element(existing.begin(), existing.end(),
                         [&](const Layout &a, const Layout &b) { return cost(a) < cost(b); });
    convert(value, *cheapest, wanted,
            source == OpGraph::Source::Parameter ? result.reads : result.forward);
    existing.push_back(wanted);
  }

  void placeBackward(const OpGraph::Op &op, const Assignment &assignment) {
    if (!op.hasGradient)
      return;
    bool flows = false;
    for (size_t j = 0; j < op.results.size(); ++j) {
      Forms &gradient = gradients[op.results[j]];
      Layout wanted = leftLayout(op.signature, assignment, j).withoutPending();
      if (!used[op.results[j]])
        addForm(gradient, wanted);
      flows |= !gradient.empty();
      if (op.signature.isSum)
        continue;
      for (const Layout &contribution : gradient)
        convert(op.results[j], contribution, wanted, result.backward);
    }
    if (!flows)
      return;
    for (size_t i = 0; i < op.operands.size(); ++i) {
      Forms &gradient = gradients[op.operands[i]];
      if (!op.signature.isSum)
        addForm(gradient, dualLayout(op.signature, assignment, i));
      else
        for (const Layout &form : gradients[op.results[0]])
          addForm(gradient, form);
    }
  }

  void convert(size_t value, const Layout &from, const Layout &to,
               std::vector<OpGraph::Conversion> &list) {
    if (from == to)
      return;
    const std::vector<int64_t> &shape = graph.values[value].shape;
    list.push_back({value, from, to, convertLayout(mesh, from, to, shape)});
  }

  const OpGraph &graph;
  const Mesh &mesh;
  std::vector<Assignment> assignments;
  /// By value: the forms in which it exists, and the groups of equal layout of its gradient.
  std::vector<Forms> forms, gradients;
  std::vector<bool> used;
  OpGraph::Conversions result;
};

OpGraph::Conversions OpGraph::place(const Mesh &mesh, const std::vector<Degrees> &degrees) const {
  return Placer(*this, mesh, degrees).run();
}

} // namespace aceso::test
