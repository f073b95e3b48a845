//===- VerifyProgramTest.cpp - What the verifier accepts and refuses ------===//

#include "ExampleProgram.h"
#include "FindInstruction.h"
#include "ProgramBuilder.h"

#include "aceso/Program/VerifyProgram.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

class VerifyProgramTest : public testing::Test {
protected:
  Segment &segment(uint32_t stage, SegmentIndex index) {
    return program.stages[stage].segments[index];
  }
  void expectProblem(const std::string &text) {
    EXPECT_THAT(verifyProgram(program), HasSubstr(text));
  }
  Program program = exampleProgram();
};

} // namespace

TEST_F(VerifyProgramTest, ExamplesAreLegal) {
  for (ElementType model : {ElementType::BF16, ElementType::F32, ElementType::F64})
    for (int64_t count : {1, 2, 7})
      for (double momentum : {0.0, 0.9})
        for (OptimizerKind kind : {OptimizerKind::AdamW, OptimizerKind::SGD}) {
          ExampleOptions options;
          options.modelType = model;
          options.homeType = model == ElementType::F64 ? model : ElementType::F32;
          options.numMicroBatches = count;
          options.optimizer.kind = kind;
          options.optimizer.momentum = momentum;
          EXPECT_EQ(verifyProgram(exampleProgram(options)), "");
        }
}

TEST_F(VerifyProgramTest, ManyMicroBatchesAreTheSameProgram) {
  ExampleOptions options;
  options.numMicroBatches = 512;
  Program many = exampleProgram(options);
  EXPECT_EQ(verifyProgram(many), "");
  for (size_t stage = 0; stage < 2; ++stage)
    for (size_t i = 0; i < 4; ++i)
      EXPECT_EQ(many.stages[stage].segments[i].instructions.size(),
                program.stages[stage].segments[i].instructions.size());
}

/// A conversion that is gone, its operand in place of its result.
TEST_F(VerifyProgramTest, EveryConversionIsNeeded) {
  int removed = 0;
  for (size_t stage = 0; stage < program.stages.size(); ++stage)
    for (size_t i = 0; i < program.stages[stage].segments.size(); ++i) {
      const std::vector<Instruction> &all = program.stages[stage].segments[i].instructions;
      for (size_t j = 0; j < all.size(); ++j) {
        if (all[j].kind != InstructionKind::Convert)
          continue;
        Program changed = program;
        Segment &segment = changed.stages[stage].segments[i];
        Index from = all[j].operands[0], result = all[j].results[0];
        // Its operand lives as long as its result did: the release in between goes as well.
        std::vector<Instruction> kept;
        for (size_t k = 0; k < all.size(); ++k) {
          bool releasesOperand =
              all[k].kind == InstructionKind::Release && all[k].operands[0] == from;
          if (k == j || releasesOperand)
            continue;
          kept.push_back(all[k]);
          for (Index &operand : kept.back().operands)
            operand = operand == result ? from : operand;
        }
        segment.instructions = kept;
        // No value may be left undefined: the last one takes the place of the one that is gone.
        Index last = segment.values.size() - 1;
        for (Instruction &instruction : segment.instructions)
          for (std::vector<Index> *list : {&instruction.operands, &instruction.results})
            for (Index &value : *list)
              value = value == last ? result : value;
        segment.values[result] = segment.values[last];
        segment.values.pop_back();
        std::string problem = verifyProgram(changed);
        EXPECT_NE(problem, "") << "without instruction " << j << " of segment " << i << " of stage "
                               << stage;
        EXPECT_EQ(problem.find("is never"), std::string::npos) << problem;
        ++removed;
      }
    }
  EXPECT_EQ(removed, 7);
}

TEST_F(VerifyProgramTest, EveryInstructionIsNeeded) {
  for (double momentum : {0.0, 0.5})
    for (OptimizerKind kind : {OptimizerKind::AdamW, OptimizerKind::SGD}) {
      ExampleOptions options;
      options.optimizer.kind = kind;
      options.optimizer.momentum = momentum;
      program = exampleProgram(options);
      for (size_t stage = 0; stage < program.stages.size(); ++stage)
        for (size_t i = 0; i < program.stages[stage].segments.size(); ++i)
          for (size_t j = 0; j < program.stages[stage].segments[i].instructions.size(); ++j) {
            Program changed = program;
            std::vector<Instruction> &all = changed.stages[stage].segments[i].instructions;
            all.erase(all.begin() + j);
            EXPECT_NE(verifyProgram(changed), "")
                << "without instruction " << j << " of segment " << i << " of stage " << stage;
          }
    }
}

