//===- MemoryTest.cpp - Ranks hold what liveness says -----------*- C++ -*-===//
//
// The peak of every rank of random plans, measured in a step over Gloo, against computeMemory.
//
//===----------------------------------------------------------------------===//

#include "EquivalenceFixture.h"

#include "aceso/Program/ProgramMemory.h"
#include "aceso/Runtime/CountingAllocator.h"
#include "aceso/Runtime/Executor.h"
#include "aceso/Runtime/GlooCommunicator.h"
#include "aceso/Runtime/KeyValueStore.h"
#include "aceso/Runtime/ThreadCommunicator.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <thread>

using namespace aceso;
using namespace aceso::test;

namespace {

/// Gloo, but messages that have not been received count for nobody: how many there are depends on
/// how the threads are scheduled.
class UncountedMessages : public Communicator {
public:
  explicit UncountedMessages(std::unique_ptr<Communicator> inner)
      : Communicator(inner->getRank(), inner->getSize(), inner->getDevice()),
        inner(std::move(inner)) {}

  std::unique_ptr<Group> createGroup(const std::vector<uint32_t> &members) override {
    return inner->createGroup(members);
  }
  Group &world() override { return inner->world(); }
  void openChannels(const std::vector<Channel> &channels) override {
    inner->openChannels(channels);
  }
  void flush() override { inner->flush(); }
  void abort(const std::string &reason) noexcept override { inner->abort(reason); }

protected:
  void doSend(const at::Tensor &tensor, uint32_t destination) override {
    TensorCharge nobody(ChargeScope::Thread, nullptr);
    inner->send(tensor.clone(), destination);
  }
  void doReceive(at::Tensor &tensor, uint32_t source) override { inner->receive(tensor, source); }

private:
  std::unique_ptr<Communicator> inner;
};

/// Ids and labels for every input of the program.
std::vector<at::Tensor> makeInputs(const Program &program) {
  std::vector<at::Tensor> inputs;
  for (const ProgramInput &input : program.inputs) {
    std::vector<int64_t> sizes = input.shape;
    sizes[input.batchDim] = program.globalBatch;
    constexpr int64_t vocabulary = 30;
    inputs.push_back(at::randint(vocabulary, sizes, at::TensorOptions().dtype(at::kInt)));
  }
  return inputs;
}

/// The peak of each rank in the second step.
std::vector<int64_t> measurePeaks(const Program &program) {
  std::shared_ptr<KeyValueStore> store = openMemoryStore();
  std::vector<int64_t> peaks(program.numRanks());
  std::vector<std::string> failures(program.numRanks());
  auto runRank = [&](uint32_t rank) {
    at::NoGradGuard noGradients;
    at::set_num_threads(1);
    UncountedMessages communicator(createGlooCommunicator(store, rank, program.numRanks()));
    TensorAccount &account = TensorAccount::open();
    TensorCharge own(ChargeScope::Thread, &account);
    try {
      Executor executor(program, communicator);
      executor.initializeParameters();
      for (int64_t step = 0; step < 2; ++step) {
        StepInputs inputs{step, 0.01, makeInputs(program)};
        account.resetPeak();
        executor.runStep(inputs);
      }
      peaks[rank] = account.peak();
      communicator.world().barrier();
    } catch (const std::exception &failure) {
      failures[rank] = failure.what();
      communicator.abort(failure.what());
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t rank = 0; rank < program.numRanks(); ++rank)
    threads.emplace_back(runRank, rank);
  for (std::thread &thread : threads)
    thread.join();
  for (const std::string &failure : failures)
    EXPECT_EQ(failure, "");
  return peaks;
}

class MemoryTest : public EquivalenceTest {
protected:
  MemoryTest() { installCountingAllocator(); }

  void expectAgreement(const std::string &dtype, const OptimizerSettings &optimizer) {
    ModelOverrides overrides{{"n_embd=64", "n_positions=32", "seq_length=32"}, dtype};
    double least = 1, most = 1;
    unsigned numRanks = 0;
    for (unsigned seed : legalSeeds()) {
      Program program = programOf(seed, overrides, optimizer);
      std::vector<int64_t> peaks = measurePeaks(program);
      for (uint32_t rank = 0; rank < peaks.size(); ++rank, ++numRanks) {
        RankMemory memory = computeMemory(program, rank);
        double ratio = static_cast<double>(memory.peakBytes) / static_cast<double>(peaks[rank]);
        least = std::min(least, ratio);
        most = std::max(most, ratio);
        constexpr double tolerance = 0.01;
        EXPECT_NEAR(ratio, 1, tolerance)
            << "plan of seed " << seed << ", rank " << rank << ": " << peaks[rank] << " bytes, not "
            << memory.peakBytes << " at "
            << describeInstruction(program, program.stageOf(rank), memory.segment,
                                   memory.instruction);
      }
    }
    std::cout << numRanks << " ranks, said over measured from " << least << " to " << most << "\n";
  }
};

} // namespace

TEST_F(MemoryTest, AdamInSinglePrecision) { expectAgreement("f32", adam()); }
TEST_F(MemoryTest, SGDInDoublePrecision) { expectAgreement("f64", sgd()); }
