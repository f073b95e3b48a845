//===- PrintProgram.cpp - Programs to text --------------------------------===//

#include "EnumNames.h"
#include "ProgramText.h"

#include "aceso/Program/ProgramFile.h"
#include "aceso/Support/OutputFiles.h"

#include <cassert>
#include <cstdio>

namespace aceso {

using Json = nlohmann::ordered_json;

/// Text that is not UTF-8 is no reason to throw: what is no character is replaced.
static std::string dumpJson(const Json &json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string checksumOf(const Json &program) {
  // FNV-1a, 64 bits: it is to find damage, not malice.
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char byte : dumpJson(program)) {
    hash ^= byte;
    hash *= 0x100000001b3;
  }
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

//===----------------------------------------------------------------------===//
// Program to JSON
//===----------------------------------------------------------------------===//

static Json toJson(const Layout &layout) {
  Json json;
  json["dims"] = layout.dims;
  if (!layout.pending.empty())
    json["pending"] = layout.pending;
  if (layout.reduction != Reduction::Sum)
    json["reduction"] = nameOf(layout.reduction);
  return json;
}

static Json toJson(const TensorDesc &tensor) {
  Json json;
  json["type"] = nameOf(tensor.type);
  json["shape"] = tensor.shape;
  json["layout"] = toJson(tensor.layout);
  return json;
}

static Json toJson(const ConversionStep &step) {
  Json json;
  json["kind"] = nameOf(step.kind);
  json["digits"] = step.digits;
  if (!step.fromDigits.empty())
    json["from_digits"] = step.fromDigits;
  if (step.fromDim >= 0)
    json["from_dim"] = step.fromDim;
  if (step.toDim >= 0)
    json["to_dim"] = step.toDim;
  json["before"] = toJson(step.before);
  json["after"] = toJson(step.after);
  return json;
}

static Json toJson(const BoxPiece &piece) {
  return Json::array({piece.source, piece.destination, piece.box.lo, piece.box.size});
}

template <typename T> static Json toJsonArray(const std::vector<T> &elements) {
  Json json = Json::array();
  for (const T &element : elements)
    json.push_back(toJson(element));
  return json;
}

static bool usesIndex(InstructionKind kind) {
  switch (kind) {
  case InstructionKind::Input:
  case InstructionKind::Load:
  case InstructionKind::Store:
  case InstructionKind::Accumulate:
  case InstructionKind::ReleaseSlot:
    return true;
  default:
    return false;
  }
}

static Json toJson(const Instruction &instruction) {
  Json json;
  json["op"] = nameOf(instruction.kind);
  if (!instruction.name.empty())
    json["name"] = instruction.name;
  if (!instruction.operands.empty())
    json["operands"] = instruction.operands;
  if (!instruction.results.empty())
    json["results"] = instruction.results;
  if (usesIndex(instruction.kind))
    json["index"] = instruction.index;
  if (!instruction.path.empty())
    json["path"] = instruction.path;
  if (!instruction.letters.empty())
    json["letters"] = instruction.letters;
  if (!instruction.nosplit.empty())
    json["nosplit"] = instruction.nosplit;
  for (const auto &[name, value] : instruction.attributes)
    std::visit([&](const auto &value) { json["attributes"][name] = value; }, value);
  if (instruction.kind == InstructionKind::Send || instruction.kind == InstructionKind::Receive) {
    json["peer"] = instruction.peer;
    json["pieces"] = toJsonArray(instruction.pieces);
  }
  if (instruction.kind == InstructionKind::Convert)
    json["step"] = toJson(instruction.step);
  return json;
}

static Json toJson(const Segment &segment) {
  Json json;
  json["kind"] = nameOf(segment.kind);
  json["values"] = toJsonArray(segment.values);
  json["instructions"] = toJsonArray(segment.instructions);
  return json;
}

static Json toJson(const Slot &slot) {
  Json json;
  json["name"] = slot.name;
  json["role"] = nameOf(slot.role);
  json["tensor"] = toJson(slot.tensor);
  if (slot.depth != 1)
    json["depth"] = slot.depth;
  if (slot.parameter)
    json["parameter"] = slot.parameter;
  return json;
}

static Json toJson(const ScheduleItem &item) {
  Json json;
  if (item.kind == ScheduleItem::Kind::Run) {
    json["run"] = item.segment;
    return json;
  }
  json["repeat"] = item.count;
  json["body"] = toJsonArray(item.body);
  return json;
}

static Json toJson(const StageProgram &stage) {
  Json json;
  json["first_rank"] = stage.firstRank;
  json["mesh"] = stage.mesh;
  json["slots"] = toJsonArray(stage.slots);
  json["segments"] = toJsonArray(stage.segments);
  json["schedule"] = toJsonArray(stage.schedule);
  return json;
}

static Json toJson(const ProgramParameter &parameter) {
  Json json;
  json["path"] = parameter.path;
  json["type"] = nameOf(parameter.type);
  json["shape"] = parameter.shape;
  json["init"] = nameOf(parameter.init);
  if (parameter.deviation != 0)
    json["deviation"] = parameter.deviation;
  if (parameter.noDecay)
    json["no_decay"] = true;
  return json;
}

static Json toJson(const ProgramInput &input) {
  Json json;
  json["name"] = input.name;
  json["type"] = nameOf(input.type);
  json["shape"] = input.shape;
  json["batch_dim"] = input.batchDim;
  if (input.isCounted)
    json["counted"] = true;
  return json;
}

static Json toJson(const OptimizerSettings &optimizer) {
  Json json;
  json["kind"] = nameOf(optimizer.kind);
  json["beta1"] = optimizer.beta1;
  json["beta2"] = optimizer.beta2;
  json["epsilon"] = optimizer.epsilon;
  json["weight_decay"] = optimizer.weightDecay;
  json["momentum"] = optimizer.momentum;
  json["clip_grad_norm"] = optimizer.clipGradNorm;
  return json;
}

Json toJson(const Program &program) {
  Json json;
  json["name"] = program.name;
  json["plan_hash"] = program.planHash;
  json["global_batch"] = program.globalBatch;
  json["micro_batch"] = program.microBatch;
  json["devices_per_node"] = program.devicesPerNode;
  json["optimizer"] = toJson(program.optimizer);
  json["inputs"] = toJsonArray(program.inputs);
  json["parameters"] = toJsonArray(program.parameters);
  json["stages"] = toJsonArray(program.stages);
  return json;
}

//===----------------------------------------------------------------------===//
// JSON to text
//===----------------------------------------------------------------------===//

static void print(const Json &json, unsigned indent, std::string &text) {
  constexpr size_t lineWidth = 200;
  std::string line = dumpJson(json);
  bool isLeaf = !json.is_structured() || json.empty();
  if (isLeaf || line.size() + indent <= lineWidth) {
    text += line;
    return;
  }
  text += json.is_object() ? "{" : "[";
  bool isFirst = true;
  for (const auto &[key, value] : json.items()) {
    text += (isFirst ? "\n" : ",\n") + std::string(indent + 1, ' ');
    if (json.is_object())
      text += dumpJson(Json(key)) + ": ";
    print(value, indent + 1, text);
    isFirst = false;
  }
  text += "\n" + std::string(indent, ' ') + (json.is_object() ? "}" : "]");
}

std::string printDocument(const Json &document) {
  std::string text;
  print(document, 0, text);
  return text + "\n";
}

std::string printProgram(const Program &program) {
  Json content = toJson(program);
  Json document;
  document[versionKey] = Program::currentVersion;
  document[checksumKey] = checksumOf(content);
  document[programKey] = std::move(content);
  return printDocument(document);
}

std::string writeProgramFile(const Program &program, const std::string &file) {
  return tryWriteWhole(file, printProgram(program));
}

} // namespace aceso
