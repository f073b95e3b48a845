//===- VerifyConversionTest.cpp - Steps are checked as Layout makes them --===//
//
// Random conversions from Layout pass; with one field changed they do not.
//
//===----------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "aceso/Program/VerifyProgram.h"

#include <gtest/gtest.h>

#include <random>

using namespace aceso;
using namespace aceso::test;

namespace {

class RandomConversion {
public:
  explicit RandomConversion(unsigned seed) : random(seed) {}

  /// A program of one stage that loads a metric, converts it, accumulates it and drops both.
  Program make() {
    Program program;
    program.stages.resize(1);
    std::vector<int64_t> radices;
    int64_t size = 1;
    for (unsigned i = 0, count = 1 + random() % 3; i < count; ++i) {
      radices.push_back(random() % 3 == 0 ? 3 : 2);
      size *= radices.back();
    }
    program.stages[0].mesh = radices;
    std::vector<int64_t> shape = {size, size, size * 2};
    Layout from = layout(radices.size()), to = layout(radices.size());
    ElementType type = ElementType::F32;
    program.stages[0].slots = {{"from", SlotRole::Metric, tensor(type, shape, from), 1, 0},
                               {"to", SlotRole::Metric, tensor(type, shape, to), 1, 0},
                               {"zero", SlotRole::Metric, tensor(type, shape, from), 1, 0}};
    SegmentBuilder make(program, 0, SegmentKind::Read), move(program, 0, SegmentKind::Update);
    Index zero =
        make.kernel("nn.sum", "", "", {make.load(2), make.load(2)}, {tensor(type, shape, from)})[0];
    make.accumulate(0, zero);
    make.finish();
    move.accumulate(1, move.convert(move.load(0), to));
    move.releaseSlot(0);
    move.releaseSlot(1);
    move.releaseSlot(2);
    move.finish();
    program.stages[0].schedule = {run(0), run(1)};
    return program;
  }

  template <typename Container> size_t pick(const Container &container) {
    return random() % container.size();
  }
  std::mt19937 random;

private:
  Layout layout(unsigned numDigits) {
    Layout layout = Layout::replicated(3);
    for (unsigned digit = 0; digit < numDigits; ++digit)
      switch (unsigned place = random() % 5) {
      case 3:
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
};

/// The problem, but for that of slot "zero", which nothing fills.
std::string problemOf(const Program &program) {
  std::string problem = verifyProgram(program);
  return problem.find("slot 'zero' of depth 1 is empty") == std::string::npos ? problem : "";
}

} // namespace

TEST(VerifyConversionTest, WhatLayoutMakesPasses) {
  RandomConversion random(7);
  unsigned kinds = 0;
  for (int i = 0; i < 3000; ++i) {
    Program program = random.make();
    ASSERT_EQ(problemOf(program), "");
    for (const Instruction &instruction : program.stages[0].segments[1].instructions)
      if (instruction.kind == InstructionKind::Convert)
        kinds |= 1u << static_cast<unsigned>(instruction.step.kind);
  }
  EXPECT_EQ(kinds, 0x7fu) << "all seven kinds of steps are met";
}

TEST(VerifyConversionTest, ChangedStepsAreRefused) {
  RandomConversion random(11);
  int changed = 0;
  while (changed < 2000) {
    Program program = random.make();
    std::vector<Instruction *> converts;
    for (Instruction &instruction : program.stages[0].segments[1].instructions)
      if (instruction.kind == InstructionKind::Convert)
        converts.push_back(&instruction);
    if (converts.empty())
      continue;
    ConversionStep &step = converts[random.pick(converts)]->step;
    switch (random.random() % 5) {
    case 0: {
      auto kind = static_cast<StepKind>(random.random() % 7);
      // A box exchange can be any move that reduces nothing.
      if (kind == step.kind || kind == StepKind::BoxExchange)
        continue;
      step.kind = kind;
      break;
    }
    case 1:
      step.digits.pop_back();
      break;
    case 2:
      step.toDim = step.toDim == 2 ? -1 : step.toDim + 1;
      break;
    case 3:
      step.fromDim = step.fromDim == 2 ? -1 : step.fromDim + 1;
      break;
    case 4:
      if (step.before == step.after)
        continue;
      std::swap(step.before, step.after);
      break;
    }
    EXPECT_NE(problemOf(program), "") << toString(step) << " from " << toString(step.before);
    ++changed;
  }
}
