//===- TableReader.cpp - Reads the published table format -------*- C++ -*-===//
//
// File names and columns are the published ones; beyond that it reads the two columns and the sizes
// below 1 MiB that our own profiler adds.
//
//===----------------------------------------------------------------------===//

#include "CsvFile.h"

#include "aceso/Cost/CostTables.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

using namespace aceso;
namespace fs = std::filesystem;

namespace {

/// Numbers in the name of an op table.
struct OpFile {
  std::string path;
  int64_t samples, tp;
  int64_t rule;
};

/// A column of an op table and where its value goes.
struct OpColumn {
  std::string_view name;
  int64_t OpRow::*field;
  enum { Time, Size } kind;
  bool optional;
};

constexpr std::string_view keyColumn = "op_name";
constexpr OpColumn opColumns[] = {
    {"forward-compute", &OpRow::forwardNs, OpColumn::Time, false},
    {"backward-compute", &OpRow::backwardNs, OpColumn::Time, false},
    {"input_size", &OpRow::inputUnits, OpColumn::Size, false},
    {"output_size", &OpRow::outputUnits, OpColumn::Size, false},
    {"weights", &OpRow::weightUnits, OpColumn::Size, false},
    {"activations", &OpRow::activationUnits, OpColumn::Size, false},
    {"fwd_reserved", &OpRow::forwardReservedUnits, OpColumn::Size, false},
    {"bwd_reserved", &OpRow::backwardReservedUnits, OpColumn::Size, false},
    {"fwd_collective", &OpRow::forwardCollectiveNs, OpColumn::Time, true},
    {"bwd_collective", &OpRow::backwardCollectiveNs, OpColumn::Time, true},
};
constexpr unsigned numOpColumns = std::size(opColumns);

/// Tables are dense: what a file name may ask room for.
constexpr int64_t maxSamples = 65536, maxTp = 4096, maxRule = 15;

/// What the published profiler writes for an op that failed.
constexpr int64_t failedOpNs = 10'000'000'000;

/// "123" at the front of `text`, which is moved behind it.
std::optional<int64_t> takeNumber(std::string_view &text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data())
    return std::nullopt;
  text.remove_prefix(end - text.data());
  return value;
}

bool takeText(std::string_view &text, std::string_view expected) {
  if (text.substr(0, expected.size()) != expected)
    return false;
  text.remove_prefix(expected.size());
  return true;
}

ErrorMessage at(const CsvFile &file, const std::string &problem) {
  return {file.where() + ": " + problem};
}

} // namespace

namespace aceso {

/// Fills a CostTables; the first error ends it.
class TableReader {
public:
  TableReader(const std::string &folder, const std::string &prefix) {
    tables.folder = folder;
    tables.prefix = prefix;
    tables.ops.filePrefix = folder + "/" + prefix;
  }

  Result<CostTables> read() {
    if (std::optional<ErrorMessage> error = listFiles())
      return *error;
    for (const OpFile &file : opFiles)
      if (std::optional<ErrorMessage> error = readOpFile(file))
        return *error;
    packRows();
    for (const auto &[kind, group, path] : collectiveFiles)
      if (std::optional<ErrorMessage> error = readCollective(kind, group, path))
        return *error;
    if (std::optional<ErrorMessage> error = readLinks())
      return *error;
    return std::move(tables);
  }

private:
  using Failure = std::optional<ErrorMessage>;

  Failure listFiles();
  Failure readOpFile(const OpFile &file);
  Failure readCollective(CollectiveKind kind, int64_t group, const std::string &path);
  Failure readLinks();
  Result<LinkTable> readLink(const std::string &path);
  void packRows();
  Result<OpRow> parseRow(const CsvFile &file, const std::vector<int> &columnOf,
                         bool hasCollectives);

  struct CollectiveFile {
    CollectiveKind kind;
    int64_t group;
    std::string path;
  };
  struct ReadRow {
    OpTable::KeyId key;
    int64_t samples, tp;
    unsigned rule;
    OpRow row;
  };

