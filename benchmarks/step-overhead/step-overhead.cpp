//===- step-overhead.cpp - One rank's step against LibTorch's autograd ----===//
//
// Trains one model on one rank in two ways, turn by turn: the program that the compiler makes, on
// our executor; and the same model written by hand with LibTorch's autograd (LibTorchGpt.h), which
// computes with the same kernels. Prints the median time of a step of each and their ratio; what is
// above 1 is what running through a program costs. First it shows that both compute the same:
// without dropout, losses and norms of the first steps agree.
//
//   step-overhead [--steps=N] [--aten-threads=N] [--only=NAME]
//
//===----------------------------------------------------------------------===//

#include "LibTorchGpt.h"

#include "aceso/Conversion/NNToPar/NNToPar.h"
#include "aceso/Registration.h"
#include "aceso/Runtime/Executor.h"
#include "aceso/Runtime/ThreadCommunicator.h"
#include "aceso/Target/ModelImport.h"
#include "aceso/Target/ProgramExport.h"
#include "aceso/Transforms/Pipelines.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/CommandLine.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

using namespace aceso;

static llvm::cl::opt<std::string>
    modelFile("model", llvm::cl::init(ACESO_SOURCE_DIR "/models/gpt-quickstart.json"),
              llvm::cl::desc("Model file that the settings change"));
static llvm::cl::opt<int> numSteps("steps", llvm::cl::init(15), llvm::cl::desc("Timed steps"));
static llvm::cl::opt<int> numThreads("aten-threads", llvm::cl::init(1), llvm::cl::desc("Threads"));
static llvm::cl::opt<std::string> only("only", llvm::cl::desc("Models whose name contains this"));

namespace {

struct Setting {
  const char *name;
  std::vector<std::string> changes; ///< of keys of the model file
  int64_t globalBatch, microBatch;
};

/// One model on one rank: the op that describes it, and its program.
struct Subject {
  GptSettings gpt;
  Program program;
};

} // namespace

static const Setting settings[] = {
    {"4 x 256, sequence 128", {}, 16, 8},
    {"4 x 512, sequence 256",
     {"n_embd=512", "n_head=8", "n_positions=256", "seq_length=256", "vocab_size=8192"},
     8,
     4},
};

constexpr double learningRate = 1e-3;
constexpr uint64_t seed = 1;

static GptSettings describeModel(nn::ModelOp model, const Setting &setting) {
  GptSettings gpt;
  gpt.microBatch = setting.microBatch;
  gpt.learningRate = learningRate;
  model.walk([&](mlir::Operation *op) {
    if (auto qkv = llvm::dyn_cast<nn::QKVOp>(op)) {
      auto type = llvm::cast<mlir::RankedTensorType>(qkv.getQ().getType());
      gpt.sequence = type.getShape()[0];
      gpt.numHeads = type.getShape()[2];
      ++gpt.numLayers;
    } else if (auto dropout = llvm::dyn_cast<nn::DropoutOp>(op)) {
      gpt.dropout = dropout.getP().convertToDouble();
    } else if (auto norm = llvm::dyn_cast<nn::LayerNormOp>(op)) {
      gpt.layerNormEpsilon = norm.getEps().convertToDouble();
    } else if (auto head = llvm::dyn_cast<nn::LinearCrossEntropyOp>(op)) {
      gpt.numClasses = head.getNumClasses();
    }
  });
  return gpt;
}

/// The model of a setting, planned for one device and lowered.
static std::optional<Subject> makeSubject(const Setting &setting, bool withDropout,
                                          mlir::MLIRContext &context) {
  std::vector<std::string> changes = setting.changes;
  if (!withDropout)
    changes.insert(changes.end(), {"embd_pdrop=0", "attn_pdrop=0", "resid_pdrop=0"});
  auto module = importModelFile(modelFile, {changes, ""}, &context);
  if (!module)
    return std::nullopt;
  Subject subject;
  subject.gpt = describeModel(*module->getOps<nn::ModelOp>().begin(), setting);
  mlir::PassManager manager(&context);
  std::string pipeline = "convert-nn-to-par{devices-per-node=1 memory-mb=100000 global-batch=" +
                         std::to_string(setting.globalBatch) +
                         " micro-batch=" + std::to_string(setting.microBatch) +
                         "},lower-to-exec{clip-grad=1.0}";
  if (failed(mlir::parsePassPipeline(pipeline, manager)) || failed(manager.run(*module)))
    return std::nullopt;
  mlir::FailureOr<Program> program = exportProgram(*module->getOps<exec::ProgramOp>().begin());
  if (failed(program))
    return std::nullopt;
  subject.program = std::move(*program);
  return subject;
}

namespace {

/// Both ways to train, from the same parameters.
class Contest {
public:
  explicit Contest(const Subject &subject)
      : program(subject.program), communicators(createThreadCommunicators(1)),
        executor(program, *communicators[0], executorOptions()), gpt(makeGpt(subject)) {}

