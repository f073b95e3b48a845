//===- LinkModel.h - Times of collectives and transfers ---------*- C++ -*-===//
//
// What formula `full` pays for communication: the measured tables, interpolated in size; where they
// end, an estimate that says so.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_LINKMODEL_H
#define ACESO_COST_LINKMODEL_H

#include "aceso/Cost/CostTables.h"

#include <memory>

namespace aceso {

/// What a time rests on that no table holds. A set, as bits.
enum EstimateKind : uint32_t {
  NoEstimate = 0,
  /// A size outside a collective's table: below, the time of the smallest size; above, the
  /// bandwidth of the largest.
  CollectiveSizeEstimate = 1 << 0,
  /// No table for a collective of this group size: a ring of messages over the link table.
  CollectiveRingEstimate = 1 << 1,
  /// A group over several nodes, of which there are no tables: a ring over the inter-node link.
  CollectiveNodesEstimate = 1 << 2,
  /// A message size outside the link table: end points as above.
  LinkSizeEstimate = 1 << 3,
  /// Optimizer time: bytes over memory bandwidth.
  OptimizerEstimate = 1 << 4,
  /// No row for the whole micro-batch on one device: smaller samples several times, or the op as it
  /// is split.
  IdealEstimate = 1 << 5,
  /// A memory bandwidth that nobody measured (DeviceModel.h).
  BandwidthEstimate = 1 << 6,
};
using EstimateSet = uint32_t;

/// One line that names everything in `estimates`; empty for none.
std::string describeEstimates(EstimateSet estimates);

struct Price {
  int64_t ns = 0;
  EstimateSet estimates = NoEstimate;

  Price &operator+=(const Price &other) {
    ns += other.ns;
    estimates |= other.estimates;
    return *this;
  }
  bool operator==(const Price &) const = default;
};

class LinkModel {
public:
  explicit LinkModel(std::shared_ptr<const CostTables> tables);

  /// A collective of `groupSize` ranks that stand in `groupNodes` nodes, equally many in each.
  /// `bytesIn`: what each rank puts in (see CollectiveTable).
  Price collective(CollectiveKind kind, int64_t groupSize, int64_t groupNodes,
                   int64_t bytesIn) const;

  /// One message.
  Price message(int64_t bytes, bool crossNode) const;

private:
  struct Curve {
    struct Point {
      double bytes, ns;
    };
    std::vector<Point> points; ///< ascending

    /// Piecewise linear; `outside` says whether an end point had to serve.
    double at(double bytes, bool &outside) const;
  };
  static Curve linkCurve(const LinkTable &link);
  Price ring(CollectiveKind kind, int64_t groupSize, int64_t groupNodes, int64_t bytesIn) const;

  /// By kind, then group size; only tables with a point that was not skipped.
  std::array<std::map<int64_t, Curve>, numCollectiveKinds> collectives;
  Curve links[2]; ///< inside a node, between nodes
};

} // namespace aceso

#endif // ACESO_COST_LINKMODEL_H
