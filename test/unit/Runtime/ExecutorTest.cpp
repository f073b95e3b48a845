//===- ExecutorTest.cpp - The example trains as autograd trains it --------===//

#include "ExampleProgram.h"
#include "ExampleReference.h"
#include "KernelHarness.h"

#include "aceso/Program/VerifyProgram.h"
#include "aceso/Runtime/Executor.h"
#include "aceso/Runtime/Random.h"
#include "aceso/Runtime/ThreadCommunicator.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

constexpr uint64_t seed = 17;
constexpr double learningRate = 0.05;

StepInputs makeInputs(const Program &program, int64_t step) {
  at::Generator generator = at::detail::createCPUGenerator(100 + step);
  at::TensorOptions options = at::TensorOptions().dtype(at::kInt);
  at::Tensor ids = at::randint(0, ExampleOptions().vocabulary,
                               {program.globalBatch, ExampleSizes::sequence}, generator, options);
  at::Tensor labels =
      at::randint(0, ExampleOptions().classes, {program.globalBatch, ExampleSizes::sequence},
                  generator, options);
  labels.masked_fill_(at::rand(labels.sizes(), generator, at::TensorOptions()).lt(0.2), -100);
  return {step, learningRate, {ids, labels}};
}

/// What all ranks saw, put together.
struct Trained {
  std::vector<std::map<std::string, double>> reports; ///< by step
  std::vector<std::vector<at::Tensor>> gradients;     ///< by step and parameter
  std::vector<at::Tensor> initial, parameters;
};

Trained train(const Program &program, int64_t numSteps) {
  EXPECT_EQ(verifyProgram(program), "");
  Trained trained;
  auto failure = runAsThreads(createThreadCommunicators(program.numRanks()), [&](Communicator &c) {
    ExecutorOptions options;
    options.seed = seed;
    options.keepsGradients = true;
    Executor executor(program, c, options);
    executor.initializeParameters();
    auto readAll = [&](at::Tensor (Executor::*read)(Index), std::vector<at::Tensor> &all) {
      for (Index i = 0; i < program.parameters.size(); ++i)
        if (at::Tensor whole = (executor.*read)(i); whole.defined())
          all.push_back(whole);
    };
    readAll(&Executor::readParameter, trained.initial);
    for (int64_t step = 0; step < numSteps; ++step) {
      std::map<std::string, double> reports = executor.runStep(makeInputs(program, step));
      std::vector<at::Tensor> gradients;
      readAll(&Executor::readGradient, gradients);
      if (c.getRank() == 0) {
        trained.reports.push_back(reports);
        trained.gradients.push_back(gradients);
      } else if (!gradients.empty()) {
        throw std::runtime_error("whole tensors on a rank that is not the first");
      }
    }
    readAll(&Executor::readParameter, trained.parameters);
  });
  if (failure)
    ADD_FAILURE() << "rank " << failure->rank << ": " << failure->reason;
  return trained;
}

/// max|a-b| / max(max|b|, 1e-3 x the largest entry over all tensors).
double worstError(const std::vector<at::Tensor> &actual, const std::vector<at::Tensor> &expected) {
  EXPECT_EQ(actual.size(), expected.size());
  double largest = 0, worst = 0;
  for (const at::Tensor &tensor : expected)
    largest = std::max(largest, tensor.abs().max().item<double>());
  for (size_t i = 0; i < actual.size(); ++i) {
    double size = std::max(expected[i].abs().max().item<double>(), 1e-3 * largest);
    double gap = (actual[i].to(at::kDouble) - expected[i]).abs().max().item<double>();
    worst = std::max(worst, gap / size);
  }
  return worst;
}

void expectTrainsAsReference(const ExampleOptions &options, double tolerance) {
  Program program = exampleProgram(options);
  constexpr int64_t numSteps = 3;
  Trained trained = train(program, numSteps);
  ASSERT_EQ(trained.reports.size(), static_cast<size_t>(numSteps));
  std::vector<at::Tensor> initial;
  for (const at::Tensor &parameter : trained.initial)
    initial.push_back(parameter.to(at::kDouble));
  ExampleReference reference(options, initial, dropoutStream(seed, "embedding", 0).key);
  for (int64_t step = 0; step < numSteps; ++step) {
    StepInputs inputs = makeInputs(program, step);
    reference.step(inputs.tensors[0], inputs.tensors[1], learningRate);
    auto &reports = trained.reports[step];
    EXPECT_LE(std::abs(reports["loss"] / reference.loss - 1), tolerance);
    EXPECT_LE(std::abs(reports["grad_norm"] / reference.gradNorm - 1), tolerance);
    EXPECT_LE(worstError(trained.gradients[step], reference.gradients), tolerance)
        << "gradients of step " << step;
  }
  EXPECT_LE(worstError(trained.parameters, reference.parameters), tolerance);
}

} // namespace