  GptStepResult stepOurs(int64_t step) {
    at::NoGradGuard noGradients;
    std::vector<at::Tensor> inputs;
    for (const ProgramInput &input : program.inputs)
      inputs.push_back(batch(input.name, step).to(at::kInt));
    std::map<std::string, double> reports = executor.runStep({step, learningRate, inputs});
    return {reports.at("loss"), reports.at("grad_norm")};
  }

  GptStepResult stepTheirs(int64_t step) {
    return gpt.step(batch("ids", step), batch("labels", step));
  }

private:
  static ExecutorOptions executorOptions() {
    ExecutorOptions options;
    options.seed = seed;
    return options;
  }

  LibTorchGpt makeGpt(const Subject &subject) {
    executor.initializeParameters();
    std::map<std::string, at::Tensor> parameters;
    for (Index i = 0; i < program.parameters.size(); ++i)
      parameters[program.parameters[i].path] = executor.readParameter(i);
    numClasses = subject.gpt.numClasses;
    return LibTorchGpt(subject.gpt, parameters);
  }

  at::Tensor batch(const std::string &name, int64_t step) const {
    auto generator = at::detail::createCPUGenerator(2 * step + (name == "labels"));
    return at::randint(numClasses, {program.globalBatch, program.inputs[0].shape[1]}, generator,
                       at::kLong);
  }

  const Program &program;
  std::vector<std::unique_ptr<Communicator>> communicators;
  Executor executor;
  int64_t numClasses = 0;
  LibTorchGpt gpt;
};

} // namespace

namespace {
/// By the clock, and of the processors, which other programs disturb less.
struct Times {
  std::vector<double> wallMs, cpuMs;

  void append(const Times &other) {
    wallMs.insert(wallMs.end(), other.wallMs.begin(), other.wallMs.end());
    cpuMs.insert(cpuMs.end(), other.cpuMs.begin(), other.cpuMs.end());
  }
};
} // namespace

static double millisecondsOf(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

template <typename Step> static Times measure(Step step) {
  double wall = millisecondsOf(CLOCK_MONOTONIC), cpu = millisecondsOf(CLOCK_PROCESS_CPUTIME_ID);
  step();
  return {{millisecondsOf(CLOCK_MONOTONIC) - wall},
          {millisecondsOf(CLOCK_PROCESS_CPUTIME_ID) - cpu}};
}

static double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

static bool agree(double a, double b) { return std::abs(a - b) <= 1e-3 * std::abs(b); }

/// Whether both compute the same, where chance plays no part.
static bool checkAgreement(const Subject &subject) {
  Contest contest(subject);
  for (int64_t step = 0; step < 3; ++step) {
    GptStepResult ours = contest.stepOurs(step), theirs = contest.stepTheirs(step);
    if (agree(ours.loss, theirs.loss) && agree(ours.gradientNorm, theirs.gradientNorm))
      continue;
    std::fprintf(stderr, "step %lld: loss %g and norm %g here, %g and %g with autograd\n",
                 static_cast<long long>(step), ours.loss, ours.gradientNorm, theirs.loss,
                 theirs.gradientNorm);
    return false;
  }
  return true;
}

static bool run(const Setting &setting, mlir::MLIRContext &context) {
  std::optional<Subject> plain = makeSubject(setting, /*withDropout=*/false, context);
  std::optional<Subject> subject = makeSubject(setting, /*withDropout=*/true, context);
  if (!plain || !subject || !checkAgreement(*plain))
    return false;
  Contest contest(*subject);
  constexpr int warmup = 2;
  Times ours, theirs;
  for (int step = 0; step < warmup + numSteps; ++step) {
    Times first = measure([&] { contest.stepOurs(step); });
    Times second = measure([&] { contest.stepTheirs(step); });
    if (step < warmup)
      continue;
    ours.append(first);
    theirs.append(second);
  }
  std::printf("| %-21s | %9.1f | %11.1f | %5.3f | %11.3f |\n", setting.name, median(ours.wallMs),
              median(theirs.wallMs), median(ours.wallMs) / median(theirs.wallMs),
              median(ours.cpuMs) / median(theirs.cpuMs));
  std::fflush(stdout);
  return true;
}

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv, "One rank's step against LibTorch's autograd\n");
  at::set_num_threads(numThreads);
  mlir::DialectRegistry registry;
  registerDialects(registry);
  registerPasses();
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::printf(
      "%d steps of AdamW with dropout and clipping, f32, %d thread%s\n"
      "| model                 | aceso ms  | autograd ms | ratio | of CPU time |\n|-|-|-|-|-|\n",
      int(numSteps), int(numThreads), numThreads == 1 ? "" : "s");
  bool ok = true;
  for (const Setting &setting : settings)
    if (llvm::StringRef(setting.name).contains(only))
      ok &= run(setting, context);
  return ok ? 0 : 1;
}