//===----------------------------------------------------------------------===//
// One test for each rule
//===----------------------------------------------------------------------===//

TEST_F(VerifyProgramTest, P1BatchIsDivided) {
  program.globalBatch = 13;
  expectProblem("P1: the global batch of 13 is no multiple of the micro-batch of 4");
}

TEST_F(VerifyProgramTest, P1RanksAreConsecutive) {
  program.stages[1].firstRank = 3;
  expectProblem("P1: stage 1 begins at rank 3, but the stages before it have 2 ranks");
}

TEST_F(VerifyProgramTest, P1RadixOneIsNoDigit) {
  program.stages[0].mesh = {1};
  expectProblem("P1: stage 0 has a mesh with radix 1");
}

TEST_F(VerifyProgramTest, P1NoStage) {
  program.stages.clear();
  expectProblem("P1: the program has no stage");
}

TEST_F(VerifyProgramTest, P1InputBatch) {
  program.inputs[1].shape[0] = 5;
  expectProblem("P1: input 'labels' has a batch of 5, but the micro-batch is 4");
}

TEST_F(VerifyProgramTest, P1ParametersHavePathsOfTheirOwn) {
  program.parameters[1].path = program.parameters[0].path;
  expectProblem("P1: parameter 'embedding.word' needs a path of its own");
}

TEST_F(VerifyProgramTest, P1OptimizerNumbers) {
  program.optimizer.beta2 = 1;
  expectProblem("P1: the optimizer's beta2 is 1.0");
  program.optimizer.beta2 = std::numeric_limits<double>::quiet_NaN();
  expectProblem("P1: the optimizer's beta2 is nan");
}

TEST_F(VerifyProgramTest, P1IndicesAreInRange) {
  find(segment(0, Forward), InstructionKind::Load).index = 99;
  expectProblem(
      "P1: stage 0, forward segment 1, instruction 1 (load): it names number 99 of 22 slots");
}

TEST_F(VerifyProgramTest, P1ValuesAreInRange) {
  find(segment(0, Forward), InstructionKind::Kernel).operands[0] = 77;
  expectProblem("it names value 77 of");
}

TEST_F(VerifyProgramTest, P1OperandCounts) {
  find(segment(0, Forward), InstructionKind::Store).operands.clear();
  expectProblem("it has 0 operands and 0 results, not 1 and 0");
}

TEST_F(VerifyProgramTest, P2SlotLayoutsAreLegal) {
  program.stages[0].slots[0].tensor.layout.dims[0] = {0, 0};
  expectProblem(
      "P2: stage 0, slot 'embedding.word' has an impossible layout: digit 0 is used twice");
}

TEST_F(VerifyProgramTest, P2ValueLayoutsAreLegal) {
  segment(1, Forward).values[0].layout.dims[1] = {3};
  expectProblem("P2: stage 1, forward segment 1, value 0 has an impossible layout");
}

TEST_F(VerifyProgramTest, P2EveryParameterHasOneHome) {
  program.stages[0].slots[0].role = SlotRole::Weight;
  expectProblem("P2: parameter 'embedding.word' has no home");
  program = exampleProgram();
  program.stages[0].slots[1].role = SlotRole::Parameter;
  program.stages[0].slots[1].parameter = 0;
  expectProblem("P2: parameter 'embedding.word' has two homes");
}

TEST_F(VerifyProgramTest, P2StateLiesAtHome) {
  for (Slot &slot : program.stages[0].slots)
    if (slot.name == "embedding.word.m")
      slot.tensor.layout = Layout::replicated(2);
  expectProblem(
      "slot 'embedding.word.m' is optimizer state that lies elsewhere than its parameter");
}

TEST_F(VerifyProgramTest, P2UseBeforeDefinition) {
  std::vector<Instruction> &all = segment(0, Forward).instructions;
  std::swap(all[0], all.back());
  expectProblem("P2: stage 0, forward segment 1, instruction 0");
}

TEST_F(VerifyProgramTest, P2UseAfterRelease) {
  Segment &forward = segment(0, Forward);
  find(forward, InstructionKind::Store).operands[0] =
      find(forward, InstructionKind::Release).operands[0];
  expectProblem("is used after its release");
}

TEST_F(VerifyProgramTest, P2UseAfterConsumption) {
  Segment &update = segment(0, Update);
  Instruction &adamw = findKernel(update, "exec.adamw");
  Instruction *store = &adamw + 1;
  while (store->kind != InstructionKind::Store)
    ++store;
  store->operands[0] = adamw.operands[0];
  expectProblem("is used after");
}

