//===- DeviceModel.cpp - Rates of a device ----------------------*- C++ -*-===//

#include "aceso/Cost/DeviceModel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace aceso;

/// Bytes in a ns, from the file of the profiler.
static Result<double> readMeasuredRate(const std::string &file) {
  const std::string field = "memory_gib_per_second", remedy = "; profile the model again";
  std::ifstream in(file);
  nlohmann::json json = nlohmann::json::parse(in, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return ErrorMessage{file + ": is not a JSON object" + remedy};
  if (!json.contains(field))
    return ErrorMessage{file + ": has no field '" + field + "'" + remedy};
  const nlohmann::json &rate = json[field];
  if (!rate.is_number() || !(rate.get<double>() > 0))
    return ErrorMessage{file + ": field '" + field + "' must be a number above 0, not " +
                        rate.dump() + remedy};
  constexpr double bytesPerGiB = 1 << 30, nsPerSecond = 1e9;
  return rate.get<double>() * bytesPerGiB / nsPerSecond;
}

/// What the fastest op reads and leaves in a ns; 0 if no op leaves anything.
static double rateOfFastestOp(const OpTable &ops) {
  double bytesPerNs = 0;
  for (OpTable::KeyId key = 0; key < ops.numKeys(); ++key)
    for (int64_t samples : ops.getSamples())
      for (unsigned rule = 0; rule < ops.getNumRules(); ++rule)
        if (const OpRow *row = ops.find(key, samples, ops.getTps().front(), rule);
            row && row->forwardNs > 0)
          bytesPerNs =
              std::max(bytesPerNs, 2 * unitsToBytes(row->activationUnits) / row->forwardNs);
  return bytesPerNs;
}

Result<DeviceModel> DeviceModel::fromTables(const CostTables &tables) {
  std::string prefix = tables.getFolder() + "/" + tables.getPrefix();
  DeviceModel model;
  std::string provenance = prefix + "_provenance.json";
  std::error_code ignored;
  if (std::filesystem::exists(provenance, ignored)) {
    Result<double> rate = readMeasuredRate(provenance);
    if (!rate)
      return rate.takeError();
    model.memoryBytesPerNs = *rate;
    model.isMeasured = true;
    return model;
  }
  model.memoryBytesPerNs = rateOfFastestOp(tables.getOps());
  if (model.memoryBytesPerNs == 0)
    return ErrorMessage{
        prefix + "_*.csv: column 'activations' is 0 in every row, so no memory bandwidth can "
                 "be estimated from it; profile the model again"};
  return model;
}
