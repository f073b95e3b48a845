//===- Conversion.h - From one layout to another ----------------*- C++ -*-===//
//
// A conversion inside one device set is a short list of digit moves (slice, collectives, mask);
// between two sets it is the same moves to a form with one owner for each element, then boxes.
// (docs/rationale/Layout.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LAYOUT_CONVERSION_H
#define ACESO_LAYOUT_CONVERSION_H

#include "aceso/Layout/Layout.h"

namespace aceso {

enum class StepKind : uint8_t {
  Slice, ///< local: keep the own part of a replicated dimension
  Mask,  ///< local: idle digits become pending, only the device with value 0 in all keeps its value
  AllReduce,     ///< pending digits reduced, result replicated
  ReduceScatter, ///< pending digits reduced, result split over `toDim`
  AllGather,     ///< the last digits of `fromDim` gathered
  AllToAll,      ///< the last digits of `fromDim` move to `toDim`
  BoxExchange,   ///< each device fetches the cells of its new box that it lacks
};

/// "all-reduce" and so on; for messages.
const char *toString(StepKind kind);

/// Slice and Mask move nothing; the other kinds are collectives.
inline bool isLocal(StepKind kind) { return kind == StepKind::Slice || kind == StepKind::Mask; }

/// One move. The group are the devices that differ only in `digits`; every device is in one group,
/// and every device of the mesh takes part.
struct ConversionStep {
  StepKind kind;
  /// Digits of the group. Members are numbered by these digits, first one major (Mesh::position):
  /// the order in which AllGather concatenates `fromDim` and ReduceScatter, Slice and AllToAll cut
  /// `toDim`. Ascending for AllReduce, Mask and BoxExchange.
  DigitList digits;
  /// Only for AllToAll: the same digits in the order in which the received parts are concatenated
  /// along `fromDim` (see gatherOrder).
  DigitList fromDigits;
  /// The dimensions that the move cuts or joins; -1 where the kind has none.
  int fromDim = -1, toDim = -1;
  /// Layout before and after this step. The reduction of AllReduce, ReduceScatter and Mask is
  /// `before.reduction` where something pends before, else `after.reduction` (see reductionOf).
  Layout before, after;
};

/// The reduction that a step performs or prepares.
Reduction reductionOf(const ConversionStep &step);

/// "all-to-all 1 -> 2 over [0]"; for messages and tests.
std::string toString(const ConversionStep &step);

/// The steps that turn a tensor of `shape` from layout `from` into `to`. Both must be legal for the
/// shape; values pending in both must pend with one reduction. Empty if the layouts are equal.
/// Never fails: what no list of digit moves does well is a box exchange.
///
/// `majors` (see checkLayout) keeps layouts in between, or an owned layout, from cutting a
/// dimension inside its major factor; no box is wrong without them. Where producer and consumer see
/// one dimension differently (heads "(n d)" read as "k"), pass none: a consumer may split finer
/// than the heads.
///
/// Reductions come first, when values are smallest, and as reduce-scatters where their digit has a
/// place in `to`; idle digits are cut before. What follows receives for each device exactly what
/// its new box needs minus what its old one holds; so where `from` has nothing pending, the whole
/// conversion does. (Where something pends, a detour that also spreads the reduction over devices
/// idle in `to` can receive less, at the price of one or two collectives more; it is not taken.)
std::vector<ConversionStep> convertLayout(const Mesh &mesh, const Layout &from, const Layout &to,
                                          const std::vector<int64_t> &shape,
                                          const std::vector<int64_t> &majors = {});

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

/// What a step or conversion costs, in elements received over all devices of the mesh together.
/// AllReduce counts 2 (g - 1) ceil(n / g) for each device (a ring over g equal parts), the others
/// what a device lacks.
struct ConversionCost {
  int64_t elementsReceived = 0;
  int64_t numCollectives = 0;
  bool operator==(const ConversionCost &) const = default;
  bool operator<(const ConversionCost &other) const {
    return elementsReceived != other.elementsReceived ? elementsReceived < other.elementsReceived
                                                      : numCollectives < other.numCollectives;
  }
};

ConversionCost conversionCost(const Mesh &mesh, const std::vector<ConversionStep> &steps,
                              const std::vector<int64_t> &shape);

/// The size by which a table of collectives prices the step: elements of one rank's input buffer,
/// which is what a device holds before the step (for AllGather its own part, for ReduceScatter and
/// AllToAll the whole input). A BoxExchange is an all-to-all of uneven parts: the input of the even
/// all-to-all in which every rank moves what the busiest one here sends or receives, rounded up.
int64_t stepInputElements(const Mesh &mesh, const ConversionStep &step,
                          const std::vector<int64_t> &shape);

//===----------------------------------------------------------------------===//
// Groups and parts
//===----------------------------------------------------------------------===//

/// The members of each group of a step, in the order in which the collective numbers them. Groups
/// ascend by their first member.
std::vector<std::vector<int64_t>> stepGroups(const Mesh &mesh, const ConversionStep &step);

/// For an AllToAll: the members in the order in which what they send is concatenated along
/// `fromDim`. The same for every group.
std::vector<int64_t> gatherOrder(const Mesh &mesh, const ConversionStep &step);

/// One piece of a box exchange or transfer: `destination` receives `box` (in global indices) from
/// `source`. In a box exchange both may be the same device (a local copy).
struct BoxPiece {
  int64_t source, destination;
  Box box;
  bool operator==(const BoxPiece &) const = default;
};

/// The pieces of a BoxExchange step, ordered by destination, then by source. Source and destination
/// are in one group of the step and have the same values of pending and idle digits. The pieces of
/// one destination are disjoint and fill its new box; no two have the same source.
std::vector<BoxPiece> boxExchangePieces(const Mesh &mesh, const ConversionStep &step,
                                        const std::vector<int64_t> &shape);

//===----------------------------------------------------------------------===//
// Between device sets
//===----------------------------------------------------------------------===//

/// `layout` with every idle digit, then every pending one, each ascending, pushed onto the first
/// dimension it still divides: one owner for each element as far as the shape allows. (Idle ones
/// first: cutting is free, and what a reduction moves is smaller after it.) A digit that divides no
/// dimension is idle. Nothing pends. Also the home layout of ZeRO.
Layout ownedLayout(const Mesh &mesh, const Layout &layout, const std::vector<int64_t> &shape,
                   const std::vector<int64_t> &majors = {});

/// A value crosses from one device set to another: converted to `sent` on the source mesh, moved as
/// `messages`, and converted from `received` on the destination mesh.
struct Transfer {
  std::vector<ConversionStep> beforeSend;
  Layout sent, received;
  /// source is a device of the first mesh, destination one of the second; ordered by source,
  /// destination. At most one message for each pair. Where the sent form has replicas (idle digits
  /// that divide no dimension), the one whose idle digits are all 0 sends; each replica of the
  /// received form gets a copy.
  std::vector<BoxPiece> messages;
  std::vector<ConversionStep> afterReceive;
};

/// (docs/rationale/Layout.md.) `to` must have nothing pending.
Transfer planTransfer(const Mesh &sourceMesh, const Layout &from, const Mesh &destinationMesh,
                      const Layout &to, const std::vector<int64_t> &shape,
                      const std::vector<int64_t> &majors = {});

} // namespace aceso

#endif // ACESO_LAYOUT_CONVERSION_H