TEST_F(VerifyProgramTest, P2ConsumedSlotsAreStored) {
  Segment &update = segment(0, Update);
  std::erase_if(update.instructions, [&](const Instruction &instruction) {
    return instruction.kind == InstructionKind::Store && instruction.index == 0;
  });
  expectProblem("slot 'embedding.word': a kernel consumes its value, but no new one is stored");
}

TEST_F(VerifyProgramTest, P2ConsumedTwice) {
  Instruction &adamw = findKernel(segment(0, Update), "exec.adamw");
  adamw.operands[3] = adamw.operands[2];
  expectProblem("is consumed twice");
  adamw.operands[3] = adamw.operands[1];
  expectProblem("is consumed and used by one kernel");
}

TEST_F(VerifyProgramTest, P3UnknownKernel) {
  findKernel(segment(0, Forward), "nn.linear").name = "nn.conv3d";
  expectProblem("no kernel has this name");
}

TEST_F(VerifyProgramTest, P3MissingAttribute) {
  findKernel(segment(0, Forward), "nn.dropout").attributes.clear();
  expectProblem("P3: stage 0, forward segment 1, instruction 9 (kernel nn.dropout, embedding): "
                "attribute 'p' is missing");
}

TEST_F(VerifyProgramTest, P3AttributeOfAnotherKind) {
  findKernel(segment(0, Forward), "nn.dropout").attributes["p"] = int64_t(1);
  expectProblem("attribute 'p' must be a number");
}

TEST_F(VerifyProgramTest, P3UnknownAttribute) {
  findKernel(segment(1, Backward), "nn.einsum").attributes["scales"] = 2.0;
  expectProblem("attribute 'scales' is none that the kernel reads");
}

TEST_F(VerifyProgramTest, P3OperandOfAnotherType) {
  segment(0, Forward).values[findKernel(segment(0, Forward), "nn.lookup").operands[0]].type =
      ElementType::F32;
  program.inputs[0].type = ElementType::F32;
  expectProblem("operand 0 is f32, but must be an index");
}

TEST_F(VerifyProgramTest, P3LettersDisagreeWithShapes) {
  findKernel(segment(0, Forward), "nn.linear").letters = "s b k, k o -> s b o";
  expectProblem("says that k is 12, elsewhere it is 8");
}

TEST_F(VerifyProgramTest, P3LettersOfAnotherKernel) {
  Instruction &lookup = findKernel(segment(0, Forward), "nn.lookup");
  lookup.letters = "b s, v h, p h -> s b h";
  expectProblem(
      "its letters are 'b s, v h, p h -> s b h', but the kernel is for 'b s, v h, +p h -> "
      "s b h'");
  lookup.letters = "bs,vh,+ph->sbh";
  lookup.nosplit = "p";
  expectProblem("it does not say that letter s may not be split");
  lookup.nosplit = "vsp";
  expectProblem("letter v may not be split, but is by digits [0]");
}

TEST_F(VerifyProgramTest, P3LettersOfAnyKernel) {
  findKernel(segment(0, Forward), "nn.dropout").letters = "s b h -> s b k";
  expectProblem("it works element by element, but its tensors have different letters");
  program = exampleProgram();
  findKernel(segment(0, Forward), "nn.linear").letters = "s b k, o k -> s b x";
  expectProblem("letter x of its result is in no operand");
}

TEST_F(VerifyProgramTest, P3LettersThatMayNotBeSplit) {
  findKernel(segment(0, Forward), "nn.linear").nosplit = "o";
  expectProblem("letter o may not be split, but is by digits [0]");
}

/// Summands are cast one by one; nothing is reduced by it.
TEST(VerifyKernelTest, P3CastsKeepWhatPends) {
  auto problemWith = [](const Layout &after) {
    Program program;
    program.name = "cast";
    program.microBatch = program.globalBatch = 4;
    program.devicesPerNode = 2;
    program.inputs = {{"x", ElementType::BF16, {4, 6}, 0}};
    program.stages.resize(1);
    program.stages[0].mesh = {2};
    for (SegmentKind kind :
         {SegmentKind::Read, SegmentKind::Forward, SegmentKind::Backward, SegmentKind::Update}) {
      SegmentBuilder segment(program, 0, kind);
      if (kind == SegmentKind::Forward) {
        Index x = segment.input(0, split({{0}, {}}));
        Index dot = segment.kernel("nn.dot", "dot", "b s, b s -> ()", {x, x},
                                   {tensor(ElementType::F32, {}, split({}, {0}))})[0];
        segment.kernel("exec.cast", "dot", "() -> ()", {dot},
                       {tensor(ElementType::F64, {}, after)});
      }
      program.stages[0].schedule.push_back(run(segment.finish()));
    }
    return verifyProgram(program);
  };
  EXPECT_EQ(problemWith(split({}, {0})), "");
  EXPECT_THAT(problemWith(split({})), HasSubstr("but the sum is"));
}

