//===- Provenance.cpp - How and where tables were measured ----------------===//

#include "ProfilePlan.h"

#include "aceso/Runtime/Profile.h"

#include <torch/headeronly/version.h>

#include <nlohmann/json.hpp>

#include <ctime>
#include <fstream>
#include <set>
#include <thread>

namespace aceso {

using Json = nlohmann::ordered_json;

/// The text behind "NAME :" in a file of /proc; empty if there is none.
static std::string factOf(const char *file, const std::string &name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    size_t colon = line.find(':');
    if (!line.starts_with(name) || colon == std::string::npos)
      continue;
    size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

static Json machine() {
  Json json;
  json["cpu"] = factOf("/proc/cpuinfo", "model name");
  json["cores"] = std::thread::hardware_concurrency();
  json["memory"] = factOf("/proc/meminfo", "MemTotal");
  return json;
}

static std::string timeNow() {
  std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string printProvenance(const ProfileFacts &facts, const ProfileSet &set,
                            const ProfileOptions &options, uint32_t numRanks,
                            int64_t threadsPerRank, const std::vector<std::string> &files) {
  Json json;
  json["model"] = facts.model;
  json["table_prefix"] = facts.tablePrefix;
  json["time"] = timeNow();
  json["seconds"] = facts.seconds;
  json["machine"] = machine();
  json["versions"] = {
      {"aceso", ACESO_VERSION}, {"libtorch", TORCH_VERSION}, {"backend", options.backend}};

  std::set<int64_t> samples, tps;
  for (const ProfileEntry &entry : set.entries) {
    samples.insert(entry.key.samples);
    tps.insert(entry.key.tp);
  }
  Json &settings = json["settings"];
  settings["nproc"] = numRanks;
  settings["threads_per_rank"] = threadsPerRank;
  settings["type"] = toString(set.type);
  settings["samples"] = samples;
  settings["tp"] = tps;
  settings["seed"] = options.meter.seed;
  settings["max_seconds"] = options.maxSeconds ? Json(*options.maxSeconds) : Json(nullptr);

  Json &method = json["method"];
  method["op_times"] = threadsPerRank == 1
                           ? "CPU time of each kernel times busy_factor; collectives: wall clock"
                           : "wall clock of each kernel and collective";
  method["average"] = "median over micro-batches of the mean over ranks";
  method["busy_factor"] = facts.busyFactor;
  method["micro_batches_timed"] = {{"fewest", facts.fewestTimed}, {"most", facts.mostTimed}};

  constexpr double bytesPerGiB = 1024.0 * bytesPerMiB;
  json["memory_gib_per_second"] = facts.memoryBytesPerSecond / bytesPerGiB;
  json["rows"] = facts.numRows;
  json["programs"] = facts.numPrograms;
  json["skipped"] = Json::array();
  for (const SkippedEntry &skipped : set.skipped)
    json["skipped"].push_back(
        {{"row", describeProfileKey(skipped.key)}, {"reason", skipped.reason}});
  json["notes"] = facts.notes;
  json["files"] = files;
  return json.dump(2) + "\n";
}

} // namespace aceso