  CostTables tables;
  std::vector<OpFile> opFiles;
  std::vector<CollectiveFile> collectiveFiles;
  std::vector<ReadRow> readRows;
};

} // namespace aceso

TableReader::Failure TableReader::listFiles() {
  std::error_code error;
  fs::directory_iterator entries(tables.folder, error);
  if (error)
    return ErrorMessage{tables.folder + ": no folder with cost tables (" + error.message() +
                        "); name the folder that the profiler wrote"};
  std::set<std::string> prefixes;
  for (const fs::directory_entry &entry : entries) {
    std::string name = entry.path().filename().string();
    size_t mbs = name.rfind("_mbs");
    if (mbs != std::string::npos) {
      prefixes.insert(name.substr(0, mbs));
      std::string_view rest = std::string_view(name).substr(mbs);
      if (name.substr(0, mbs) != tables.prefix || !takeText(rest, "_mbs"))
        continue;
      std::optional<int64_t> samples = takeNumber(rest), tp, rule;
      if (!samples || !takeText(rest, "_tp") || !(tp = takeNumber(rest)) ||
          !takeText(rest, "_algo") || !(rule = takeNumber(rest)) || rest != ".csv")
        continue;
      if (*samples < 1 || *samples > maxSamples || *tp < 1 || *tp > maxTp || *rule < 0 ||
          *rule > maxRule)
        return ErrorMessage{entry.path().string() +
                            ": samples, tp and rule in the name must be in 1-" +
                            std::to_string(maxSamples) + ", 1-" + std::to_string(maxTp) + ", 0-" +
                            std::to_string(maxRule) + "; rename or remove the file"};
      opFiles.push_back({entry.path().string(), *samples, *tp, *rule});
      continue;
    }
    std::string_view rest = name;
    if (!takeText(rest, "prim_") || !takeText(rest, tables.prefix) || !takeText(rest, "_"))
      continue;
    for (unsigned kind = 0; kind < numCollectiveKinds; ++kind) {
      std::string_view tail = rest;
      if (!takeText(tail, collectiveName(CollectiveKind(kind))) || !takeText(tail, "_"))
        continue;
      std::optional<int64_t> group = takeNumber(tail);
      if (group && *group > 1 && tail == "gpus.csv")
        collectiveFiles.push_back({CollectiveKind(kind), *group, entry.path().string()});
    }
  }
  if (opFiles.empty()) {
    std::string known;
    for (const std::string &prefix : prefixes)
      known += (known.empty() ? "" : ", ") + prefix;
    return ErrorMessage{tables.folder + ": no op tables " + tables.prefix +
                        "_mbs<m>_tp<t>_algo<a>.csv; " +
                        (known.empty() ? "the folder holds no op tables at all: profile the model"
                                       : "it holds tables of: " + known)};
  }
  // The order of a directory is not defined; key ids and messages must be.
  std::sort(opFiles.begin(), opFiles.end(), [](const OpFile &a, const OpFile &b) {
    return std::tie(a.samples, a.tp, a.rule) < std::tie(b.samples, b.tp, b.rule);
  });
  return std::nullopt;
}

Result<OpRow> TableReader::parseRow(const CsvFile &file, const std::vector<int> &columnOf,
                                    bool hasCollectives) {
  OpRow row;
  row.measured = true;
  row.hasCollectives = hasCollectives;
  for (size_t i = 0; i < columnOf.size(); ++i) {
    if (columnOf[i] < 0)
      continue;
    const OpColumn &column = opColumns[columnOf[i]];
    std::string_view field = file.fields()[i];
    Result<int64_t> value = column.kind == OpColumn::Time ? parseScaled(field, 3, column.name)
                                                          : parseUnits(field, column.name);
    if (!value)
      return at(file, value.error());
    row.*column.field = *value;
  }
  if (row.forwardCollectiveNs > row.forwardNs || row.backwardCollectiveNs > row.backwardNs)
    return at(file, "the collectives of an op take longer than the op, which contains them");
  if (row.forwardNs == failedOpNs && row.backwardNs == failedOpNs)
    row.measured = false;
  return row;
}

