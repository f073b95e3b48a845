//===- TensorInterpreter.cpp - All devices of a mesh with real data -------===//

#include "TensorInterpreter.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <stdexcept>

namespace aceso::test {

static constexpr int64_t lowest = std::numeric_limits<int64_t>::min();

static int64_t neutral(Reduction reduction) { return reduction == Reduction::Sum ? 0 : lowest; }

static int64_t combine(Reduction reduction, int64_t a, int64_t b) {
  return reduction == Reduction::Sum ? a + b : std::max(a, b);
}

static void require(bool condition, const char *what) {
  if (!condition)
    throw std::runtime_error(what);
}

int64_t numElements(const std::vector<int64_t> &shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
}

/// All coordinates that a setting of the pending digits has in common, as one number.
static int64_t pendingSetting(const Mesh &mesh, const Layout &layout, int64_t device) {
  return mesh.position(layout.pending, mesh.coordinates(device));
}

//===----------------------------------------------------------------------===//
// Placing and meaning
//===----------------------------------------------------------------------===//

PlacedTensor place(const Mesh &mesh, const Layout &layout, const std::vector<int64_t> &shape,
                   const Values &whole, Random &random) {
  int64_t settings = mesh.product(layout.pending);
  std::vector<Values> summands(settings, whole);
  for (size_t i = 0; i < whole.size(); ++i) {
    // One setting, another for each element, makes the reduction come out.
    int64_t decisive = pick(random, settings);
    for (int64_t setting = 0; setting < settings; ++setting) {
      if (setting == decisive)
        continue;
      int64_t part = pick(random, 1000);
      if (layout.reduction == Reduction::Sum) {
        summands[setting][i] = part;
        summands[decisive][i] -= part;
      } else {
        summands[setting][i] = whole[i] - part;
      }
    }
  }
  PlacedTensor tensor{mesh, layout, shape, {}};
  for (int64_t device = 0; device < mesh.numDevices(); ++device) {
    Box box = boxOf(mesh, layout, shape, device);
    const Values &summand = summands[pendingSetting(mesh, layout, device)];
    Values &held = tensor.devices.emplace_back(box.numElements());
    forEachElement(shape, box,
                   [&](int64_t global, int64_t local) { held[local] = summand[global]; });
  }
  return tensor;
}

Values meaning(const PlacedTensor &tensor) {
  int64_t size = numElements(tensor.shape);
  int64_t settings = tensor.mesh.product(tensor.layout.pending);
  std::vector<std::vector<std::optional<int64_t>>> summands(
      settings, std::vector<std::optional<int64_t>>(size));
  for (int64_t device = 0; device < tensor.mesh.numDevices(); ++device) {
    Box box = boxOf(tensor.mesh, tensor.layout, tensor.shape, device);
    const Values &held = tensor.devices[device];
    require(static_cast<int64_t>(held.size()) == box.numElements(), "a device holds another box");
    auto &summand = summands[pendingSetting(tensor.mesh, tensor.layout, device)];
    forEachElement(tensor.shape, box, [&](int64_t global, int64_t local) {
      require(!summand[global] || *summand[global] == held[local], "replicas differ");
      summand[global] = held[local];
    });
  }
  Values whole(size, neutral(tensor.layout.reduction));
  for (const auto &summand : summands)
    for (int64_t i = 0; i < size; ++i) {
      require(summand[i].has_value(), "an element that nobody holds");
      whole[i] = combine(tensor.layout.reduction, whole[i], *summand[i]);
    }
  return whole;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// Part `index` of `parts` equal parts of `values` along `dim`.
static Values cut(const Values &values, const std::vector<int64_t> &shape, size_t dim,
                  int64_t parts, int64_t index) {
  require(shape[dim] % parts == 0, "a dimension is cut into unequal parts");
  Box box{std::vector<int64_t>(shape.size()), shape};
  box.size[dim] = shape[dim] / parts;
  box.lo[dim] = index * box.size[dim];
  Values part(box.numElements());
  forEachElement(shape, box, [&](int64_t global, int64_t local) { part[local] = values[global]; });
  return part;
}

/// Equal parts of `partShape` side by side along `dim`.
static Values concatenate(const std::vector<Values> &parts, const std::vector<int64_t> &partShape,
                          size_t dim) {
  std::vector<int64_t> shape = partShape;
  shape[dim] *= static_cast<int64_t>(parts.size());
  Values joined(numElements(shape));
  for (size_t index = 0; index < parts.size(); ++index) {
    Box box{std::vector<int64_t>(shape.size()), partShape};
    box.lo[dim] = static_cast<int64_t>(index) * partShape[dim];
    forEachElement(shape, box,
                   [&](int64_t global, int64_t local) { joined[global] = parts[index][local]; });
  }
  return joined;
}

namespace {
/// One group of a collective: what its members put in, and out.
struct Group {
  const ConversionStep &step;
  /// Shape of what a member holds before the step.
  std::vector<int64_t> shape;
  std::vector<Values> inputs, outputs;
  int64_t received = 0;

  size_t size() const { return inputs.size(); }

  /// `member` takes `part` from `source`.
  const Values &take(size_t member, size_t source, const Values &part) {
    if (member != source)
      received += static_cast<int64_t>(part.size());
    return part;
  }

  void slice() {
    for (size_t i = 0; i < size(); ++i)
      outputs.push_back(cut(inputs[i], shape, step.toDim, size(), i));
  }

  void mask() {
    for (size_t i = 0; i < size(); ++i)
      outputs.push_back(i == 0 ? inputs[0] : Values(inputs[i].size(), neutral(reductionOf(step))));
  }

  /// The sum of part `index`, fetched by that member from all.
  Values reducePart(size_t index, const std::vector<Values> &parts) {
    Values sum(parts[index].size(), neutral(reductionOf(step)));
    for (size_t source = 0; source < size(); ++source) {
      const Values &part = take(index, source, parts[source]);
      for (size_t i = 0; i < sum.size(); ++i)
        sum[i] = combine(reductionOf(step), sum[i], part[i]);
    }
    return sum;
  }

  void reduceScatter() {
    for (size_t i = 0; i < size(); ++i) {
      std::vector<Values> parts;
      for (const Values &input : inputs)
        parts.push_back(cut(input, shape, step.toDim, size(), i));
      outputs.push_back(reducePart(i, parts));
    }
  }

  /// Over equal parts of the flat buffer, padded at its end.
  void allReduce() {
    int64_t elements = static_cast<int64_t>(inputs[0].size()), members = size();
    int64_t partSize = (elements + members - 1) / members;
    std::vector<Values> sums;
    for (int64_t i = 0; i < members; ++i) {
      std::vector<Values> parts;
      for (Values input : inputs) {
        input.resize(partSize * members);
        parts.emplace_back(input.begin() + i * partSize, input.begin() + (i + 1) * partSize);
      }
      sums.push_back(reducePart(i, parts));
    }
    for (int64_t i = 0; i < members; ++i) {
      Values &output = outputs.emplace_back();
      for (int64_t source = 0; source < members; ++source) {
        const Values &sum = take(i, source, sums[source]);
        output.insert(output.end(), sum.begin(), sum.end());
      }
      output.resize(elements);
    }
  }

  void allGather() {
    for (size_t i = 0; i < size(); ++i) {
      std::vector<Values> parts;
      for (size_t source = 0; source < size(); ++source)
        parts.push_back(take(i, source, inputs[source]));
      outputs.push_back(concatenate(parts, shape, step.fromDim));
    }
  }

  void allToAll(const std::vector<int64_t> &order) {
    std::vector<int64_t> partShape = shape;
    partShape[step.toDim] /= static_cast<int64_t>(size());
    for (size_t i = 0; i < size(); ++i) {
      std::vector<Values> parts;
      for (int64_t source : order)
        parts.push_back(take(i, source, cut(inputs[source], shape, step.toDim, size(), i)));
      outputs.push_back(concatenate(parts, partShape, step.fromDim));
    }
  }
};
} // namespace

static int64_t exchangeBoxes(const ConversionStep &step, PlacedTensor &tensor) {
  // Groups say who may talk to whom.
  std::vector<size_t> groupOf(tensor.devices.size());
  std::vector<std::vector<int64_t>> groups = stepGroups(tensor.mesh, step);
  for (size_t group = 0; group < groups.size(); ++group)
    for (int64_t device : groups[group])
      groupOf[device] = group;
  std::vector<std::vector<std::optional<int64_t>>> fresh(
      tensor.devices.size(), std::vector<std::optional<int64_t>>(numElements(tensor.shape)));
  int64_t received = 0;
  for (const BoxPiece &piece : boxExchangePieces(tensor.mesh, step, tensor.shape)) {
    require(groupOf[piece.source] == groupOf[piece.destination], "a piece leaves its group");
    Box held = boxOf(tensor.mesh, step.before, tensor.shape, piece.source);
    require(intersect(held, piece.box) == piece.box, "a piece that its source does not hold");
    std::vector<std::optional<int64_t>> whole(numElements(tensor.shape));
    forEachElement(tensor.shape, held, [&](int64_t global, int64_t local) {
      whole[global] = tensor.devices[piece.source][local];
    });
    forEachElement(tensor.shape, piece.box, [&](int64_t global, int64_t) {
      require(!fresh[piece.destination][global], "an element received twice");
      fresh[piece.destination][global] = whole[global];
      received += piece.source != piece.destination;
    });
  }
  for (size_t device = 0; device < fresh.size(); ++device) {
    Box box = boxOf(tensor.mesh, step.after, tensor.shape, device);
    tensor.devices[device].assign(box.numElements(), 0);
    forEachElement(tensor.shape, box, [&](int64_t global, int64_t local) {
      require(fresh[device][global].has_value(), "an element of the new box is missing");
      tensor.devices[device][local] = *fresh[device][global];
    });
  }
  return received;
}

int64_t execute(const ConversionStep &step, PlacedTensor &tensor) {
  require(tensor.layout == step.before, "a step finds another layout");
  int64_t received = 0;
  if (step.kind == StepKind::BoxExchange) {
    received = exchangeBoxes(step, tensor);
  } else {
    std::vector<int64_t> shape = localShape(tensor.mesh, step.before, tensor.shape);
    for (const std::vector<int64_t> &members : stepGroups(tensor.mesh, step)) {
      Group group{step, shape, {}, {}};
      for (int64_t device : members)
        group.inputs.push_back(tensor.devices[device]);
      switch (step.kind) {
      case StepKind::Slice:
        group.slice();
        break;
      case StepKind::Mask:
        group.mask();
        break;
      case StepKind::AllReduce:
        group.allReduce();
        break;
      case StepKind::ReduceScatter:
        group.reduceScatter();
        break;
      case StepKind::AllGather:
        group.allGather();
        break;
      case StepKind::AllToAll:
        group.allToAll(gatherOrder(tensor.mesh, step));
        break;
      case StepKind::BoxExchange:
        break;
      }
      for (size_t i = 0; i < members.size(); ++i)
        tensor.devices[members[i]] = std::move(group.outputs[i]);
      received += group.received;
    }
  }
  tensor.layout = step.after;
  return received;
}

PlacedTensor executeMessages(const Transfer &transfer, const PlacedTensor &source,
                             const Mesh &destinationMesh, std::vector<int64_t> &sent) {
  require(source.layout == transfer.sent, "a transfer finds another layout");
  PlacedTensor target{destinationMesh, transfer.received, source.shape, {}};
  std::vector<std::vector<std::optional<int64_t>>> arrived(
      destinationMesh.numDevices(), std::vector<std::optional<int64_t>>(numElements(source.shape)));
  for (const BoxPiece &message : transfer.messages) {
    Box held = boxOf(source.mesh, transfer.sent, source.shape, message.source);
    require(intersect(held, message.box) == message.box, "a message its source does not hold");
    std::vector<std::optional<int64_t>> whole(numElements(source.shape));
    forEachElement(source.shape, held, [&](int64_t global, int64_t local) {
      whole[global] = source.devices[message.source][local];
    });
    forEachElement(source.shape, message.box, [&](int64_t global, int64_t) {
      require(!arrived[message.destination][global], "an element received twice");
      arrived[message.destination][global] = whole[global];
      ++sent[global];
    });
  }
  for (int64_t device = 0; device < destinationMesh.numDevices(); ++device) {
    Box box = boxOf(destinationMesh, transfer.received, source.shape, device);
    Values &values = target.devices.emplace_back(box.numElements());
    forEachElement(source.shape, box, [&](int64_t global, int64_t local) {
      require(arrived[device][global].has_value(), "an element of the new box is missing");
      values[local] = *arrived[device][global];
    });
  }
  return target;
}

} // namespace aceso::test
