//===- Program.h - What every rank runs -------------------------*- C++ -*-===//
//
// The plain form of the `exec` dialect: one SPMD program for each stage, in which nothing is
// implicit. The compiler exports it, the runtime executes it.
//
// A stage's program is a few *segments*, each written once for one micro-batch, and a *schedule*:
// the order in which segments run. Values live inside one run of one segment; what outlives it is
// kept in *slots*. So the size of a program depends on the ops of the model and not on the number
// of micro-batches.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_PROGRAM_PROGRAM_H
#define ACESO_PROGRAM_PROGRAM_H

#include "aceso/Layout/Conversion.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace aceso {

enum class ElementType : uint8_t { F16, BF16, F32, F64, I32, I64 };

/// Bytes of one element.
unsigned elementBytes(ElementType type);
/// "f16", "bf16", "f32", "f64", "i32", "i64".
const char *toString(ElementType type);
inline bool isFloating(ElementType type) { return type <= ElementType::F64; }

/// A global tensor and which part of it a device of the stage holds.
struct TensorDesc {
  ElementType type = ElementType::F32;
  /// Global shape; a batch dimension is the micro-batch.
  std::vector<int64_t> shape;
  Layout layout;
  bool operator==(const TensorDesc &) const = default;
};

using AttributeValue = std::variant<bool, int64_t, double, std::string>;
using AttributeMap = std::map<std::string, AttributeValue>;

/// Index of a value of a segment, of a slot of a stage, of a parameter or input of the program.
using Index = uint32_t;

enum class InstructionKind : uint8_t {
  /// Runs kernel `name` on operands; results are new values. Kernels know nothing of communication:
  /// they are the global op restricted to the boxes of operands and results. A kernel may consume
  /// operands (Kernels.h): it may reuse their storage, and they may only be released afterwards.
  Kernel,
  /// results[0] = the own box of input `index` of this micro-batch.
  Input,
  /// results[0] = operands[0] after `step`: a slice or mask (local) or a collective inside the
  /// stage.
  Convert,
  /// Sends the pieces of operands[0] to stage `peer`; never blocks computation. From one stage to
  /// another messages arrive in the order in which they were sent.
  Send,
  /// results[0] = a value assembled from the pieces of the next message from stage `peer`.
  Receive,
  /// results[0] = slot `index` (of this micro-batch).
  Load,
  /// Slot `index` (of this micro-batch) = operands[0].
  Store,
  /// Slot `index` += operands[0]; the first addition to an empty slot sets it. Conversions commute
  /// with it.
  Accumulate,
  /// Frees operands[0]; a slot that still holds the value keeps it alive. Every value is released
  /// once, in the segment that defines it.
  Release,
  /// Frees slot `index` of this micro-batch. At the end of a step only slots of parameters and
  /// optimizer state hold values.
  ReleaseSlot,
  /// results[0] = sum of operands[0] over all ranks of the program: a scalar that pends over every
  /// digit of each stage. Every stage takes part; one that has nothing to add gives exec.zero.
  WorldSum,
  /// Reports operands[0] (a scalar, the same on all ranks) as `name` ("loss", "grad_norm").
  Report,
};

struct Instruction {
  InstructionKind kind = InstructionKind::Kernel;
  /// Kernel: its name, the mnemonic of the op ("nn.linear", "exec.adamw"). Report: the metric.
  /// Send, Receive: the value that crosses, the same on both sides.
  std::string name;
  /// Path of the unit of planning that this belongs to; key of dropout masks; for messages and
  /// traces.
  std::string path;
  /// Kernel: index letters of operands and results as in Signature::parse, "s b k, o k -> s b o".
  /// They say which layouts of operands and results go together.
  std::string letters;
  /// Kernel: letters that may not be split.
  std::string nosplit;
  /// Kernel: the attributes of the op; an attribute that is a dictionary has its keys after a dot
  /// ("extents.d").
  AttributeMap attributes;
  std::vector<Index> operands, results;
  Index index = 0;       ///< Input, Load, Store, Accumulate, ReleaseSlot
  Index peer = 0;        ///< Send, Receive: the other stage
  ConversionStep step{}; ///< Convert: `before` and `after` are the layouts of operand and result
  /// Send, Receive: all pieces of the message between the two stages, with ranks of the program;
  /// each rank takes its own. Ordered by source, destination.
  std::vector<BoxPiece> pieces;
};

enum class SegmentKind : uint8_t {
  Read,     ///< once a step: parameters from home to where and how they are used
  Forward,  ///< once for each micro-batch
  Backward, ///< once for each micro-batch
  Update,   ///< once a step: gradients home, clipping, optimizer, reports
};

