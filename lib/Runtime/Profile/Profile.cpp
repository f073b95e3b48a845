//===- Profile.cpp - All cost tables of a model on this machine -----------===//

#include "aceso/Runtime/Profile.h"

#include "ProfilePlan.h"

#include "aceso/Runtime/Executor.h"
#include "aceso/Runtime/Trainer.h"
#include "aceso/Support/OutputFiles.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdio>
#include <ostream>
#include <set>

namespace aceso {

namespace {

/// Seconds for each thing to be measured if nobody limits them, and their weights if somebody does.
constexpr double collectiveWeight = 10, messagesWeight = 4, memoryWeight = 2;

/// A step takes longer the more samples a rank has.
double opWeight(const ProfileKey &key) {
  return 1 + static_cast<double>(key.samples) / static_cast<double>(4 * key.tp);
}

/// A file of op rows.
using OpFile = std::tuple<int64_t, int64_t, uint32_t>;
OpFile fileOf(const ProfileKey &key) { return {key.samples, key.tp, key.rule}; }

class ProfileRun {
public:
  ProfileRun(const ProfileSet &set, Communicator &communicator, const ProfileOptions &options,
             std::ostream &progress)
      : set(set), options(options), progress(progress), isFirst(communicator.getRank() == 0),
        numRanks(communicator.getSize()), groups(groupSizes(numRanks)), numTasks(countTasks()),
        schedule(options.maxSeconds, options.secondsUsed, totalWeight()),
        meter(communicator, meterOptions()) {}

  ProfileFacts run() {
    measurements.resize(set.entries.size());
    facts.model = set.model;
    facts.tablePrefix = set.tablePrefix;
    facts.folder = options.folder;
    measureMessages();
    measureMemory();
    measureOps();
    measureCollectives();
    finish();
    return facts;
  }

private:
  size_t countTasks() const {
    size_t numPrograms = std::count_if(set.entries.begin(), set.entries.end(),
                                       [](const ProfileEntry &entry) { return !entry.sameAs; });
    return numPrograms + numCollectiveKinds * groups.size() + 2;
  }

  double totalWeight() const {
    auto numTables = static_cast<double>(numCollectiveKinds * groups.size());
    double total = numTables * collectiveWeight + messagesWeight + memoryWeight;
    for (const ProfileEntry &entry : set.entries)
      if (!entry.sameAs)
        total += opWeight(entry.key);
    return total;
  }

  /// One clock is enough, and one message.
  MeterOptions meterOptions() const {
    MeterOptions result = options.meter;
    if (isFirst && options.maxSeconds)
      result.checkTime = [this] {
        if (schedule.isOver())
          throw StopRequest(describeTimeout());
      };
    return result;
  }

  //===------------------------------------------------------------------===//
  // Tasks
  //===------------------------------------------------------------------===//

  double beginTask(const std::string &name, double weight) {
    double seconds = meter.agree(schedule.begin(weight));
    numDone = numBegun;
    current = name;
    if (isFirst) {
      if (schedule.isOver())
        throw StopRequest(describeTimeout());
      showProgress();
    }
    ++numBegun;
    return seconds;
  }

  void showProgress() {
    constexpr double pauseSeconds = 2;
    if (numDone > 0 && secondsSince(lastProgress) < pauseSeconds)
      return;
    lastProgress = Clock::now();
    progress << "profiled " << numDone << "/" << numTasks << "  now " << current << "  "
             << formatDuration(schedule.secondsLeft()) << " left" << std::endl;
  }

  void measureMessages() {
    std::vector<int64_t> sizes = doublingSizes(largestExchange(set));
    double seconds = beginTask("messages", messagesWeight);
    std::vector<MeasuredTime> points;
    for (int64_t bytes : sizes)
      points.push_back(
          {bytes, meter.measureMessageNs(bytes, seconds / static_cast<double>(sizes.size()))});
    writeFile(linkTableName, printLinkTable(points));
  }

  void measureMemory() {
    facts.memoryBytesPerSecond = meter.measureMemoryRate(beginTask("memory", memoryWeight));
  }

