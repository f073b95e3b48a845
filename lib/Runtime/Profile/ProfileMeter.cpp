//===- ProfileMeter.cpp - What all measurements share ---------------------===//

#include "MeterImplementation.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <ctime>

namespace aceso {

double threadCpuNs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + middle, values.end());
  double upper = values[middle];
  if (values.size() % 2 == 1)
    return upper;
  return (upper + *std::max_element(values.begin(), values.begin() + middle)) / 2;
}

ProfileMeter::Implementation::Implementation(Communicator &inner, MeterOptions settings)
    : options(std::move(settings)), communicator(inner), rankAccount(TensorAccount::open()),
      opAccount(TensorAccount::open(&rankAccount)), charge(options.memoryScope, &rankAccount) {
  usesCpuTime = agree(at::get_num_threads()) == 1;
  constexpr int numFirst = 3;
  for (int i = 0; i < numFirst; ++i)
    updateBusyFactor();
}

std::vector<double> ProfileMeter::Implementation::overRanks(const std::vector<double> &values,
                                                            Reduction reduction) {
  auto count = static_cast<int64_t>(values.size());
  at::Tensor tensor = at::empty({count}, at::TensorOptions().dtype(at::kDouble));
  auto *data = tensor.mutable_data_ptr<double>();
  std::copy(values.begin(), values.end(), data);
  communicator.world().allReduce(tensor, reduction);
  return {data, data + count};
}

std::vector<double> ProfileMeter::Implementation::maxOverRanks(const std::vector<double> &values) {
  return overRanks(values, Reduction::Max);
}

std::vector<double> ProfileMeter::Implementation::meanOverRanks(const std::vector<double> &values) {
  std::vector<double> means = overRanks(values, Reduction::Sum);
  for (double &mean : means)
    mean /= static_cast<double>(communicator.getSize());
  return means;
}

/// All ranks compute; what they get of the cores shows in what passes beside what they compute.
void ProfileMeter::Implementation::updateBusyFactor() {
  if (!usesCpuTime)
    return;
  constexpr int numRemembered = 5;
  // Longer than what a scheduler gives to one thread before it is another's turn.
  constexpr double windowSeconds = 0.06;
  at::Tensor a = at::ones({96, 96}, at::kFloat), b = at::empty_like(a);
  at::mm_out(b, a, a);
  barrier();
  double cpuBegin = threadCpuNs();
  Clock::time_point begin = Clock::now();
  double wall = 0;
  while ((wall = secondsSince(begin)) < windowSeconds)
    at::mm_out(b, a, a);
  std::vector<double> means = meanOverRanks({wall * 1e9, threadCpuNs() - cpuBegin});
  busyFactors.push_back(std::max(1.0, means[0] / means[1]));
  auto first = busyFactors.end() - std::min<int64_t>(numRemembered, busyFactors.size());
  busyFactor = median({first, busyFactors.end()});
}

double ProfileMeter::Implementation::timeCalls(double seconds, const std::function<void()> &call) {
  constexpr double maxBlockCalls = 30;
  constexpr size_t minBlocks = 3, maxBlocks = 7;
  Clock::time_point begin = Clock::now();
  call();
  barrier();
  Clock::time_point blockBegin = Clock::now();
  call();
  double callSeconds = agree(secondsSince(blockBegin));
  auto blockCalls = static_cast<int64_t>(
      agree(std::clamp(seconds / callSeconds / maxBlocks, 1.0, maxBlockCalls)));
  std::vector<double> blocks;
  // To agree is also to meet: blocks begin together.
  while (blocks.size() < maxBlocks &&
         (agree(secondsSince(begin) + secondsSince(blockBegin)) < seconds ||
          blocks.size() < minBlocks)) {
    checkTime();
    blockBegin = Clock::now();
    for (int64_t i = 0; i < blockCalls; ++i)
      call();
    blocks.push_back(secondsSince(blockBegin) * 1e9 / static_cast<double>(blockCalls));
  }
  return median(meanOverRanks(blocks));
}

void ProfileMeter::Implementation::announce(InstructionKind kind, StepKind step) const {
  if (!options.beforeInstruction)
    return;
  Instruction instruction;
  instruction.kind = kind;
  instruction.step.kind = step;
  constexpr int64_t secondStep = 1;
  options.beforeInstruction(secondStep, instruction);
}

Group &ProfileMeter::Implementation::neighbours(uint32_t groupSize) {
  std::unique_ptr<Group> &group = groups[groupSize];
  if (!group) {
    std::vector<uint32_t> members(groupSize);
    uint32_t first = communicator.getRank() / groupSize * groupSize;
    for (uint32_t i = 0; i < groupSize; ++i)
      members[i] = first + i;
    group = communicator.createGroup(members);
  }
  return *group;
}

ProfileMeter::ProfileMeter(Communicator &communicator, MeterOptions options)
    : implementation(std::make_unique<Implementation>(communicator, std::move(options))) {}
ProfileMeter::~ProfileMeter() = default;

double ProfileMeter::agree(double value) { return implementation->agree(value); }

double ProfileMeter::getBusyFactor() const { return implementation->busyFactor; }
void ProfileMeter::updateBusyFactor() { implementation->updateBusyFactor(); }

} // namespace aceso
