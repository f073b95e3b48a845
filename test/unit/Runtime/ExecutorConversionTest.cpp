//===- ExecutorConversionTest.cpp - Conversions on ranks ------------------===//
//
// A parameter goes through two random conversions (to a layout that may pend, and on) and is then
// the same tensor in another layout.
//
//===----------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "aceso/Program/VerifyProgram.h"
#include "aceso/Runtime/Executor.h"
#include "aceso/Runtime/ThreadCommunicator.h"

#include <ATen/Functions.h>

#include <gtest/gtest.h>

#include <random>

using namespace aceso;
using namespace aceso::test;

namespace {

class RandomProgram {
public:
  explicit RandomProgram(unsigned seed) : random(seed) {}

  Program make() {
    Program program;
    program.stages.resize(1);
    std::vector<int64_t> radices;
    int64_t size = 1;
    for (unsigned i = 0, count = 1 + random() % 3; i < count; ++i) {
      radices.push_back(random() % 4 == 0 ? 3 : 2);
      size *= radices.back();
    }
    program.stages[0].mesh = radices;
    std::vector<int64_t> shape = {size, 2 * size, size};
    ElementType type = random() % 2 ? ElementType::F32 : ElementType::F64;
    program.parameters = {{"from", type, shape, InitKind::Normal, 1, false},
                          {"to", type, shape, InitKind::Zeros, 0, false}};
    Layout from = layout(radices.size(), false), between = layout(radices.size(), true);
    Layout to = layout(radices.size(), false);
    program.stages[0].slots = {{"from", SlotRole::Parameter, tensor(type, shape, from), 1, 0},
                               {"to", SlotRole::Parameter, tensor(type, shape, to), 1, 1}};
    SegmentBuilder update(program, 0, SegmentKind::Update);
    update.store(1, update.convert(update.convert(update.load(0), between), to));
    update.finish();
    program.stages[0].schedule = {run(0)};
    return program;
  }

private:
  Layout layout(unsigned numDigits, bool mayPend) {
    Layout layout = Layout::replicated(3);
    if (mayPend)
      layout.reduction = random() % 4 == 0 ? Reduction::Max : Reduction::Sum;
    for (unsigned digit = 0; digit < numDigits; ++digit)
      switch (unsigned place = random() % 5) {
      case 3:
        if (mayPend)
          layout.pending.push_back(digit);
        break;
      case 4:
        break;
      default: {
        DigitList &digits = layout.dims[place];
        digits.insert(digits.begin() + random() % (digits.size() + 1), digit);
      }
      }
    return layout;
  }

  std::mt19937 random;
};

} // namespace

TEST(ExecutorConversionTest, ConversionsKeepTheTensor) {
  RandomProgram random(23);
  unsigned kinds = 0;
  for (int i = 0; i < 150; ++i) {
    Program program = random.make();
    ASSERT_EQ(verifyProgram(program), "");
    for (const Instruction &instruction : program.stages[0].segments[0].instructions)
      if (instruction.kind == InstructionKind::Convert)
        kinds |= 1u << static_cast<unsigned>(instruction.step.kind);
    at::Tensor from, to;
    auto failure =
        runAsThreads(createThreadCommunicators(program.numRanks()), [&](Communicator &c) {
          Executor executor(program, c);
          executor.initializeParameters();
          executor.runStep({});
          at::Tensor a = executor.readParameter(0), b = executor.readParameter(1);
          if (c.getRank() == 0) {
            from = a;
            to = b;
          }
        });
    ASSERT_FALSE(failure) << failure->reason;
    EXPECT_GT(from.abs().max().item<double>(), 1);
    EXPECT_TRUE(at::equal(from, to)) << "program " << i;
  }
  EXPECT_EQ(kinds, 0x7fu) << "all seven kinds of steps were run";
}