  void measureOps() {
    std::vector<MeasuredRow> rows;
    for (size_t i = 0; i < set.entries.size(); ++i) {
      const ProfileEntry &entry = set.entries[i];
      if (entry.sameAs) {
        measurements[i] = measurements[*entry.sameAs];
      } else {
        double seconds = beginTask(describeProfileKey(entry.key), opWeight(entry.key));
        // Others may have begun or ended to compute on this machine.
        constexpr size_t pause = 12;
        if (facts.numPrograms % pause == 0)
          meter.updateBusyFactor();
        busyFactors.push_back(meter.getBusyFactor());
        measurements[i] = meter.measureOp(entry, seconds);
        noteRepeats(measurements[i].numTimed);
        ++facts.numPrograms;
      }
      rows.push_back({&entry, measurements[i]});
      bool isComplete =
          i + 1 == set.entries.size() || fileOf(entry.key) != fileOf(set.entries[i + 1].key);
      if (!isComplete)
        continue;
      writeFile(opTableName(set.tablePrefix, entry.key.samples, entry.key.tp, entry.key.rule),
                printOpTable(rows));
      rows.clear();
    }
    facts.numRows = set.entries.size();
    facts.busyFactor = median(busyFactors);
  }

  void noteRepeats(int64_t numTimed) {
    facts.fewestTimed = facts.numPrograms == 0 ? numTimed : std::min(facts.fewestTimed, numTimed);
    facts.mostTimed = std::max(facts.mostTimed, numTimed);
  }

  void measureCollectives() {
    std::vector<int64_t> sizes = collectiveSizes(set, measurements);
    bool anyCalculated = false;
    for (uint32_t groupSize : groups)
      for (unsigned index = 0; index < numCollectiveKinds; ++index) {
        auto kind = static_cast<CollectiveKind>(index);
        double seconds = beginTask(std::string(collectiveName(kind)) + " of " +
                                       std::to_string(groupSize) + " ranks",
                                   collectiveWeight);
        std::vector<MeasuredTime> points;
        for (int64_t bytes : sizes) {
          if (isMeasured(kind, groupSize, bytes)) {
            points.push_back(
                {bytes, meter.measureCollectiveNs(kind, groupSize, bytes, set.type,
                                                  seconds / static_cast<double>(sizes.size()))});
            continue;
          }
          anyCalculated = true;
          const MeasuredTime &last = points.back();
          double ratio = static_cast<double>(bytes) / static_cast<double>(last.bytes);
          points.push_back({bytes, static_cast<int64_t>(static_cast<double>(last.ns) * ratio)});
        }
        writeFile(collectiveTableName(set.tablePrefix, kind, groupSize),
                  printCollectiveTable(points));
      }
    if (anyCalculated)
      facts.notes.push_back("collectives above " + std::to_string(maxMeasuredBytes / bytesPerMiB) +
                            " MiB (all-gathers: of the result, four times that) are calculated "
                            "from the largest one that was measured");
  }

  void finish() {
    if (!set.skipped.empty())
      facts.notes.push_back(std::to_string(set.skipped.size()) + " rows have no program, such as " +
                            describeProfileKey(set.skipped[0].key) + ": " + set.skipped[0].reason);
    facts.seconds = schedule.secondsUsed();
    writeFile(set.tablePrefix + "_provenance.json",
              printProvenance(facts, set, options, numRanks, at::get_num_threads(), written));
  }

  void writeFile(const std::string &name, const std::string &content) {
    written.push_back(name);
    if (isFirst)
      writeWhole(options.folder + "/" + name, content);
  }

  //===------------------------------------------------------------------===//
  // Time
  //===------------------------------------------------------------------===//

  std::string describeTimeout() const {
    std::set<OpFile> files;
    for (const ProfileEntry &entry : set.entries)
      files.insert(fileOf(entry.key));
    size_t numFiles = files.size() + numCollectiveKinds * groups.size() + 2;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%g", *options.maxSeconds);
    return std::string("--max-seconds=") + seconds + " is over: " + std::to_string(numDone) +
           " of " + std::to_string(numTasks) + " measurements are done, the next were " + current +
           " and " + std::to_string(numTasks - numDone - 1) + " more; " +
           std::to_string(written.size()) + " of " + std::to_string(numFiles) +
           " files are complete in " + options.folder +
           "; give more seconds, or fewer --samples or --tp";
  }

  const ProfileSet &set;
  const ProfileOptions &options;
  std::ostream &progress;
  const bool isFirst;
  const uint32_t numRanks;
  const std::vector<uint32_t> groups;
  const size_t numTasks;
  size_t numBegun = 0, numDone = 0;
  std::string current = "connections";
  ProfileSchedule schedule;
  std::vector<std::string> written;
  Clock::time_point lastProgress;
  ProfileFacts facts;
  std::vector<OpMeasurement> measurements;
  std::vector<double> busyFactors; ///< of each program
  ProfileMeter meter;
};

} // namespace

ProfileFacts profile(const ProfileSet &set, Communicator &communicator,
                     const ProfileOptions &options, std::ostream &progress) {
  return ProfileRun(set, communicator, options, progress).run();
}

} // namespace aceso