TableReader::Failure TableReader::readOpFile(const OpFile &opFile) {
  Result<CsvFile> opened = CsvFile::read(opFile.path);
  if (!opened)
    return opened.takeError();
  CsvFile &file = *opened;
  if (!file.next())
    return ErrorMessage{opFile.path + ": is empty; profile it again"};

  int keyField = -1;
  std::vector<int> columnOf;
  std::array<bool, numOpColumns> seen{};
  for (std::string_view name : file.fields()) {
    int column = -1;
    if (name == keyColumn) {
      keyField = columnOf.size();
    } else {
      for (unsigned i = 0; i < numOpColumns; ++i)
        if (opColumns[i].name == name)
          column = i;
      if (column < 0)
        return at(file, "column '" + std::string(name) + "' is not known");
      if (seen[column])
        return at(file, "column '" + std::string(name) + "' stands twice");
      seen[column] = true;
    }
    columnOf.push_back(column);
  }
  if (keyField < 0)
    return at(file, "column 'op_name' is missing");
  for (unsigned i = 0; i < numOpColumns; ++i)
    if (!seen[i] && !opColumns[i].optional)
      return at(file, "column '" + std::string(opColumns[i].name) + "' is missing");
  bool hasCollectives = seen[numOpColumns - 1] && seen[numOpColumns - 2];
  if (!hasCollectives && (seen[numOpColumns - 1] || seen[numOpColumns - 2]))
    return at(file, "columns 'fwd_collective' and 'bwd_collective' come together or not at all");
  tables.ops.allHaveCollectives &= hasCollectives;

  std::set<OpTable::KeyId> inFile;
  while (file.next()) {
    if (file.fields().size() != columnOf.size())
      return at(file, "has " + std::to_string(file.fields().size()) + " fields, the header " +
                          std::to_string(columnOf.size()));
    std::string_view name = file.fields()[keyField];
    if (name.empty())
      return at(file, "column 'op_name': is empty");
    auto [it, isNew] = tables.ops.keyIds.try_emplace(std::string(name), tables.ops.keys.size());
    if (isNew)
      tables.ops.keys.emplace_back(name);
    if (!inFile.insert(it->second).second)
      return at(file, "column 'op_name': '" + std::string(name) + "' stands twice");
    Result<OpRow> row = parseRow(file, columnOf, hasCollectives);
    if (!row)
      return row.takeError();
    readRows.push_back({it->second, opFile.samples, opFile.tp, unsigned(opFile.rule), *row});
  }
  return std::nullopt;
}

/// Distinct values, ascending, and the position of each by value.
static void indexValues(std::vector<int64_t> &values, std::vector<int> &index, int none) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  index.assign(values.back() + 1, none);
  for (size_t i = 0; i < values.size(); ++i)
    index[values[i]] = i;
}

void TableReader::packRows() {
  OpTable &ops = tables.ops;
  for (const OpFile &file : opFiles) {
    ops.samples.push_back(file.samples);
    ops.tps.push_back(file.tp);
    ops.numRules = std::max(ops.numRules, unsigned(file.rule) + 1);
  }
  indexValues(ops.samples, ops.samplesIndex, OpTable::noIndex);
  indexValues(ops.tps, ops.tpIndex, OpTable::noIndex);
  ops.rows.resize(ops.keys.size() * ops.samples.size() * ops.tps.size() * ops.numRules);
  for (const ReadRow &read : readRows)
    ops.rows[((size_t(read.key) * ops.samples.size() + ops.samplesIndex[read.samples]) *
                  ops.tps.size() +
              ops.tpIndex[read.tp]) *
                 ops.numRules +
             read.rule] = read.row;
}

