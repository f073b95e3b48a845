//===- aceso-run.cpp - Trains programs ------------------------------------===//
//
// The command line; what the commands do is in their own files.
//
//===----------------------------------------------------------------------===//

#include "TrainCommand.h"

#include "aceso/Runtime/CountingAllocator.h"

#include <CLI/CLI.hpp>

#include <iostream>

using namespace aceso;

namespace {

void addRunOptions(CLI::App &command, RunSettings &settings, std::string &fault) {
  const std::map<std::string, BackendKind> backends = {
      {"threads", BackendKind::Threads}, {"gloo", BackendKind::Gloo}, {"nccl", BackendKind::Nccl}};
  command
      .add_option("--backend", settings.backend,
                  "threads: all ranks in this process; gloo: one process a rank; nccl: one GPU a "
                  "rank (default: gloo)")
      ->transform(CLI::CheckedTransformer(backends).description("threads|gloo|nccl"));
  command
      .add_option("--timeout", settings.timeoutSeconds,
                  "Seconds that a rank waits for another before it gives up")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  // For tests: no part of the help.
  command.add_option("--inject-fault", fault)->group("");
}

/// Fills `settings` when the command line is parsed.
CLI::App *addTrainCommand(CLI::App &app, TrainSettings &settings, std::string &fault) {
  CLI::App *train = app.add_subcommand("train", "Trains a program on a text");
  train
      ->add_option("program", settings.program,
                   "Program file (aceso-translate --export-program), or a plan or exec as .mlir")
      ->required();
  train->add_option("--data", settings.dataFile, "Text to train on; its bytes are the tokens");
  train->add_option("--steps", settings.training.numSteps, "Number of training steps")
      ->required()
      ->check(CLI::NonNegativeNumber);
  train->add_option("--lr", settings.training.learningRate, "Learning rate")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  train
      ->add_option("--seed", settings.training.seed,
                   "Seed of initial values, dropout and the choice of samples")
      ->capture_default_str();
  train
      ->add_option("--log-interval", settings.training.logInterval,
                   "Steps between two progress lines")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  train->add_option("--metrics", settings.training.metricsFile,
                    "File for metrics: one JSON object a line and step");
  train->add_option("--save", settings.training.saveFolder,
                    "Folder for the parameters after the last step (model.safetensors)");
  addRunOptions(*train, settings.run, fault);
  return train;
}

} // namespace

int main(int argc, char **argv) {
  installCountingAllocator();
  CLI::App app("Runs what aceso-opt planned and lowered.", "aceso-run");
  app.require_subcommand(1);
  TrainSettings settings;
  std::string fault;
  CLI::App *train = addTrainCommand(app, settings, fault);
  try {
    app.parse(argc, argv);
    if (train->parsed() && settings.dataFile.empty() && settings.training.numSteps > 0)
      throw CLI::RequiredError("--data");
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0)
      return app.exit(error);
    std::cerr << "aceso-run: error: " << error.what()
              << "; aceso-run train --help lists all options" << std::endl;
    return 1;
  }
  if (!fault.empty()) {
    Result<Fault> parsed = parseFault(fault);
    if (!parsed) {
      std::cerr << "aceso-run: error: " << parsed.error() << std::endl;
      return 1;
    }
    settings.run.fault = *parsed;
  }
  return runTrain(settings);
}