TEST_F(VerifyProgramTest, P4AnotherMove) {
  Instruction &convert = find(segment(0, Forward), InstructionKind::Convert);
  convert.step.kind = StepKind::Slice;
  expectProblem("P4: ");
  convert.step.kind = StepKind::AllReduce;
  convert.step.digits = {};
  expectProblem("it moves no digit");
}

TEST_F(VerifyProgramTest, P5SlotOfAnotherLayout) {
  find(segment(0, Forward), InstructionKind::Store).index = 0;
  expectProblem("P5: ");
}

TEST_F(VerifyProgramTest, P5ParametersChangeInTheUpdateOnly) {
  // Slot 0 is the parameter at home, slot 1 the same as a weight, in the same layout.
  find(segment(0, Read), InstructionKind::Store).index = 0;
  expectProblem("slot 'embedding.word' changes in the update only");
}

TEST_F(VerifyProgramTest, P5WorldSumOfAPendingScalar) {
  Segment &update = segment(0, Update);
  Instruction &sum = find(update, InstructionKind::WorldSum);
  update.values[sum.operands[0]].layout.pending.clear();
  EXPECT_NE(verifyProgram(program), "");
}

TEST_F(VerifyProgramTest, P6PieceOutsideOfTheBox) {
  find(segment(0, Forward), InstructionKind::Send).pieces[0].box.lo[2] += 6;
  expectProblem("is outside of the box that this stage's rank holds");
}

TEST_F(VerifyProgramTest, P6BoxNotFilled) {
  std::vector<BoxPiece> &pieces = find(segment(1, Forward), InstructionKind::Receive).pieces;
  pieces.pop_back();
  expectProblem("rank 3 receives 72 of the 144 elements of its box");
}

TEST_F(VerifyProgramTest, P6PartTwice) {
  std::vector<BoxPiece> &pieces = find(segment(1, Forward), InstructionKind::Receive).pieces;
  ASSERT_EQ(pieces.size(), 4u);
  pieces[2].box = pieces[0].box;
  expectProblem("receives a part twice, from ranks 0 and 1");
}

TEST_F(VerifyProgramTest, P6PiecesDiffer) {
  std::vector<BoxPiece> &pieces = find(segment(0, Forward), InstructionKind::Send).pieces;
  pieces.pop_back();
  expectProblem("they cut the value into different pieces");
}

TEST_F(VerifyProgramTest, P6NamesDiffer) {
  find(segment(0, Forward), InstructionKind::Send).name = "another";
  expectProblem("they name different values");
}

TEST_F(VerifyProgramTest, P6MessageOfAnotherMicroBatch) {
  // The first message to stage 1 is taken before micro-batch 0 asks for it.
  Segment &read = segment(1, Read);
  Instruction receive = find(segment(1, Forward), InstructionKind::Receive);
  Instruction release;
  release.kind = InstructionKind::Release;
  release.operands = receive.results = {static_cast<Index>(read.values.size())};
  read.values.push_back(segment(1, Forward).values[0]);
  read.instructions.insert(read.instructions.begin(), {receive, release});
  expectProblem("they are of different micro-batches");
}

TEST_F(VerifyProgramTest, P8MessageMissing) {
  // A second receive in each forward segment of stage 1, for which nothing is sent.
  Segment &forward = segment(1, Forward);
  Instruction receive = find(forward, InstructionKind::Receive);
  receive.peer = 0;
  Instruction release;
  release.kind = InstructionKind::Release;
  release.operands = receive.results = {static_cast<Index>(forward.values.size())};
  forward.values.push_back(forward.values[0]);
  forward.instructions.insert(forward.instructions.end(), {receive, release});
  expectProblem("P6: ");
  program.globalBatch = 4;
  program.stages[0].schedule = {run(0), run(1), run(2), run(3)};
  program.stages[1].schedule = {run(0), run(1), run(2), run(3)};
  expectProblem("waits for ever: stage 1 sends it no further message");
}

