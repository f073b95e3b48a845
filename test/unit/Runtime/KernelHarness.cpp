//===- KernelHarness.cpp - Kernels on boxes of global tensors -------------===//

#include "KernelHarness.h"

#include "aceso/Program/KernelLetters.h"
#include "aceso/Program/KernelMemory.h"
#include "aceso/Runtime/CountingAllocator.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <gtest/gtest.h>

#include <limits>

namespace aceso::test {

at::Tensor cut(const at::Tensor &tensor, const Box &box) {
  at::Tensor part = tensor;
  for (size_t dim = 0; dim < box.lo.size(); ++dim)
    part = part.narrow(static_cast<int64_t>(dim), box.lo[dim], box.size[dim]);
  return part.clone(at::MemoryFormat::Contiguous);
}

ElementType toElementType(at::ScalarType type) {
  for (ElementType candidate : {ElementType::F16, ElementType::BF16, ElementType::F32,
                                ElementType::F64, ElementType::I32, ElementType::I64})
    if (toScalarType(candidate) == type)
      return candidate;
  throw std::invalid_argument("no such type");
}

double difference(const at::Tensor &a, const at::Tensor &b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  if (a.numel() == 0)
    return 0;
  at::Tensor x = a.to(at::kDouble), y = b.to(at::kDouble);
  // Infinities are equal only to themselves.
  at::Tensor gap = at::where(x.eq(y), at::zeros_like(x), (x - y).abs());
  double largest = at::where(y.isfinite(), y.abs(), at::zeros_like(y)).max().item<double>();
  return gap.max().item<double>() / std::max(largest, 1.0);
}

namespace {

/// Whether a device is the one of its summands that keeps an operand which is added.
bool keepsAdditive(const Layout &layout, const std::vector<int64_t> &coordinates) {
  for (Digit digit : layout.pending)
    if (coordinates[digit] != 0)
      return false;
  return true;
}

class MeshRun {
public:
  MeshRun(const KernelCase &one, const Mesh &mesh, const Assignment &assignment)
      : one(one), mesh(mesh), assignment(assignment) {
    std::string error;
    std::optional<Signature> parsed = parseLetters(one.letters, one.nosplit, error);
    if (!parsed)
      throw std::invalid_argument(error);
    signature = *parsed;
    signature.extents = one.extents;
    instruction.name = one.name;
    instruction.path = "test.path";
    instruction.letters = one.letters;
    instruction.nosplit = one.nosplit;
    instruction.attributes = one.attributes;
    for (size_t i = 0; i < one.operands.size(); ++i)
      instruction.operands.push_back(
          add({toElementType(one.operands[i].scalar_type()), one.operands[i].sizes().vec(),
               wantedLayout(signature, assignment, i)}));
    ElementType type = ElementType::F32;
    for (const at::Tensor &operand : one.operands)
      if (operand.is_floating_point()) {
        type = toElementType(operand.scalar_type());
        break;
      }
    for (size_t i = 0; i < signature.results.size(); ++i)
      instruction.results.push_back(
          add({one.resultTypes.empty() ? type : one.resultTypes[i],
               signature.shape(signature.results[i]), leftLayout(signature, assignment, i)}));
  }

  std::vector<at::Tensor> run() {
    for (int64_t device = 0; device < mesh.numDevices(); ++device)
      runDevice(device);
    return results;
  }

  std::vector<KernelMemory> measure() {
    run();
    return memory;
  }

private:
  LocalTensor local(Index value, int64_t device) const {
    const TensorDesc &desc = segment.values[value];
    return {desc.type, boxOf(mesh, desc.layout, desc.shape, device)};
  }

  int64_t statedPeak(int64_t device) const {
    std::vector<LocalTensor> in, out;
    for (Index operand : instruction.operands)
      in.push_back(local(operand, device));
    for (Index result : instruction.results)
      out.push_back(local(result, device));
    return kernelPeakBytes(instruction, in, out, /*scalesGradient=*/true);
  }

  Index add(TensorDesc desc) {
    segment.values.push_back(std::move(desc));
    return segment.values.size() - 1;
  }

  void runDevice(int64_t device) {
    std::vector<int64_t> coordinates = mesh.coordinates(device);
    std::vector<at::Tensor> operands, own(instruction.results.size());
    for (size_t i = 0; i < one.operands.size(); ++i) {
      const TensorDesc &desc = segment.values[instruction.operands[i]];
      at::Tensor part = cut(one.operands[i], boxOf(mesh, desc.layout, desc.shape, device));
      operands.push_back(keepsAdditive(desc.layout, coordinates) ? part : at::zeros_like(part));
    }
    std::vector<at::Tensor> before;
    for (const at::Tensor &operand : operands)
      before.push_back(operand.clone());
    Kernel kernel = makeKernel(makeKernelSpec(segment, instruction, mesh, device, at::kCPU));
    KernelCall call{operands, own, one.context};
    int64_t bytesBefore = currentTensorBytes();
    resetPeakTensorBytes();
    kernel(call);
    memory.push_back({peakTensorBytes() - bytesBefore, statedPeak(device)});
    bool maySet = one.name.starts_with("exec.");
    for (size_t i = 0; i < operands.size(); ++i)
      EXPECT_TRUE(maySet || at::equal(operands[i], before[i]))
          << one.name << " changes operand " << i;
    for (size_t i = 0; i < own.size(); ++i)
      merge(i, device, coordinates, own[i]);
  }

  void merge(size_t index, int64_t device, const std::vector<int64_t> &coordinates,
             const at::Tensor &own) {
    const TensorDesc &desc = segment.values[instruction.results[index]];
    EXPECT_TRUE(own.is_contiguous()) << one.name;
    EXPECT_EQ(own.scalar_type(), toScalarType(desc.type)) << one.name << " result " << index;
    Box box = boxOf(mesh, desc.layout, desc.shape, device);
    EXPECT_EQ(own.sizes().vec(), box.size) << one.name << " result " << index;
    bool isMax = desc.layout.reduction == Reduction::Max && !desc.layout.pending.empty();
    if (results.size() <= index) {
      at::Tensor whole = at::zeros(desc.shape, at::kDouble);
      results.push_back(isMax ? whole.fill_(-std::numeric_limits<double>::infinity()) : whole);
    }
    at::Tensor place = results[index];
    for (size_t dim = 0; dim < box.lo.size(); ++dim)
      place = place.narrow(static_cast<int64_t>(dim), box.lo[dim], box.size[dim]);
    // Copies count once.
    for (Digit digit : desc.layout.idleDigits(mesh))
      if (coordinates[digit] != 0)
        return;
    if (isMax)
      at::maximum_out(place, place, own.to(at::kDouble));
    else
      place.add_(own);
  }

  const KernelCase &one;
  Mesh mesh;
  Assignment assignment;
  Signature signature;
  Segment segment;
  Instruction instruction;
  std::vector<at::Tensor> results;
  std::vector<KernelMemory> memory;
};

} // namespace

std::vector<at::Tensor> runOnMesh(const KernelCase &one, const Mesh &mesh,
                                  const Assignment &assignment) {
  return MeshRun(one, mesh, assignment).run();
}

std::vector<KernelMemory> measureOnMesh(const KernelCase &one, const Mesh &mesh,
                                        const Assignment &assignment) {
  return MeshRun(one, mesh, assignment).measure();
}

std::vector<at::Tensor> runWhole(const KernelCase &one) { return runOnMesh(one, Mesh(), {}); }

} // namespace aceso::test
