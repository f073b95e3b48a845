//===- aceso-run.cpp - Trains programs, measures models -------------------===//
//
// The command line; what the commands do is in their own files.
//
//===----------------------------------------------------------------------===//

#include "ProfileCommand.h"
#include "TrainCommand.h"
#include "Validators.h"

#include "aceso/Runtime/CountingAllocator.h"

#include <CLI/CLI.hpp>

#include <iostream>
#include <limits>

using namespace aceso;

namespace {

/// Three years, which milliseconds can count.
constexpr double maxTimeoutSeconds = 1e8;

/// More than anybody has the time for, and counts of microseconds do not overflow.
constexpr uint64_t mostSteps = 1'000'000'000'000;

void addRunOptions(CLI::App &command, RunSettings &settings, std::string &fault) {
  const std::map<std::string, BackendKind> backends = {
      {"threads", BackendKind::Threads}, {"gloo", BackendKind::Gloo}, {"nccl", BackendKind::Nccl}};
  command
      .add_option("--backend", settings.backend,
                  "threads: all ranks in this process; gloo: one process a rank; nccl: one GPU a "
                  "rank (default: gloo)")
      ->transform(oneOf(backends));
  command
      .add_option("--timeout", settings.timeoutSeconds,
                  "Seconds that a rank waits for another before it gives up")
      ->capture_default_str()
      ->check(numberFrom(0, /*isAbove=*/true))
      ->check(CLI::Range(0.0, maxTimeoutSeconds));
  // For tests: no part of the help.
  command.add_option("--inject-fault", fault)->group("");
}

/// Fills `settings` when the command line is parsed.
CLI::App *addTrainCommand(CLI::App &app, TrainSettings &settings, std::string &fault) {
  CLI::App *train = app.add_subcommand("train", "Trains a program on a text");
  train
      ->add_option(
          "program", settings.program,
          "Program file (aceso-translate --export-program), or a plan or exec as .mlir; a plan is "
          "lowered with the defaults of aceso-opt --lower-to-exec: AdamW, no clipping")
      ->required();
  train->add_option("--data", settings.dataFile, "Text to train on; its bytes are the tokens");
  train->add_option("--steps", settings.training.numSteps, "Number of training steps")
      ->required()
      ->check(wholeNumberTo(mostSteps));
  train->add_option("--lr", settings.training.learningRate, "Learning rate")
      ->capture_default_str()
      ->check(numberFrom(0));
  train
      ->add_option("--seed", settings.training.seed,
                   "Seed of initial values, dropout and the choice of samples")
      ->capture_default_str()
      ->check(wholeNumberTo(std::numeric_limits<uint64_t>::max()));
  train
      ->add_option("--log-interval", settings.training.logInterval,
                   "Steps between two progress lines")
      ->capture_default_str()
      ->check(numberFrom(0, /*isAbove=*/true));
  train->add_option(
      "--metrics", settings.training.metricsFile,
      "File for metrics, one JSON object a line and step: step, loss, grad_norm, "
      "iteration_ms, samples_per_s, and for each rank compute_ms (without communication "
      "and waiting) and peak_mb (of tensors; null with --backend=nccl)");
  train->add_option("--save", settings.training.saveFolder,
                    "Folder for the parameters after the last step (model.safetensors)");
  addRunOptions(*train, settings.run, fault);
  return train;
}

CLI::App *addProfileCommand(CLI::App &app, ProfileSettings &settings, std::string &fault) {
  CLI::App *profile = app.add_subcommand(
      "profile", "Measures the ops of a model and the links of this machine: the cost tables that "
                 "a search plans with");
  profile
      ->add_option("model", settings.source,
                   "Model as .mlir, or a profile set (aceso-translate --export-profile-set)")
      ->required();
  profile
      ->add_option("--output", settings.folder,
                   "Folder for the tables, one file for each as soon as it is complete")
      ->required();
  profile
      ->add_option("--nproc", settings.request.numRanks,
                   "Ranks, all of them busy while one is measured; as many as a plan shall use on "
                   "this machine, at least 2")
      ->required()
      ->check(CLI::Range(2, 4096));
  profile
      ->add_option("--samples", settings.request.samples,
                   "Samples of a replica for which there shall be tables: every micro-batch / dp "
                   "that a plan may have (default: 1,2,4,8)")
      ->delimiter(',')
      ->check(CLI::Range(1, 65536));
  profile
      ->add_option("--tp", settings.request.tps,
                   "Degrees of tensor parallelism (default: all that --nproc allows)")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096));
  profile
      ->add_option("--max-seconds", settings.maxSeconds,
                   "Time for everything, shared out among what is measured; if it is not enough to "
                   "measure everything once, complete files stay and the run fails (default: no "
                   "limit, one to three seconds for each op)")
      ->check(numberFrom(0, /*isAbove=*/true));
  profile->add_option("--seed", settings.seed, "Seed of parameters, inputs and dropout")
      ->capture_default_str()
      ->check(wholeNumberTo(std::numeric_limits<uint64_t>::max()));
  const std::map<std::string, bool> formats = {{"text", false}, {"json", true}};
  profile
      ->add_option("--format", settings.printsJson,
                   "Of the summary at the end; with json, progress goes to standard error "
                   "(default: text)")
      ->transform(oneOf(formats));
  addRunOptions(*profile, settings.run, fault);
  // From the launcher to its ranks: no part of the help.
  profile->add_option("--started-at", settings.startedAt)->group("");
  return profile;
}

