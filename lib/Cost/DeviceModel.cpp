//===- DeviceModel.cpp - Rates of a device ----------------------*- C++ -*-===//

#include "aceso/Cost/DeviceModel.h"

#include <algorithm>

using namespace aceso;

Result<DeviceModel> DeviceModel::fromTables(const CostTables &tables) {
  const OpTable &ops = tables.getOps();
  DeviceModel model;
  for (OpTable::KeyId key = 0; key < ops.numKeys(); ++key)
    for (int64_t samples : ops.getSamples())
      for (unsigned rule = 0; rule < ops.getNumRules(); ++rule)
        if (const OpRow *row = ops.find(key, samples, ops.getTps().front(), rule);
            row && row->forwardNs > 0)
          model.memoryBytesPerNs = std::max(
              model.memoryBytesPerNs, 2 * unitsToBytes(row->activationUnits) / row->forwardNs);
  if (model.memoryBytesPerNs == 0)
    return ErrorMessage{
        tables.getFolder() + "/" + tables.getPrefix() +
        "_*.csv: column 'activations' is 0 in every row, so no memory bandwidth can "
        "be estimated from it; profile the model again"};
  return model;
}
