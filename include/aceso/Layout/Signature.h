//===- Signature.h - The index letters of an op -----------------*- C++ -*-===//
//
// What an op declares about its operands and results, as in an einsum, and the layouts that follow
// from it and the op's degrees: the one calculation behind every collective, transfer and gradient.
// (docs/rationale/Layout.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LAYOUT_SIGNATURE_H
#define ACESO_LAYOUT_SIGNATURE_H

#include "aceso/Layout/Layout.h"

#include <map>
#include <optional>
#include <string_view>

namespace aceso {

/// The letters of one operand or result: for each dimension its letters, major first. "(n q d) h"
/// is a tensor of two dimensions whose first is the product n * q * d; only the major letter n can
/// split it.
struct TensorLetters {
  std::vector<std::string> dims;
  /// Operand is added, not multiplied: where the op iterates digits that no result keeps, only one
  /// device may contribute it (a bias). Such an op reduces by sums only.
  bool additive = false;
  /// Result: how letters that are gone from it were reduced.
  Reduction reduction = Reduction::Sum;

  bool operator==(const TensorLetters &) const = default;
};

/// Size of a dimension that is not known: the batch of a model, before a plan sets the micro-batch.
/// Only letters that stand alone can be dynamic; checkDegrees refuses to split them, and what needs
/// a shape (shape, majors, layouts) needs them set.
inline constexpr int64_t dynamicExtent = -1;

/// Letters of a whole op.
///
/// A letter of an operand that is in no result is *reduced*. It must then be in `nosplit`, unless
/// the op is a sum (or maximum) over it.
struct Signature {
  std::vector<TensorLetters> operands, results;
  /// Letters that may not be split (softmax's reduced dimension, layer norm's features).
  std::string nosplit;
  /// For each rule the letter that tp splits; '-': none, tp devices compute the same.
  std::string rules;
  /// Size of each letter on the global tensors. The batch letter's is the micro-batch.
  std::map<char, int64_t> extents;
  /// Floating-point operations for each point of the iteration space.
  double flopsPerPoint = 0;
  /// A sum of products of two factors; its gradient is one such sum for each of them.
  bool isContraction = false;
  /// A pure sum of its operands: the gradient of each is the result's, in whatever form it exists.
  bool isSum = false;

  bool operator==(const Signature &) const = default;

  /// Letters from text: operands and results as einsum patterns, "s b k, o k, +o -> s b o"; '+'
  /// marks an additive operand, "max:" in front of a result its reduction, "()" a scalar, "(n d)" a
  /// dimension that is a product. `rules` is e.g. "ok" or "-s"; nothing before or after "->" means
  /// no operand or result. Extents are left empty. Malformed text is a mistake in our own sources:
  /// it ends the program.
  static Signature parse(std::string_view pattern, std::string_view rules,
                         std::string_view nosplit = "");

  /// The same for text that a user wrote: nothing if it is malformed, with why in `error`.
  static std::optional<Signature> tryParse(std::string_view pattern, std::string_view rules,
                                           std::string_view nosplit, std::string &error);

  /// Fills `extents` of every letter that is alone in a dimension from the shapes of operands and
  /// results. A dimension that is a product gives the one letter that it lacks; the others stand
  /// alone elsewhere, have been set before, or come from another product. Sizes already in
  /// `extents` are checked, not replaced. False if two dimensions disagree or something is missing,
  /// with what in `error` and `extents` as before.
  bool bindShapes(const std::vector<std::vector<int64_t>> &operandShapes,
                  const std::vector<std::vector<int64_t>> &resultShapes, std::string &error);

  int64_t extent(char letter) const;
  std::vector<int64_t> shape(const TensorLetters &tensor) const;
  /// For each dimension the size of its major letter, as checkLayout and convertLayout take it.
  std::vector<int64_t> majors(const TensorLetters &tensor) const;
  /// Every letter that an operand or result has, in order of first appearance.
  std::string letters() const;
};

/// The letter of data parallelism.
inline constexpr char batchLetter = 'b';

/// The most samples of a batch. With more, counts of bytes could overflow.
inline constexpr int64_t mostSamples = 2147483647;

/// Tensor- and data-parallel degree and rule of one op.
struct Degrees {
  int64_t tp = 1, dp = 1;
  unsigned rule = 0;
  bool operator==(const Degrees &) const = default;
};

/// Why an op with these letters cannot run with these degrees (no such rule, batch or split letter
/// not divisible, letter may not be split or is a minor factor of some dimension); empty if it can.
/// A fragment to follow the op's name. The verifier and the search both ask this. Extents must be
/// bound.
std::string checkDegrees(const Signature &signature, const Degrees &degrees);

/// Which digits split which letter.
using Assignment = std::map<char, DigitList>;

/// dp takes the leading digits, tp the rest in reversed order. Requires tp * dp = devices and dp a
/// product of leading radices. A letter that the op does not have is left out: its digits are idle
/// (batch, where the op has none; the rule's letter, in a backward op that lacks it).
Assignment assignDigits(const Signature &signature, const Mesh &mesh, const Degrees &degrees);

/// The layout in which the op wants operand `index`, and that in which it leaves result `index`.
Layout wantedLayout(const Signature &signature, const Assignment &assignment, unsigned index);
Layout leftLayout(const Signature &signature, const Assignment &assignment, unsigned index);

/// The layout in which the gradient of operand `index` is left by the op's backward, known from the
/// forward letters alone: split like the operand, and pending over every other digit that the op
/// iterates, because the gradient sums over what the operand lacks. Only for an additive operand
/// the digits of letters that no result has stay idle: its gradient is a sum of the result's
/// gradient, which lacks them too. (docs/rationale/Layout.md.) For a pure sum (isSum) this is the
/// gradient's layout if the result's gradient is taken in the layout the op would want it in; in
/// truth it is that gradient itself, in whatever form it exists.
Layout dualLayout(const Signature &signature, const Assignment &assignment, unsigned index);

} // namespace aceso

#endif // ACESO_LAYOUT_SIGNATURE_H
