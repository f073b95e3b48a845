//===- MeshTest.cpp - Digits of devices -----------------------------------===//

#include "aceso/Layout/Mesh.h"

#include <gtest/gtest.h>

namespace aceso {
namespace {

std::vector<int64_t> radicesFor(int64_t devices, int64_t devicesPerNode,
                                const std::vector<int64_t> &dps) {
  std::optional<Mesh> mesh = Mesh::factorize(devices, devicesPerNode, dps);
  return mesh ? mesh->getRadices() : std::vector<int64_t>{-1};
}

using Radices = std::vector<int64_t>;

TEST(MeshTest, OneDeviceHasNoDigits) {
  Mesh mesh;
  EXPECT_EQ(mesh.numDevices(), 1);
  EXPECT_EQ(mesh.numDigits(), 0u);
  EXPECT_EQ(mesh.coordinates(0), Radices{});
  EXPECT_EQ(mesh.numLeadingDigits(1), 0u);
  EXPECT_EQ(radicesFor(1, 8, {1}), Radices{});
}

TEST(MeshTest, CoordinatesAreMostSignificantFirst) {
  Mesh mesh({2, 3, 4});
  EXPECT_EQ(mesh.numDevices(), 24);
  EXPECT_EQ(mesh.coordinates(17), (Radices{1, 1, 1}));
  EXPECT_EQ(mesh.coordinates(4), (Radices{0, 1, 0}));
  for (int64_t device = 0; device < mesh.numDevices(); ++device)
    EXPECT_EQ(mesh.device(mesh.coordinates(device)), device);
}

TEST(MeshTest, ProductAndPositionFollowTheGivenOrder) {
  Mesh mesh({2, 3, 4});
  EXPECT_EQ(mesh.product({2, 0}), 8);
  EXPECT_EQ(mesh.product({}), 1);
  EXPECT_EQ(mesh.position({2, 0}, {1, 2, 3}), 3 * 2 + 1);
  EXPECT_EQ(mesh.position({0, 2}, {1, 2, 3}), 1 * 4 + 3);
  EXPECT_EQ(mesh.position({}, {1, 2, 3}), 0);
}

TEST(MeshTest, PowersOfTwoHaveRadixTwo) {
  EXPECT_EQ(radicesFor(8, 8, {}), (Radices{2, 2, 2}));
  EXPECT_EQ(radicesFor(8, 8, {1, 2, 4, 8}), (Radices{2, 2, 2}));
  EXPECT_EQ(radicesFor(16, 4, {2, 8}), (Radices{2, 2, 2, 2}));
}

TEST(MeshTest, RadicesFollowTheChainOfDps) {
  EXPECT_EQ(radicesFor(6, 8, {1, 2, 6}), (Radices{2, 3}));
  EXPECT_EQ(radicesFor(6, 8, {3}), (Radices{3, 2}));
  EXPECT_EQ(radicesFor(12, 12, {4, 2, 4}), (Radices{2, 2, 3}));
  EXPECT_EQ(radicesFor(12, 12, {}), (Radices{2, 2, 3}));
  EXPECT_EQ(radicesFor(3, 8, {1, 3}), (Radices{3}));
}

TEST(MeshTest, NodesAreTheLeadingDigitsWhereTheyFit) {
  EXPECT_EQ(radicesFor(6, 2, {}), (Radices{3, 2}));
  EXPECT_EQ(radicesFor(12, 4, {6}), (Radices{3, 2, 2}));
  // 4 nodes and dp 6 form no chain, 12 devices do not fill nodes of 8: only dp counts.
  EXPECT_EQ(radicesFor(12, 3, {6}), (Radices{2, 3, 2}));
  EXPECT_EQ(radicesFor(12, 8, {3}), (Radices{3, 2, 2}));
}

TEST(MeshTest, NoMeshWithoutAChainOfDivisors) {
  EXPECT_EQ(Mesh::factorize(6, 8, {2, 3}), std::nullopt);
  EXPECT_EQ(Mesh::factorize(8, 8, {3}), std::nullopt);
  EXPECT_EQ(Mesh::factorize(4, 8, {8}), std::nullopt);
  EXPECT_EQ(Mesh::factorize(4, 8, {0}), std::nullopt);
  EXPECT_EQ(Mesh::factorize(0, 8, {}), std::nullopt);
}

TEST(MeshTest, LeadingDigitsOfDp) {
  Mesh mesh({2, 3, 4});
  EXPECT_EQ(mesh.numLeadingDigits(1), 0u);
  EXPECT_EQ(mesh.numLeadingDigits(2), 1u);
  EXPECT_EQ(mesh.numLeadingDigits(6), 2u);
  EXPECT_EQ(mesh.numLeadingDigits(24), 3u);
  EXPECT_EQ(mesh.numLeadingDigits(3), std::nullopt);
  EXPECT_EQ(mesh.numLeadingDigits(12), std::nullopt);
  EXPECT_EQ(mesh.numLeadingDigits(48), std::nullopt);
}

} // namespace
} // namespace aceso