TEST_F(VerifyProgramTest, P6MessageNeverReceived) {
  Segment &update = segment(0, Update);
  Segment &forward = segment(0, Forward);
  Instruction send = find(forward, InstructionKind::Send);
  Index value = update.values.size();
  update.values.push_back(forward.values[send.operands[0]]);
  Instruction load;
  load.kind = InstructionKind::Load;
  load.results = {value};
  program.stages[0].slots.push_back({"extra", SlotRole::Metric, update.values[value], 1, 0});
  load.index = program.stages[0].slots.size() - 1;
  Instruction accumulate = load;
  accumulate.kind = InstructionKind::Accumulate;
  accumulate.results = {};
  accumulate.operands = {send.operands[0]};
  auto place = std::find_if(forward.instructions.begin(), forward.instructions.end(),
                            [](const Instruction &i) { return i.kind == InstructionKind::Send; });
  forward.instructions.insert(place, accumulate);
  send.operands = {value};
  Instruction release;
  release.kind = InstructionKind::Release;
  release.operands = {value};
  Instruction releaseSlot;
  releaseSlot.kind = InstructionKind::ReleaseSlot;
  releaseSlot.index = load.index;
  update.instructions.insert(update.instructions.end(), {load, send, release, releaseSlot});
  expectProblem("is never received by stage 1");
}

TEST_F(VerifyProgramTest, P7SegmentsRunAsOftenAsTheirKindSays) {
  program.stages[1].schedule[1].count = 2;
  expectProblem("P7: stage 1: forward segment 1 runs 2 times in a step, not 3");
  program.stages[1].schedule[1].count = int64_t(1) << 40;
  expectProblem("P7: stage 1: the schedule names a segment that is not there or repeats too often");
}

TEST_F(VerifyProgramTest, P7DepthIsExceeded) {
  program.stages[0].schedule = {run(0), repeat(3, {run(1)}), repeat(3, {run(2)}), run(3)};
  expectProblem(
      "slot 'dropped' of depth 2 holds the value of micro-batch 0 when the next one is stored");
}

TEST_F(VerifyProgramTest, P7BackwardBeforeForward) {
  program.stages[0].schedule = {run(0), repeat(3, {run(2), run(1)}), run(3)};
  expectProblem("slot 'linear' of depth 2 is empty");
}

TEST_F(VerifyProgramTest, P7SlotsAreReleasedAtTheEnd) {
  std::erase_if(segment(0, Update).instructions, [](const Instruction &instruction) {
    return instruction.kind == InstructionKind::ReleaseSlot && instruction.index == 1;
  });
  expectProblem("slot 'embedding.word.weight' is not released at the end of the step");
}

TEST_F(VerifyProgramTest, P8Deadlock) {
  // Both stages wait for the other: stage 0 wants a gradient before its first forward pass is sent.
  program.stages[0].schedule = {run(0), run(1), repeat(2, {run(1), run(2)}), run(2), run(3)};
  Segment &forward = segment(0, Forward);
  Segment &backward = segment(0, Backward);
  Instruction receive = find(backward, InstructionKind::Receive);
  Index value = forward.values.size();
  forward.values.push_back(backward.values[receive.results[0]]);
  std::erase_if(backward.instructions, [](const Instruction &instruction) {
    return instruction.kind == InstructionKind::Receive;
  });
  TensorDesc desc = forward.values[value];
  program.stages[0].slots.push_back({"extra", SlotRole::Activation, desc, 2, 0});
  Index slot = program.stages[0].slots.size() - 1;
  Instruction load;
  load.kind = InstructionKind::Load;
  load.index = slot;
  load.results = receive.results;
  Instruction releaseSlot;
  releaseSlot.kind = InstructionKind::ReleaseSlot;
  releaseSlot.index = slot;
  backward.instructions.insert(backward.instructions.begin(), {load, releaseSlot});
  receive.results = {value};
  Instruction store;
  store.kind = InstructionKind::Store;
  store.index = slot;
  store.operands = {value};
  Instruction release;
  release.kind = InstructionKind::Release;
  release.operands = {value};
  forward.instructions.insert(forward.instructions.begin(), {receive, store, release});
  expectProblem(
      "P8: stage 0, forward segment 1, instruction 0 (receive gelu gradient), micro-batch "
      "0 waits for ever");
}

TEST_F(VerifyProgramTest, P8ReportsBelongTogether) {
  find(segment(1, Update), InstructionKind::Report).name = "accuracy";
  expectProblem("P8: stage 1, update segment 3");
  expectProblem("does not belong together with stage 0, update segment 3");
}

TEST_F(VerifyProgramTest, P1OptimizerKernelsAgreeWithTheHeader) {
  Instruction &adamw = findKernel(segment(0, Update), "exec.adamw");
  adamw.attributes["weight_decay"] = 0.0;
  EXPECT_EQ(verifyProgram(program), "");
  adamw.attributes["beta1"] = 0.5;
  expectProblem("its beta1 is 0.500000, but the program's optimizer says 0.900000");
}
