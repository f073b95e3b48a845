//===- ParameterValues.cpp - Parameters made, gathered, cut ---------------===//

#include "ParameterValues.h"

#include "../Random/GlobalRuns.h"
#include "Operations.h"

#include "aceso/Runtime/Random.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

namespace aceso {

static at::Tensor normalValue(const ProgramParameter &parameter, const Box &box, uint64_t seed) {
  at::Tensor values = at::empty(box.size, at::TensorOptions().dtype(at::kDouble));
  auto *data = values.mutable_data_ptr<double>();
  GlobalRuns runs(parameter.shape, box);
  RandomStream stream = initializerStream(seed, parameter.path);
  auto length = static_cast<size_t>(runs.getLength());
  at::parallel_for(0, runs.getCount(), /*grain_size=*/1, [&](int64_t first, int64_t last) {
    for (int64_t run = first; run < last; ++run)
      randomNormal(stream, runs.start(run), {data + run * runs.getLength(), length});
  });
  return values.mul_(parameter.deviation);
}

at::Tensor initialValue(const ProgramParameter &parameter, const TensorDesc &desc, const Box &box,
                        uint64_t seed) {
  at::TensorOptions options = at::TensorOptions().dtype(toScalarType(desc.type));
  switch (parameter.init) {
  case InitKind::Zeros:
    return at::zeros(box.size, options);
  case InitKind::Ones:
    return at::ones(box.size, options);
  case InitKind::Normal:
    return normalValue(parameter, box, seed).to(options);
  }
  throw std::logic_error("no initial value");
}

at::Tensor gatherToFirstRank(const Program &program, uint32_t stageIndex, const TensorDesc &desc,
                             const at::Tensor &own, Communicator &communicator) {
  const StageProgram &stage = program.stages[stageIndex];
  Mesh mesh(stage.mesh);
  uint32_t rank = communicator.getRank();
  at::Tensor whole;
  if (rank == 0)
    whole = at::empty(desc.shape, at::TensorOptions().dtype(toScalarType(desc.type)));
  Box everything{std::vector<int64_t>(desc.shape.size()), desc.shape};
  DigitList idle = desc.layout.idleDigits(mesh);
  for (int64_t device = 0; device < mesh.numDevices(); ++device) {
    // Of the copies one is enough.
    if (mesh.position(idle, mesh.coordinates(device)) != 0)
      continue;
    uint32_t owner = stage.firstRank + device;
    Box box = boxOf(mesh, desc.layout, desc.shape, device);
    if (owner == rank && rank != 0)
      communicator.send(own.contiguous(), 0);
    if (rank != 0)
      continue;
    at::Tensor part = own;
    if (owner != 0) {
      part = at::empty(box.size, whole.options().device(communicator.getDevice()));
      communicator.receive(part, owner);
    }
    viewOfBox(whole, everything, box).copy_(part);
  }
  return whole;
}

} // namespace aceso
