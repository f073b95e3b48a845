//===- ProfileTables.cpp - Cost tables as files ---------------------------===//

#include "aceso/Runtime/ProfileTables.h"

#include <algorithm>
#include <cstdio>

namespace aceso {

std::string opTableName(const std::string &prefix, int64_t samples, int64_t tp, uint32_t rule) {
  return prefix + "_mbs" + std::to_string(samples) + "_tp" + std::to_string(tp) + "_algo" +
         std::to_string(rule) + ".csv";
}

std::string collectiveTableName(const std::string &prefix, CollectiveKind kind, int64_t groupSize) {
  return "prim_" + prefix + "_" + std::string(collectiveName(kind)) + "_" +
         std::to_string(groupSize) + "gpus.csv";
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// `value` / 10^decimals.
static std::string printScaled(int64_t value, unsigned decimals) {
  std::string digits = std::to_string(value);
  if (digits.size() <= decimals)
    digits.insert(0, decimals + 1 - digits.size(), '0');
  return digits.insert(digits.size() - decimals, ".");
}

/// `bytes` in MiB with so many decimals, rounded to the nearest.
static std::string printMiB(int64_t bytes, unsigned decimals) {
  int64_t scale = 1;
  for (unsigned i = 0; i < decimals; ++i)
    scale *= 10;
  int64_t whole = bytes / bytesPerMiB, rest = bytes % bytesPerMiB;
  return printScaled(whole * scale + (rest * scale + bytesPerMiB / 2) / bytesPerMiB, decimals);
}

/// "0.0009765625", "16".
static std::string printDataSize(int64_t bytes) {
  // Enough to tell one byte from the next.
  constexpr unsigned decimals = 10;
  std::string text = printMiB(bytes, decimals);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.')
    text.pop_back();
  return text;
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

std::string printOpTable(const std::vector<MeasuredRow> &rows) {
  std::string text = "op_name,forward-compute,backward-compute,input_size,output_size,weights,"
                     "activations,fwd_reserved,bwd_reserved,fwd_collective,bwd_collective\n";
  constexpr unsigned decimals = 3;
  for (const MeasuredRow &row : rows) {
    const OpMeasurement &measured = row.measurement;
    text += row.entry->key.op;
    auto addTime = [&](int64_t ns) { text += "," + printScaled(ns, decimals); };
    auto addSize = [&](int64_t bytes) { text += "," + printMiB(bytes, decimals); };
    addTime(measured.forwardNs + measured.forwardCollectiveNs);
    addTime(measured.backwardNs + measured.backwardCollectiveNs);
    addSize(row.entry->inputBytes);
    addSize(row.entry->outputBytes);
    addSize(row.entry->weightBytes);
    addSize(measured.activationBytes);
    addSize(measured.forwardReservedBytes);
    addSize(measured.backwardReservedBytes);
    addTime(measured.forwardCollectiveNs);
    addTime(measured.backwardCollectiveNs);
    text += "\n";
  }
  return text;
}

std::string printCollectiveTable(const std::vector<MeasuredTime> &points) {
  std::string text = "data_size(MB),time(ms)\n";
  for (const MeasuredTime &point : points)
    text += printDataSize(point.bytes) + "," + printScaled(point.ns, 6) + "\n";
  return text;
}

std::string printLinkTable(const std::vector<MeasuredTime> &points) {
  std::string sizes, rates;
  for (const MeasuredTime &point : points) {
    constexpr double bytesPerGiB = 1024.0 * bytesPerMiB;
    char rate[32];
    std::snprintf(rate, sizeof rate, "%.6g",
                  static_cast<double>(point.bytes) / bytesPerGiB /
                      (static_cast<double>(std::max<int64_t>(point.ns, 1)) / 1e9));
    sizes += (sizes.empty() ? "" : ",") + printDataSize(point.bytes);
    rates += (rates.empty() ? "" : ",") + std::string(rate);
  }
  return sizes + "\n" + rates + "\n";
}

} // namespace aceso
