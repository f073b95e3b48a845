//===- VerifyStepTest.cpp - P4: a step is the move that it says -----------===//
//
// One wrong step for each message, next to a right one of its kind.
//
//===----------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "aceso/Program/VerifyProgram.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

const TensorDesc whole = tensor(ElementType::F32, {8, 8}, split({{}, {}}));

/// A stage on a mesh of two digits of radix 2 that loads a value, converts it by `step` and drops
/// it. What the verifier says; an empty slot is what it says last, after every step was right.
std::string problemOf(const ConversionStep &step, TensorDesc operand, TensorDesc result) {
  Program program;
  program.stages.resize(1);
  StageProgram &stage = program.stages[0];
  stage.mesh = {2, 2};
  stage.slots = {{"from", SlotRole::Metric, operand, 1, 0}};
  Segment &segment = stage.segments.emplace_back();
  segment.kind = SegmentKind::Read;
  segment.values = {operand, result};
  auto add = [&](InstructionKind kind, std::vector<Index> operands, std::vector<Index> results) {
    Instruction &instruction = segment.instructions.emplace_back();
    instruction.kind = kind;
    instruction.operands = std::move(operands);
    instruction.results = std::move(results);
    instruction.step = step;
  };
  add(InstructionKind::Load, {}, {0});
  add(InstructionKind::Convert, {0}, {1});
  add(InstructionKind::Release, {0}, {});
  add(InstructionKind::Release, {1}, {});
  stage.schedule = {run(0)};
  std::string problem = verifyProgram(program);
  return problem.find("slot 'from' of depth 1 is empty") == std::string::npos ? problem : "";
}

std::string problemOf(const ConversionStep &step) {
  TensorDesc operand = whole, result = whole;
  operand.layout = step.before;
  result.layout = step.after;
  return problemOf(step, operand, result);
}

struct Case {
  const char *name;
  ConversionStep right, wrong;
  const char *message;
};

void PrintTo(const Case &row, std::ostream *os) { *os << row.name; }

class VerifyStepTest : public testing::TestWithParam<Case> {};

TEST_P(VerifyStepTest, NamesWhatIsWrong) {
  EXPECT_EQ(problemOf(GetParam().right), "");
  EXPECT_THAT(problemOf(GetParam().wrong), HasSubstr(GetParam().message));
}

ConversionStep step(StepKind kind, DigitList digits, int fromDim, int toDim, Layout before,
                    Layout after, DigitList fromDigits = {}) {
  return {kind,  std::move(digits), std::move(fromDigits), fromDim,
          toDim, std::move(before), std::move(after)};
}

const Layout none = split({{}, {}});
const ConversionStep slice = step(StepKind::Slice, {0}, -1, 0, none, split({{0}, {}}));
const ConversionStep mask = step(StepKind::Mask, {0, 1}, -1, -1, none, split({{}, {}}, {0, 1}));
const ConversionStep reduce =
    step(StepKind::AllReduce, {0, 1}, -1, -1, split({{}, {}}, {0, 1}), none);
const ConversionStep scatter =
    step(StepKind::ReduceScatter, {0}, -1, 1, split({{}, {}}, {0, 1}), split({{}, {0}}, {1}));
const ConversionStep gather =
    step(StepKind::AllGather, {1}, 0, -1, split({{0, 1}, {}}), split({{0}, {}}));
const ConversionStep exchange =
    step(StepKind::AllToAll, {0, 1}, 0, 1, split({{1, 0}, {}}), split({{}, {0, 1}}), {1, 0});
const ConversionStep boxes =
    step(StepKind::BoxExchange, {0}, -1, -1, split({{0}, {}}), split({{}, {0}}));

