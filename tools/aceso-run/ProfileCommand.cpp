//===- ProfileCommand.cpp - aceso-run profile -----------------------------===//

#include "ProfileCommand.h"

#include "RankRuns.h"
#include "TemporaryFolder.h"

#include "aceso/Program/ProfileSet.h"
#include "aceso/Runtime/Profile.h"
#include "aceso/Support/OutputFiles.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <sstream>

namespace aceso {

namespace {

class ProfileCommand {
public:
  explicit ProfileCommand(const ProfileSettings &settings) : settings(settings) {}

  int run() {
    Result<std::optional<RankEnvironment>> environment = readRankEnvironment();
    if (!environment)
      return fail(environment.error());
    if (settings.run.backend == BackendKind::Nccl)
      return fail("--backend=nccl: what tensors take on a GPU is not counted yet, so there would "
                  "be no memory columns; profile with --backend=gloo on the CPU");
    if (std::string problem = prepareFolder(settings.folder, "--output"); !problem.empty())
      return fail(problem);
    Result<std::string> file = findProfileSetFile(settings.source, settings.request, folder);
    if (!file)
      return fail(file.error());
    setFile = *file;
    Result<ProfileSet> read = readProfileSet(setFile);
    if (!read)
      return fail(read.error());
    set = std::move(*read);
    if (std::string problem = checkSet(); !problem.empty())
      return fail(settings.source + ": " + problem);
    bool isThreads = settings.run.backend == BackendKind::Threads;
    if (environment->has_value() && !isThreads)
      return runOwnRank(**environment);
    describe();
    RankRun run{settings.request.numRanks, nameOf};
    if (isThreads)
      return runRanksAsThreads(run, settings.run,
                               [&](Communicator &communicator) { profileAs(communicator); });
    return runRanksAsProcesses(run, rankArguments(), folder.getPath());
  }

private:
  static std::string nameOf(uint32_t rank) { return "rank " + std::to_string(rank); }

  std::string checkSet() const {
    if (set.devices != settings.request.numRanks)
      return "is for " + std::to_string(set.devices) + " devices, but --nproc is " +
             std::to_string(settings.request.numRanks) +
             "; give the same number, or export the set for as many as there are";
    if (set.entries.empty())
      return "has nothing to measure" +
             (set.skipped.empty() ? "" : " (" + set.skipped[0].reason + ")") +
             "; export it for other samples or tp";
    return "";
  }

  int runOwnRank(const RankEnvironment &environment) {
    if (environment.worldSize != settings.request.numRanks)
      return fail("--nproc is " + std::to_string(settings.request.numRanks) + ", but " +
                  environment.startedBy + " started " + std::to_string(environment.worldSize) +
                  " ranks; give the same number");
    // A rank that fails ends without destructors.
    folder.remove();
    return runRank(settings.run, environment,
                   [&](Communicator &communicator) { profileAs(communicator); });
  }

  std::ostream &progress() const { return settings.printsJson ? std::cerr : std::cout; }

  void describe() const {
    auto numPrograms = std::count_if(set.entries.begin(), set.entries.end(),
                                     [](const ProfileEntry &entry) { return !entry.sameAs; });
    progress() << "profiling '" << set.model << "' for tables " << set.tablePrefix << ": "
               << numPrograms << " programs for " << set.entries.size() << " rows, "
               << settings.request.numRanks << " ranks, backend " << toString(settings.run.backend)
               << std::endl;
  }

  static double secondsNow() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  void profileAs(Communicator &communicator) const {
    ProfileOptions options;
    options.folder = settings.folder;
    options.maxSeconds = settings.maxSeconds;
    options.secondsUsed = secondsNow() - startedAt;
    options.backend = toString(settings.run.backend);
    options.meter.seed = settings.seed;
    options.meter.memoryScope = chargeScopeOf(settings.run.backend);
    options.meter.beforeInstruction = makeFaultHook(settings.run.fault, communicator.getRank());
    ProfileFacts facts = profile(set, communicator, options, progress());
    if (communicator.getRank() == 0)
      summarize(facts);
  }

  void summarize(ProfileFacts &facts) const {
    // Read back, so that whatever a planner would say against them is said now.
    Result<CostTables> tables = CostTables::load(settings.folder, set.tablePrefix);
    if (!tables)
      throw std::runtime_error(tables.error());
    noteOtherTables(*tables, facts);
    if (settings.printsJson)
      std::cout << printProfileSummaryJson(*tables, facts) << std::flush;
    else
      std::cout << "\n" << printProfileSummary(*tables, facts) << std::flush;
  }

  /// A planner reads what an earlier profile left in the folder as well.
  void noteOtherTables(const CostTables &tables, ProfileFacts &facts) const {
    auto isOurs = [&](auto member, int64_t value) {
      return std::any_of(set.entries.begin(), set.entries.end(),
                         [&](const ProfileEntry &entry) { return entry.key.*member == value; });
    };
    std::string others;
    for (int64_t samples : tables.getOps().getSamples())
      if (!isOurs(&ProfileKey::samples, samples))
        others += " mbs" + std::to_string(samples);
    for (int64_t tp : tables.getOps().getTps())
      if (!isOurs(&ProfileKey::tp, tp))
        others += " tp" + std::to_string(tp);
    if (!others.empty())
      facts.notes.push_back("the folder also holds tables of an earlier profile:" + others);
  }

  std::vector<std::string> rankArguments() const {
    auto text = [](double number) {
      std::ostringstream out;
      out.precision(17);
      out << number;
      return out.str();
    };
    std::vector<std::string> arguments = {"profile",
                                          setFile,
                                          "--output=" + settings.folder,
                                          "--nproc=" + std::to_string(settings.request.numRanks),
                                          "--seed=" + std::to_string(settings.seed),
                                          "--format=" +
                                              std::string(settings.printsJson ? "json" : "text")};
    if (settings.maxSeconds) {
      arguments.push_back("--max-seconds=" + text(*settings.maxSeconds));
      // What it takes to start the ranks counts too.
      arguments.push_back("--started-at=" + text(startedAt));
    }
    for (const std::string &argument : toArguments(settings.run))
      arguments.push_back(argument);
    return arguments;
  }

  const ProfileSettings &settings;
  const double startedAt = settings.startedAt.value_or(secondsNow());
  TemporaryFolder folder;
  std::string setFile;
  ProfileSet set;
};

} // namespace

int runProfile(const ProfileSettings &settings) {
  try {
    return ProfileCommand(settings).run();
  } catch (const std::exception &error) {
    return fail(error.what());
  }
}

} // namespace aceso
