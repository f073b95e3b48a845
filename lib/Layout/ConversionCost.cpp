//===- ConversionCost.cpp - Elements that a conversion moves --------------===//

#include "Boxes.h"

#include <algorithm>
#include <cassert>

namespace aceso {

/// Elements that one device holds.
static int64_t localElements(const Mesh &mesh, const Layout &layout,
                             const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t extent : localShape(mesh, layout, shape))
    count *= extent;
  return count;
}

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Elements received over all devices.
static int64_t elementsReceived(const Mesh &mesh, const ConversionStep &step,
                                const std::vector<int64_t> &shape) {
  int64_t before = localElements(mesh, step.before, shape), group = mesh.product(step.digits);
  switch (step.kind) {
  case StepKind::Slice:
  case StepKind::Mask:
    return 0;
  case StepKind::AllReduce:
    return mesh.numDevices() * 2 * (group - 1) * ceilDiv(before, group);
  case StepKind::ReduceScatter:
  case StepKind::AllToAll:
    return mesh.numDevices() * (before / group) * (group - 1);
  case StepKind::AllGather:
    return mesh.numDevices() * before * (group - 1);
  case StepKind::BoxExchange:
    return elementsLacking(mesh, step.before, step.after, shape);
  }
  assert(false && "a kind without a cost");
  return 0;
}

ConversionCost conversionCost(const Mesh &mesh, const std::vector<ConversionStep> &steps,
                              const std::vector<int64_t> &shape) {
  ConversionCost cost;
  for (const ConversionStep &step : steps) {
    cost.elementsReceived += elementsReceived(mesh, step, shape);
    cost.numCollectives += !isLocal(step.kind);
  }
  return cost;
}

int64_t stepInputElements(const Mesh &mesh, const ConversionStep &step,
                          const std::vector<int64_t> &shape) {
  if (step.kind != StepKind::BoxExchange)
    return localElements(mesh, step.before, shape);
  std::vector<int64_t> sent(mesh.numDevices()), received(mesh.numDevices());
  for (const BoxPiece &piece : boxExchangePieces(mesh, step, shape))
    if (piece.source != piece.destination) {
      sent[piece.source] += piece.box.numElements();
      received[piece.destination] += piece.box.numElements();
    }
  int64_t busiest = std::max(*std::max_element(sent.begin(), sent.end()),
                             *std::max_element(received.begin(), received.end()));
  int64_t group = mesh.product(step.digits);
  return ceilDiv(busiest * group, group - 1);
}

} // namespace aceso
