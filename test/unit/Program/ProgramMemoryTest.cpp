//===- ProgramMemoryTest.cpp - Memory of a rank by liveness ---------------===//
//
// That it is what ranks allocate is tested with the runtime (test/unit/Equivalence/MemoryTest.cpp).
//
//===----------------------------------------------------------------------===//

#include "ExampleProgram.h"
#include "ProgramBuilder.h"

#include "aceso/Program/ProgramMemory.h"

#include <gtest/gtest.h>

using namespace aceso;
using namespace aceso::test;

namespace {

class ProgramMemoryTest : public testing::Test {
protected:
  static constexpr int64_t numMicroBatches = 8;
  enum : Index { Read, Forward, Backward, Update };

  ProgramMemoryTest() {
    ExampleOptions options;
    options.numMicroBatches = numMicroBatches;
    program = exampleProgram(options);
  }

  /// Of a rank of stage 0 with this schedule between its first segment and its last, and room for
  /// `depth` micro-batches.
  RankMemory memoryWith(std::vector<ScheduleItem> items, uint32_t depth) {
    StageProgram &stage = program.stages[0];
    for (Slot &slot : stage.slots)
      if (slot.depth > 1)
        slot.depth = depth;
    items.insert(items.begin(), run(Read));
    items.push_back(run(Update));
    stage.schedule = std::move(items);
    return computeMemory(program, 0);
  }

  Program program;
};

void flatten(const std::vector<ScheduleItem> &items, std::vector<ScheduleItem> &flat) {
  for (const ScheduleItem &item : items)
    for (int64_t round = 0; round < (item.kind == ScheduleItem::Kind::Run ? 1 : item.count);
         ++round)
      if (item.kind == ScheduleItem::Kind::Run)
        flat.push_back(item);
      else
        flatten(item.body, flat);
}

} // namespace

TEST_F(ProgramMemoryTest, LoopsAreWhatTheirRoundsAre) {
  ScheduleItem forward = run(Forward), backward = run(Backward);
  for (const std::vector<ScheduleItem> &items : std::vector<std::vector<ScheduleItem>>{
           {repeat(8, {forward}), repeat(8, {backward})},
           {repeat(4, {forward, forward, backward}), repeat(4, {backward})},
           {forward, repeat(7, {forward, backward}), backward},
           {repeat(2, {repeat(2, {forward, forward, backward}), backward, backward})},
           {repeat(2, {forward, forward, repeat(2, {forward, backward}), backward, backward})}}) {
    std::vector<ScheduleItem> flat;
    flatten(items, flat);
    ASSERT_EQ(flat.size(), size_t(2 * numMicroBatches));
    for (uint32_t depth : {numMicroBatches, numMicroBatches + 3}) {
      RankMemory loops = memoryWith(items, depth), rounds = memoryWith(flat, depth);
      EXPECT_EQ(loops.peakBytes, rounds.peakBytes);
      EXPECT_EQ(loops.slotBytes, rounds.slotBytes);
      EXPECT_EQ(loops.segment, rounds.segment);
      EXPECT_EQ(loops.instruction, rounds.instruction);
    }
  }
}

TEST_F(ProgramMemoryTest, MoreForwardThanBackwardPilesUp) {
  ScheduleItem forward = run(Forward), backward = run(Backward);
  int64_t oneFOneB = memoryWith({forward, repeat(7, {forward, backward}), backward}, 8).peakBytes;
  int64_t piling =
      memoryWith({repeat(4, {forward, forward, backward}), repeat(4, {backward})}, 8).peakBytes;
  int64_t allForward = memoryWith({repeat(8, {forward}), repeat(8, {backward})}, 8).peakBytes;
  EXPECT_LT(oneFOneB, piling);
  EXPECT_LT(piling, allForward);
}

/// A billion rounds that all do the same are not walked one by one.
TEST_F(ProgramMemoryTest, SteadyLoopsEndEarly) {
  ScheduleItem forward = run(Forward), backward = run(Backward);
  int64_t few = memoryWith({forward, repeat(7, {forward, backward}), backward}, 3).peakBytes;
  EXPECT_EQ(memoryWith({forward, repeat(1000000000, {forward, backward}), backward}, 3).peakBytes,
            few);
}
