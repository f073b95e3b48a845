//===- Conversion.cpp - Digit moves from one layout to another ------------===//

#include "aceso/Layout/Conversion.h"

#include "Boxes.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace aceso {

namespace {

/// Builds the steps of one conversion: applies moves to `current` until it is `target`.
class Converter {
public:
  Converter(const Mesh &mesh, const Layout &from, const Layout &to,
            const std::vector<int64_t> &shape, const std::vector<int64_t> &majors)
      : mesh(mesh), current(from), target(to), shape(shape), majors(majors) {
    if (from.pending.empty())
      current.reduction = to.reduction;
  }

  std::vector<ConversionStep> run() {
    reduceFirst();
    std::vector<ConversionStep> reductions = std::move(steps);
    steps.clear();
    Layout reduced = current;
    while (takeIdle() || takeFromOtherDim() || gather()) {
    }
    if (conversionCost(mesh, steps, shape).elementsReceived >
        elementsLacking(mesh, reduced, target, shape)) {
      steps.clear();
      current = reduced;
      exchangeBoxes();
    }
    maskIdle();
    assert(current == target && "the moves end in the target");
    steps.insert(steps.begin(), reductions.begin(), reductions.end());
    return steps;
  }

private:
  /// Every digit that pends in `current` but not in `target` is reduced, in its place if it has
  /// one: each reduction finds the value as small as possible.
  void reduceFirst() {
    while (takeIdle() || takePending()) {
    }
    for (Digit digit : DigitList(current.pending))
      if (target.dimOf(digit) >= 0)
        pushPending(digit);
    for (Digit digit : DigitList(current.pending))
      if (!target.isPending(digit))
        reduceAll(digit);
  }

  /// The digit that dimension `dim` takes next, if it holds a proper prefix of what it shall hold.
  std::optional<Digit> nextDigit(size_t dim) const {
    const DigitList &have = current.dims[dim], &want = target.dims[dim];
    if (have.size() >= want.size() || !std::equal(have.begin(), have.end(), want.begin()))
      return std::nullopt;
    return want[have.size()];
  }

  /// How many leading digits of dimension `dim` stand where the target has them.
  size_t numInPlace(size_t dim) const {
    const DigitList &have = current.dims[dim], &want = target.dims[dim];
    size_t count = 0;
    while (count < have.size() && count < want.size() && have[count] == want[count])
      ++count;
    return count;
  }

  bool takeIdle() {
    for (size_t dim = 0; dim < shape.size(); ++dim)
      if (std::optional<Digit> digit = nextDigit(dim); digit && current.isIdle(*digit)) {
        Layout after = current;
        after.dims[dim].push_back(*digit);
        append({StepKind::Slice, {*digit}, {}, -1, static_cast<int>(dim), current, after});
        return true;
      }
    return false;
  }

  bool takePending() {
    for (size_t dim = 0; dim < shape.size(); ++dim)
      if (std::optional<Digit> digit = nextDigit(dim); digit && current.isPending(*digit)) {
        scatterOnto(*digit, dim);
        return true;
      }
    return false;
  }

  /// Reduces a digit whose place cannot take it yet onto the first dimension that it divides.
  void pushPending(Digit digit) {
    for (size_t dim = 0; dim < shape.size(); ++dim)
      if (divides(mesh, digit, current.dims[dim], dim, shape, majors)) {
        scatterOnto(digit, dim);
        return;
      }
  }

  void scatterOnto(Digit digit, size_t dim) {
    Layout after = current;
    std::erase(after.pending, digit);
    after.dims[dim].push_back(digit);
    append({StepKind::ReduceScatter, {digit}, {}, -1, static_cast<int>(dim), current, after});
  }

  void reduceAll(Digit digit) {
    Layout after = current;
    std::erase(after.pending, digit);
    append({StepKind::AllReduce, {digit}, {}, -1, -1, current, after});
  }

  /// An all-to-all of as many digits as possible. They are matched as a set: the two dimensions may
  /// list them in different order, and one digit at a time would find none. (None of them is where
  /// it belongs already: the target has them in `dim`.)
  bool takeFromOtherDim() {
    for (size_t dim = 0; dim < shape.size(); ++dim) {
      if (!nextDigit(dim))
        continue;
      const DigitList &want = target.dims[dim];
      auto first = want.begin() + current.dims[dim].size();
      for (size_t count = want.end() - first; count > 0; --count)
        for (size_t other = 0; other < shape.size(); ++other) {
          const DigitList &have = current.dims[other];
          if (other == dim || have.size() < count)
            continue;
          if (!std::is_permutation(first, first + count, have.end() - count))
            continue;
          Layout after = current;
          after.dims[dim].insert(after.dims[dim].end(), first, first + count);
          after.dims[other].resize(have.size() - count);
          append({StepKind::AllToAll, DigitList(first, first + count),
                  DigitList(have.end() - count, have.end()), static_cast<int>(other),
                  static_cast<int>(dim), current, after});
          return true;
        }
    }
    return false;
  }

