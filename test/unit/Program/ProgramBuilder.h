//===- ProgramBuilder.h - Programs by hand for tests ------------*- C++ -*-===//
//
// Writes segments instruction by instruction; conversions and transfers come from Layout, releases
// are placed by finish().
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_PROGRAM_PROGRAMBUILDER_H
#define ACESO_TEST_UNIT_PROGRAM_PROGRAMBUILDER_H

#include "aceso/Program/Program.h"

namespace aceso::test {

/// Layout with the given digits in each dimension.
Layout split(std::vector<DigitList> dims, DigitList pending = {});

TensorDesc tensor(ElementType type, std::vector<int64_t> shape, Layout layout);
/// Replicated.
TensorDesc tensor(ElementType type, std::vector<int64_t> shape);

class SegmentBuilder {
public:
  SegmentBuilder(Program &program, uint32_t stage, SegmentKind kind);

  Index input(Index input, Layout layout);
  Index load(Index slot);
  void store(Index slot, Index value);
  void accumulate(Index slot, Index value, const std::string &path = "");
  void releaseSlot(Index slot);
  std::vector<Index> kernel(const std::string &name, const std::string &path,
                            const std::string &letters, const std::vector<Index> &operands,
                            const std::vector<TensorDesc> &results, AttributeMap attributes = {},
                            const std::string &nosplit = "");
  /// `value` in layout `to`; itself if it is there.
  Index convert(Index value, const Layout &to);
  Index worldSum(Index value);
  void report(const std::string &name, Index value);

  uint32_t stage() const { return stageIndex; }
  const TensorDesc &desc(Index value) const { return segment.values[value]; }

  /// Sends `value` to the other builder's stage, where it arrives in `to`.
  static Index transfer(SegmentBuilder &from, Index value, SegmentBuilder &to, const Layout &layout,
                        const std::string &name);

  /// Adds releases and puts the segment into its stage; returns its index there.
  Index finish();

private:
  Index addValue(TensorDesc desc);
  Instruction &add(InstructionKind kind);
  Index applySteps(Index value, const std::vector<ConversionStep> &steps);

  Program &program;
  uint32_t stageIndex;
  Mesh mesh;
  Segment segment;
};

ScheduleItem run(Index segment);
ScheduleItem repeat(int64_t count, std::vector<ScheduleItem> body);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_PROGRAM_PROGRAMBUILDER_H