/// What options together must be; throws CLI::ParseError.
void checkProfileSettings(ProfileSettings &settings) {
  bool isModel = settings.source.ends_with(".mlir");
  if (!isModel && !(settings.request.samples.empty() && settings.request.tps.empty()))
    throw CLI::ValidationError("--samples and --tp", "are for a model (.mlir); the set " +
                                                         settings.source +
                                                         " has its samples and tp in it");
  if (settings.request.samples.empty())
    settings.request.samples = {1, 2, 4, 8};
  for (int64_t tp : settings.request.tps)
    if (settings.request.numRanks % tp != 0)
      throw CLI::ValidationError("--tp", std::to_string(tp) + " does not divide --nproc " +
                                             std::to_string(settings.request.numRanks));
}

} // namespace

int main(int argc, char **argv) {
  installCountingAllocator();
  CLI::App app("Measures models, and trains what aceso-opt planned and lowered.", "aceso-run");
  app.require_subcommand(1);
  TrainSettings trainSettings;
  ProfileSettings profileSettings;
  std::string fault;
  CLI::App *train = addTrainCommand(app, trainSettings, fault);
  CLI::App *profile = addProfileCommand(app, profileSettings, fault);
  try {
    app.parse(argc, argv);
    if (train->parsed() && trainSettings.dataFile.empty() && trainSettings.training.numSteps > 0)
      throw CLI::RequiredError("--data");
    if (profile->parsed())
      checkProfileSettings(profileSettings);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0)
      return app.exit(error);
    if (argc > 1 && argv[1][0] != '-' && !train->parsed() && !profile->parsed()) {
      std::cerr << "aceso-run: error: there is no command '" << argv[1]
                << "'; the commands are train and profile" << std::endl;
      return 1;
    }
    std::string command = train->parsed() ? "train " : profile->parsed() ? "profile " : "";
    std::cerr << "aceso-run: error: " << error.what() << "; aceso-run " << command
              << "--help lists all options" << std::endl;
    return 1;
  }
  if (!fault.empty()) {
    Result<Fault> parsed = parseFault(fault);
    if (!parsed) {
      std::cerr << "aceso-run: error: " << parsed.error() << std::endl;
      return 1;
    }
    trainSettings.run.fault = profileSettings.run.fault = *parsed;
  }
  return profile->parsed() ? runProfile(profileSettings) : runTrain(trainSettings);
}
