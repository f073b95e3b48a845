//===- VerifyMessagesTest.cpp - One broken program for each message -------===//
//
// Each row breaks the example in one place and says which rule finds it and how.
//
//===----------------------------------------------------------------------===//

#include "ExampleProgram.h"
#include "FindInstruction.h"
#include "ProgramBuilder.h"

#include "aceso/Program/VerifyProgram.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;

namespace {

struct Broken {
  const char *name;
  void (*change)(Program &program);
  const char *message;
};

void PrintTo(const Broken &broken, std::ostream *os) { *os << broken.name; }

class VerifyMessagesTest : public testing::TestWithParam<Broken> {};

TEST_P(VerifyMessagesTest, NamesWhatIsWrong) {
  Program program = exampleProgram();
  ASSERT_EQ(verifyProgram(program), "");
  GetParam().change(program);
  EXPECT_THAT(verifyProgram(program), testing::HasSubstr(GetParam().message));
}

std::string nameOf(const testing::TestParamInfo<Broken> &row) { return row.param.name; }

/// Slots of the example's first stage.
enum Stage0Slot { TableHome, TableWeight, Dropped = 20 };

Segment &segment(Program &program, uint32_t stage, SegmentIndex index) {
  return program.stages[stage].segments[index];
}

Instruction make(InstructionKind kind, std::vector<Index> operands, std::vector<Index> results,
                 Index index = 0) {
  Instruction instruction;
  instruction.kind = kind;
  instruction.operands = std::move(operands);
  instruction.results = std::move(results);
  instruction.index = index;
  return instruction;
}

Index addValue(Segment &segment, const TensorDesc &desc) {
  segment.values.push_back(desc);
  return segment.values.size() - 1;
}

void insertAfter(Segment &segment, const Instruction &place, Instruction instruction) {
  segment.instructions.insert(segment.instructions.begin() +
                                  (&place - segment.instructions.data()) + 1,
                              std::move(instruction));
}

/// Defines a new value at the beginning of a segment and releases it.
void prependDefinition(Segment &segment, InstructionKind kind, Index index,
                       const TensorDesc &desc) {
  Index value = addValue(segment, desc);
  segment.instructions.insert(
      segment.instructions.begin(),
      {make(kind, {}, {value}, index), make(InstructionKind::Release, {value}, {})});
}

//===----------------------------------------------------------------------===//
// P1: header
//===----------------------------------------------------------------------===//

const Broken header[] = {
    {"TooManyMicroBatches",
     [](Program &program) { program.globalBatch = program.microBatch * ((1 << 20) + 1); },
     "P1: 1048577 micro-batches are more than 1048576"},
    {"NodeWithoutDevices", [](Program &program) { program.devicesPerNode = 0; },
     "P1: a node has at least one device"},
    {"InputTwice", [](Program &program) { program.inputs[1].name = "ids"; },
     "P1: input 'ids' is there twice"},
    {"InputWithoutElements", [](Program &program) { program.inputs[0].shape[1] = 0; },
     "P1: input 'ids' has a dimension of size 0"},
    {"InputBatchDimension", [](Program &program) { program.inputs[0].batchDim = 2; },
     "P1: input 'ids' has 2 dimensions, but its batch is dimension 2"},
    {"GlobalBatchLargerThanMemory",
     [](Program &program) {
       program.inputs[0].shape[1] = int64_t(1) << 40;
       program.globalBatch = program.microBatch << 20;
     },
     "P1: input 'ids' of the global batch has more elements than any memory holds"},
    {"CountedNumbers", [](Program &program) { program.inputs[1].type = ElementType::F32; },
     "P1: input 'labels' is of type f32, but only labels are counted"},
    {"CountedTwice", [](Program &program) { program.inputs[0].isCounted = true; },
     "P1: input 'labels' is counted, but so is input 'ids'"},
    {"ParameterOfIndices", [](Program &program) { program.parameters[0].type = ElementType::I32; },
     "P1: parameter 'embedding.word' is of type i32, but only floating point is trained"},
    {"ParameterLargerThanMemory",
     [](Program &program) { program.parameters[0].shape[0] = int64_t(1) << 60; },
     "P1: parameter 'embedding.word' has more elements than any memory holds"},
    {"ParameterLargerThanNumbers",
     [](Program &program) {
       program.parameters[0].shape = {int64_t(1) << 40, int64_t(1) << 40};
     },
     "P1: parameter 'embedding.word' has more elements than any memory holds"},
    {"NegativeDeviation", [](Program &program) { program.parameters[0].deviation = -1; },
     "P1: parameter 'embedding.word' has an initial deviation that is no number from 0 on"},
    {"InfiniteDeviation",
     [](Program &program) {
       program.parameters[0].deviation = std::numeric_limits<double>::infinity();
     },
     "P1: parameter 'embedding.word' has an initial deviation that is no number from 0 on"},
    {"RadixTooLarge", [](Program &program) { program.stages[0].mesh = {65537}; },
     "P1: stage 0 has a mesh with radix 65537"},
    {"StageTooLarge",
     [](Program &program) {
       program.stages[0].mesh = {65536, 2};
     },
     "P1: stage 0 has more than 65536 ranks"},
    {"ProgramTooLarge",
     [](Program &program) {
       program.stages[0].mesh = {65536};
       program.stages[1].firstRank = 65536;
     },
     "P1: the program has more than 65536 ranks"},
    {"Beta1", [](Program &program) { program.optimizer.beta1 = -0.5; },
     "P1: the optimizer's beta1 is -0.500000, not a number from 0.000000 on below 1.000000"},
    {"Epsilon", [](Program &program) { program.optimizer.epsilon = -1; },
     "P1: the optimizer's epsilon is -1.000000, not a number from 0.000000 on"},
    {"WeightDecay", [](Program &program) { program.optimizer.weightDecay = -1; },
     "P1: the optimizer's weight decay is -1"},
    {"Momentum", [](Program &program) { program.optimizer.momentum = 1; },
     "P1: the optimizer's momentum is 1"},
    {"ClipGradNorm", [](Program &program) { program.optimizer.clipGradNorm = -1; },
     "P1: the optimizer's clip_grad_norm is -1"},
};
INSTANTIATE_TEST_SUITE_P(Header, VerifyMessagesTest, testing::ValuesIn(header), nameOf);

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

const Broken slots[] = {
    {"WithoutName", [](Program &program) { program.stages[0].slots[Dropped].name = ""; },
     "P1: stage 0, slot '' needs a name of its own"},
    {"SameName", [](Program &program) { program.stages[0].slots[Dropped].name = "embedding.word"; },
     "P1: stage 0, slot 'embedding.word' needs a name of its own"},
    {"WithoutElements",
     [](Program &program) { program.stages[0].slots[Dropped].tensor.shape[0] = 0; },
     "P2: stage 0, slot 'dropped' has a dimension of size 0"},
    {"DepthZero", [](Program &program) { program.stages[0].slots[Dropped].depth = 0; },
     "P2: stage 0, slot 'dropped' has depth 0, not 1 to 256"},
    {"DepthBeyondMicroBatches",
     [](Program &program) { program.stages[0].slots[Dropped].depth = 257; },
     "P2: stage 0, slot 'dropped' has depth 257, not 1 to 256"},
    {"DepthOfParameter", [](Program &program) { program.stages[0].slots[TableHome].depth = 2; },
     "slot 'embedding.word' has depth 2, but only activations are kept for several micro-batches"},
    {"UnknownParameter",
     [](Program &program) { program.stages[0].slots[TableHome].parameter = 99; },
     "slot 'embedding.word' belongs to parameter 99 of 5"},
    {"ShapeOfAnotherParameter",
     [](Program &program) { program.stages[0].slots[TableHome].parameter = Positions; },
     "which does not fit parameter 'embedding.position'"},
    {"PendingHome",
     [](Program &program) {
       program.stages[0].slots[TableHome].tensor.layout = split({{}, {}}, {0});
     },
     "slot 'embedding.word' is pending, which no parameter or optimizer state is at home"},
};
INSTANTIATE_TEST_SUITE_P(Slots, VerifyMessagesTest, testing::ValuesIn(slots), nameOf);

//===----------------------------------------------------------------------===//
// P2: lives of values
//===----------------------------------------------------------------------===//

const Broken lives[] = {
    {"NeverDefined",
     [](Program &program) {
       Segment &forward = segment(program, 0, Forward);
       addValue(forward, forward.values[0]);
     },
     " is never defined"},
    {"NeverReleased",
     [](Program &program) {
       std::vector<Instruction> &all = segment(program, 0, Forward).instructions;
       ASSERT_EQ(all.back().kind, InstructionKind::Release);
       all.pop_back();
     },
     " is never released"},
    {"ValueWithoutElements",
     [](Program &program) { segment(program, 0, Forward).values[0].shape[0] = 0; },
     "P2: stage 0, forward segment 1, value 0 has a dimension of size 0"},
    {"UsedBeforeDefinition",
     [](Program &program) {
       Instruction &lookup = findKernel(segment(program, 0, Forward), "nn.lookup");
       lookup.operands[0] = lookup.results[0];
     },
     " is used before it is defined"},
    {"UsedAfterConsumption",
     [](Program &program) {
       Segment &update = segment(program, 0, Update);
       Instruction &adamw = findKernel(update, "exec.adamw");
       insertAfter(update, adamw, make(InstructionKind::Store, {adamw.operands[0]}, {}, TableHome));
     },
     " is used after a kernel has consumed it"},
    {"LoadedAfterConsumption",
     [](Program &program) {
       Segment &update = segment(program, 0, Update);
       Index value = addValue(update, program.stages[0].slots[TableHome].tensor);
       insertAfter(update, findKernel(update, "exec.adamw"),
                   make(InstructionKind::Load, {}, {value}, TableHome));
     },
     "slot 'embedding.word' was consumed by a kernel"},
    {"ReleasedTwice",
     [](Program &program) {
       std::vector<Instruction> &all = segment(program, 0, Forward).instructions;
       all.push_back(all.back());
     },
     " is released twice"},
    {"DefinedTwice",
     [](Program &program) {
       Segment &forward = segment(program, 0, Forward);
       findKernel(forward, "nn.dropout").results = findKernel(forward, "nn.lookup").results;
     },
     " is defined twice"},
};
INSTANTIATE_TEST_SUITE_P(Lives, VerifyMessagesTest, testing::ValuesIn(lives), nameOf);

//===----------------------------------------------------------------------===//
// P3: kernels
//===----------------------------------------------------------------------===//

const Broken kernels[] = {
    {"TooFewOperands",
     [](Program &program) {
       findKernel(segment(program, 0, Forward), "nn.linear").operands.pop_back();
     },
     "it has 1 operands, but takes 2 or more"},
    {"TooManyOperands",
     [](Program &program) {
       std::vector<Index> &operands =
           findKernel(segment(program, 0, Forward), "nn.lookup").operands;
       operands.push_back(operands.back());
     },
     "it has 4 operands, but takes 3"},
    {"TooFewResults",
     [](Program &program) {
       findKernel(segment(program, 0, Update), "exec.adamw").results.pop_back();
     },
     "it has 2 results, but gives 3"},
    {"IndicesAsFactor",
     [](Program &program) {
       Instruction &lookup = findKernel(segment(program, 0, Forward), "nn.lookup");
       lookup.operands[1] = lookup.operands[0];
     },
     "operand 1 is i32, but must be floating point"},
    {"IndicesAsResult",
     [](Program &program) {
       Segment &forward = segment(program, 0, Forward);
       forward.values[findKernel(forward, "nn.lookup").results[0]].type = ElementType::I32;
     },
     "result 0 is i32, but must be floating point"},
    {"ConsumedInAnotherType",
     [](Program &program) {
       Segment &update = segment(program, 0, Update);
       update.values[findKernel(update, "exec.adamw").results[0]].type = ElementType::F64;
     },
     "result 0 is f64, but must be f32 like operand 0"},
    {"FactorsOfTwoTypes",
     [](Program &program) {
       Segment &backward = segment(program, 1, Backward);
       backward.values[findKernel(backward, "nn.cross_entropy_grad").results[0]].type =
           ElementType::F64;
     },
     "(kernel nn.einsum, head): operand 1 is f32, but must be f64 like operand 0"},
    {"ResultsOfTwoTypes",
     [](Program &program) {
       Segment &forward = segment(program, 1, Forward);
       forward.values[findKernel(forward, "nn.class_sums").results[1]].type = ElementType::F64;
     },
     "result 1 is f64, but must be f32 like result 0"},
    {"NothingIsCounted", [](Program &program) { program.inputs[1].isCounted = false; },
     "(kernel nn.token_loss, head): it divides by the number of labels that count, but no input of "
     "the program is counted"},
    {"CountsAnotherInput",
     [](Program &program) {
       program.inputs[0].isCounted = true;
       program.inputs[1].isCounted = false;
     },
     "operand 2 must be read from input 'ids', whose labels are counted"},
    {"SumOfAnotherLayout",
     [](Program &program) {
       Segment &update = segment(program, 0, Update);
       update.values[findKernel(update, "nn.sum").results[0]].layout.pending = {};
     },
     "operand 0 is f32 [] pending:[0]+, but the sum is f32 []"},
};
INSTANTIATE_TEST_SUITE_P(Kernels, VerifyMessagesTest, testing::ValuesIn(kernels), nameOf);

//===----------------------------------------------------------------------===//
// P5: inputs, slots, sums over all ranks, reports
//===----------------------------------------------------------------------===//

const Broken accesses[] = {
    {"InputOncePerStep",
     [](Program &program) {
       TensorDesc ids = segment(program, 0, Forward).values[0];
       prependDefinition(segment(program, 0, Read), InstructionKind::Input, 0, ids);
     },
     "P5: stage 0, read segment 0, instruction 0 (input): inputs belong to a micro-batch, which "
     "there is none of in this segment"},
    {"InputOfAnotherType",
     [](Program &program) { segment(program, 0, Forward).values[0].type = ElementType::I64; },
     "input 'ids' has another type or shape than i64 [4, 6]"},
    {"InputThatPends",
     [](Program &program) { segment(program, 0, Forward).values[0].layout.pending = {0}; },
     "an input does not pend"},
    {"ParameterReleased",
     [](Program &program) {
       for (Instruction &instruction : segment(program, 0, Update).instructions)
         if (instruction.kind == InstructionKind::ReleaseSlot && instruction.index == TableWeight)
           instruction.index = TableHome;
     },
     "slot 'embedding.word' is kept from step to step, it cannot be released"},
    {"ActivationOncePerStep",
     [](Program &program) {
       prependDefinition(segment(program, 0, Read), InstructionKind::Load, Dropped,
                         program.stages[0].slots[Dropped].tensor);
     },
     "slot 'dropped' belongs to a micro-batch, which there is none of in this segment"},
    {"ParameterAccumulates",
     [](Program &program) {
       // Home, weight and gradient of the bias are alike, and stand in this order.
       find(segment(program, 0, Backward), InstructionKind::Accumulate).index -= 2;
     },
     "slot 'fc1.bias' is nothing that accumulates"},
    {"WeightAccumulates",
     [](Program &program) {
       find(segment(program, 0, Backward), InstructionKind::Accumulate).index -= 1;
     },
     "slot 'fc1.bias.weight' is nothing that accumulates"},
    {"WorldSumOfReplicated",
     [](Program &program) {
       Segment &update = segment(program, 0, Update);
       Instruction &zero = findKernel(update, "exec.zero");
       Index sum = addValue(update, update.values[zero.results[0]]);
       insertAfter(update, zero, make(InstructionKind::WorldSum, zero.results, {sum}));
     },
     "it adds up f32 [] over all ranks, which must be a scalar that pends over all 1 digits"},
    {"WorldSumThatPends",
     [](Program &program) {
       Segment &update = segment(program, 0, Update);
       update.values[find(update, InstructionKind::WorldSum).results[0]].layout.pending = {0};
     },
     "its result is f32 [] pending:[0]+, not the same scalar without pending digits"},
    {"ReportWithoutName",
     [](Program &program) { find(segment(program, 0, Update), InstructionKind::Report).name = ""; },
     "P5: stage 0, update segment 3, instruction 5 (report): it reports without a name"},
    {"ReportOfSummand",
     [](Program &program) {
       Segment &update = segment(program, 0, Update);
       Instruction &mask = find(update, InstructionKind::Convert);
       Instruction report = make(InstructionKind::Report, mask.results, {});
       report.name = "loss";
       insertAfter(update, mask, report);
     },
     "it reports f32 [] pending:[0]+, which is no scalar"},
};
INSTANTIATE_TEST_SUITE_P(Accesses, VerifyMessagesTest, testing::ValuesIn(accesses), nameOf);

//===----------------------------------------------------------------------===//
// P6 to P8: messages and schedule
//===----------------------------------------------------------------------===//

Instruction &firstSend(Program &program) {
  return find(segment(program, 0, Forward), InstructionKind::Send);
}

const Broken messages[] = {
    {"PeerIsItself", [](Program &program) { firstSend(program).peer = 0; },
     "its peer is stage 0, which is not another stage"},
    {"PeerIsNone", [](Program &program) { firstSend(program).peer = 2; },
     "its peer is stage 2, which is not another stage"},
    {"SummandsCross",
     [](Program &program) {
       Segment &forward = segment(program, 1, Forward);
       forward.values[find(forward, InstructionKind::Receive).results[0]].layout =
           split({{}, {}, {}}, {0});
     },
     "but a value is sent whole"},
    {"PieceOfAnotherStage", [](Program &program) { firstSend(program).pieces[0].source = 2; },
     "the piece from rank 2 to rank 2 is not between ranks of the two stages"},
    {"PieceOfAnotherRank", [](Program &program) { firstSend(program).pieces[0].box.lo.pop_back(); },
     "has another number of dimensions than f32 [6, 4, 12]"},
    {"PiecesOutOfOrder",
     [](Program &program) {
       std::vector<BoxPiece> &pieces = firstSend(program).pieces;
       std::swap(pieces.front(), pieces.back());
     },
     "is out of order: pieces are ordered by source, then destination"},
    {"StoredTwice",
     [](Program &program) {
       Segment &read = segment(program, 0, Read);
       Instruction &store = find(read, InstructionKind::Store);
       insertAfter(read, store, Instruction(store));
     },
     "slot 'embedding.word.weight' of depth 1 holds a value when the next one is stored"},
    {"ReportOfOneStage",
     [](Program &program) {
       Segment &update = segment(program, 1, Update);
       Instruction &report = find(update, InstructionKind::Report, 1);
       insertAfter(update, report, Instruction(report));
     },
     "waits for ever: not all stages take part"},
};
INSTANTIATE_TEST_SUITE_P(Messages, VerifyMessagesTest, testing::ValuesIn(messages), nameOf);

/// In the example kernels would refuse the type first; here nobody uses what arrives.
TEST(VerifyTransferTest, ReceivedInAnotherType) {
  Program program;
  program.microBatch = program.globalBatch = 4;
  program.inputs = {{"x", ElementType::F32, {4, 6}, 0}};
  program.stages.resize(2);
  program.stages[1].firstRank = 1;
  SegmentBuilder first(program, 0, SegmentKind::Forward), second(program, 1, SegmentKind::Forward);
  Layout whole = split({{}, {}});
  SegmentBuilder::transfer(first, first.input(0, whole), second, whole, "x");
  for (SegmentBuilder *segment : {&first, &second})
    segment->finish();
  for (StageProgram &stage : program.stages)
    stage.schedule = {run(0)};
  ASSERT_EQ(verifyProgram(program), "");
  program.stages[1].segments[0].values[0].type = ElementType::F64;
  EXPECT_THAT(verifyProgram(program), testing::HasSubstr("f32 [4, 6] 0:[] 1:[] is sent, f64 [4, 6] "
                                                         "0:[] 1:[] is received"));
}

//===----------------------------------------------------------------------===//
// What the example has nothing of: values that pend with a maximum
//===----------------------------------------------------------------------===//

/// One stage of two ranks whose read segment `fill` writes; slots 0 and 1 pend with a maximum.
Program maxima(void (*fill)(SegmentBuilder &)) {
  Program program;
  program.stages.resize(1);
  program.stages[0].mesh = {2};
  Layout pending = split({{}}, {0});
  pending.reduction = Reduction::Max;
  for (const char *name : {"from", "to"})
    program.stages[0].slots.push_back(
        {name, SlotRole::Metric, tensor(ElementType::F32, {4}, pending), 1, 0});
  SegmentBuilder segment(program, 0, SegmentKind::Read);
  fill(segment);
  segment.finish();
  program.stages[0].schedule = {run(0)};
  return program;
}

TEST(VerifyMaximaTest, DoNotAddUp) {
  Program program = maxima([](SegmentBuilder &segment) {
    Index value = segment.load(0);
    segment.kernel("nn.sum", "", "", {value, value}, {segment.desc(value)});
  });
  EXPECT_THAT(verifyProgram(program),
              testing::HasSubstr("P3: stage 0, read segment 0, instruction 1 (kernel nn.sum): it "
                                 "adds values that pend with a maximum"));
}

TEST(VerifyMaximaTest, DoNotAccumulate) {
  Program program = maxima([](SegmentBuilder &segment) { segment.accumulate(1, segment.load(0)); });
  EXPECT_THAT(
      verifyProgram(program),
      testing::HasSubstr("slot 'to' pends with a maximum, which does not commute with a sum"));
}

} // namespace
