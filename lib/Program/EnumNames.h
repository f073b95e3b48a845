//===- EnumNames.h - Names of the enumerations of a program -----*- C++ -*-===//
//
// One table for each enumeration, in order of its values: what files and messages call them.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_PROGRAM_ENUMNAMES_H
#define ACESO_LIB_PROGRAM_ENUMNAMES_H

#include "aceso/Program/Program.h"

#include <array>

namespace aceso {

template <typename Enum> struct EnumNames;

template <> struct EnumNames<ElementType> {
  static constexpr std::array names = {"f16", "bf16", "f32", "f64", "i32", "i64"};
};
template <> struct EnumNames<InstructionKind> {
  static constexpr std::array names = {"kernel",  "input",        "convert",   "send",
                                       "receive", "load",         "store",     "accumulate",
                                       "release", "release_slot", "world_sum", "report"};
};
template <> struct EnumNames<SegmentKind> {
  static constexpr std::array names = {"read", "forward", "backward", "update"};
};
template <> struct EnumNames<SlotRole> {
  static constexpr std::array names = {"parameter", "weight",     "gradient", "moment1",
                                       "moment2",   "activation", "metric"};
};
template <> struct EnumNames<InitKind> {
  static constexpr std::array names = {"zeros", "ones", "normal"};
};
template <> struct EnumNames<OptimizerKind> {
  static constexpr std::array names = {"sgd", "adamw"};
};
template <> struct EnumNames<Reduction> { static constexpr std::array names = {"sum", "max"}; };
template <> struct EnumNames<StepKind> {
  static constexpr std::array names = {"slice",      "mask",       "all-reduce",  "reduce-scatter",
                                       "all-gather", "all-to-all", "box-exchange"};
};

template <typename Enum> const char *nameOf(Enum value) {
  return EnumNames<Enum>::names.at(static_cast<size_t>(value));
}

} // namespace aceso

#endif // ACESO_LIB_PROGRAM_ENUMNAMES_H
