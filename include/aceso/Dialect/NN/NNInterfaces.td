//===- NNInterfaces.td - What every nn op declares ---------*- tablegen -*-===//

#ifndef ACESO_NN_INTERFACES_TD
#define ACESO_NN_INTERFACES_TD

include "mlir/IR/OpBase.td"

def NN_OpInterface : OpInterface<"NNOp"> {
  let cppNamespace = "::aceso::nn";
  let description = [{
    The single source of truth for all that planning, cost model and lowering may ask of an op.
  }];
  let methods = [
    InterfaceMethod<
      "Unique path of the unit of planning, e.g. `layers.3.attention.qkv`. A primitive or gradient op "
      "carries the path of the unit that it came from.",
      "::llvm::StringRef", "getPath", (ins), [{ return $_op.getPathAttr().getValue(); }]>,
    InterfaceMethod<
      "Name under which cost tables know this unit; empty for primitives and gradient ops.",
      "::llvm::StringRef", "getProfileKey", (ins), [{
        auto profile = $_op->template getAttrOfType<::mlir::StringAttr>("profile");
        return profile ? profile.getValue() : ::llvm::StringRef();
      }]>,
    InterfaceMethod<[{
        Letters of the op as a whole, with extents bound to the types of operands and results (dynamic:
        -1). For a composite it says the shapes only; layouts come from its primitives.
      }],
      "::aceso::Signature", "getSignature", (ins)>,
    InterfaceMethod<[{
        Letters of the primitives that the op consists of, in order of execution, each with its own entry
        for every rule. One element, the op's own signature, unless the op is a composite.
      }],
      "::llvm::SmallVector<::aceso::Signature>", "getPrimitiveSignatures", (ins), [{}], [{
        return {$_op.getSignature()};
      }]>,
    InterfaceMethod<[{
        Operands and results that are sums or statistics of many elements and are kept in the accumulation
        type (f32, or f64 in an f64 model); all others have the model's element type.
      }],
      "::llvm::SmallVector<::mlir::Value>", "getStatistics", (ins), [{}], [{ return {}; }]>,
    InterfaceMethod<[{
        For an operand of indices, how many there are: its elements are 0 ... n - 1. 0 where the op does
        not say. Data that is made up (a profiler's) keeps to it.
      }],
      "int64_t", "getIndexBound", (ins "unsigned":$operand), [{}], [{
        (void)operand;
        return 0;
      }]>,
    InterfaceMethod<[{
        The name under which the op's kernel reads one of its attributes, where it is another: the extent
        of a letter that no operand has alone (`extents.<letter>`).
      }],
      "::std::string", "getKernelAttributeName", (ins "::llvm::StringRef":$attribute), [{}], [{
        return attribute.str();
      }]>,
    InterfaceMethod<"Whether the op must be expanded before its gradient is taken.",
      "bool", "isComposite", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<[{
        Builds the primitives of a composite at the builder's insertion point and returns what replaces
        the results. Primitives carry the unit's path; discardable attributes are the caller's business.
      }],
      "::llvm::SmallVector<::mlir::Value>", "expand", (ins "::mlir::OpBuilder &":$builder), [{}], [{
        (void)builder;
        ::llvm::report_fatal_error("expand() on an op that is no composite");
      }]>,
    InterfaceMethod<[{
        Builds the ops that compute the gradients of the operands from those of the results, on global
        shapes, and hands them to `gradients`. Called only if a result has a gradient and the op is no
        composite. Fails with a diagnostic where the op has none, which a unit of planning always has.
      }],
      "::llvm::LogicalResult", "buildGradient", (ins "::aceso::nn::GradientBuilder &":$gradients), [{}], [{
        (void)gradients;
        return $_op.emitOpError("has no gradient of its own");
      }]>,
    InterfaceMethod<[{
        What one device computes and keeps, from letters and types: floating-point operations, bytes of
        parameters, bytes kept for backward. `microBatch` is the aggregate over replicas.
      }],
      "::aceso::nn::OpCost", "getCost",
      (ins "int64_t":$microBatch, "const ::aceso::Degrees &":$degrees), [{}], [{
        return ::aceso::nn::costFromLetters($_op.getOperation(), microBatch, degrees);
      }]>,
  ];
  let verify = [{ return ::aceso::nn::verifyNNOp($_op); }];
}

#endif // ACESO_NN_INTERFACES_TD
