//===- ReusedGroups.cpp - Connections that outlive programs ---------------===//

#include "ReusedGroups.h"

namespace aceso {

namespace {

class SharedGroup : public Group {
public:
  explicit SharedGroup(std::shared_ptr<Group> shared)
      : Group(shared->getMembers(), shared->getPosition()), shared(std::move(shared)) {}

protected:
  void doAllReduce(at::Tensor &tensor, Reduction reduction) override {
    shared->allReduce(tensor, reduction);
  }
  void doAllGather(at::Tensor &out, const at::Tensor &in) override { shared->allGather(out, in); }
  void doReduceScatter(at::Tensor &out, const at::Tensor &in, Reduction reduction) override {
    shared->reduceScatter(out, in, reduction);
  }
  void doAllToAll(at::Tensor &out, const std::vector<int64_t> &outCounts, const at::Tensor &in,
                  const std::vector<int64_t> &inCounts) override {
    shared->allToAll(out, outCounts, in, inCounts);
  }
  void doBarrier() override { shared->barrier(); }

private:
  std::shared_ptr<Group> shared;
};

} // namespace

std::unique_ptr<Group> ReusedGroups::createGroup(const std::vector<uint32_t> &members) {
  std::shared_ptr<Group> &group = groups[members];
  if (!group)
    group = inner.createGroup(members);
  return std::make_unique<SharedGroup>(group);
}

void ReusedGroups::openChannels(const std::vector<Channel> &channels) {
  std::vector<Channel> missing;
  for (const Channel &channel : channels)
    if (opened.insert(channel).second)
      missing.push_back(channel);
  if (!missing.empty())
    inner.openChannels(missing);
}

} // namespace aceso
