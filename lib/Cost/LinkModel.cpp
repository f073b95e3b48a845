//===- LinkModel.cpp - Times of collectives and transfers -------*- C++ -*-===//

#include "aceso/Cost/LinkModel.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace aceso;

std::string aceso::describeEstimates(EstimateSet estimates) {
  constexpr std::pair<EstimateKind, std::string_view> texts[] = {
      {CollectiveSizeEstimate, "collectives of sizes outside their tables, by the end points"},
      {CollectiveRingEstimate, "collectives without a table, as rings of messages"},
      {CollectiveNodesEstimate,
       "collectives over several nodes, as rings over the inter-node link"},
      {LinkSizeEstimate, "messages of sizes outside the link table, by its end points"},
      {OptimizerEstimate, "the optimizer, by bytes over memory bandwidth"},
      {BandwidthEstimate,
       "memory bandwidth, from the fastest op (the tables have no provenance file that tells it)"},
      {IdealEstimate, "ideal times without a row, from smaller samples or the op as it is split"},
  };
  std::string line;
  for (auto [kind, text] : texts)
    if (estimates & kind)
      line += (line.empty() ? "estimated: " : "; ") + std::string(text);
  return line;
}

double LinkModel::Curve::at(double bytes, bool &outside) const {
  assert(!points.empty());
  outside = bytes < points.front().bytes || bytes > points.back().bytes;
  if (bytes <= points.front().bytes)
    return points.front().ns;
  if (bytes >= points.back().bytes)
    return points.back().ns * (bytes / points.back().bytes);
  auto high = std::lower_bound(points.begin(), points.end(), bytes,
                               [](const Point &point, double size) { return point.bytes < size; });
  auto low = high - 1;
  return low->ns + (high->ns - low->ns) * ((bytes - low->bytes) / (high->bytes - low->bytes));
}

LinkModel::Curve LinkModel::linkCurve(const LinkTable &link) {
  constexpr double nsPerSecond = 1e9, bytesPerGiB = 1024.0 * bytesPerMiB;
  Curve curve;
  for (const LinkTable::Point &point : link.points)
    curve.points.push_back(
        {double(point.bytes),
         double(point.bytes) / (point.gibPerSecond * bytesPerGiB) * nsPerSecond});
  return curve;
}

LinkModel::LinkModel(std::shared_ptr<const CostTables> tables) {
  for (unsigned kind = 0; kind < numCollectiveKinds; ++kind)
    for (int64_t group : tables->collectiveGroups(CollectiveKind(kind))) {
      Curve curve;
      for (const auto &point : tables->findCollective(CollectiveKind(kind), group)->points)
        if (!point.isSkipped())
          curve.points.push_back({double(point.bytes), double(point.ns)});
      if (!curve.points.empty())
        collectives[kind].emplace(group, std::move(curve));
    }
  links[false] = linkCurve(tables->getIntraNode());
  links[true] = linkCurve(tables->getInterNode());
}

Price LinkModel::message(int64_t bytes, bool crossNode) const {
  if (bytes == 0)
    return {};
  bool outside;
  double ns = links[crossNode].at(bytes, outside);
  return {std::llround(ns), outside ? LinkSizeEstimate : NoEstimate};
}

/// A ring moves one part at a time, each step as slow as its slowest link. In an all-to-all every
/// rank sends to every other; the ranks of a node share its link to other nodes.
Price LinkModel::ring(CollectiveKind kind, int64_t groupSize, int64_t groupNodes,
                      int64_t bytesIn) const {
  bool crosses = groupNodes > 1;
  int64_t part = (bytesIn + groupSize - 1) / groupSize;
  Price price;
  switch (kind) {
  case CollectiveKind::AllReduce:
    price = message(part, crosses);
    price.ns *= 2 * (groupSize - 1);
    break;
  case CollectiveKind::ReduceScatter:
    price = message(part, crosses);
    price.ns *= groupSize - 1;
    break;
  case CollectiveKind::AllGather:
    price = message(bytesIn, crosses);
    price.ns *= groupSize - 1;
    break;
  case CollectiveKind::AllToAll: {
    int64_t inNode = groupSize / groupNodes;
    price = message(part, false);
    price.ns *= inNode - 1;
    if (crosses)
      price += message(part * inNode * (groupSize - inNode), true);
    break;
  }
  }
  price.estimates |= crosses ? CollectiveNodesEstimate : CollectiveRingEstimate;
  return price;
}

Price LinkModel::collective(CollectiveKind kind, int64_t groupSize, int64_t groupNodes,
                            int64_t bytesIn) const {
  assert(groupNodes >= 1 && groupSize % groupNodes == 0);
  if (groupSize == 1 || bytesIn == 0)
    return {};
  const auto &curves = collectives[unsigned(kind)];
  auto curve = curves.find(groupSize);
  // Tables are of groups inside a node.
  if (groupNodes > 1 || curve == curves.end())
    return ring(kind, groupSize, groupNodes, bytesIn);
  bool outside;
  double ns = curve->second.at(bytesIn, outside);
  return {std::llround(ns), outside ? CollectiveSizeEstimate : NoEstimate};
}
