//===- NNDialect.td - The nn dialect -----------------------*- tablegen -*-===//

#ifndef ACESO_NN_DIALECT_TD
#define ACESO_NN_DIALECT_TD

include "mlir/IR/OpBase.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::aceso::nn";
  let summary = "What a network computes: the training loss on one device, unsharded";
  let description = [{
    The forward pass of a training loss. `nn.model` is a function-like op whose body is the flat list of
    the model's *units of planning*: one op, one unit, each with a unique path
    (`"layers.3.attention.qkv"`) and the profile key under which cost tables know it. Parameters are
    `nn.parameter` ops used by value, so a tied weight is one parameter with two uses and a residual is
    an SSA edge. The batch dimension is dynamic (`?`).

    Every op implements `NNOp`, which declares the index letters of its dimensions, the rules by which
    tensor parallelism may split them, its costs and its gradient. Layouts, collectives and gradients
    follow from these declarations; no pass asks which op it is looking at.

    Units that consist of several steps with letters of their own (embedding, layer norm, qkv, head) are
    *composites*: they expand into *primitives* of this dialect before the gradient is taken. Gradient
    ops are ops of this dialect too, and after placement the same ops work on local shapes.

    Invariants of models and parameters:
    - M1: a model ends in `nn.return` of the loss type that it declares.
    - M2: a model holds parameters and units of planning, nothing else.
    - M3: paths are unique among units and among parameters, and no parameter is called like an input.
    - M4: every parameter and every result of a unit is used.
    - M5: a parameter has a path and a static shape.
    - M6: inputs are tensors of different names.
    - M7: the batch of every unit is dynamic.

    Invariants of ops with letters:
    - N1: an op has a path.
    - N2: it has as many operands and results as its letters name.
    - N3: its sizes agree with its letters.
    - N4: no dimension is dynamic but the batch.
    - N5: a rule splits a letter that the op has and that may be split.
    - N6: statistics have the accumulation type, everything else one element type.
    - N7: a sequence is no longer than the table of positions.
    - N8: there are no more classes than rows in the table that makes the logits.
    - N9: `nn.einsum` multiplies and adds: one or two operands, every letter of the result in one of them.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasRegionArgAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Argument attribute of a model: the name of the input, by which data finds it.
    static ::llvm::StringRef getInputNameAttrName() { return "nn.name"; }
  }];
}

#endif // ACESO_NN_DIALECT_TD
