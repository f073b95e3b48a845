//===- ProfileSummary.cpp - What a profile found --------------------------===//

#include "aceso/Runtime/Profile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace aceso {

using Json = nlohmann::ordered_json;

static constexpr double bytesPerGiB = 1024.0 * bytesPerMiB;

__attribute__((format(printf, 1, 2))) static std::string format(const char *pattern, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

static double gibPerSecond(int64_t bytes, int64_t ns) {
  return static_cast<double>(bytes) / bytesPerGiB / (static_cast<double>(ns) / 1e9);
}

/// "1 KiB", "4 MiB".
static std::string sizeText(int64_t bytes) {
  return bytes < bytesPerMiB ? format("%ld KiB", bytes / 1024)
                             : format("%ld MiB", bytes / bytesPerMiB);
}

/// The first point that is a size and not a stand-in for none.
static const CollectiveTable::Point &smallest(const CollectiveTable &table) {
  return table.points.front().bytes > 0 || table.points.size() == 1 ? table.points.front()
                                                                    : table.points[1];
}

template <typename Visit> static void forEachCollective(const CostTables &tables, Visit visit) {
  for (unsigned index = 0; index < numCollectiveKinds; ++index)
    for (int64_t group : tables.collectiveGroups(static_cast<CollectiveKind>(index)))
      visit(static_cast<CollectiveKind>(index), group,
            *tables.findCollective(static_cast<CollectiveKind>(index), group));
}

static std::string printOps(const OpTable &ops) {
  size_t width = 5;
  for (OpTable::KeyId key = 0; key < ops.numKeys(); ++key)
    width = std::max(width, ops.keyName(key).size());
  auto pad = [&](const std::string &name) { return name + std::string(width - name.size(), ' '); };
  std::string head = pad("") + "  ", text;
  for (int64_t samples : ops.getSamples())
    head += format("  %16s", (std::to_string(samples) + " samples").c_str());
  text += "op times in ms (tp 1, rule 0): forward, backward\n" + head + "\n";
  std::vector<std::pair<int64_t, int64_t>> totals(ops.getSamples().size());
  for (OpTable::KeyId key = 0; key < ops.numKeys(); ++key) {
    text += pad(ops.keyName(key)) + "  ";
    for (size_t i = 0; i < totals.size(); ++i) {
      const OpRow *row = ops.find(key, ops.getSamples()[i], 1, 0);
      if (!row) {
        text += format("  %16s", "-");
        continue;
      }
      text += format("  %7.3f  %7.3f", nsToMs(row->forwardNs), nsToMs(row->backwardNs));
      totals[i].first += row->forwardNs;
      totals[i].second += row->backwardNs;
    }
    text += "\n";
  }
  text += pad("total") + "  ";
  for (auto [forward, backward] : totals)
    text += format("  %7.3f  %7.3f", nsToMs(forward), nsToMs(backward));
  return text + "\n";
}

std::string printProfileSummary(const CostTables &tables, const ProfileFacts &facts) {
  std::string text = printOps(tables.getOps());
  text += "\ncollectives               smallest                largest\n";
  forEachCollective(tables, [&](CollectiveKind kind, int64_t group, const CollectiveTable &table) {
    const CollectiveTable::Point &first = smallest(table), &last = table.points.back();
    text += format("%-14s %2ld ranks  %8s %9.3f ms  %8s %9.3f ms  %7.3f GiB/s\n",
                   std::string(collectiveName(kind)).c_str(), group, sizeText(first.bytes).c_str(),
                   nsToMs(first.ns), sizeText(last.bytes).c_str(), nsToMs(last.ns),
                   gibPerSecond(last.bytes, last.ns));
  });
  const auto &links = tables.getIntraNode().points;
  text += format("%-24s %8s %9.3f ms  %8s %12s  %7.3f GiB/s\n", "messages",
                 sizeText(links.front().bytes).c_str(),
                 static_cast<double>(links.front().bytes) / bytesPerGiB /
                     links.front().gibPerSecond * 1e3,
                 sizeText(links.back().bytes).c_str(), "", links.back().gibPerSecond);
  text +=
      format("%-24s %60.3f GiB/s\n", "memory, each rank", facts.memoryBytesPerSecond / bytesPerGiB);
  text +=
      format("\n%zu rows from %zu programs, each timed over %ld to %ld micro-batches, in %.1f s; "
             "each rank has 1/%.2f of a core\n",
             facts.numRows, facts.numPrograms, facts.fewestTimed, facts.mostTimed, facts.seconds,
             facts.busyFactor);
  for (const std::string &note : facts.notes)
    text += "note: " + note + "\n";
  return text + "tables " + facts.tablePrefix + " are in " + facts.folder + "\n";
}

std::string printProfileSummaryJson(const CostTables &tables, const ProfileFacts &facts) {
  Json json;
  json["model"] = facts.model;
  json["table_prefix"] = facts.tablePrefix;
  json["folder"] = facts.folder;
  json["seconds"] = facts.seconds;
  json["rows"] = facts.numRows;
  json["programs"] = facts.numPrograms;
  json["busy_factor"] = facts.busyFactor;
  json["memory_gib_per_second"] = facts.memoryBytesPerSecond / bytesPerGiB;
  const OpTable &ops = tables.getOps();
  json["ops"] = Json::array();
  for (OpTable::KeyId key = 0; key < ops.numKeys(); ++key)
    for (int64_t samples : ops.getSamples())
      if (const OpRow *row = ops.find(key, samples, 1, 0))
        json["ops"].push_back({{"op", ops.keyName(key)},
                               {"samples", samples},
                               {"forward_us", nsToUs(row->forwardNs)},
                               {"backward_us", nsToUs(row->backwardNs)}});
  json["collectives"] = Json::array();
  forEachCollective(tables, [&](CollectiveKind kind, int64_t group, const CollectiveTable &table) {
    const CollectiveTable::Point &first = smallest(table), &last = table.points.back();
    json["collectives"].push_back({{"collective", collectiveName(kind)},
                                   {"ranks", group},
                                   {"smallest_bytes", first.bytes},
                                   {"smallest_ms", nsToMs(first.ns)},
                                   {"largest_bytes", last.bytes},
                                   {"largest_ms", nsToMs(last.ns)},
                                   {"gib_per_second", gibPerSecond(last.bytes, last.ns)}});
  });
  json["messages"] = Json::array();
  for (const LinkTable::Point &point : tables.getIntraNode().points)
    json["messages"].push_back({{"bytes", point.bytes}, {"gib_per_second", point.gibPerSecond}});
  json["notes"] = facts.notes;
  return json.dump(2) + "\n";
}

} // namespace aceso
