//===- EmbeddingKernels.cpp - Tables looked up by id ----------------------===//
//
// A device looks up the ids that are in its own range of the table; elsewhere the row is zero and
// the result a summand.
//
//===----------------------------------------------------------------------===//

#include "KernelTables.h"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/OpMathType.h>
#include <ATen/Parallel.h>

#include <stdexcept>

namespace aceso {

namespace {
/// The rows of a table that this device has.
struct RowRange {
  int64_t first, size, total;

  bool isWhole() const { return size == total; }
};
} // namespace

static RowRange rowsOf(const TensorPlace &table) {
  return {table.box.lo[0], table.box.size[0], table.shape[0]};
}

static void checkIds(const at::Tensor &ids, const RowRange &rows, const std::string &path) {
  auto [least, most] = at::aminmax(ids);
  int64_t low = least.item<int64_t>(), high = most.item<int64_t>();
  if (low < 0 || high >= rows.total)
    throw std::out_of_range(path + ": id " + std::to_string(low < 0 ? low : high) +
                            " is not one of the " + std::to_string(rows.total) +
                            " rows of the table; the data does not fit the model's vocabulary");
}

/// ids [b, s], table [v, h], positions [p, h] -> [s, b, h].
static Kernel makeLookup(const KernelSpec &spec) {
  RowRange rows = rowsOf(spec.operands[1]);
  int64_t firstPosition = spec.results[0].box.lo[0], length = spec.results[0].box.size[0];
  if (firstPosition + length > spec.operands[2].shape[0])
    throw std::invalid_argument(spec.path + ": a sequence of " +
                                std::to_string(spec.results[0].shape[0]) + " has more than the " +
                                std::to_string(spec.operands[2].shape[0]) + " positions");
  std::string path = spec.path;
  return [=](KernelCall &call) {
    const at::Tensor &table = call.operands[1];
    checkIds(call.operands[0], rows, path);
    at::Tensor ids = call.operands[0].t().sub(rows.first);
    at::Tensor found = at::index_select(table, 0, ids.clamp(0, rows.size - 1).reshape(-1))
                           .view({ids.size(0), ids.size(1), table.size(1)});
    if (!rows.isWhole())
      found.masked_fill_(ids.lt(0).logical_or_(ids.ge(rows.size)).unsqueeze(2), 0);
    found.add_(call.operands[2].narrow(0, firstPosition, length).unsqueeze(1));
    call.results[0] = found;
  };
}

/// sum [rows, h] += the rows of dy whose ids are in the range. Features are divided among threads,
/// tokens come in order.
template <typename T, typename Wide>
static void addRows(const at::Tensor &ids, const at::Tensor &dy, at::Tensor &sum) {
  int64_t features = sum.size(1), rows = sum.size(0), tokens = ids.numel();
  const auto *id = ids.const_data_ptr<int64_t>();
  const T *source = dy.const_data_ptr<T>();
  Wide *target = sum.mutable_data_ptr<Wide>();
  constexpr int64_t grain = 64;
  at::parallel_for(0, features, grain, [&](int64_t begin, int64_t end) {
    for (int64_t token = 0; token < tokens; ++token)
      if (id[token] >= 0 && id[token] < rows)
        for (int64_t feature = begin; feature < end; ++feature)
          target[id[token] * features + feature] +=
              static_cast<Wide>(source[token * features + feature]);
  });
}

/// ids [b, s], dy [s, b, h] -> [v, h]: rows added up in the order of the tokens.
static Kernel makeLookupGrad(const KernelSpec &spec) {
  RowRange rows = rowsOf(spec.results[0]);
  at::ScalarType resultType = spec.results[0].type;
  at::ScalarType type = accumulationType(spec.operands[1].type);
  return [=](KernelCall &call) {
    const at::Tensor &dy = call.operands[1];
    at::Tensor ids = call.operands[0].t().to(at::kLong, /*non_blocking=*/false, /*copy=*/true);
    ids = ids.contiguous().sub_(rows.first).view(-1);
    at::Tensor sum = at::zeros({rows.size, dy.size(2)}, dy.options().dtype(type));
    if (dy.is_cpu()) {
      AT_DISPATCH_FLOATING_TYPES_AND2(
          at::kHalf, at::kBFloat16, dy.scalar_type(), "nn.lookup_grad",
          [&] { addRows<scalar_t, at::opmath_type<scalar_t>>(ids, dy, sum); });
    } else {
      at::Tensor own = ids.ge(0).logical_and_(ids.lt(rows.size)).nonzero().view(-1);
      sum.index_add_(0, ids.index_select(0, own),
                     dy.view({-1, dy.size(2)}).index_select(0, own).to(type));
    }
    call.results[0] = sum.to(resultType);
  };
}

/// dy [s, b, h] -> [p, h]; rows past the sequence, and those of other devices, are zero.
static Kernel makePositionGrad(const KernelSpec &spec) {
  int64_t firstPosition = spec.operands[0].box.lo[0], length = spec.operands[0].box.size[0];
  std::vector<int64_t> sizes = spec.results[0].box.size;
  at::TensorOptions options = optionsOf(spec, spec.results[0]);
  at::ScalarType type = accumulationType(spec.operands[0].type);
  return [=](KernelCall &call) {
    at::Tensor gradient = at::zeros(sizes, options);
    gradient.narrow(0, firstPosition, length)
        .copy_(at::sum(call.operands[0], {1}, /*keepdim=*/false, type));
    call.results[0] = gradient;
  };
}

std::span<const KernelEntry> embeddingKernels() {
  static constexpr KernelEntry entries[] = {
      {"nn.lookup", makeLookup},
      {"nn.lookup_grad", makeLookupGrad},
      {"nn.position_grad", makePositionGrad},
  };
  return entries;
}

} // namespace aceso
