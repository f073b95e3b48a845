//===- CommunicatorCases.cpp - What every communicator does ---------------===//

#include "CommunicatorCases.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <numeric>

namespace aceso::test {

namespace {

void expect(bool condition, const std::string &what) {
  if (!condition)
    throw std::runtime_error("expected " + what);
}

void expectEqual(const at::Tensor &actual, const at::Tensor &expected, const std::string &what) {
  expect(at::equal(actual.cpu(), expected.cpu().view_as(actual)), what);
}

const std::vector<at::ScalarType> types = {at::kFloat, at::kDouble, at::kBFloat16,
                                           at::kHalf,  at::kInt,    at::kLong};

at::TensorOptions on(const Communicator &c, at::ScalarType type) {
  return at::TensorOptions().dtype(type).device(c.getDevice());
}

/// Small whole numbers that say who made them: sums are exact in every type.
at::Tensor numbers(const Communicator &c, uint32_t rank, int64_t count, at::ScalarType type) {
  return (at::arange(count, on(c, at::kLong)).remainder(7) + static_cast<int64_t>(rank)).to(type);
}

/// All subsets of two or more ranks, forwards and backwards, in one order for all.
std::vector<std::vector<uint32_t>> memberLists(uint32_t size) {
  std::vector<std::vector<uint32_t>> lists;
  for (uint32_t mask = 1; mask < (1u << size); ++mask) {
    std::vector<uint32_t> members;
    for (uint32_t rank = 0; rank < size; ++rank)
      if (mask >> rank & 1)
        members.push_back(rank);
    lists.push_back(members);
    std::reverse(members.begin(), members.end());
    lists.push_back(members);
  }
  return lists;
}

template <typename Body> void forEachGroup(Communicator &c, Body body) {
  for (const std::vector<uint32_t> &members : memberLists(c.getSize()))
    if (std::find(members.begin(), members.end(), c.getRank()) != members.end()) {
      std::unique_ptr<Group> group = c.createGroup(members);
      expect(group->getMembers() == members, "the members in their order");
      expect(members[group->getPosition()] == c.getRank(), "this rank at its position");
      body(*group);
    }
}

void allReduce(Communicator &c) {
  forEachGroup(c, [&](Group &group) {
    for (at::ScalarType type : types)
      for (int64_t count : {1, 2, 5, 1000})
        for (Reduction reduction : {Reduction::Sum, Reduction::Max}) {
          at::Tensor tensor = numbers(c, c.getRank(), count, type);
          at::Tensor expected =
              at::full({count}, reduction == Reduction::Sum ? 0 : -1, on(c, type));
          for (uint32_t member : group.getMembers()) {
            at::Tensor other = numbers(c, member, count, type);
            expected =
                reduction == Reduction::Sum ? expected + other : at::maximum(expected, other);
          }
          group.allReduce(tensor, reduction);
          expectEqual(tensor, expected, "the reduction over all members");
        }
  });
}

/// Rounding must not differ between ranks: replicas would drift apart.
void allReduceGivesTheSameBits(Communicator &c) {
  for (at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    at::Tensor tensor = at::sin(numbers(c, c.getRank() * 13, 3001, at::kDouble) * 1.7).to(type);
    c.world().allReduce(tensor, Reduction::Sum);
    at::Tensor all = at::empty({c.getSize(), 3001}, on(c, type));
    c.world().allGather(all, tensor);
    for (uint32_t rank = 0; rank < c.getSize(); ++rank)
      expectEqual(all[rank], tensor, "the same bits on every rank");
  }
}

void allReduceOfShapes(Communicator &c) {
  at::Tensor scalar = at::full({}, c.getRank() + 1.0, on(c, at::kDouble));
  c.world().allReduce(scalar, Reduction::Sum);
  expectEqual(scalar, at::full({}, c.getSize() * (c.getSize() + 1) / 2.0), "a sum of scalars");
  at::Tensor cube = numbers(c, c.getRank(), 24, at::kFloat).view({2, 3, 4});
  c.world().allReduce(cube, Reduction::Max);
  expectEqual(cube, numbers(c, c.getSize() - 1, 24, at::kFloat), "a maximum of cubes");
  at::Tensor nothing = at::empty({0, 3}, on(c, at::kFloat));
  c.world().allReduce(nothing, Reduction::Sum);
}

void allGather(Communicator &c) {
  forEachGroup(c, [&](Group &group) {
    for (at::ScalarType type : types)
      for (int64_t count : {1, 3, 500}) {
        at::Tensor out = at::zeros({group.size() * count}, on(c, type));
        group.allGather(out, numbers(c, c.getRank(), count, type));
        for (uint32_t i = 0; i < group.size(); ++i)
          expectEqual(out.narrow(0, i * count, count),
                      numbers(c, group.getMembers()[i], count, type), "the parts in order");
      }
  });
}

void reduceScatter(Communicator &c) {
  forEachGroup(c, [&](Group &group) {
    for (at::ScalarType type : types)
      for (int64_t count : {1, 3, 500})
        for (Reduction reduction : {Reduction::Sum, Reduction::Max}) {
          at::Tensor in = numbers(c, c.getRank(), group.size() * count, type);
          at::Tensor before = in.clone();
          at::Tensor out = at::zeros({count}, on(c, type));
          group.reduceScatter(out, in, reduction);
          expectEqual(in, before, "the input as it was");
          at::Tensor expected =
              at::full({count}, reduction == Reduction::Sum ? 0 : -1, on(c, type));
          for (uint32_t member : group.getMembers()) {
            at::Tensor part = numbers(c, member, group.size() * count, type)
                                  .narrow(0, group.getPosition() * count, count);
            expected = reduction == Reduction::Sum ? expected + part : at::maximum(expected, part);
          }
          expectEqual(out, expected, "the reduction of the own part");
        }
  });
}

/// Elements that one member sends to another; some send nothing.
int64_t pieceSize(uint32_t source, uint32_t destination) {
  return (source * 3 + destination * 5) % 4 * 10;
}

void allToAll(Communicator &c) {
  forEachGroup(c, [&](Group &group) {
    for (at::ScalarType type : types)
      for (bool even : {true, false}) {
        auto size = [&](uint32_t source, uint32_t destination) {
          return even ? 6 : pieceSize(source, destination);
        };
        // What goes from i to j begins with i * 10 + j.
        auto piece = [&](uint32_t source, uint32_t destination) {
          return numbers(c, source * 10 + destination, size(source, destination), type);
        };
        std::vector<int64_t> inCounts, outCounts;
        std::vector<at::Tensor> in, expected;
        for (uint32_t member : group.getMembers()) {
          inCounts.push_back(size(c.getRank(), member));
          outCounts.push_back(size(member, c.getRank()));
          in.push_back(piece(c.getRank(), member));
          expected.push_back(piece(member, c.getRank()));
        }
        at::Tensor whole = at::cat(expected);
        at::Tensor out = at::zeros_like(whole);
        group.allToAll(out, outCounts, at::cat(in), inCounts);
        expectEqual(out, whole, "the pieces of all members in order");
      }
  });
}

/// Also checks that a rank which is ahead does not disturb the slow ones.
void manyCollectivesInARow(Communicator &c) {
  for (int round = 0; round < 50; ++round) {
    at::Tensor tensor = at::full({17}, round + c.getRank(), on(c, at::kDouble));
    c.world().allReduce(tensor, Reduction::Max);
    expectEqual(tensor, at::full({17}, round + c.getSize() - 1.0, at::kDouble), "this round's");
    if (round % 10 == 0)
      c.world().barrier();
  }
}

std::vector<Channel> allChannels(const Communicator &c) {
  std::vector<Channel> channels;
  for (uint32_t source = 0; source < c.getSize(); ++source)
    for (uint32_t destination = 0; destination < c.getSize(); ++destination)
      if (source != destination)
        channels.push_back({source, destination});
  return channels;
}

/// Every rank sends to all others before it receives anything: megabytes, so that no buffer of the
/// system can take them.
void sendsDoNotBlock(Communicator &c) {
  c.openChannels(allChannels(c));
  constexpr int64_t count = 1 << 20;
  for (uint32_t other = 0; other < c.getSize(); ++other)
    if (other != c.getRank())
      for (uint32_t i = 0; i < 2; ++i)
        c.send(numbers(c, c.getRank() * 20 + other * 2 + i, count, at::kFloat), other);
  for (uint32_t other = 0; other < c.getSize(); ++other)
    if (other != c.getRank())
      for (uint32_t i = 0; i < 2; ++i) {
        at::Tensor tensor = at::empty({count}, on(c, at::kFloat));
        c.receive(tensor, other);
        expectEqual(tensor, numbers(c, other * 20 + c.getRank() * 2 + i, count, at::kFloat),
                    "the messages in order");
      }
  c.flush();
}

void messagesStayInOrder(Communicator &c) {
  c.openChannels(allChannels(c));
  // Small after large ones: they must not overtake.
  auto count = [](int i) { return i % 3 == 0 ? 100000 : 1 + i; };
  for (int i = 0; i < 30; ++i)
    for (uint32_t other = 0; other < c.getSize(); ++other)
      if (other != c.getRank())
        c.send(numbers(c, c.getRank() + i, count(i), types[i % types.size()]), other);
  for (uint32_t other = c.getSize(); other-- > 0;)
    if (other != c.getRank())
      for (int i = 0; i < 30; ++i) {
        at::Tensor tensor = at::empty({count(i)}, on(c, types[i % types.size()]));
        c.receive(tensor, other);
        expectEqual(tensor, numbers(c, other + i, count(i), types[i % types.size()]),
                    "message " + std::to_string(i));
      }
  c.flush();
  // Nothing is left over.
  c.flush();
}

void messagesBetweenCollectives(Communicator &c) {
  c.openChannels(allChannels(c));
  uint32_t next = (c.getRank() + 1) % c.getSize();
  uint32_t previous = (c.getRank() + c.getSize() - 1) % c.getSize();
  for (int round = 0; round < 10; ++round) {
    if (c.getSize() > 1)
      c.send(numbers(c, c.getRank() + round, 5000, at::kDouble), next);
    at::Tensor sum = numbers(c, round, 5000, at::kDouble);
    c.world().allReduce(sum, Reduction::Sum);
    expectEqual(sum, numbers(c, round, 5000, at::kDouble) * static_cast<int64_t>(c.getSize()),
                "the sum of the round");
    if (c.getSize() > 1) {
      at::Tensor message = at::empty({5000}, on(c, at::kDouble));
      c.receive(message, previous);
      expectEqual(message, numbers(c, previous + round, 5000, at::kDouble), "the round's message");
    }
  }
  c.flush();
}

/// Who is done with a group may drop it while others are still on their way into it.
void groupsMayBeDroppedAtOnce(Communicator &c) {
  std::vector<uint32_t> all(c.getSize());
  std::iota(all.begin(), all.end(), 0);
  for (int round = 0; round < 30; ++round)
    c.createGroup(all);
  c.world().barrier();
}

void misuseIsRefused(Communicator &c) {
  auto refuses = [&](const std::function<void()> &call) {
    try {
      call();
    } catch (const std::invalid_argument &) {
      return;
    }
    expect(false, "a refusal");
  };
  at::Tensor matrix = at::zeros({4, 4}, on(c, at::kFloat)), transposed = matrix.t();
  at::Tensor wrong = at::zeros({3}, on(c, at::kFloat));
  refuses([&] { c.world().allReduce(transposed, Reduction::Sum); });
  refuses([&] { c.world().allGather(wrong, matrix); });
  refuses([&] { c.world().reduceScatter(wrong, matrix, Reduction::Sum); });
  refuses([&] { c.world().allToAll(wrong, {1}, matrix, {1}); });
  refuses([&] { c.send(matrix, c.getRank()); });
  refuses([&] { c.send(matrix, c.getSize()); });
  refuses([&] { c.receive(matrix, c.getRank()); });
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

/// The last rank throws; the others run `wait`.
void failWhileOthersWait(Communicator &c, const std::function<void()> &wait) {
  at::Tensor warm = at::ones({1}, on(c, at::kFloat));
  c.world().allReduce(warm, Reduction::Sum);
  if (c.getRank() == c.getSize() - 1)
    throw std::runtime_error("out of coffee");
  wait();
}

void failInCollective(Communicator &c) {
  failWhileOthersWait(c, [&] {
    at::Tensor tensor = at::ones({100}, on(c, at::kFloat));
    c.world().allReduce(tensor, Reduction::Sum);
  });
}

void failInReceive(Communicator &c) {
  failWhileOthersWait(c, [&] {
    at::Tensor tensor = at::ones({100}, on(c, at::kFloat));
    c.receive(tensor, c.getSize() - 1);
  });
}

void failInSend(Communicator &c) {
  failWhileOthersWait(c, [&] {
    c.send(at::ones({1 << 22}, on(c, at::kFloat)), c.getSize() - 1);
    c.flush();
  });
}

/// Many writes to a connection that closes meanwhile: each must give an error, not a signal.
void failInManySends(Communicator &c) {
  failWhileOthersWait(c, [&] {
    for (int i = 0; i < 1000; ++i)
      c.send(at::ones({100}, on(c, at::kFloat)), c.getSize() - 1);
    c.flush();
  });
}

/// A group without the one that fails: its members learn of it at the next meeting with others.
void failOutsideOfTheGroup(Communicator &c) {
  std::vector<uint32_t> others(c.getSize() - 1);
  std::iota(others.begin(), others.end(), 0);
  std::unique_ptr<Group> group;
  if (c.getRank() != c.getSize() - 1)
    group = c.createGroup(others);
  failWhileOthersWait(c, [&] {
    at::Tensor tensor = at::ones({100}, on(c, at::kFloat));
    group->allReduce(tensor, Reduction::Sum);
    c.world().allReduce(tensor, Reduction::Sum);
  });
}

} // namespace

const std::vector<CommunicatorCase> &communicatorCases() {
  static const std::vector<CommunicatorCase> cases = {
      {"AllReduce", allReduce},
      {"AllReduceGivesTheSameBits", allReduceGivesTheSameBits},
      {"AllReduceOfShapes", allReduceOfShapes},
      {"AllGather", allGather},
      {"ReduceScatter", reduceScatter},
      {"AllToAll", allToAll},
      {"ManyCollectivesInARow", manyCollectivesInARow},
      {"SendsDoNotBlock", sendsDoNotBlock},
      {"MessagesStayInOrder", messagesStayInOrder},
      {"MessagesBetweenCollectives", messagesBetweenCollectives},
      {"GroupsMayBeDroppedAtOnce", groupsMayBeDroppedAtOnce},
      {"MisuseIsRefused", misuseIsRefused},
  };
  return cases;
}

const std::vector<CommunicatorCase> &failureCases() {
  static const std::vector<CommunicatorCase> cases = {
      {"FailInCollective", failInCollective},
      {"FailInReceive", failInReceive},
      {"FailInSend", failInSend},
      {"FailInManySends", failInManySends},
      {"FailOutsideOfTheGroup", failOutsideOfTheGroup},
  };
  return cases;
}

} // namespace aceso::test
