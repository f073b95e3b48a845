//===- MoveOptions.cpp - From pass options to moves -----------------------===//

#include "MoveOptions.h"

#include <limits>

using namespace mlir;
using namespace aceso;
using namespace aceso::par;

std::optional<uint32_t> par::toPosition(PlanOp plan, StringRef option, int64_t value) {
  if (value >= 0 && value <= std::numeric_limits<uint32_t>::max())
    return value;
  emitError(plan.getLoc()) << "the option '" << option << "' must be given and not be negative";
  return std::nullopt;
}

std::optional<std::vector<uint32_t>> par::toPositions(PlanOp plan, StringRef option,
                                                      ArrayRef<int64_t> values) {
  std::vector<uint32_t> positions;
  for (int64_t value : values) {
    std::optional<uint32_t> position = toPosition(plan, option, value);
    if (!position)
      return std::nullopt;
    positions.push_back(*position);
  }
  return positions;
}

std::optional<std::vector<DeviceAxis>> par::toAxes(PlanOp plan, StringRef option,
                                                   ArrayRef<std::string> names) {
  std::vector<DeviceAxis> axes;
  for (const std::string &name : names) {
    std::optional<DeviceAxis> axis = axisFromName(name);
    if (!axis) {
      emitError(plan.getLoc()) << "the option '" << option << "': '" << name
                               << "' is neither tp nor dp";
      return std::nullopt;
    }
    axes.push_back(*axis);
  }
  return axes;
}

std::optional<OpRanges> par::toOpRanges(PlanOp plan, StringRef text) {
  if (text.empty())
    return OpRanges();
  Result<OpRanges> ranges = OpRanges::parse({text.data(), text.size()});
  if (ranges)
    return *ranges;
  emitError(plan.getLoc()) << "the option 'ops': " << ranges.error();
  return std::nullopt;
}