TEST(ExecutorTest, TrainsAsOneDeviceWould) {
  for (OptimizerKind kind : {OptimizerKind::SGD, OptimizerKind::AdamW})
    for (int64_t numMicroBatches : {1, 2, 5})
      for (double clip : {0.0, 0.05}) {
        ExampleOptions options;
        options.modelType = options.homeType = ElementType::F64;
        options.numMicroBatches = numMicroBatches;
        options.optimizer.kind = kind;
        options.optimizer.epsilon = 1e-4;
        options.optimizer.clipGradNorm = clip;
        expectTrainsAsReference(options, 1e-11);
      }
}

TEST(ExecutorTest, TrainsWithMomentum) {
  ExampleOptions options;
  options.modelType = options.homeType = ElementType::F64;
  options.optimizer.kind = OptimizerKind::SGD;
  options.optimizer.momentum = 0.9;
  expectTrainsAsReference(options, 1e-11);
}

TEST(ExecutorTest, TrainsInSinglePrecision) {
  ExampleOptions options;
  options.optimizer.epsilon = 1e-4;
  options.optimizer.clipGradNorm = 0.5;
  expectTrainsAsReference(options, 1e-4);
}

/// A model of half precision with a wider copy at home: near the truth, and the home copy moves by
/// less than half precision resolves.
TEST(ExecutorTest, TrainsInHalfPrecision) {
  ExampleOptions options;
  options.modelType = ElementType::BF16;
  options.homeType = ElementType::F32;
  options.optimizer.epsilon = 1e-4;
  expectTrainsAsReference(options, 0.1);
  Trained trained = train(exampleProgram(options), 1);
  EXPECT_EQ(trained.parameters[HeadWeight].scalar_type(), at::kFloat);
  EXPECT_FALSE(at::equal(trained.parameters[HeadWeight],
                         trained.parameters[HeadWeight].to(at::kBFloat16).to(at::kFloat)));
}

TEST(ExecutorTest, RunsAreRepeatable) {
  Program program = exampleProgram();
  Trained first = train(program, 2), second = train(program, 2);
  EXPECT_EQ(first.reports, second.reports);
  for (size_t i = 0; i < first.parameters.size(); ++i)
    EXPECT_TRUE(at::equal(first.parameters[i], second.parameters[i]));
}

TEST(ExecutorTest, InitialValuesDependOnSeedAndPathOnly) {
  ExampleOptions options;
  Trained few = train(exampleProgram(options), 0);
  options.numMicroBatches = 6;
  Trained many = train(exampleProgram(options), 0);
  for (size_t i = 0; i < few.initial.size(); ++i)
    EXPECT_TRUE(at::equal(few.initial[i], many.initial[i]));
  // As the stream says, times the deviation.
  std::vector<double> numbers(few.initial[HeadWeight].numel());
  randomNormal(initializerStream(seed, "head.weight"), 0, numbers);
  for (size_t i = 0; i < numbers.size(); ++i)
    EXPECT_EQ(few.initial[HeadWeight].view(-1)[static_cast<int64_t>(i)].item<float>(),
              static_cast<float>(0.5 * numbers[i]));
}

TEST(ExecutorTest, ParametersAreWrittenAndRead) {
  Program program = exampleProgram();
  std::vector<at::Tensor> written, read(program.parameters.size());
  for (const ProgramParameter &parameter : program.parameters)
    written.push_back(at::randn(parameter.shape, at::TensorOptions().dtype(at::kFloat)));
  auto failure = runAsThreads(createThreadCommunicators(4), [&](Communicator &c) {
    Executor executor(program, c);
    for (Index i = 0; i < written.size(); ++i)
      executor.writeParameter(i, written[i]);
    for (Index i = 0; i < written.size(); ++i)
      if (at::Tensor whole = executor.readParameter(i); whole.defined())
        read[i] = whole;
  });
  ASSERT_FALSE(failure);
  for (size_t i = 0; i < written.size(); ++i)
    EXPECT_TRUE(at::equal(read[i], written[i]));
}

