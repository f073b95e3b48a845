//===- Verifier.h - The parts of verifyProgram ------------------*- C++ -*-===//
//
// Each returns the first thing that is wrong or an empty text. They build on each other in this
// order: what one has checked the next ones rely on.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_PROGRAM_VERIFIER_H
#define ACESO_LIB_PROGRAM_VERIFIER_H

#include "aceso/Program/Program.h"

namespace aceso {

/// P1, but for what lies in stages.
std::string verifyHeader(const Program &program);

/// P1, P2, P5 of the slots of a stage.
std::string verifySlots(const Program &program, uint32_t stageIndex);

/// P1 to P5 of a segment, and of P6 what concerns one side.
std::string verifySegment(const Program &program, uint32_t stageIndex, uint32_t segmentIndex);

/// P7.
std::string verifySchedule(const Program &program, uint32_t stageIndex);

/// P6 and P8: walks all stages at once over one step.
std::string verifyMessages(const Program &program);

/// Whether a tensor of a stage with this mesh has a legal type and layout.
std::string checkTensor(const Mesh &mesh, const TensorDesc &tensor);

/// P4: whether `step` turns `operand` into `result`.
std::string checkStep(const Mesh &mesh, const ConversionStep &step, const TensorDesc &operand,
                      const TensorDesc &result);

/// P3 but for the states of the operands.
std::string checkKernel(const Instruction &instruction,
                        const std::vector<const TensorDesc *> &operands,
                        const std::vector<const TensorDesc *> &results);

/// P1: whether the attributes of an optimizer kernel are those that the program's header states.
/// Weight decay may be 0: not every parameter decays.
std::string checkOptimizerKernel(const Instruction &instruction,
                                 const OptimizerSettings &optimizer);

/// P6: whether the pieces of a Send (or Receive) lie in (fill) the boxes of `tensor` on this stage.
std::string checkPieces(const Program &program, uint32_t stageIndex, const Instruction &instruction,
                        const TensorDesc &tensor);

/// "f32 [8, 16] 0:[] 1:[0]".
std::string toString(const TensorDesc &tensor);

/// The runs of segments of a whole step, in order. The schedule must have been verified.
std::vector<Index> expandSchedule(const std::vector<ScheduleItem> &schedule);

} // namespace aceso

#endif // ACESO_LIB_PROGRAM_VERIFIER_H
