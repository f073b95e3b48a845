//===- ProcessesTest.cpp - Plans as processes train the same ----*- C++ -*-===//
//
// Random plans again, as users run them: aceso-run, one process a rank over Gloo, a text. What its
// metrics and saved parameters say is compared with one device on the same samples.
//
//===----------------------------------------------------------------------===//

#include "EquivalenceFixture.h"

#include "aceso/Program/ProgramFile.h"
#include "aceso/Runtime/Safetensors.h"
#include "aceso/Runtime/TextData.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace aceso;
using namespace aceso::test;

namespace {

class ProcessesTest : public EquivalenceTest {
protected:
  ProcessesTest() {
    std::string pattern = testing::TempDir() + "aceso-processes-XXXXXX";
    folder = mkdtemp(pattern.data());
    std::ofstream text(folder + "/text");
    for (int i = 0; i < 2000; ++i)
      text << "We hold these truths to be self-evident.\n"[i * 7 % 41];
  }
  ~ProcessesTest() override { std::filesystem::remove_all(folder); }

  /// For each thing that a plan can exercise another plan that does.
  std::vector<unsigned> coveringSeeds() {
    std::vector<bool (*)(const PlanTraits &)> wanted = {
        [](const PlanTraits &traits) { return traits.largestStage == 4 && traits.mixesDegrees; },
        [](const PlanTraits &traits) { return traits.numStages > 2 && traits.cutsLayer; },
        [](const PlanTraits &traits) { return traits.cutsLayer && traits.recomputesPart; },
        [](const PlanTraits &traits) { return traits.numStages > 1 && traits.usesRule1; },
        [](const PlanTraits &traits) { return traits.numStages > 1 && traits.mixesDegrees; }};
    std::vector<unsigned> chosen;
    for (unsigned seed : legalSeeds()) {
      PlanTraits traits = traitsOf(seed);
      auto met = llvm::find_if(wanted, [&](auto isMet) { return isMet(traits); });
      if (met == wanted.end())
        continue;
      wanted.erase(met);
      chosen.push_back(seed);
    }
    EXPECT_TRUE(wanted.empty());
    return chosen;
  }

  /// aceso-run train on the text; it must succeed.
  void train(const TrainingRun &run, size_t numSteps, const std::string &result) {
    std::ostringstream learningRate;
    learningRate.precision(17);
    learningRate << run.learningRate;
    std::string path = folder + "/";
    std::vector<std::string> arguments = {"aceso-run",
                                          "train",
                                          path + "program",
                                          "--backend=gloo",
                                          "--data=" + path + "text",
                                          "--steps=" + std::to_string(numSteps),
                                          "--seed=" + std::to_string(run.seed),
                                          "--lr=" + learningRate.str(),
                                          "--metrics=" + path + result + ".jsonl",
                                          "--save=" + path + result};
    llvm::SmallVector<llvm::StringRef> references(arguments.begin(), arguments.end());
    std::string output = path + "output";
    int code = llvm::sys::ExecuteAndWait(ACESO_RUN, references, std::nullopt,
                                         {std::nullopt, output, output});
    std::ifstream in(output);
    EXPECT_EQ(code, 0) << std::string(std::istreambuf_iterator<char>(in), {});
  }

  NamedTensors saved(const std::string &result) {
    return readSafetensors(folder + "/" + result + "/model.safetensors").tensors;
  }

  TrainingResult trainProcesses(const Program &program, const TrainingRun &run) {
    EXPECT_EQ(writeProgramFile(program, folder + "/program"), "");
    train(run, 0, "initial");
    train(run, run.batches.size(), "trained");
    TrainingResult result;
    result.initial = saved("initial");
    result.parameters = saved("trained");
    std::ifstream metrics(folder + "/trained.jsonl");
    for (std::string line; std::getline(metrics, line);) {
      nlohmann::json json = nlohmann::json::parse(line);
      result.steps.push_back({json.at("loss"), json.at("grad_norm"), {}});
    }
    return result;
  }

  void expectEqual(const ModelOverrides &model, TrainingRun run, double tolerance, unsigned count) {
    double largest = 0;
    std::vector<unsigned> seeds = coveringSeeds();
    for (unsigned seed : llvm::ArrayRef(seeds).take_front(count)) {
      Program program = programOf(seed, model, run.optimizer);
      Result<TextData> text = TextData::open(folder + "/text", program);
      ASSERT_TRUE(static_cast<bool>(text));
      run.batches.clear();
      for (int64_t step = 0; step < 3; ++step)
        run.batches.push_back(text->batch(run.seed, step));
      TrainingResult actual = trainProcesses(program, run);
      std::string worst;
      double error = largestError(actual, expectedResult(model, actual.initial, run), worst);
      EXPECT_LE(error, tolerance) << "plan of seed " << seed << ": " << worst;
      largest = std::max(largest, error);
      std::cout << "plan of seed " << seed << ", " << program.numRanks() << " processes: error "
                << error << "\n";
    }
  }

  std::string folder;
};

/// Bytes as tokens, some of the vocabulary is padding.
const std::vector<std::string> bytes = {"vocab_size=250"};

TEST_F(ProcessesTest, SGDInDoublePrecision) {
  expectEqual({bytes, "f64"}, {.optimizer = sgd()}, 1e-10, 5);
}

TEST_F(ProcessesTest, AdamInSinglePrecision) {
  expectEqual({bytes, "f32"}, {.optimizer = adam(), .learningRate = 0.01}, 1e-4, 3);
}

} // namespace
