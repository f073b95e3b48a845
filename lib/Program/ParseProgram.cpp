//===- ParseProgram.cpp - Programs from text ------------------------------===//

#include "EnumNames.h"
#include "JsonField.h"
#include "ProgramText.h"

#include "aceso/Program/ProgramFile.h"
#include "aceso/Program/VerifyProgram.h"
#include "aceso/Support/InputFile.h"

namespace aceso {

/// Bounds within which products of sizes and counts do not overflow.
static constexpr int64_t largestSize = int64_t(1) << 40;
static constexpr unsigned deepestSchedule = 16;

template <typename Enum> static Enum parseEnum(const JsonField &field) {
  return static_cast<Enum>(field.asOneOf(EnumNames<Enum>::names));
}

static std::vector<int64_t> parseIntegers(const JsonField &field, int64_t least = 1) {
  std::vector<int64_t> numbers;
  for (const JsonField &element : field.elements())
    numbers.push_back(element.asInteger(least, largestSize));
  return numbers;
}

static std::vector<Index> parseIndices(const JsonField &field) {
  std::vector<Index> indices;
  for (const JsonField &element : field.elements())
    indices.push_back(element.asIndex());
  return indices;
}

static DigitList parseDigits(const JsonField &field) {
  DigitList digits;
  for (const JsonField &element : field.elements())
    digits.push_back(element.asInteger(0, std::numeric_limits<Digit>::max()));
  return digits;
}

template <typename Parse>
static auto parseList(const JsonField &field, Parse parse)
    -> std::vector<decltype(parse(std::declval<const JsonField &>()))> {
  std::vector<decltype(parse(std::declval<const JsonField &>()))> list;
  for (const JsonField &element : field.elements())
    list.push_back(parse(element));
  return list;
}

static Layout parseLayout(const JsonField &field) {
  field.expectKeys({"dims", "pending", "reduction"});
  Layout layout;
  layout.dims = parseList(field["dims"], parseDigits);
  if (field.has("pending"))
    layout.pending = parseDigits(field["pending"]);
  if (field.has("reduction"))
    layout.reduction = parseEnum<Reduction>(field["reduction"]);
  return layout;
}

static TensorDesc parseTensor(const JsonField &field) {
  field.expectKeys({"type", "shape", "layout"});
  TensorDesc tensor;
  tensor.type = parseEnum<ElementType>(field["type"]);
  tensor.shape = parseIntegers(field["shape"]);
  tensor.layout = parseLayout(field["layout"]);
  return tensor;
}

static ConversionStep parseStep(const JsonField &field) {
  field.expectKeys({"kind", "digits", "from_digits", "from_dim", "to_dim", "before", "after"});
  ConversionStep step{};
  step.kind = parseEnum<StepKind>(field["kind"]);
  step.digits = parseDigits(field["digits"]);
  if (field.has("from_digits"))
    step.fromDigits = parseDigits(field["from_digits"]);
  constexpr int highestDim = 255;
  if (field.has("from_dim"))
    step.fromDim = static_cast<int>(field["from_dim"].asInteger(0, highestDim));
  if (field.has("to_dim"))
    step.toDim = static_cast<int>(field["to_dim"].asInteger(0, highestDim));
  step.before = parseLayout(field["before"]);
  step.after = parseLayout(field["after"]);
  return step;
}

static BoxPiece parsePiece(const JsonField &field) {
  std::vector<JsonField> parts = field.elements();
  if (parts.size() != 4)
    field.fail("expected [source, destination, [start, ...], [size, ...]]");
  return {parts[0].asIndex(), parts[1].asIndex(),
          Box{parseIntegers(parts[2], 0), parseIntegers(parts[3])}};
}

static AttributeMap parseAttributes(const JsonField &field) {
  AttributeMap attributes;
  for (const auto &[name, value] : field.members()) {
    if (value.getJson().is_boolean())
      attributes[name] = value.asBool();
    else if (value.getJson().is_number_integer())
      attributes[name] = value.asInteger();
    else if (value.getJson().is_number())
      attributes[name] = value.asNumber();
    else
      attributes[name] = value.asText();
  }
  return attributes;
}

static Instruction parseInstruction(const JsonField &field) {
  field.expectKeys({"op", "name", "operands", "results", "index", "path", "letters", "nosplit",
                    "attributes", "peer", "pieces", "step"});
  Instruction instruction;
  instruction.kind = parseEnum<InstructionKind>(field["op"]);
  auto text = [&](const char *key) { return field.has(key) ? field[key].asText() : std::string(); };
  instruction.name = text("name");
  instruction.path = text("path");
  instruction.letters = text("letters");
  instruction.nosplit = text("nosplit");
  if (field.has("operands"))
    instruction.operands = parseIndices(field["operands"]);
  if (field.has("results"))
    instruction.results = parseIndices(field["results"]);
  if (field.has("index"))
    instruction.index = field["index"].asIndex();
  if (field.has("attributes"))
    instruction.attributes = parseAttributes(field["attributes"]);
  if (field.has("peer"))
    instruction.peer = field["peer"].asIndex();
  if (field.has("pieces"))
    instruction.pieces = parseList(field["pieces"], parsePiece);
  if (field.has("step"))
    instruction.step = parseStep(field["step"]);
  return instruction;
}

static Segment parseSegment(const JsonField &field) {
  field.expectKeys({"kind", "values", "instructions"});
  return {parseEnum<SegmentKind>(field["kind"]), parseList(field["values"], parseTensor),
          parseList(field["instructions"], parseInstruction)};
}

static Slot parseSlot(const JsonField &field) {
  field.expectKeys({"name", "role", "tensor", "depth", "parameter"});
  Slot slot;
  slot.name = field["name"].asText();
  slot.role = parseEnum<SlotRole>(field["role"]);
  slot.tensor = parseTensor(field["tensor"]);
  if (field.has("depth"))
    slot.depth = field["depth"].asIndex();
  if (field.has("parameter"))
    slot.parameter = field["parameter"].asIndex();
  return slot;
}

static ScheduleItem parseItem(const JsonField &field, unsigned depth) {
  field.expectKeys({"run", "repeat", "body"});
  ScheduleItem item;
  if (field.has("run")) {
    field.expectKeys({"run"});
    item.segment = field["run"].asIndex();
    return item;
  }
  if (depth == deepestSchedule)
    field.fail("repetitions are nested more than " + std::to_string(deepestSchedule) + " deep");
  item.kind = ScheduleItem::Kind::Repeat;
  item.count = field["repeat"].asInteger(0, largestSize);
  item.body =
      parseList(field["body"], [&](const JsonField &inner) { return parseItem(inner, depth + 1); });
  return item;
}

static StageProgram parseStage(const JsonField &field) {
  field.expectKeys({"first_rank", "mesh", "slots", "segments", "schedule"});
  StageProgram stage;
  stage.firstRank = field["first_rank"].asIndex();
  stage.mesh = parseIntegers(field["mesh"]);
  stage.slots = parseList(field["slots"], parseSlot);
  stage.segments = parseList(field["segments"], parseSegment);
  stage.schedule =
      parseList(field["schedule"], [](const JsonField &item) { return parseItem(item, 0); });
  return stage;
}

static ProgramParameter parseParameter(const JsonField &field) {
  field.expectKeys({"path", "type", "shape", "init", "deviation", "no_decay"});
  ProgramParameter parameter;
  parameter.path = field["path"].asText();
  parameter.type = parseEnum<ElementType>(field["type"]);
  parameter.shape = parseIntegers(field["shape"]);
  parameter.init = parseEnum<InitKind>(field["init"]);
  if (field.has("deviation"))
    parameter.deviation = field["deviation"].asNumber();
  if (field.has("no_decay"))
    parameter.noDecay = field["no_decay"].asBool();
  return parameter;
}

static ProgramInput parseInput(const JsonField &field) {
  field.expectKeys({"name", "type", "shape", "batch_dim", "counted"});
  return {field["name"].asText(), parseEnum<ElementType>(field["type"]),
          parseIntegers(field["shape"]), field["batch_dim"].asIndex(),
          field.has("counted") && field["counted"].asBool()};
}

static OptimizerSettings parseOptimizer(const JsonField &field) {
  field.expectKeys(
      {"kind", "beta1", "beta2", "epsilon", "weight_decay", "momentum", "clip_grad_norm"});
  OptimizerSettings optimizer;
  optimizer.kind = parseEnum<OptimizerKind>(field["kind"]);
  optimizer.beta1 = field["beta1"].asNumber();
  optimizer.beta2 = field["beta2"].asNumber();
  optimizer.epsilon = field["epsilon"].asNumber();
  optimizer.weightDecay = field["weight_decay"].asNumber();
  optimizer.momentum = field["momentum"].asNumber();
  optimizer.clipGradNorm = field["clip_grad_norm"].asNumber();
  return optimizer;
}

Program programFromJson(const JsonField &field) {
  field.expectKeys({"name", "plan_hash", "global_batch", "micro_batch", "devices_per_node",
                    "optimizer", "inputs", "parameters", "stages"});
  Program program;
  program.name = field["name"].asText();
  program.planHash = field["plan_hash"].asText();
  program.globalBatch = field["global_batch"].asInteger(1, largestSize);
  program.microBatch = field["micro_batch"].asInteger(1, largestSize);
  program.devicesPerNode = field["devices_per_node"].asInteger(1, largestSize);
  program.optimizer = parseOptimizer(field["optimizer"]);
  program.inputs = parseList(field["inputs"], parseInput);
  program.parameters = parseList(field["parameters"], parseParameter);
  program.stages = parseList(field["stages"], parseStage);
  return program;
}

static constexpr char exportAgain[] =
    "; export the program again (aceso-translate --export-program)";

void checkChecksum(const JsonField &document, const JsonField &content) {
  std::string expected = document[checksumKey].asText();
  std::string actual = checksumOf(content.getJson());
  if (actual != expected)
    document[checksumKey].fail("the content has checksum " + actual + ", not " + expected +
                               ": the file is damaged");
}

static Program readDocument(const JsonField &document) {
  document.expectKeys({versionKey, checksumKey, programKey});
  int64_t version = document[versionKey].asInteger();
  if (version != Program::currentVersion)
    document[versionKey].fail("version " + std::to_string(version) +
                              ", but this program reads version " +
                              std::to_string(Program::currentVersion));
  JsonField content = document[programKey];
  checkChecksum(document, content);
  return programFromJson(content);
}

/// Refuses what nests deeper than any program: printing, hence the checksum, recurses as deep. (The
/// JSON library's own hook for this takes quadratic time.)
static void checkDepth(std::string_view text) {
  constexpr int deepest = 64;
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString && c == '\\')
      ++i;
    else if (c == '"')
      inString = !inString;
    else if (!inString && (c == '[' || c == '{') && ++depth > deepest)
      throw JsonFieldError{"/: nested more than " + std::to_string(deepest) + " deep"};
    else if (!inString && (c == ']' || c == '}'))
      --depth;
  }
}

JsonField::Json parseDocument(std::string_view text) {
  checkDepth(text);
  return JsonField::Json::parse(text);
}

Result<Program> parseProgram(std::string_view text, const std::string &file) {
  try {
    auto json = parseDocument(text);
    return readDocument(JsonField(json, ""));
  } catch (const JsonFieldError &error) {
    return ErrorMessage{file + ": " + error.message + exportAgain};
  } catch (const JsonField::Json::exception &error) {
    return ErrorMessage{file + ": no program file: " + error.what() + exportAgain};
  }
}

Result<Program> readProgramFile(const std::string &file) {
  Result<std::string> text = readWhole(file, "give the path of a program file");
  if (!text)
    return text.takeError();
  Result<Program> program = parseProgram(*text, file);
  if (!program)
    return program;
  if (std::string problem = verifyProgram(*program); !problem.empty())
    return ErrorMessage{file + ": " + problem + exportAgain};
  return program;
}

} // namespace aceso
