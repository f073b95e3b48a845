//===- ProfileSet.cpp - Whether a profile set can be measured -------------===//

#include "aceso/Program/ProfileSet.h"

#include "aceso/Program/VerifyProgram.h"

#include <algorithm>

namespace aceso {

static std::string checkKey(const ProfileKey &key, int64_t devices) {
  if (key.op.empty())
    return "the op has no name";
  if (key.samples < 1)
    return "samples must be at least 1, not " + std::to_string(key.samples);
  if (key.tp < 1 || devices % key.tp != 0)
    return "tp " + std::to_string(key.tp) + " does not divide " + std::to_string(devices) +
           " devices";
  return "";
}

/// What a program lacks to measure the op at `path`, verifyProgram apart.
static std::string checkProgram(const ProfileEntry &entry, int64_t devices) {
  const Program &program = entry.program;
  if (program.stages.size() != 1 || program.numRanks() != static_cast<uint64_t>(devices))
    return "the program has " + std::to_string(program.stages.size()) + " stages and " +
           std::to_string(program.numRanks()) + " ranks instead of one stage of " +
           std::to_string(devices);
  int64_t replicas = devices / entry.key.tp;
  if (program.microBatch % replicas != 0 || program.microBatch / replicas != entry.key.samples)
    return "the program has micro-batches of " + std::to_string(program.microBatch) +
           " samples instead of " + std::to_string(entry.key.samples) + " for each of " +
           std::to_string(replicas) + " replicas";
  if (entry.inputBounds.size() != program.inputs.size())
    return "there are " + std::to_string(entry.inputBounds.size()) + " input bounds for " +
           std::to_string(program.inputs.size()) + " inputs";
  for (size_t i = 0; i < program.inputs.size(); ++i)
    if (isFloating(program.inputs[i].type) ? entry.inputBounds[i] != 0 : entry.inputBounds[i] < 1)
      return "input " + program.inputs[i].name + " of type " + toString(program.inputs[i].type) +
             " has the bound " + std::to_string(entry.inputBounds[i]) +
             "; integers need one of at least 1, floating-point numbers have 0";
  const std::vector<Segment> &segments = program.stages[0].segments;
  bool hasOp = std::any_of(segments.begin(), segments.end(), [&](const Segment &segment) {
    return segment.kind == SegmentKind::Forward &&
           std::any_of(segment.instructions.begin(), segment.instructions.end(),
                       [&](const Instruction &instruction) {
                         return instruction.kind == InstructionKind::Kernel &&
                                instruction.path == entry.path;
                       });
  });
  return hasOp ? "" : "no kernel of a forward segment has the path " + entry.path;
}

static std::string checkEntry(const ProfileSet &set, size_t index) {
  const ProfileEntry &entry = set.entries[index];
  if (std::string problem = checkKey(entry.key, set.devices); !problem.empty())
    return problem;
  if (entry.inputBytes < 0 || entry.outputBytes < 0 || entry.weightBytes < 0)
    return "sizes are negative";
  if (!entry.sameAs) {
    if (std::string problem = verifyProgram(entry.program); !problem.empty())
      return problem;
    return checkProgram(entry, set.devices);
  }
  if (*entry.sameAs >= index || set.entries[*entry.sameAs].sameAs)
    return "the same as entry " + std::to_string(*entry.sameAs) +
           ", which is not an earlier one with a program";
  const ProfileEntry &other = set.entries[*entry.sameAs];
  if (other.key.samples != entry.key.samples || other.key.tp != entry.key.tp)
    return "the same as entry " + std::to_string(*entry.sameAs) +
           ", which is of another tp or number of samples";
  return "";
}

std::string verifyProfileSet(const ProfileSet &set) {
  if (set.devices < 1)
    return "there must be at least one device, not " + std::to_string(set.devices);
  if (!isFloating(set.type))
    return std::string("values of a model are floating-point numbers, not ") + toString(set.type);
  for (size_t i = 0; i < set.entries.size(); ++i)
    if (std::string problem = checkEntry(set, i); !problem.empty())
      return "entry " + std::to_string(i) + " (" + describeProfileKey(set.entries[i].key) +
             "): " + problem;
  return "";
}

std::string describeProfileKey(const ProfileKey &key) {
  return key.op + ", samples " + std::to_string(key.samples) + ", tp " + std::to_string(key.tp) +
         ", rule " + std::to_string(key.rule);
}

} // namespace aceso
