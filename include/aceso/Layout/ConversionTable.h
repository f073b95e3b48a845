//===- ConversionTable.h - Conversions by number, remembered ----*- C++ -*-===//
//
// A cost model and a search ask for the same few conversions again and again. Here layouts of a
// tensor get small numbers, and what a conversion or transfer costs is calculated once for each
// pair. Not for use by several threads at once.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LAYOUT_CONVERSIONTABLE_H
#define ACESO_LAYOUT_CONVERSIONTABLE_H

#include "aceso/Layout/Conversion.h"

#include <map>
#include <memory>
#include <tuple>

namespace aceso {

/// What is needed to price one step.
struct StepSummary {
  StepKind kind;
  /// Digits of the group, as in ConversionStep: which devices take part, hence which links.
  DigitList digits;
  int64_t groupSize = 1;
  /// Elements of one rank's input buffer (stepInputElements): what tables of collectives call the
  /// size.
  int64_t elementsIn = 0;
  bool operator==(const StepSummary &) const = default;
};

/// The steps of a conversion in order, local ones too.
struct ConversionSummary {
  std::vector<StepSummary> steps;
  ConversionCost cost;
};

/// What is needed to price a transfer: conversions on both sides and the messages between.
struct TransferSummary {
  ConversionSummary beforeSend, afterReceive;
  int64_t numMessages = 0;
  /// Over all messages together.
  int64_t elementsSent = 0;
  /// The most that one device sends, and the most that one receives: at equal links the slower of
  /// the two is the time.
  int64_t busiestSend = 0, busiestReceive = 0;
};

/// Number of a layout within one LayoutTable, from 0.
using LayoutId = uint32_t;

/// The layouts of tensors of one shape on one mesh. References that it gives stay good while it
/// lives.
class LayoutTable {
public:
  /// `majors` as in checkLayout; empty: every dimension is a single letter.
  LayoutTable(Mesh mesh, std::vector<int64_t> shape, std::vector<int64_t> majors = {});

  const Mesh &getMesh() const { return mesh; }
  const std::vector<int64_t> &getShape() const { return shape; }
  const std::vector<int64_t> &getMajors() const { return majors; }

  /// The number of `layout`, which must be legal; equal layouts get the same.
  LayoutId intern(const Layout &layout);
  const Layout &layout(LayoutId id) const { return *layouts[id]; }
  size_t size() const { return layouts.size(); }

  const ConversionSummary &conversion(LayoutId from, LayoutId to);

private:
  Mesh mesh;
  std::vector<int64_t> shape, majors;
  std::vector<std::unique_ptr<Layout>> layouts;
  /// By `from`, then `to`; grown on demand, null where nobody asked yet.
  std::vector<std::vector<std::unique_ptr<ConversionSummary>>> conversions;
};

/// All tables of a run: equal tensors share one.
class ConversionCache {
public:
  /// The table of tensors of this shape on this mesh; always the same one.
  LayoutTable &table(const Mesh &mesh, const std::vector<int64_t> &shape,
                     const std::vector<int64_t> &majors = {});

  /// A transfer between two tables of one shape; `to` must have nothing pending.
  const TransferSummary &transfer(LayoutTable &source, LayoutId from, LayoutTable &destination,
                                  LayoutId to);

private:
  using TableKey = std::tuple<std::vector<int64_t>, std::vector<int64_t>, std::vector<int64_t>>;
  using TransferKey = std::tuple<const LayoutTable *, LayoutId, const LayoutTable *, LayoutId>;
  std::map<TableKey, LayoutTable> tables;
  std::map<TransferKey, TransferSummary> transfers;
};

} // namespace aceso

#endif // ACESO_LAYOUT_CONVERSIONTABLE_H