/// The program says which labels are counted, whatever their name.
TEST(ExecutorTest, CountedLabelsMayHaveAnyName) {
  Program program = exampleProgram();
  Trained expected = train(program, 1);
  program.inputs[0].name = "labels";
  program.inputs[1].name = "next";
  EXPECT_EQ(train(program, 1).reports, expected.reports);
}

/// Every instruction of every run, one after the other, between its two calls.
TEST(ExecutorTest, HooksSeeEveryInstruction) {
  Program program = exampleProgram();
  const std::vector<Segment> &segments = program.stages[0].segments;
  std::map<std::pair<SegmentKind, int64_t>, size_t> numSeen;
  auto failure = runAsThreads(createThreadCommunicators(4), [&](Communicator &c) {
    ExecutorOptions options;
    const Instruction *running = nullptr;
    auto check = [](bool isRight) {
      if (!isRight)
        throw std::runtime_error("hooks out of order");
    };
    if (c.getRank() == 0) {
      options.beforeInstruction = [&](const InstructionPlace &place) {
        check(!running && place.index == numSeen[{place.segment, place.microBatch}]++);
        running = &place.instruction;
      };
      options.afterInstruction = [&](const InstructionPlace &place) {
        check(running == &place.instruction);
        running = nullptr;
      };
    }
    Executor executor(program, c, options);
    executor.initializeParameters();
    executor.runStep(makeInputs(program, 0));
  });
  ASSERT_FALSE(failure) << failure->reason;
  for (const Segment &segment : segments) {
    int64_t numRuns = isPerMicroBatch(segment.kind) ? 3 : 1;
    for (int64_t microBatch = 0; microBatch < numRuns; ++microBatch)
      EXPECT_EQ((numSeen[{segment.kind, microBatch}]), segment.instructions.size());
  }
  EXPECT_EQ(numSeen.size(), 8u) << "read, three times forward and backward, update";
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

namespace {

/// What the first failing rank says.
std::string failureOf(const Program &program, const StepInputs &inputs, uint32_t numRanks = 4) {
  auto failure = runAsThreads(createThreadCommunicators(numRanks), [&](Communicator &c) {
    Executor executor(program, c);
    executor.initializeParameters();
    executor.runStep(inputs);
  });
  return failure ? failure->reason : "";
}

} // namespace

TEST(ExecutorErrorTest, AnotherNumberOfRanks) {
  Program program = exampleProgram();
  EXPECT_EQ(failureOf(program, makeInputs(program, 0), 3),
            "the program is for 4 ranks, but 3 run; start as many as it was planned for");
}

TEST(ExecutorErrorTest, InputsOfAnotherShape) {
  Program program = exampleProgram();
  StepInputs inputs = makeInputs(program, 0);
  inputs.tensors[1] = inputs.tensors[1].narrow(0, 0, 5);
  EXPECT_THAT(failureOf(program, inputs), HasSubstr("input 'labels' of shape [5, 6], not [12, 6]"));
  inputs.tensors.pop_back();
  EXPECT_THAT(failureOf(program, inputs), HasSubstr("has 2 inputs, but is given 1"));
}

TEST(ExecutorErrorTest, NoLabelCounts) {
  Program program = exampleProgram();
  StepInputs inputs = makeInputs(program, 0);
  inputs.tensors[1].fill_(-100);
  EXPECT_THAT(failureOf(program, inputs),
              HasSubstr("no label of the batch counts: all elements of input 'labels' are -100"));
}

TEST(ExecutorErrorTest, DataOutsideOfTheVocabularyNamesTheInstruction) {
  Program program = exampleProgram();
  StepInputs inputs = makeInputs(program, 0);
  inputs.tensors[0][3][2] = 10;
  EXPECT_THAT(failureOf(program, inputs),
              HasSubstr("stage 0, forward segment 1, instruction 3 (kernel nn.lookup, embedding): "
                        "embedding: id 10 is not one of the 10 rows"));
}
