//===- DropoutKernels.cpp - Masks by element index ------------------------===//
//
// The mask of an element follows from its index in the tensor of the whole global batch, so it is
// the same in every layout and for every size of the micro-batch. Mask and arithmetic are one pass.
//
//===----------------------------------------------------------------------===//

#include "../Random/GlobalRuns.h"
#include "KernelTables.h"

#include "aceso/Runtime/Random.h"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/OpMathType.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace aceso {

namespace {

int batchDimOf(const TensorLetters &letters) {
  for (size_t dim = 0; dim < letters.dims.size(); ++dim)
    if (letters.dims[dim] == std::string(1, batchLetter))
      return static_cast<int>(dim);
  return -1;
}

/// Which elements of a tensor a dropout keeps.
class Mask {
public:
  Mask(const KernelSpec &spec, const TensorPlace &place, const TensorLetters &letters)
      : path(spec.path), p(spec.number("p")), runs(place.shape, place.box, batchDimOf(letters)) {
    if (!(p >= 0 && p <= 1))
      throw std::invalid_argument(path + ": a dropout probability of " + std::to_string(p) +
                                  " is not between 0 and 1");
    auto dropped = static_cast<uint64_t>(std::llround(p * 0x1p32));
    constexpr uint64_t most = std::numeric_limits<uint32_t>::max();
    keepsNone = dropped > most;
    threshold = static_cast<uint32_t>(std::min(dropped, most));
  }

  bool keepsAll() const { return threshold == 0; }
  double scale() const { return keepsNone ? 0 : 1 / (1 - p); }

  template <typename Visit> void forEachPiece(const StepContext &context, Visit visit) const {
    RandomStream stream = dropoutStream(context.seed, path, static_cast<uint64_t>(context.step));
    // Pieces of a run, so that one long run is divided among threads as well.
    int64_t perRun = (runs.getLength() + pieceSize - 1) / pieceSize;
    auto body = [&](int64_t firstPiece, int64_t lastPiece) {
      // Where all or nothing is kept no bits are drawn: zeros pass, or do not.
      uint32_t bits[pieceSize] = {};
      for (int64_t piece = firstPiece; piece < lastPiece; ++piece) {
        int64_t run = piece / perRun, offset = piece % perRun * pieceSize;
        int64_t size = std::min(pieceSize, runs.getLength() - offset);
        if (!keepsAll() && !keepsNone)
          randomBits(stream, runs.start(run, context.globalBatch, context.firstSample) + offset,
                     {bits, static_cast<size_t>(size)});
        visit(run * runs.getLength() + offset, size, bits, threshold);
      }
    };
    constexpr int64_t grain = 16;
    at::parallel_for(0, runs.getCount() * perRun, grain, body);
  }

private:
  static constexpr int64_t pieceSize = 1024;

  std::string path;
  double p;
  uint32_t threshold;
  bool keepsNone;
  GlobalRuns runs;
};

/// result = kept ? x * scale : 0.
template <typename T, typename Wide>
void maskElements(const Mask &mask, const StepContext &context, const T *x, T *result) {
  auto scale = static_cast<Wide>(mask.scale());
  mask.forEachPiece(
      context, [&](int64_t begin, int64_t size, const uint32_t *bits, uint32_t threshold) {
        for (int64_t i = 0; i < size; ++i)
          result[begin + i] =
              static_cast<T>(bits[i] >= threshold ? Wide(x[begin + i]) * scale : Wide(0));
      });
}

/// result = residual + (kept ? (x + bias) * scale : 0); rows of `features` elements.
template <typename T, typename Wide>
void maskAndAdd(const Mask &mask, const StepContext &context, int64_t features, const T *x,
                const T *bias, const T *residual, T *result) {
  auto scale = static_cast<Wide>(mask.scale());
  mask.forEachPiece(context,
                    [&](int64_t begin, int64_t size, const uint32_t *bits, uint32_t threshold) {
                      for (int64_t i = 0; i < size;) {
                        // Up to the end of the row, without a division for each element.
                        int64_t feature = (begin + i) % features;
                        int64_t end = std::min(size, i + features - feature);
                        for (; i < end; ++i, ++feature) {
                          Wide sum = Wide(x[begin + i]) + Wide(bias[feature]);
                          Wide kept = bits[i] >= threshold ? sum * scale : Wide(0);
                          result[begin + i] = static_cast<T>(Wide(residual[begin + i]) + kept);
                        }
                      }
                    });
}

/// On other devices than the CPU: the mask, times its scale, as a tensor.
at::Tensor maskTensor(const Mask &mask, const StepContext &context, const at::Tensor &like) {
  at::Tensor factors = at::empty(like.sizes(), at::TensorOptions().dtype(at::kFloat));
  auto *data = factors.mutable_data_ptr<float>();
  auto scale = static_cast<float>(mask.scale());
  mask.forEachPiece(context,
                    [&](int64_t begin, int64_t size, const uint32_t *bits, uint32_t threshold) {
                      for (int64_t i = 0; i < size; ++i)
                        data[begin + i] = bits[i] >= threshold ? scale : 0;
                    });
  return factors.to(like.options());
}

} // namespace

static Kernel makeDropout(const KernelSpec &spec) {
  Mask mask(spec, spec.operands[0], spec.signature.operands[0]);
  return [mask](KernelCall &call) {
    const at::Tensor &x = call.operands[0];
    if (mask.keepsAll()) {
      call.results[0] = x.clone();
      return;
    }
    if (!x.is_cpu()) {
      call.results[0] = at::mul(x, maskTensor(mask, call.context, x));
      return;
    }
    at::Tensor result = at::empty_like(x);
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "nn.dropout", [&] {
      maskElements<scalar_t, at::opmath_type<scalar_t>>(
          mask, call.context, x.const_data_ptr<scalar_t>(), result.mutable_data_ptr<scalar_t>());
    });
    call.results[0] = result;
  };
}

static Kernel makeBiasDropoutAdd(const KernelSpec &spec) {
  Mask mask(spec, spec.operands[0], spec.signature.operands[0]);
  return [mask](KernelCall &call) {
    const at::Tensor &x = call.operands[0], &bias = call.operands[1], &residual = call.operands[2];
    if (!x.is_cpu()) {
      at::Tensor sum = at::add(x, bias);
      if (!mask.keepsAll())
        sum.mul_(maskTensor(mask, call.context, sum));
      call.results[0] = sum.add_(residual);
      return;
    }
    at::Tensor result = at::empty_like(x);
    AT_DISPATCH_FLOATING_TYPES_AND2(
        at::kHalf, at::kBFloat16, x.scalar_type(), "nn.bias_dropout_add", [&] {
          maskAndAdd<scalar_t, at::opmath_type<scalar_t>>(
              mask, call.context, bias.numel(), x.const_data_ptr<scalar_t>(),
              bias.const_data_ptr<scalar_t>(), residual.const_data_ptr<scalar_t>(),
              result.mutable_data_ptr<scalar_t>());
        });
    call.results[0] = result;
  };
}

std::span<const KernelEntry> dropoutKernels() {
  static constexpr KernelEntry entries[] = {
      {"nn.dropout", makeDropout},
      {"nn.bias_dropout_add", makeBiasDropoutAdd},
  };
  return entries;
}

} // namespace aceso