const Case cases[] = {
    {"NoDigit", slice, step(StepKind::Slice, {}, -1, 0, none, none), "it moves no digit"},
    {"DigitTwice", slice, step(StepKind::Slice, {0, 0}, -1, 0, none, split({{0}, {}})),
     "its digits [0,0] are not different digits of the mesh"},
    {"DigitOfAnotherMesh", slice, step(StepKind::Slice, {2}, -1, 0, none, split({{0}, {}})),
     "its digits [2] are not different digits of the mesh"},
    {"SliceWithoutDimension", slice, step(StepKind::Slice, {0}, -1, -1, none, split({{0}, {}})),
     "it does not name the dimensions that it cuts or joins"},
    {"SliceOfDimensionBeyond", slice, step(StepKind::Slice, {0}, -1, 2, none, split({{0}, {}})),
     "it does not name the dimensions that it cuts or joins"},
    {"SliceByUsedDigit", slice,
     step(StepKind::Slice, {0}, -1, 1, split({{0}, {}}), split({{}, {0}})),
     "from 0:[0] 1:[]: a slice takes idle digits"},
    {"SliceLeavesAnotherLayout", slice, step(StepKind::Slice, {0}, -1, 0, none, split({{1}, {}})),
     "it gives 0:[0] 1:[], not 0:[1] 1:[]"},
    {"SliceWithOrder", slice, step(StepKind::Slice, {0}, -1, 0, none, split({{0}, {}}), {0}),
     "only an all-to-all has an order of digits to concatenate in"},
    {"MaskDescends", mask, step(StepKind::Mask, {1, 0}, -1, -1, none, split({{}, {}}, {0, 1})),
     "its digits [1,0] do not ascend"},
    {"MaskOfUsedDigit", mask,
     step(StepKind::Mask, {0}, -1, -1, split({{0}, {}}), split({{}, {}}, {0})),
     "a mask takes idle digits"},
    {"AllReduceDescends", reduce,
     step(StepKind::AllReduce, {1, 0}, -1, -1, split({{}, {}}, {0, 1}), none),
     "its digits [1,0] do not ascend"},
    {"AllReduceOfIdleDigit", reduce,
     step(StepKind::AllReduce, {0, 1}, -1, -1, split({{}, {}}, {0}), none),
     "an all-reduce takes pending digits"},
    {"ReduceScatterOfIdleDigit", scatter,
     step(StepKind::ReduceScatter, {0}, -1, 1, split({{}, {}}, {1}), split({{}, {0}}, {1})),
     "a reduce-scatter takes pending digits"},
    {"AllGatherOfMajorDigit", gather,
     step(StepKind::AllGather, {0}, 0, -1, split({{0, 1}, {}}), split({{1}, {}})),
     "an all-gather takes the last digits of its dimension"},
    {"AllToAllInPlace", exchange,
     step(StepKind::AllToAll, {0, 1}, 0, 0, split({{1, 0}, {}}), split({{0, 1}, {}}), {1, 0}),
     "an all-to-all moves the same digits from one dimension to another"},
    {"AllToAllOfOtherDigits", exchange,
     step(StepKind::AllToAll, {0}, 0, 1, split({{1}, {}}), split({{}, {0}}), {1}),
     "an all-to-all moves the same digits from one dimension to another"},
    {"AllToAllInAnotherOrder", exchange,
     step(StepKind::AllToAll, {0, 1}, 0, 1, split({{1, 0}, {}}), split({{}, {0, 1}}), {0, 1}),
     "an all-to-all takes the last digits of its dimension"},
    {"BoxExchangeDescends", boxes,
     step(StepKind::BoxExchange, {1, 0}, -1, -1, split({{0, 1}, {}}), split({{}, {0, 1}})),
     "its digits [1,0] do not ascend"},
    {"BoxExchangeReduces", boxes,
     step(StepKind::BoxExchange, {0}, -1, -1, split({{0}, {}}, {1}), split({{}, {0}})),
     "a box exchange leaves what is pending as it is"},
    {"BoxExchangeWithoutOwner", boxes,
     step(StepKind::BoxExchange, {0}, -1, -1, split({{0, 1}, {}}), none),
     "the members of its groups do not hold the boxes that they ask for"},
    {"BoxExchangeOfCopies", boxes,
     step(StepKind::BoxExchange, {0, 1}, -1, -1, split({{0}, {}}), split({{}, {0}})),
     "the members of its groups do not hold the boxes that they ask for"},
};
INSTANTIATE_TEST_SUITE_P(Steps, VerifyStepTest, testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<Case> &row) { return row.param.name; });

/// A step says once more what its operand and result say.
TEST(VerifyStepSidesTest, AgreesWithOperandAndResult) {
  TensorDesc result = whole;
  result.layout = slice.after;
  EXPECT_EQ(problemOf(slice, whole, result), "");
  TensorDesc cut = result;
  EXPECT_THAT(problemOf(slice, cut, result), HasSubstr("it converts from 0:[] 1:[], but its "
                                                       "operand is in 0:[0] 1:[]"));
  EXPECT_THAT(problemOf(slice, whole, whole), HasSubstr("it converts to 0:[0] 1:[], but its "
                                                        "result is in 0:[] 1:[]"));
  result.type = ElementType::F64;
  EXPECT_THAT(problemOf(slice, whole, result),
              HasSubstr("it turns f32 [8, 8] 0:[] 1:[] into another tensor, f64 [8, 8] 0:[0] "
                        "1:[]"));
  result.type = ElementType::F32;
  result.shape = {8, 4};
  EXPECT_THAT(problemOf(slice, whole, result), HasSubstr("into another tensor, f32 [8, 4]"));
}

} // namespace
