//===- ProfilePlan.cpp - What is measured, and for how long ---------------===//

#include "ProfilePlan.h"

#include <algorithm>
#include <set>

namespace aceso {

int64_t largestExchange(const ProfileSet &set) {
  int64_t largest = bytesPerMiB;
  for (const ProfileEntry &entry : set.entries)
    largest = std::max({largest, entry.inputBytes, entry.outputBytes, entry.weightBytes});
  return std::min(largest, maxMeasuredBytes);
}

std::vector<int64_t> doublingSizes(int64_t largest) {
  std::vector<int64_t> sizes = {1024};
  while (sizes.back() < largest)
    sizes.push_back(2 * sizes.back());
  return sizes;
}

std::vector<int64_t> collectiveSizes(const ProfileSet &set,
                                     const std::vector<OpMeasurement> &measurements) {
  std::vector<int64_t> doubling = doublingSizes(largestExchange(set));
  std::set<int64_t> sizes(doubling.begin(), doubling.end());
  sizes.insert(0);
  auto addAround = [&](int64_t bytes) {
    if (bytes < bytesPerMiB)
      return;
    sizes.insert(bytes / bytesPerMiB * bytesPerMiB);
    sizes.insert((bytes + bytesPerMiB - 1) / bytesPerMiB * bytesPerMiB);
  };
  for (size_t i = 0; i < set.entries.size(); ++i) {
    addAround(set.entries[i].inputBytes);
    addAround(set.entries[i].outputBytes);
    addAround(measurements[i].activationBytes);
  }
  return {sizes.begin(), sizes.end()};
}

bool isMeasured(CollectiveKind kind, uint32_t groupSize, int64_t bytes) {
  constexpr int64_t maxGatheredBytes = 4 * maxMeasuredBytes;
  return bytes <= maxMeasuredBytes &&
         (kind != CollectiveKind::AllGather || bytes * groupSize <= maxGatheredBytes);
}

std::vector<uint32_t> groupSizes(uint32_t numRanks) {
  std::vector<uint32_t> sizes;
  for (uint32_t size = 2; size <= numRanks; ++size)
    if (numRanks % size == 0)
      sizes.push_back(size);
  return sizes;
}

ProfileSchedule::ProfileSchedule(std::optional<double> maxSeconds, double secondsUsed,
                                 double totalWeight)
    : maxSeconds(maxSeconds), usedBefore(secondsUsed), weightLeft(totalWeight) {}

double ProfileSchedule::begin(double weight) {
  // A task may take a little longer than it should; the last one must have its time.
  constexpr double caution = 0.95;
  double share = weight;
  if (maxSeconds)
    share = std::max(0.0, *maxSeconds * caution - secondsUsed()) * weight / weightLeft;
  weightBegun += currentWeight;
  currentWeight = weight;
  weightLeft -= weight;
  return share;
}

double ProfileSchedule::secondsLeft() const {
  double weightAhead = weightLeft + currentWeight;
  double estimate = weightBegun > 0 ? secondsSince(start) / weightBegun * weightAhead : weightAhead;
  return maxSeconds ? std::min(estimate, std::max(0.0, *maxSeconds - secondsUsed())) : estimate;
}

} // namespace aceso