/// Whether a segment of this kind runs once for each micro-batch.
inline bool isPerMicroBatch(SegmentKind kind) {
  return kind == SegmentKind::Forward || kind == SegmentKind::Backward;
}

struct Segment {
  SegmentKind kind = SegmentKind::Forward;
  std::vector<TensorDesc> values; ///< by value index
  std::vector<Instruction> instructions;
};

enum class SlotRole : uint8_t {
  Parameter,  ///< home of parameter `parameter`: the copy that the optimizer updates
  Weight,     ///< a parameter as the stage's ops read it
  Gradient,   ///< accumulated over micro-batches
  Moment1,    ///< optimizer state at home (momentum, first moment)
  Moment2,    ///< optimizer state at home (second moment)
  Activation, ///< kept from forward to backward
  Metric,     ///< loss so far
};

/// Whether a slot of this role is kept from step to step.
inline bool isState(SlotRole role) {
  return role == SlotRole::Parameter || role == SlotRole::Moment1 || role == SlotRole::Moment2;
}

/// Storage that outlives a segment.
struct Slot {
  std::string name;
  SlotRole role = SlotRole::Activation;
  TensorDesc tensor;
  /// How many micro-batches it holds at once; micro-batch m is at m mod depth.
  uint32_t depth = 1;
  Index parameter = 0; ///< Parameter, Weight, Gradient, Moment1, Moment2
};

/// A run of a segment, or a repetition. The i-th run of a forward or backward segment in a step is
/// for micro-batch i.
struct ScheduleItem {
  enum class Kind : uint8_t { Run, Repeat } kind = Kind::Run;
  Index segment = 0; ///< Run
  int64_t count = 1; ///< Repeat
  std::vector<ScheduleItem> body;
};

struct StageProgram {
  uint32_t firstRank = 0;
  std::vector<int64_t> mesh; ///< radices, see Mesh; their product is the number of ranks
  std::vector<Slot> slots;
  std::vector<Segment> segments;
  std::vector<ScheduleItem> schedule;
};

enum class InitKind : uint8_t { Zeros, Ones, Normal };

struct ProgramParameter {
  std::string path;
  ElementType type = ElementType::F32; ///< of the model; the home copy may be wider
  std::vector<int64_t> shape;
  InitKind init = InitKind::Zeros;
  double deviation = 0;
  bool noDecay = false;
};

struct ProgramInput {
  std::string name; ///< "ids", "labels"
  ElementType type = ElementType::I32;
  std::vector<int64_t> shape; ///< of one micro-batch
  uint32_t batchDim = 0;
  /// Its elements are labels, and the loss is divided by how many of them count in the global batch
  /// (are not ignoredLabel). At most one input is.
  bool isCounted = false;
};

/// A label that takes no part in the loss.
inline constexpr int64_t ignoredLabel = -100;

enum class OptimizerKind : uint8_t { SGD, AdamW };

struct OptimizerSettings {
  OptimizerKind kind = OptimizerKind::AdamW;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, momentum = 0;
  double clipGradNorm = 0; ///< 0: no clipping
};

struct Program {
  static constexpr uint32_t currentVersion = 2;
  std::string name;
  /// Hash of the plan that it was lowered from; checkpoints carry it.
  std::string planHash;
  int64_t globalBatch = 1, microBatch = 1;
  int64_t devicesPerNode = 1;
  OptimizerSettings optimizer;
  std::vector<ProgramInput> inputs;
  std::vector<ProgramParameter> parameters;
  std::vector<StageProgram> stages;

  int64_t numMicroBatches() const { return globalBatch / microBatch; }
  /// The input whose labels are counted; none if no kernel divides by their number.
  std::optional<Index> countedInput() const;
  /// Ranks of all stages together. Rank firstRank + d of a stage is device d of its mesh.
  uint32_t numRanks() const;
  /// The stage that `rank` belongs to; `rank` < numRanks().
  uint32_t stageOf(uint32_t rank) const;
};

/// "stage 0, forward segment 1, instruction 5 (kernel nn.linear, layers.0.mlp.fc1)"; for messages.
std::string describeInstruction(const Program &program, uint32_t stage, uint32_t segment,
                                uint32_t instruction);

/// "kernel", "receive", ...; for messages, files and traces. The same for the kinds below.
const char *toString(InstructionKind kind);
const char *toString(SegmentKind kind);
const char *toString(SlotRole role);
const char *toString(InitKind kind);
const char *toString(OptimizerKind kind);

} // namespace aceso

#endif // ACESO_PROGRAM_PROGRAM_H
