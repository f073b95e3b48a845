//===- BoxExchange.cpp - Who sends which cells to whom --------------------===//

#include "Boxes.h"

#include <cassert>

namespace aceso {

int64_t elementsLacking(const Mesh &mesh, const Layout &from, const Layout &to,
                        const std::vector<int64_t> &shape) {
  int64_t lacking = 0;
  for (int64_t device = 0; device < mesh.numDevices(); ++device) {
    Box needed = boxOf(mesh, to, shape, device);
    lacking +=
        needed.numElements() - intersect(needed, boxOf(mesh, from, shape, device)).numElements();
  }
  return lacking;
}

std::vector<BoxPiece> boxExchangePieces(const Mesh &mesh, const ConversionStep &step,
                                        const std::vector<int64_t> &shape) {
  assert(step.kind == StepKind::BoxExchange && "other steps have equal parts");
  // Of the devices that hold a cell and have the asking one's pending digits, the one that differs
  // in the fewest digits has its idle digits too: the holder differs only in the digits of the
  // group.
  std::vector<Box> held;
  for (int64_t device = 0; device < mesh.numDevices(); ++device)
    held.push_back(boxOf(mesh, step.before, shape, device));
  std::vector<BoxPiece> pieces;
  for (int64_t device = 0; device < mesh.numDevices(); ++device) {
    Box needed = boxOf(mesh, step.after, shape, device);
    // The digits of the step ascend, hence the members as well.
    forEachMember(mesh, step.digits, mesh.coordinates(device),
                  [&](const std::vector<int64_t> &member) {
                    int64_t source = mesh.device(member);
                    if (Box common = intersect(needed, held[source]); !common.empty())
                      pieces.push_back({source, device, std::move(common)});
                  });
  }
  return pieces;
}

} // namespace aceso
