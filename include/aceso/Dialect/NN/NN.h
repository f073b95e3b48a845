//===- NN.h - The nn dialect ------------------------------------*- C++ -*-===//
//
// What a network computes, on one device. See NNDialect.td.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_DIALECT_NN_NN_H
#define ACESO_DIALECT_NN_NN_H

#include "aceso/Dialect/NN/NNInterfaces.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "aceso/Dialect/NN/NNDialect.h.inc"
#include "aceso/Dialect/NN/NNEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "aceso/Dialect/NN/NNAttrs.h.inc"

#define GET_OP_CLASSES
#include "aceso/Dialect/NN/NNOps.h.inc"

#endif // ACESO_DIALECT_NN_NN_H