TableReader::Failure TableReader::readCollective(CollectiveKind kind, int64_t group,
                                                 const std::string &path) {
  Result<CsvFile> opened = CsvFile::read(path);
  if (!opened)
    return opened.takeError();
  CsvFile &file = *opened;
  constexpr std::string_view sizeColumn = "data_size(MB)", timeColumn = "time(ms)";
  if (!file.next() || file.fields() != std::vector<std::string_view>{sizeColumn, timeColumn})
    return ErrorMessage{path + ":1: the header is not '" + std::string(sizeColumn) + "," +
                        std::string(timeColumn) + "'"};
  CollectiveTable table;
  table.file = path;
  std::set<int64_t> sizes;
  while (file.next()) {
    if (file.fields().size() != 2)
      return at(file, "has " + std::to_string(file.fields().size()) + " fields, the header 2");
    Result<int64_t> bytes = parseMiBToBytes(file.fields()[0], sizeColumn);
    // Microseconds are coarse for small messages: up to six decimals of ms.
    Result<int64_t> ns = parseScaled(file.fields()[1], 6, timeColumn);
    if (!bytes || !ns)
      return at(file, !bytes ? bytes.error() : ns.error());
    if (!sizes.insert(*bytes).second)
      return at(file, "column '" + std::string(sizeColumn) + "': '" +
                          std::string(file.fields()[0]) + "' stands twice");
    table.points.push_back({*bytes, *ns});
  }
  std::sort(table.points.begin(), table.points.end(),
            [](const auto &a, const auto &b) { return a.bytes < b.bytes; });
  tables.collectives[unsigned(kind)].emplace(group, std::move(table));
  return std::nullopt;
}

Result<LinkTable> TableReader::readLink(const std::string &path) {
  Result<CsvFile> opened = CsvFile::read(path);
  if (!opened)
    return opened.takeError();
  CsvFile &file = *opened;
  LinkTable table;
  table.file = path;
  if (!file.next())
    return ErrorMessage{path + ": is empty; profile it again"};
  for (std::string_view field : file.fields()) {
    Result<int64_t> bytes = parseMiBToBytes(field, "message size in MB");
    if (!bytes)
      return at(file, bytes.error());
    table.points.push_back({*bytes, 0});
  }
  if (!file.next())
    return ErrorMessage{path + ": has no second line with the bandwidth of each message size"};
  if (file.fields().size() != table.points.size())
    return at(file, "has " + std::to_string(file.fields().size()) + " bandwidths for " +
                        std::to_string(table.points.size()) + " message sizes");
  for (size_t i = 0; i < table.points.size(); ++i) {
    Result<double> bandwidth = parsePositive(file.fields()[i], "bandwidth in GB/s");
    if (!bandwidth)
      return at(file, bandwidth.error());
    table.points[i].gibPerSecond = *bandwidth;
  }
  // Later lines are repeated runs of the published profiler, which appends.
  for (size_t i = 1; i < table.points.size(); ++i)
    if (table.points[i - 1].bytes >= table.points[i].bytes)
      return ErrorMessage{path + ":1: message sizes do not ascend"};
  return table;
}

TableReader::Failure TableReader::readLinks() {
  Result<LinkTable> intra = readLink(tables.folder + "/p2p_intra_node.csv");
  if (!intra)
    return intra.takeError();
  tables.intraNode = std::move(*intra);
  std::string interPath = tables.folder + "/p2p_inter_node.csv";
  std::error_code error;
  if (!fs::exists(interPath, error)) {
    tables.interNode = tables.intraNode;
    tables.notes.push_back("no p2p_inter_node.csv in " + tables.folder +
                           ": links between nodes are taken to be as those inside a node");
    return std::nullopt;
  }
  Result<LinkTable> inter = readLink(interPath);
  if (!inter)
    return inter.takeError();
  tables.interNode = std::move(*inter);
  return std::nullopt;
}

Result<CostTables> CostTables::load(const std::string &folder, const std::string &prefix) {
  return TableReader(folder, prefix).read();
}
