//===- Conversion.h - From one layout to another ----------------*- C++ -*-===//
//
// A conversion inside one device set is a short list of digit moves (slice, collectives, mask); between
// two sets it is the same moves to a form with one owner for each element, then boxes. (layouts.md,
// sections 5 and 6)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LAYOUT_CONVERSION_H
#define ACESO_LAYOUT_CONVERSION_H

#include "aceso/Layout/Layout.h"

namespace aceso {

enum class StepKind : uint8_t {
  Slice,         ///< local: keep the own part of a replicated dimension
  Mask,          ///< local: an idle digit becomes pending, only value 0 keeps the value
  AllReduce,     ///< pending digits reduced, result replicated
  ReduceScatter, ///< pending digits reduced, result split over `toDim`
  AllGather,     ///< the last digits of `fromDim` gathered
  AllToAll,      ///< the last digits of `fromDim` move to `toDim`
  BoxExchange,   ///< each device fetches the cells of its new box that it lacks
};

/// One move. The group are the devices that differ only in `digits`.
struct ConversionStep {
  StepKind kind;
  /// Digits of the group. Members are ordered by these digits, first one major: the order in which
  /// AllGather concatenates and ReduceScatter and Slice cut. For AllToAll the order in which `toDim` is
  /// cut; `fromDim` is concatenated in the order of `fromDigits`.
  DigitList digits;
  DigitList fromDigits;
  int fromDim = -1, toDim = -1;
  /// Layout before and after this step.
  Layout before, after;
};

/// What a step or conversion costs, in elements received over all devices of the mesh together.
/// AllReduce counts 2 (g - 1) ceil(n / g) for each device, the others what a device lacks.
struct ConversionCost {
  int64_t elementsReceived = 0;
  int64_t numCollectives = 0;
  bool operator<(const ConversionCost &other) const {
    return elementsReceived != other.elementsReceived ? elementsReceived < other.elementsReceived
                                                      : numCollectives < other.numCollectives;
  }
};

/// The steps that turn a tensor of `shape` from layout `from` into `to` with the fewest elements
/// received. Both must be legal for the shape; values pending in both must pend with one reduction.
/// Empty if the layouts are equal. Never fails: what no list of digit moves does well is a box exchange.
/// `majors`: see checkLayout.
std::vector<ConversionStep> convertLayout(const Mesh &mesh, const Layout &from, const Layout &to,
                                          const std::vector<int64_t> &shape,
                                          const std::vector<int64_t> &majors = {});

ConversionCost conversionCost(const Mesh &mesh, const std::vector<ConversionStep> &steps,
                              const std::vector<int64_t> &shape);

/// The members of each group of a step, in the order in which the collective numbers them.
std::vector<std::vector<int64_t>> stepGroups(const Mesh &mesh, const ConversionStep &step);

/// One piece of a box exchange: `device` (of the step's mesh) receives `box` from `source`; both may be
/// the same device (a local copy).
struct BoxPiece {
  int64_t source, destination;
  Box box;
};

/// The pieces of a BoxExchange step, ordered by destination, then by source, then by place.
std::vector<BoxPiece> boxExchangePieces(const Mesh &mesh, const ConversionStep &step,
                                        const std::vector<int64_t> &shape);

/// `layout` with every pending or idle digit pushed, ascending, onto the first dimension it still
/// divides: one owner for each element as far as the shape allows. A digit that divides none is idle.
/// Also the home layout of ZeRO.
Layout ownedLayout(const Mesh &mesh, const Layout &layout, const std::vector<int64_t> &shape,
                   const std::vector<int64_t> &majors = {});

/// A value crosses from one device set to another: converted to `sent` on the source mesh, moved as
/// `messages`, and converted from `received` on the destination mesh.
struct Transfer {
  std::vector<ConversionStep> beforeSend;
  Layout sent, received;
  /// source is a device of the first mesh, destination one of the second; ordered by source, destination.
  std::vector<BoxPiece> messages;
  std::vector<ConversionStep> afterReceive;
};

/// (layouts.md, section 6.) `to` must have nothing pending.
Transfer planTransfer(const Mesh &sourceMesh, const Layout &from, const Mesh &destinationMesh,
                      const Layout &to, const std::vector<int64_t> &shape,
                      const std::vector<int64_t> &majors = {});

} // namespace aceso

#endif // ACESO_LAYOUT_CONVERSION_H
