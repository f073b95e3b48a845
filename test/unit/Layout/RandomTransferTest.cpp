//===- RandomTransferTest.cpp - Transfers keep the meaning ----------------===//

#include "RandomLayouts.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace aceso::test {
namespace {

struct Coverage {
  int64_t uniqueOwners = 0, replicas = 0, pending = 0, conversions = 0;
};

void checkTransfer(uint64_t seed, Coverage &coverage) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  Mesh source = randomMesh(random, 3), destination = randomMesh(random, 3);
  // A shape that digits of both meshes divide.
  std::vector<int64_t> radices = source.getRadices();
  radices.insert(radices.end(), destination.getRadices().begin(), destination.getRadices().end());
  RandomShape shape = randomShape(random, Mesh(radices));
  Reduction reduction = pick(random, 4) ? Reduction::Sum : Reduction::Max;
  Layout from = randomLayout(random, source, shape, true, reduction);
  Layout to = randomLayout(random, destination, shape, false, reduction);
  SCOPED_TRACE(toString(from) + "  =>  " + toString(to));

  Transfer transfer = planTransfer(source, from, destination, to, shape.shape, shape.majors);
  Values whole = randomValues(random, shape.shape);
  PlacedTensor tensor = place(source, from, shape.shape, whole, random);
  for (const ConversionStep &step : transfer.beforeSend)
    execute(step, tensor);
  std::vector<int64_t> sent(whole.size());
  PlacedTensor arrived = executeMessages(transfer, tensor, destination, sent);
  ASSERT_EQ(meaning(arrived), whole);
  for (const ConversionStep &step : transfer.afterReceive)
    execute(step, arrived);
  EXPECT_EQ(arrived.layout, to);
  ASSERT_EQ(meaning(arrived), whole);

  // Every element crosses once for each replica of the received form, whoever sends it.
  int64_t copies = destination.product(transfer.received.idleDigits(destination));
  EXPECT_EQ(sent, std::vector<int64_t>(whole.size(), copies));
  // What has no owner of its own could be split no further.
  for (const auto &[mesh, layout] :
       {std::pair(source, transfer.sent), std::pair(destination, transfer.received)}) {
    EXPECT_TRUE(layout.pending.empty());
    for (Digit digit : layout.idleDigits(mesh))
      for (size_t dim = 0; dim < shape.shape.size(); ++dim)
        EXPECT_NE(shape.majors[dim] % (mesh.product(layout.dims[dim]) * mesh.radix(digit)), 0);
  }
  EXPECT_TRUE(std::is_sorted(
      transfer.messages.begin(), transfer.messages.end(), [](const auto &a, const auto &b) {
        return std::pair(a.source, a.destination) < std::pair(b.source, b.destination);
      }));
  (copies == 1 ? coverage.uniqueOwners : coverage.replicas) += 1;
  coverage.pending += !from.pending.empty();
  coverage.conversions += !transfer.beforeSend.empty() && !transfer.afterReceive.empty();
}

TEST(RandomTransferTest, TransfersBetweenMeshesKeepTheMeaning) {
  Coverage coverage;
  for (uint64_t seed = 1; seed <= 4000 && !HasFailure(); ++seed)
    checkTransfer(seed, coverage);
  RecordProperty("unique_owners", static_cast<int>(coverage.uniqueOwners));
  RecordProperty("replicas", static_cast<int>(coverage.replicas));
  RecordProperty("pending", static_cast<int>(coverage.pending));
  RecordProperty("conversions_on_both_sides", static_cast<int>(coverage.conversions));
  EXPECT_GE(coverage.uniqueOwners, 1000);
  EXPECT_GE(coverage.replicas, 500);
  EXPECT_GE(coverage.pending, 1000);
  EXPECT_GE(coverage.conversions, 500);
}

} // namespace
} // namespace aceso::test
