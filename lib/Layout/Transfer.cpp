//===- Transfer.cpp - A value crosses from one device set to another ------===//

#include "Boxes.h"

#include <cassert>

namespace aceso {

Layout ownedLayout(const Mesh &mesh, const Layout &layout, const std::vector<int64_t> &shape,
                   const std::vector<int64_t> &majors) {
  Layout owned = layout.withoutPending();
  DigitList loose = layout.idleDigits(mesh);
  loose.insert(loose.end(), layout.pending.begin(), layout.pending.end());
  for (Digit digit : loose)
    for (size_t dim = 0; dim < shape.size(); ++dim)
      if (divides(mesh, digit, owned.dims[dim], dim, shape, majors)) {
        owned.dims[dim].push_back(digit);
        break;
      }
  return owned;
}

Transfer planTransfer(const Mesh &sourceMesh, const Layout &from, const Mesh &destinationMesh,
                      const Layout &to, const std::vector<int64_t> &shape,
                      const std::vector<int64_t> &majors) {
  assert(to.pending.empty() && "a value is sent whole");
  Transfer transfer;
  transfer.sent = ownedLayout(sourceMesh, from, shape, majors);
  transfer.received = ownedLayout(destinationMesh, to, shape, majors);
  transfer.beforeSend = convertLayout(sourceMesh, from, transfer.sent, shape, majors);
  transfer.afterReceive = convertLayout(destinationMesh, transfer.received, to, shape, majors);

  std::vector<Box> receivedBoxes;
  for (int64_t device = 0; device < destinationMesh.numDevices(); ++device)
    receivedBoxes.push_back(boxOf(destinationMesh, transfer.received, shape, device));
  DigitList idle = transfer.sent.idleDigits(sourceMesh);
  for (int64_t source = 0; source < sourceMesh.numDevices(); ++source) {
    if (sourceMesh.position(idle, sourceMesh.coordinates(source)) != 0)
      continue;
    Box sent = boxOf(sourceMesh, transfer.sent, shape, source);
    for (int64_t destination = 0; destination < destinationMesh.numDevices(); ++destination)
      if (Box common = intersect(sent, receivedBoxes[destination]); !common.empty())
        transfer.messages.push_back({source, destination, std::move(common)});
  }
  return transfer;
}

} // namespace aceso
