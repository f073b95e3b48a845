//===- NNPrimitives.td - What units expand and differentiate into -*- tablegen -*-===//
//
// Primitives of composites and gradient ops. They work on global shapes before placement and on local
// shapes after it. Included by NNOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_NN_PRIMITIVES_TD
#define ACESO_NN_PRIMITIVES_TD

/// An op that only gradients consist of.
class NN_GradientOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat([NN_GradientTrait], traits)>;

def NN_LookupOp : NN_DifferentiableOp<"lookup", [NN_PrimitiveTrait]> {
  let summary = "Rows of a table by id, plus position rows, transposed to [s, b, h]";
  let description = [{
    The product of a one-hot matrix with the table: the vocabulary letter is reduced, so with a split
    vocabulary the result pends, each device looking up the ids in its own range. Position rows are added
    once. Ids must be in [0, rows of the table).
  }];
  let arguments = (ins StrAttr:$path, NN_IndexTensor:$ids, NN_Tensor:$table, NN_Tensor:$positions, NN_Rules:$rules);
  let results = (outs NN_Tensor:$result);
  let hasVerifier = 1;
}

def NN_LookupGradOp : NN_GradientOp<"lookup_grad"> {
  let summary = "Gradient of nn.lookup's table: gradient rows added up by id";
  let arguments = (ins StrAttr:$path, NN_IndexTensor:$ids, NN_Tensor:$dy, NN_Rules:$rules);
  let results = (outs NN_Tensor:$dtable);
}

def NN_PositionGradOp : NN_GradientOp<"position_grad"> {
  let summary = "Gradient of nn.lookup's positions: sum over the batch; rows past the sequence are zero";
  let arguments = (ins StrAttr:$path, NN_Tensor:$dy, NN_Rules:$rules);
  let results = (outs NN_Tensor:$dpositions);
  let hasVerifier = 1;
}

def NN_LayerNormStatsOp : NN_DifferentiableOp<"layer_norm_stats", [NN_PrimitiveTrait]> {
  let summary = "Layer normalisation that also leaves mean and reciprocal deviation of each row";
  let description = [{
    Statistics are f32 at least. Their own gradients are part of `nn.layer_norm_grad`.
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$scale, NN_Tensor:$shift, NN_Positive:$eps,
                       NN_Rules:$rules);
  let results = (outs NN_Tensor:$result, NN_Tensor:$mean, NN_Tensor:$rstd);
  let extraClassDeclaration = resultsNamedByPath # statistics<"getMean(), getRstd()">.decl;
}

def NN_LayerNormGradOp : NN_GradientOp<"layer_norm_grad"> {
  let summary = "Gradients of layer normalisation";
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$mean, NN_Tensor:$rstd, NN_Tensor:$scale, NN_Tensor:$dy,
                       NN_Rules:$rules);
  let results = (outs NN_Tensor:$dx, NN_Tensor:$dscale, NN_Tensor:$dshift);
  let extraClassDeclaration = resultsNamedByPath # statistics<"getMean(), getRstd()">.decl;
}

def NN_SplitHeadsOp : NN_DifferentiableOp<"split_heads", [NN_PrimitiveTrait]> {
  let summary = "[s, b, n * 3 * d] to q, k, v of [s, b, n, d]";
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Rules:$rules);
  let results = (outs NN_Tensor:$q, NN_Tensor:$k, NN_Tensor:$v);
}

def NN_MergeHeadsOp : NN_GradientOp<"merge_heads"> {
  let summary = "q, k, v of [s, b, n, d] to [s, b, n * 3 * d]; the gradient of nn.split_heads";
  let arguments = (ins StrAttr:$path, NN_Tensor:$q, NN_Tensor:$k, NN_Tensor:$v, NN_Rules:$rules);
  let results = (outs NN_Tensor:$result);
}

def NN_SoftmaxGradOp : NN_GradientOp<"softmax_grad"> {
  let summary = "Gradient of nn.softmax from its result";
  let description = [{ `scale * y * (dy - sum_t(y * dy))`; masked places have y = 0. }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$y, NN_Tensor:$dy, NN_Finite:$scale, NN_Rules:$rules);
  let results = (outs NN_Tensor:$dx);
}

