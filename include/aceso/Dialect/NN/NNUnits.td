//===- NNUnits.td - Units of planning ----------------------*- tablegen -*-===//
//
// The ops that models are built of and that plans, cost tables and profiles speak of. Included by
// NNOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_NN_UNITS_TD
#define ACESO_NN_UNITS_TD

/// A composite also says its primitives and how it expands.
class NN_CompositeOp<string mnemonic, list<Trait> traits = []> : Op<NN_Dialect, mnemonic,
    !listconcat([Pure, OpAsmOpInterface, DeclareOpInterfaceMethods<NN_OpInterface,
                          ["getSignature", "getPrimitiveSignatures", "isComposite", "expand"]>], traits)> {
  let assemblyFormat = "$path `(` operands `)` attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = resultsNamedByPath;
}

/// An op with a gradient of its own.
class NN_DifferentiableOp<string mnemonic, list<Trait> traits = []> : Op<NN_Dialect, mnemonic,
    !listconcat([Pure, OpAsmOpInterface, DeclareOpInterfaceMethods<NN_OpInterface, ["getSignature", "buildGradient"]>], traits)> {
  let assemblyFormat = "$path `(` operands `)` attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = resultsNamedByPath;
}

def NN_EmbeddingOp : NN_CompositeOp<"embedding"> {
  let summary = "Token and position embedding, then dropout";
  let description = [{
    `dropout(table[ids] + positions[0..s-1])`, transposed to [s, b, h]. Expands to `nn.lookup` and
    `nn.dropout`. Rule 0 splits the vocabulary; rule 1 also leaves the result split along the sequence.

    ```mlir
    %h = nn.embedding "embedding" (%ids, %wte, %wpe) {p = 1.000000e-01 : f64, profile = "encoder-embedding"}
       : (tensor<?x128xi32>, tensor<512x256xf32>, tensor<128x256xf32>) -> tensor<128x?x256xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_IndexTensor:$ids, NN_Tensor:$table, NN_Tensor:$positions,
                       NN_Probability:$p, OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
  let extraClassDeclaration = resultsNamedByPath # [{
    int64_t getIndexBound(unsigned) { return getSignature().extent('v'); }
  }];
  let hasVerifier = 1;
}

def NN_LayerNormOp : NN_CompositeOp<"layer_norm"> {
  let summary = "Layer normalisation over the last dimension, with scale and shift";
  let description = [{
    Expands to `nn.layer_norm_stats`, which also leaves mean and reciprocal deviation for backward.
    Rule 0: tp devices compute the same; rule 1 splits the sequence.

    ```mlir
    %y = nn.layer_norm "layers.0.ln_1" (%x, %g, %b) {eps = 1.000000e-05 : f64}
       : (tensor<128x?x256xf32>, tensor<256xf32>, tensor<256xf32>) -> tensor<128x?x256xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$scale, NN_Tensor:$shift, NN_Positive:$eps,
                       OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
}

def NN_QKVOp : NN_CompositeOp<"qkv"> {
  let summary = "Attention projection: linear layer, then split into heads";
  let description = [{
    `x W^T + bias` of [s, b, n * 3 * d], rows of W grouped by head (q, k, v of one head together), split
    into q, k, v of [s, b, n, d]. Rule 0 splits the heads; rule 1 splits the input features and
    replicates the sum (the published alternative); rule 2 scatters the sum straight to heads.

    ```mlir
    %q, %k, %v = nn.qkv "layers.0.attention.qkv" (%x, %w, %b) {profile = "enc-attention-qkv"}
       : (tensor<128x?x256xf32>, tensor<768x256xf32>, tensor<768xf32>)
       -> (tensor<128x?x4x64xf32>, tensor<128x?x4x64xf32>, tensor<128x?x4x64xf32>)
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$weight, NN_Tensor:$bias, OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$q, NN_Tensor:$k, NN_Tensor:$v);
}

def NN_AttentionScoreOp : NN_DifferentiableOp<"attention_score"> {
  let summary = "Products of queries and keys, scaled";
  let description = [{
    `scale * q k^T` for each sample and head. Rule 0 splits heads, rule 1 the queries' sequence (context
    parallel: keys and values are gathered).

    ```mlir
    %s = nn.attention_score "layers.0.attention.score" (%q, %k) {scale = 1.250000e-01 : f64}
       : (tensor<128x?x4x64xf32>, tensor<128x?x4x64xf32>) -> tensor<?x4x128x128xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$q, NN_Tensor:$k, NN_Finite:$scale, OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
}

def NN_SoftmaxOp : NN_DifferentiableOp<"softmax"> {
  let summary = "Softmax of scaled attention scores over the keys";
  let description = [{
    Over the last dimension of [b, n, s, t], after multiplying by `scale`; computed in f32 at least. With
    `causal`, query s sees keys t <= s, by global position. Rule 0 splits heads, rule 1 the queries.

    ```mlir
    %p = nn.softmax "layers.0.attention.softmax" (%s) {causal, scale = 1.000000e+00 : f64}
       : (tensor<?x4x128x128xf32>) -> tensor<?x4x128x128xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, UnitAttr:$causal, NN_Finite:$scale, OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
}

def NN_DropoutOp : NN_DifferentiableOp<"dropout"> {
  let summary = "Sets elements to zero with probability p and scales the others by 1 / (1 - p)";
  let description = [{
    The mask is a function of seed, step, `path` and global element index (the sample counted over the
    global batch), so it depends neither on the plan nor on the micro-batch; the gradient is the same op
    on the gradient. `letters` names the dimensions; the rules are those of the place: `rules`, one
    character each.

    ```mlir
    %d = nn.dropout "layers.0.attention.dropout" (%p) {letters = "b n s t", rules = "ns", p = 1.000000e-01 : f64}
       : (tensor<?x4x128x128xf32>) -> tensor<?x4x128x128xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Letters:$letters, NN_Rules:$rules, NN_Probability:$p,
                       OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
}

def NN_AttentionContextOp : NN_DifferentiableOp<"attention_context"> {
  let summary = "Attention probabilities times values, heads merged";
  let description = [{
    ```mlir
    %c = nn.attention_context "layers.0.attention.context" (%p, %v)
       : (tensor<?x4x128x128xf32>, tensor<128x?x4x64xf32>) -> tensor<128x?x256xf32>
    ```
    Rule 0 splits heads, rule 1 the queries.
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$probabilities, NN_Tensor:$v, OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
}

def NN_LinearOp : NN_DifferentiableOp<"linear"> {
  let summary = "x W^T, with an optional bias";
  let description = [{
    Weight [out, in] as in most frameworks. `rules` orders what tp splits: `"ok"` is column first (output
    features, then input features), `"ko"` row first. With `group_size` the output features come in groups
    of that size which may not be cut (the q, k, v rows of a head).

    ```mlir
    %y = nn.linear "layers.0.mlp.fc1" (%x, %w) {rules = "ok", profile = "enc-MLP-GEMM-1"}
       : (tensor<128x?x256xf32>, tensor<1024x256xf32>) -> tensor<128x?x1024xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$weight, Optional<NN_Tensor>:$bias, NN_Rules:$rules,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$group_size, OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
  // Rows of a group have a letter of their own, x, in the op's signature.
  let extraClassDeclaration = resultsNamedByPath # [{
    ::std::string getKernelAttributeName(::llvm::StringRef attribute) {
      return attribute == getGroupSizeAttrName().getValue() ? "extents.x" : attribute.str();
    }
  }];
}

def NN_ScaleOp : NN_DifferentiableOp<"scale"> {
  let summary = "A tensor times a scalar";
  let description = [{
    `factor * x`; the factor has the accumulation type. `letters` names the dimensions, `rules` what tp
    splits, as in `nn.dropout`. Its gradients are `nn.scale` and `nn.dot`.

    ```mlir
    %y = nn.scale "source" (%x, %f) {letters = "s b k", rules = "k"} : (tensor<128x?x256xbf16>, tensor<f32>) -> tensor<128x?x256xbf16>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Scalar:$factor, NN_Letters:$letters, NN_Rules:$rules,
                       OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
  let extraClassDeclaration = resultsNamedByPath # statistics<"getFactor()">.decl;
}

def NN_DotOp : NN_DifferentiableOp<"dot"> {
  let summary = "Sum of the products of the elements of two tensors, with an optional scalar added";
  let description = [{
    `base + sum(x * y)` in the accumulation type. `letters` names the dimensions of both tensors, `rules`
    what tp splits. One device adds the base, so sums that pend alike may be chained. With a given `y` it
    makes a loss of any tensor, whose gradient is `y`.

    ```mlir
    %loss = nn.dot "probe" (%x, %y) {letters = "s b k", rules = "k"} : (tensor<128x?x256xbf16>, tensor<128x?x256xbf16>) -> tensor<f32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$y, Optional<NN_Scalar>:$base, NN_Letters:$letters,
                       NN_Rules:$rules, OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Scalar:$result);
  let extraClassDeclaration = resultsNamedByPath # statistics<"getBase(), getResult()">.decl;
}

def NN_BiasDropoutAddOp : NN_DifferentiableOp<"bias_dropout_add"> {
  let summary = "residual + dropout(x + bias)";
  let description = [{
    The bias is that of the linear layer before: it is added where the sum is complete, so it never
    crosses a boundary. Rule 0: tp devices compute the same; rule 1 splits the sequence, rule 2 features.

    ```mlir
    %y = nn.bias_dropout_add "layers.0.mlp.add" (%x, %bias, %residual) {p = 1.000000e-01 : f64}
       : (tensor<128x?x256xf32>, tensor<256xf32>, tensor<128x?x256xf32>) -> tensor<128x?x256xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$bias, NN_Tensor:$residual, NN_Probability:$p,
                       OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
}

def NN_GeluOp : NN_DifferentiableOp<"gelu"> {
  let summary = "gelu (tanh form) of x + bias";
  let description = [{
    Rule 0 splits features, rule 1: tp devices compute the same, rule 2 splits the sequence.

    ```mlir
    %y = nn.gelu "layers.0.mlp.gelu" (%x, %bias)
       : (tensor<128x?x1024xf32>, tensor<1024xf32>) -> tensor<128x?x1024xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$bias, OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Tensor:$result);
}

def NN_LinearCrossEntropyOp : NN_CompositeOp<"linear_cross_entropy"> {
  let summary = "Language-model head and its loss";
  let description = [{
    Logits `x W^T` over the vocabulary, then the cross entropy with `labels` [b, s], summed over all
    labels that count and divided by their number in the global batch. A label of -100 does not count.
    Only the first `num_classes` rows of W are classes; the others pad the vocabulary and take no part in
    loss or gradient. Rule 0 splits the vocabulary, rule 1 the sequence. Expands to `nn.linear`,
    `nn.class_max`, `nn.class_sums` and `nn.token_loss`, which have one gradient together.

    ```mlir
    %loss = nn.linear_cross_entropy "head" (%x, %wte, %labels) {num_classes = 256 : i64, profile = "head"}
       : (tensor<128x?x256xf32>, tensor<512x256xf32>, tensor<?x128xi32>) -> tensor<f32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_Tensor:$x, NN_Tensor:$weight, NN_IndexTensor:$labels, NN_ClassCount:$num_classes,
                       OptionalAttr<StrAttr>:$profile);
  let results = (outs NN_Scalar:$loss);
  let extraClassDeclaration = resultsNamedByPath # statistics<"getLoss()">.decl # [{
    int64_t getIndexBound(unsigned) { return getNumClasses(); }
  }];
  let hasVerifier = 1;
}

#endif // ACESO_NN_UNITS_TD
