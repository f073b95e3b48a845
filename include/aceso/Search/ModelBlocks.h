//===- ModelBlocks.h - A model as a sequence of layers ----------*- C++ -*-===//
//
// Long models repeat one layer many times. The search keeps what it knows by kind of block and by
// runs of equal blocks, so that its work and memory do not grow with the number of layers.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_MODELBLOCKS_H
#define ACESO_SEARCH_MODELBLOCKS_H

#include <cstdint>
#include <vector>

namespace aceso {

/// Consecutive blocks [first, end) that are alike.
struct BlockRun {
  uint32_t first, end;
};

class ModelBlocks {
public:
  /// A block is no longer than this, so that a set of its ops fits into one word; longer ones are
  /// cut.
  static constexpr uint32_t maxBlockOps = 64;

  /// By op: its kind (equal kinds are interchangeable) and the block that it lies in. Ops of one
  /// block stand together.
  ModelBlocks(std::vector<uint32_t> opKinds, const std::vector<uint32_t> &opBlocks);

  uint32_t numOps() const { return opKinds.size(); }
  uint32_t numOpKinds() const { return opKindCount; }
  uint32_t opKind(uint32_t op) const { return opKinds[op]; }
  /// An op of this kind.
  uint32_t exampleOf(uint32_t opKind) const { return examples[opKind]; }

  uint32_t numBlocks() const { return kinds.size(); }
  uint32_t blockOf(uint32_t op) const { return blocks[op]; }
  /// For block = numBlocks(): the number of ops.
  uint32_t firstOp(uint32_t block) const { return firstOps[block]; }
  uint32_t sizeOf(uint32_t block) const { return firstOps[block + 1] - firstOps[block]; }
  /// Blocks of one kind have ops of equal kinds.
  uint32_t kindOf(uint32_t block) const { return kinds[block]; }
  /// An op's position in its block.
  uint32_t offsetOf(uint32_t op) const { return op - firstOps[blocks[op]]; }

private:
  std::vector<uint32_t> opKinds, examples;
  uint32_t opKindCount = 0;
  std::vector<uint32_t> blocks;   ///< by op
  std::vector<uint32_t> firstOps; ///< by block, and the end
  std::vector<uint32_t> kinds;    ///< by block
};

/// Maximal runs of equal entries of `kinds` (by block).
std::vector<BlockRun> runsOf(const std::vector<uint32_t> &kinds);

} // namespace aceso

#endif // ACESO_SEARCH_MODELBLOCKS_H