def NN_GeluGradOp : NN_GradientOp<"gelu_grad"> {
  let summary = "Gradient of nn.gelu with respect to x (and, summed, to the bias)";
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$bias, NN_Tensor:$dy, NN_Rules:$rules);
  let results = (outs NN_Tensor:$dx);
}

def NN_ClassMaxOp : NN_Op<"class_max", [NN_PrimitiveTrait]> {
  let summary = "Largest logit of each token over the first num_classes classes";
  let description = [{ With a split vocabulary the result pends with a maximum; a range without classes gives -inf. }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$logits, NN_ClassCount:$num_classes, NN_Rules:$rules);
  let results = (outs NN_Tensor:$max);
  let extraClassDeclaration = resultsNamedByPath # statistics<"getMax()">.decl;
}

def NN_ClassSumsOp : NN_Op<"class_sums", [NN_PrimitiveTrait]> {
  let summary = "Sum of exp(logit - max), and logit - max at the label";
  let description = [{ Over the own range of classes: both results pend with a sum where the vocabulary is split. A label of -100 picks 0. }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$logits, NN_Tensor:$max, NN_IndexTensor:$labels,
                       NN_ClassCount:$num_classes, NN_Rules:$rules);
  let results = (outs NN_Tensor:$sum, NN_Tensor:$picked);
  let extraClassDeclaration = resultsNamedByPath # statistics<"getMax(), getSum(), getPicked()">.decl;
}

def NN_TokenLossOp : NN_DifferentiableOp<"token_loss", [NN_PrimitiveTrait]> {
  let summary = "Sum over tokens of log(sum) - picked, divided by the counted labels of the global batch";
  let description = [{
    A label of -100 does not count. The number of counted labels of the whole global batch is known before
    the step begins; it is an input of the step, not of this op. Its gradient is that of the whole cross
    entropy (`nn.cross_entropy_grad`), which goes straight to the logits of the `nn.class_sums` that
    `sum` comes from; `nn.class_max` and `nn.class_sums` need none of their own.
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$sum, NN_Tensor:$picked, NN_IndexTensor:$labels, NN_Rules:$rules);
  let results = (outs NN_Scalar:$loss);
  let extraClassDeclaration = resultsNamedByPath # statistics<"getSum(), getPicked(), getLoss()">.decl;
}

def NN_CrossEntropyGradOp : NN_GradientOp<"cross_entropy_grad"> {
  let summary = "Gradient of logits: (softmax - one-hot) * dloss / counted labels";
  let arguments = (ins StrAttr:$path, NN_Tensor:$logits, NN_Tensor:$max, NN_Tensor:$sum, NN_IndexTensor:$labels,
                       NN_Scalar:$dloss, NN_ClassCount:$num_classes, NN_Rules:$rules);
  let results = (outs NN_Tensor:$dlogits);
  let extraClassDeclaration = resultsNamedByPath # statistics<"getMax(), getSum(), getDloss()">.decl;
}

def NN_EinsumOp : NN_GradientOp<"einsum"> {
  let summary = "Sum of products by index letters; the gradient of every contraction";
  let description = [{
    One or two operands. A dimension may be a product of letters, major first; `extents` gives the sizes
    of letters that stand in no dimension of their own.

    ```mlir
    %dw = nn.einsum "layers.0.mlp.fc1" (%dy, %x) {pattern = "s b o, s b k -> o k", rules = "ok", scale = 1.000000e+00 : f64}
       : (tensor<128x?x1024xf32>, tensor<128x?x256xf32>) -> tensor<1024x256xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, Variadic<NN_Tensor>:$inputs, NN_Pattern:$pattern, NN_Rules:$rules,
                       DefaultValuedAttr<NN_Finite, "1.0">:$scale, OptionalAttr<NN_Extents>:$extents);
  let results = (outs NN_Tensor:$result);
  let hasVerifier = 1;
}

def NN_SumOp : NN_GradientOp<"sum", [SameOperandsAndResultType]> {
  let summary = "Sum of several gradients of one value";
  let description = [{ Takes its operands in whatever layouts they exist; placement decides when to reduce. }];
  let arguments = (ins StrAttr:$path, Variadic<NN_Tensor>:$inputs);
  let results = (outs NN_Tensor:$result);
}

#endif // ACESO_NN_PRIMITIVES_TD
