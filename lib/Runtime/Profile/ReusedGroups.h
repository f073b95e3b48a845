//===- ReusedGroups.h - Connections that outlive programs -------*- C++ -*-===//
//
// Every program makes its groups anew, which takes longer than many a measurement. Behind this
// communicator the same members get the same connections again.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_RUNTIME_PROFILE_REUSEDGROUPS_H
#define ACESO_LIB_RUNTIME_PROFILE_REUSEDGROUPS_H

#include "aceso/Runtime/Communicator.h"

#include <map>
#include <set>

namespace aceso {

class ReusedGroups : public Communicator {
public:
  /// `inner` must outlive it.
  explicit ReusedGroups(Communicator &inner)
      : Communicator(inner.getRank(), inner.getSize(), inner.getDevice()), inner(inner) {}

  std::unique_ptr<Group> createGroup(const std::vector<uint32_t> &members) override;
  Group &world() override { return inner.world(); }
  void openChannels(const std::vector<Channel> &channels) override;
  void flush() override { inner.flush(); }
  void abort(const std::string &reason) noexcept override { inner.abort(reason); }

protected:
  void doSend(const at::Tensor &tensor, uint32_t destination) override {
    inner.send(tensor, destination);
  }
  void doReceive(at::Tensor &tensor, uint32_t source) override { inner.receive(tensor, source); }

private:
  Communicator &inner;
  std::map<std::vector<uint32_t>, std::shared_ptr<Group>> groups;
  std::set<Channel> opened;
};

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_PROFILE_REUSEDGROUPS_H