  bool gather() {
    for (size_t dim = 0; dim < shape.size(); ++dim)
      if (numInPlace(dim) < current.dims[dim].size()) {
        Layout after = current;
        after.dims[dim].pop_back();
        append({StepKind::AllGather,
                {current.dims[dim].back()},
                {},
                static_cast<int>(dim),
                -1,
                current,
                after});
        return true;
      }
    return false;
  }

  void exchangeBoxes() {
    Layout after = target;
    after.pending = current.pending;
    after.reduction = current.reduction;
    DigitList moving;
    for (size_t dim = 0; dim < shape.size(); ++dim)
      moving.insert(moving.end(), current.dims[dim].begin() + numInPlace(dim),
                    current.dims[dim].end());
    std::sort(moving.begin(), moving.end());
    append({StepKind::BoxExchange, moving, {}, -1, -1, current, after});
  }

  void maskIdle() {
    Layout after = target;
    after.reduction = current.reduction;
    DigitList digits;
    std::set_difference(target.pending.begin(), target.pending.end(), current.pending.begin(),
                        current.pending.end(), std::back_inserter(digits));
    if (!digits.empty())
      append({StepKind::Mask, digits, {}, -1, -1, current, after});
  }

  /// Adds a step, as one collective with the last one where both are of one kind and dimension.
  void append(ConversionStep step) {
    current = step.after;
    if (!steps.empty() && steps.back().kind == step.kind && steps.back().fromDim == step.fromDim &&
        steps.back().toDim == step.toDim && step.kind != StepKind::AllToAll) {
      ConversionStep &last = steps.back();
      last.after = std::move(step.after);
      // A gather takes digits off the end, the others put them there or keep a set.
      bool front = step.kind == StepKind::AllGather;
      last.digits.insert(front ? last.digits.begin() : last.digits.end(), step.digits.begin(),
                         step.digits.end());
      return;
    }
    steps.push_back(std::move(step));
  }

  const Mesh &mesh;
  Layout current;
  const Layout &target;
  const std::vector<int64_t> &shape, &majors;
  std::vector<ConversionStep> steps;
};

} // namespace

std::vector<ConversionStep> convertLayout(const Mesh &mesh, const Layout &from, const Layout &to,
                                          const std::vector<int64_t> &shape,
                                          const std::vector<int64_t> &majors) {
  assert(checkLayout(mesh, from, shape, majors).empty() && "the layout must be legal");
  assert(checkLayout(mesh, to, shape, majors).empty() && "the layout must be legal");
  assert((from.pending.empty() || to.pending.empty() || from.reduction == to.reduction) &&
         "pending values keep their reduction");
  if (from == to)
    return {};
  return Converter(mesh, from, to, shape, majors).run();
}

//===----------------------------------------------------------------------===//
// Facts of a step
//===----------------------------------------------------------------------===//

Reduction reductionOf(const ConversionStep &step) {
  return step.before.pending.empty() ? step.after.reduction : step.before.reduction;
}

const char *toString(StepKind kind) {
  switch (kind) {
  case StepKind::Slice:
    return "slice";
  case StepKind::Mask:
    return "mask";
  case StepKind::AllReduce:
    return "all-reduce";
  case StepKind::ReduceScatter:
    return "reduce-scatter";
  case StepKind::AllGather:
    return "all-gather";
  case StepKind::AllToAll:
    return "all-to-all";
  case StepKind::BoxExchange:
    return "box-exchange";
  }
  assert(false && "a kind without a name");
  return "";
}

std::string toString(const ConversionStep &step) {
  std::string text = toString(step.kind);
  if (step.fromDim >= 0)
    text += " " + std::to_string(step.fromDim);
  if (step.toDim >= 0)
    text += " -> " + std::to_string(step.toDim);
  return text + " over " + toString(step.digits);
}

std::vector<std::vector<int64_t>> stepGroups(const Mesh &mesh, const ConversionStep &step) {
  std::vector<std::vector<int64_t>> groups;
  for (int64_t device = 0; device < mesh.numDevices(); ++device) {
    std::vector<int64_t> coordinates = mesh.coordinates(device);
    if (mesh.position(step.digits, coordinates) != 0)
      continue;
    std::vector<int64_t> &group = groups.emplace_back();
    forEachMember(mesh, step.digits, coordinates, [&](const std::vector<int64_t> &member) {
      group.push_back(mesh.device(member));
    });
  }
  return groups;
}

std::vector<int64_t> gatherOrder(const Mesh &mesh, const ConversionStep &step) {
  assert(step.kind == StepKind::AllToAll && "only an all-to-all has two orders");
  std::vector<int64_t> order;
  forEachMember(mesh, step.fromDigits, std::vector<int64_t>(mesh.numDigits()),
                [&](const std::vector<int64_t> &member) {
                  order.push_back(mesh.position(step.digits, member));
                });
  return order;
}

} // namespace aceso
