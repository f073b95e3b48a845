//===- CrossEntropyKernels.cpp - The loss of a language model -------------===//
//
// Over the device's own range of classes: maxima and sums pend where the classes are split. Columns
// past the last class pad the vocabulary and take no part.
//
//===----------------------------------------------------------------------===//

#include "KernelTables.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace aceso {

namespace {
/// The classes among the columns of this device.
struct ClassRange {
  int64_t first, size, total;

  ClassRange(const KernelSpec &spec)
      : first(spec.operands[0].box.lo[2]), total(spec.integer("num_classes")) {
    size = std::clamp<int64_t>(total - first, 0, spec.operands[0].box.size[2]);
  }
};

/// Labels [b, s] as [s, b].
struct Labels {
  Labels(const at::Tensor &labels, const ClassRange &classes)
      : local(labels.t().sub(classes.first).to(at::kLong)),
        isOwn(local.ge(0).logical_and_(local.lt(classes.size))) {}

  at::Tensor local; ///< class within the own range
  at::Tensor isOwn; ///< whether it is in it
};
} // namespace

static void checkLabels(const at::Tensor &labels, int64_t numClasses, const std::string &path) {
  at::Tensor wrong =
      labels.ne(ignoredLabel).logical_and_(labels.lt(0).logical_or_(labels.ge(numClasses)));
  if (wrong.any().item<bool>())
    throw std::out_of_range(path + ": label " +
                            std::to_string(labels.masked_select(wrong)[0].item<int64_t>()) +
                            " is not one of the " + std::to_string(numClasses) +
                            " classes; the data does not fit the model's vocabulary");
}

/// logits [s, b, v] -> the largest of each token.
static Kernel makeClassMax(const KernelSpec &spec) {
  ClassRange classes(spec);
  std::vector<int64_t> sizes = spec.results[0].box.size;
  at::TensorOptions options = optionsOf(spec, spec.results[0]);
  return [=](KernelCall &call) {
    if (classes.size == 0)
      call.results[0] = at::full(sizes, -std::numeric_limits<double>::infinity(), options);
    else
      call.results[0] = at::amax(call.operands[0].narrow(2, 0, classes.size), {2}).to(options);
  };
}

/// logits, max, labels -> sum of exp(logit - max), and logit - max at the label.
static Kernel makeClassSums(const KernelSpec &spec) {
  ClassRange classes(spec);
  std::vector<int64_t> sizes = spec.results[0].box.size;
  at::TensorOptions options = optionsOf(spec, spec.results[0]);
  at::ScalarType type = accumulationType(spec.operands[0].type);
  std::string path = spec.path;
  return [=](KernelCall &call) {
    checkLabels(call.operands[2], classes.total, path);
    if (classes.size == 0) {
      call.results[0] = at::zeros(sizes, options);
      call.results[1] = at::zeros(sizes, options);
      return;
    }
    Labels labels(call.operands[2], classes);
    at::Tensor shifted = at::sub(call.operands[0].narrow(2, 0, classes.size).to(type),
                                 call.operands[1].to(type).unsqueeze(2));
    at::Tensor place = labels.local.clamp(0, classes.size - 1).unsqueeze(2);
    at::Tensor picked = shifted.gather(2, place).squeeze(2);
    call.results[1] = picked.masked_fill_(labels.isOwn.logical_not(), 0).to(options);
    call.results[0] = shifted.exp_().sum({2}).to(options);
  };
}

/// sum, picked, labels -> sum over tokens of log(sum) - picked, over the labels that count.
static Kernel makeTokenLoss(const KernelSpec &spec) {
  at::ScalarType resultType = spec.results[0].type;
  return [=](KernelCall &call) {
    at::Tensor losses = at::log(call.operands[0]).sub_(call.operands[1]);
    losses.masked_fill_(call.operands[2].t().eq(ignoredLabel), 0);
    call.results[0] = losses.sum().div_(call.context.countedLabels).to(resultType);
  };
}

/// logits, max, sum, labels, dloss -> (softmax - one-hot) * dloss / counted labels.
static Kernel makeCrossEntropyGrad(const KernelSpec &spec) {
  ClassRange classes(spec);
  std::vector<int64_t> sizes = spec.results[0].box.size;
  at::TensorOptions options = optionsOf(spec, spec.results[0]);
  at::ScalarType type = accumulationType(spec.operands[0].type);
  return [=](KernelCall &call) {
    bool isWhole = classes.size == sizes[2];
    at::Tensor gradient =
        isWhole ? at::empty(sizes, options.dtype(type)) : at::zeros(sizes, options.dtype(type));
    if (classes.size > 0) {
      Labels labels(call.operands[3], classes);
      at::Tensor weight = call.operands[4].to(type).div(call.context.countedLabels);
      at::Tensor weights =
          at::where(call.operands[3].t().eq(ignoredLabel), at::zeros({}, weight.options()), weight);
      at::Tensor own = gradient.narrow(2, 0, classes.size);
      at::sub_out(own, call.operands[0].narrow(2, 0, classes.size).to(type),
                  call.operands[1].to(type).unsqueeze(2))
          .exp_()
          .mul_(at::div(weights, call.operands[2].to(type)).unsqueeze(2));
      at::Tensor place = labels.local.clamp(0, classes.size - 1).unsqueeze(2);
      at::Tensor atLabel = weights.neg().masked_fill_(labels.isOwn.logical_not(), 0).unsqueeze(2);
      own.scatter_add_(2, place, atLabel);
    }
    call.results[0] = gradient.to(options);
  };
}

std::span<const KernelEntry> crossEntropyKernels() {
  static constexpr KernelEntry entries[] = {
      {"nn.class_max", makeClassMax},
      {"nn.class_sums", makeClassSums},
      {"nn.token_loss", makeTokenLoss},
      {"nn.cross_entropy_grad", makeCrossEntropyGrad},
  };
  return entries;
}

} // namespace aceso
