//===- CostTables.cpp - Look-ups in measured tables -------------*- C++ -*-===//

#include "aceso/Cost/CostTables.h"

#include <algorithm>

using namespace aceso;

std::string_view aceso::collectiveName(CollectiveKind kind) {
  constexpr std::string_view names[numCollectiveKinds] = {"all_reduce", "all_gather",
                                                          "reduce_scatter", "all_to_all"};
  return names[unsigned(kind)];
}

std::optional<OpTable::KeyId> OpTable::findKey(std::string_view opKey) const {
  auto it = keyIds.find(opKey);
  if (it == keyIds.end())
    return std::nullopt;
  return it->second;
}

static int indexOf(const std::vector<int> &index, int64_t value, int none) {
  return value >= 0 && value < int64_t(index.size()) ? index[value] : none;
}

const OpRow *OpTable::find(KeyId key, int64_t samplesPerReplica, int64_t tp, unsigned rule) const {
  int sample = indexOf(samplesIndex, samplesPerReplica, noIndex);
  int degree = indexOf(tpIndex, tp, noIndex);
  if (sample == noIndex || degree == noIndex || rule >= numRules || key >= keys.size())
    return nullptr;
  const OpRow &row =
      rows[((size_t(key) * samples.size() + sample) * tps.size() + degree) * numRules + rule];
  return row.measured ? &row : nullptr;
}

std::string OpTable::describeMissing(std::string_view opKey, int64_t samplesPerReplica, int64_t tp,
                                     unsigned rule) const {
  std::string file = filePrefix + "_mbs" + std::to_string(samplesPerReplica) + "_tp" +
                     std::to_string(tp) + "_algo" + std::to_string(rule) + ".csv";
  auto list = [](const std::vector<int64_t> &values) {
    std::string text;
    for (int64_t value : values)
      text += (text.empty() ? "" : ", ") + std::to_string(value);
    return text;
  };
  return file + ": no row for op '" + std::string(opKey) + "' with " +
         std::to_string(samplesPerReplica) + " samples per replica, tp " + std::to_string(tp) +
         ", rule " + std::to_string(rule) + "; profile it, or plan within the tables (samples " +
         list(samples) + "; tp " + list(tps) + "; rules below " + std::to_string(numRules) + ")";
}

std::optional<int64_t> CollectiveTable::findNs(int64_t bytes) const {
  auto it = std::lower_bound(points.begin(), points.end(), bytes,
                             [](const Point &point, int64_t size) { return point.bytes < size; });
  if (it == points.end() || it->bytes != bytes)
    return std::nullopt;
  return it->ns;
}

const CollectiveTable *CostTables::findCollective(CollectiveKind kind, int64_t groupSize) const {
  const auto &tables = collectives[unsigned(kind)];
  auto it = tables.find(groupSize);
  return it == tables.end() ? nullptr : &it->second;
}

std::string CostTables::collectiveFile(CollectiveKind kind, int64_t groupSize) const {
  return folder + "/prim_" + prefix + "_" + std::string(collectiveName(kind)) + "_" +
         std::to_string(groupSize) + "gpus.csv";
}

std::vector<int64_t> CostTables::collectiveGroups(CollectiveKind kind) const {
  std::vector<int64_t> groups;
  for (const auto &[group, table] : collectives[unsigned(kind)])
    groups.push_back(group);
  return groups;
}
