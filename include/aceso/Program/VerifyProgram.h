//===- VerifyProgram.h - Whether a program can run --------------*- C++ -*-===//
//
// Proves, before anything runs, that a program does what it says on every rank:
//
//   P1  sizes, counts and names of the program are in their ranges; every index points at
//       something
//   P2  every value and slot has a legal layout; every value is defined once, before its uses,
//       and released once, after them
//   P3  a kernel has the operands, results, attributes and letters that it is made for, and the
//       layouts of its operands and results are those of its letters under one assignment of digits
//   P4  a conversion is the move it says, from the layout of its operand to that of its result
//   P5  what is loaded, stored, accumulated, summed or reported has the type and layout of its
//       place
//   P6  every message has its receive, in order, with the same pieces; pieces lie in the box of
//       their sender and fill the box of their receiver
//   P7  every segment runs as often as its kind says; no slot is read empty, for another
//       micro-batch or beyond its depth
//   P8  all stages take part in the same world sums and reports, and no stage waits for ever
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_PROGRAM_VERIFYPROGRAM_H
#define ACESO_PROGRAM_VERIFYPROGRAM_H

#include "aceso/Program/Program.h"

namespace aceso {

/// The first thing that is wrong, with the number of its rule and its place ("P3: stage 0, forward
/// segment 1, instruction 5 (kernel nn.linear, layers.0.mlp.fc1): ..."); empty if nothing is.
std::string verifyProgram(const Program &program);

} // namespace aceso

#endif // ACESO_PROGRAM_VERIFYPROGRAM_H
