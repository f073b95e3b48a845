//===- Moves.h - The moves --------------------------------------*- C++ -*-===//
//
// With them every primitive of the published search, its fine-tuning, and every plan can be said.
// Ops are positions in the plan, stages positions among the stages, both from 0.
// (docs/rationale/Cost.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_MOVES_H
#define ACESO_SEARCH_MOVES_H

#include "aceso/Search/Move.h"

namespace aceso {

/// One of the two ways to split over devices.
enum class DeviceAxis : uint8_t { Tp, Dp };
std::string_view axisName(DeviceAxis axis);
/// None for a name that is neither "tp" nor "dp".
std::optional<DeviceAxis> axisFromName(std::string_view name);

/// Positions of ops as ascending disjoint ranges, written "0-12,20".
class OpRanges {
public:
  struct Range {
    uint32_t first, last; ///< both included
    bool operator==(const Range &) const = default;
  };

  OpRanges() = default;
  OpRanges(uint32_t first, uint32_t last) : ranges{{first, last}} {}
  /// The positions in `ops`, ascending.
  static OpRanges of(const std::vector<uint32_t> &ops);
  /// Errors: no ranges, or not ascending.
  static Result<OpRanges> parse(std::string_view text);

  const std::vector<Range> &getRanges() const { return ranges; }
  bool empty() const { return ranges.empty(); }
  /// Calls `visit` with every position.
  template <typename Visitor> void forEach(Visitor visit) const {
    for (const Range &range : ranges)
      for (uint32_t op = range.first; op <= range.last; ++op)
        visit(op);
  }
  std::string toString() const;
  bool operator==(const OpRanges &) const = default;

private:
  std::vector<Range> ranges;
};

/// Shifts the boundary behind `stage`: the last `count` ops of the stage go to the next one; for a
/// negative count the first -count ops of the next stage come to it. Moved ops take tp and dp of
/// the op they come to stand beside, and keep rule and recompute flag.
struct MoveOps final : Move {
  MoveOps(uint32_t stage, int64_t count) : stage(stage), count(count) {}
  uint32_t stage;
  int64_t count;

  std::string_view getName() const override { return "par-move-ops"; }
  std::vector<MoveOption> getOptions() const override;
  StageEffect effectOn(const CompactPlan &plan, uint32_t stage) const override;

protected:
  std::string change(CompactPlan &plan) const override;
};

/// Each stage in `from` gives half of its devices along the axis beside it (all its ops' tp or dp
/// halve), `to` takes them all along `toAxis`. A stage that is named twice halves twice.
struct MoveDevices final : Move {
  MoveDevices(std::vector<uint32_t> from, std::vector<DeviceAxis> fromAxes, uint32_t to,
              DeviceAxis toAxis)
      : from(std::move(from)), fromAxes(std::move(fromAxes)), to(to), toAxis(toAxis) {}
  std::vector<uint32_t> from;
  std::vector<DeviceAxis> fromAxes; ///< as many as `from`
  uint32_t to;
  DeviceAxis toAxis;

  std::string_view getName() const override { return "par-move-devices"; }
  std::vector<MoveOption> getOptions() const override;
  StageEffect effectOn(const CompactPlan &plan, uint32_t stage) const override;

protected:
  std::string change(CompactPlan &plan) const override;
};

/// Ops of one stage double along `to` and halve along the other axis.
struct ExchangeAxes final : Move {
  /// `ops` empty: all of the stage.
  ExchangeAxes(uint32_t stage, OpRanges ops, DeviceAxis to)
      : stage(stage), ops(std::move(ops)), to(to) {}
  uint32_t stage;
  OpRanges ops;
  DeviceAxis to;

  std::string_view getName() const override { return "par-exchange-axes"; }
  std::vector<MoveOption> getOptions() const override;
  StageEffect effectOn(const CompactPlan &plan, uint32_t stage) const override;

protected:
  std::string change(CompactPlan &plan) const override;
};

struct SetMicroBatch final : Move {
  explicit SetMicroBatch(int64_t size) : size(size) {}
  int64_t size; ///< aggregate over data-parallel replicas

  std::string_view getName() const override { return "par-set-micro-batch"; }
  std::vector<MoveOption> getOptions() const override;
  StageEffect effectOn(const CompactPlan &plan, uint32_t stage) const override;

protected:
  std::string change(CompactPlan &plan) const override;
};

struct SetRecompute final : Move {
  SetRecompute(OpRanges ops, bool value) : ops(std::move(ops)), value(value) {}
  OpRanges ops;
  bool value;

  std::string_view getName() const override { return "par-set-recompute"; }
  std::vector<MoveOption> getOptions() const override;
  StageEffect effectOn(const CompactPlan &plan, uint32_t stage) const override;

protected:
  std::string change(CompactPlan &plan) const override;
};

struct SetRule final : Move {
  SetRule(OpRanges ops, uint32_t rule) : ops(std::move(ops)), rule(rule) {}
  OpRanges ops;
  uint32_t rule;

  std::string_view getName() const override { return "par-set-rule"; }
  std::vector<MoveOption> getOptions() const override;
  StageEffect effectOn(const CompactPlan &plan, uint32_t stage) const override;

protected:
  std::string change(CompactPlan &plan) const override;
};

struct SetDegrees final : Move {
  SetDegrees(OpRanges ops, uint32_t tp, uint32_t dp) : ops(std::move(ops)), tp(tp), dp(dp) {}
  OpRanges ops;
  uint32_t tp, dp;

  std::string_view getName() const override { return "par-set-degrees"; }
  std::vector<MoveOption> getOptions() const override;
  StageEffect effectOn(const CompactPlan &plan, uint32_t stage) const override;

protected:
  std::string change(CompactPlan &plan) const override;
};

/// Cuts the plan anew: `ops[i]` ops on `devices[i]` devices in stage i, all with tp `tp[i]` and dp
/// `devices[i] / tp[i]`. Rules, recompute flags and batches stay.
struct SetStages final : Move {
  /// `tp` empty: as much as there are devices.
  SetStages(std::vector<uint32_t> ops, std::vector<uint32_t> devices, std::vector<uint32_t> tp)
      : ops(std::move(ops)), devices(std::move(devices)), tp(std::move(tp)) {}
  std::vector<uint32_t> ops, devices, tp;

  std::string_view getName() const override { return "par-set-stages"; }
  std::vector<MoveOption> getOptions() const override;
  StageEffect effectOn(const CompactPlan &plan, uint32_t stage) const override;

protected:
  std::string change(CompactPlan &plan) const override;
};

/// Moves that turn `from` into `to`, a plan of the same model with equal cluster and global batch.
/// Every plan on the way is legal. Short where the two are near; between any two legal plans there
/// are such moves if the model has at least as many ops as the cluster devices. Error: none were
/// found.
Result<MoveList> movesBetween(const CompactPlan &from, const CompactPlan &to,
                              const ModelFacts &facts);

} // namespace aceso

#endif // ACESO_SEARCH_MOVES_H
