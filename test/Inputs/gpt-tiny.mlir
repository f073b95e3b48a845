module {
  nn.model @gpt(%ids: tensor<?x8xi32> {nn.name = "ids"}, %labels: tensor<?x8xi32> {nn.name = "labels"}) -> tensor<f32> attributes {config = {hidden_size = 16 : i64, max_position_embeddings = 8 : i64, model_name = "gpt", model_size = "tiny", num_attention_heads = 4 : i64, num_layers = 2 : i64, seq_length = 8 : i64}, profile = "gpt_tiny"} {
    %wte = nn.parameter "wte" <normal, 2.000000e-02 : f64> : tensor<32x16xf32>
    %wpe = nn.parameter "wpe" <normal, 2.000000e-02 : f64> : tensor<8x16xf32>
    %layers.0.ln_1.weight = nn.parameter "layers.0.ln_1.weight" <ones> {no_decay} : tensor<16xf32>
    %layers.0.ln_1.bias = nn.parameter "layers.0.ln_1.bias" <zeros> {no_decay} : tensor<16xf32>
    %layers.0.attention.qkv.weight = nn.parameter "layers.0.attention.qkv.weight" <normal, 2.000000e-02 : f64> : tensor<48x16xf32>
    %layers.0.attention.qkv.bias = nn.parameter "layers.0.attention.qkv.bias" <zeros> {no_decay} : tensor<48xf32>
    %layers.0.attention.dense.weight = nn.parameter "layers.0.attention.dense.weight" <normal, 1.000000e-02 : f64> : tensor<16x16xf32>
    %layers.0.attention.dense.bias = nn.parameter "layers.0.attention.dense.bias" <zeros> {no_decay} : tensor<16xf32>
    %layers.0.ln_2.weight = nn.parameter "layers.0.ln_2.weight" <ones> {no_decay} : tensor<16xf32>
    %layers.0.ln_2.bias = nn.parameter "layers.0.ln_2.bias" <zeros> {no_decay} : tensor<16xf32>
    %layers.0.mlp.fc1.weight = nn.parameter "layers.0.mlp.fc1.weight" <normal, 2.000000e-02 : f64> : tensor<64x16xf32>
    %layers.0.mlp.fc1.bias = nn.parameter "layers.0.mlp.fc1.bias" <zeros> {no_decay} : tensor<64xf32>
    %layers.0.mlp.fc2.weight = nn.parameter "layers.0.mlp.fc2.weight" <normal, 1.000000e-02 : f64> : tensor<16x64xf32>
    %layers.0.mlp.fc2.bias = nn.parameter "layers.0.mlp.fc2.bias" <zeros> {no_decay} : tensor<16xf32>
    %layers.1.ln_1.weight = nn.parameter "layers.1.ln_1.weight" <ones> {no_decay} : tensor<16xf32>
    %layers.1.ln_1.bias = nn.parameter "layers.1.ln_1.bias" <zeros> {no_decay} : tensor<16xf32>
    %layers.1.attention.qkv.weight = nn.parameter "layers.1.attention.qkv.weight" <normal, 2.000000e-02 : f64> : tensor<48x16xf32>
    %layers.1.attention.qkv.bias = nn.parameter "layers.1.attention.qkv.bias" <zeros> {no_decay} : tensor<48xf32>
    %layers.1.attention.dense.weight = nn.parameter "layers.1.attention.dense.weight" <normal, 1.000000e-02 : f64> : tensor<16x16xf32>
    %layers.1.attention.dense.bias = nn.parameter "layers.1.attention.dense.bias" <zeros> {no_decay} : tensor<16xf32>
    %layers.1.ln_2.weight = nn.parameter "layers.1.ln_2.weight" <ones> {no_decay} : tensor<16xf32>
    %layers.1.ln_2.bias = nn.parameter "layers.1.ln_2.bias" <zeros> {no_decay} : tensor<16xf32>
    %layers.1.mlp.fc1.weight = nn.parameter "layers.1.mlp.fc1.weight" <normal, 2.000000e-02 : f64> : tensor<64x16xf32>
    %layers.1.mlp.fc1.bias = nn.parameter "layers.1.mlp.fc1.bias" <zeros> {no_decay} : tensor<64xf32>
    %layers.1.mlp.fc2.weight = nn.parameter "layers.1.mlp.fc2.weight" <normal, 1.000000e-02 : f64> : tensor<16x64xf32>
    %layers.1.mlp.fc2.bias = nn.parameter "layers.1.mlp.fc2.bias" <zeros> {no_decay} : tensor<16xf32>
    %final_ln.weight = nn.parameter "final_ln.weight" <ones> {no_decay} : tensor<16xf32>
    %final_ln.bias = nn.parameter "final_ln.bias" <zeros> {no_decay} : tensor<16xf32>
    %embedding = nn.embedding "embedding"(%ids, %wte, %wpe) {p = 1.000000e-01 : f64, profile = "encoder-embedding"} : (tensor<?x8xi32>, tensor<32x16xf32>, tensor<8x16xf32>) -> tensor<8x?x16xf32>
    %layers.0.ln_1 = nn.layer_norm "layers.0.ln_1"(%embedding, %layers.0.ln_1.weight, %layers.0.ln_1.bias) {eps = 1.000000e-05 : f64, profile = "enc-1st-layernorm"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
    %layers.0.attention.qkv:3 = nn.qkv "layers.0.attention.qkv"(%layers.0.ln_1, %layers.0.attention.qkv.weight, %layers.0.attention.qkv.bias) {profile = "enc-attention-qkv"} : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>) -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
    %layers.0.attention.score = nn.attention_score "layers.0.attention.score"(%layers.0.attention.qkv#0, %layers.0.attention.qkv#1) {profile = "enc-attention-score", scale = 5.000000e-01 : f64} : (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>) -> tensor<?x4x8x8xf32>
    %layers.0.attention.softmax = nn.softmax "layers.0.attention.softmax"(%layers.0.attention.score) {causal, profile = "enc-attention-softmax", scale = 1.000000e+00 : f64} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
    %layers.0.attention.dropout = nn.dropout "layers.0.attention.dropout"(%layers.0.attention.softmax) {letters = "b n s t", p = 1.000000e-01 : f64, profile = "enc-attention-dropout", rules = "ns"} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
    %layers.0.attention.context = nn.attention_context "layers.0.attention.context"(%layers.0.attention.dropout, %layers.0.attention.qkv#2) {profile = "enc-attention-context"} : (tensor<?x4x8x8xf32>, tensor<8x?x4x4xf32>) -> tensor<8x?x16xf32>
    %layers.0.attention.dense = nn.linear "layers.0.attention.dense"(%layers.0.attention.context, %layers.0.attention.dense.weight) {profile = "enc-attention-dense", rules = "ko"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
    %layers.0.attention.add = nn.bias_dropout_add "layers.0.attention.add"(%layers.0.attention.dense, %layers.0.attention.dense.bias, %embedding) {p = 1.000000e-01 : f64, profile = "enc-post-attention-dropout"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
    %layers.0.ln_2 = nn.layer_norm "layers.0.ln_2"(%layers.0.attention.add, %layers.0.ln_2.weight, %layers.0.ln_2.bias) {eps = 1.000000e-05 : f64, profile = "enc-2nd-layernorm"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
    %layers.0.mlp.fc1 = nn.linear "layers.0.mlp.fc1"(%layers.0.ln_2, %layers.0.mlp.fc1.weight) {profile = "enc-MLP-GEMM-1", rules = "ok"} : (tensor<8x?x16xf32>, tensor<64x16xf32>) -> tensor<8x?x64xf32>
    %layers.0.mlp.gelu = nn.gelu "layers.0.mlp.gelu"(%layers.0.mlp.fc1, %layers.0.mlp.fc1.bias) {profile = "enc-MLP-gelu"} : (tensor<8x?x64xf32>, tensor<64xf32>) -> tensor<8x?x64xf32>
    %layers.0.mlp.fc2 = nn.linear "layers.0.mlp.fc2"(%layers.0.mlp.gelu, %layers.0.mlp.fc2.weight) {profile = "enc-MLP-GEMM-2", rules = "ko"} : (tensor<8x?x64xf32>, tensor<16x64xf32>) -> tensor<8x?x16xf32>
    %layers.0.mlp.add = nn.bias_dropout_add "layers.0.mlp.add"(%layers.0.mlp.fc2, %layers.0.mlp.fc2.bias, %layers.0.attention.add) {p = 1.000000e-01 : f64, profile = "enc-post-MLP-dropout"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
    %layers.1.ln_1 = nn.layer_norm "layers.1.ln_1"(%layers.0.mlp.add, %layers.1.ln_1.weight, %layers.1.ln_1.bias) {eps = 1.000000e-05 : f64, profile = "enc-1st-layernorm"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
    %layers.1.attention.qkv:3 = nn.qkv "layers.1.attention.qkv"(%layers.1.ln_1, %layers.1.attention.qkv.weight, %layers.1.attention.qkv.bias) {profile = "enc-attention-qkv"} : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>) -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
    %layers.1.attention.score = nn.attention_score "layers.1.attention.score"(%layers.1.attention.qkv#0, %layers.1.attention.qkv#1) {profile = "enc-attention-score", scale = 5.000000e-01 : f64} : (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>) -> tensor<?x4x8x8xf32>
    %layers.1.attention.softmax = nn.softmax "layers.1.attention.softmax"(%layers.1.attention.score) {causal, profile = "enc-attention-softmax", scale = 1.000000e+00 : f64} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
    %layers.1.attention.dropout = nn.dropout "layers.1.attention.dropout"(%layers.1.attention.softmax) {letters = "b n s t", p = 1.000000e-01 : f64, profile = "enc-attention-dropout", rules = "ns"} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
    %layers.1.attention.context = nn.attention_context "layers.1.attention.context"(%layers.1.attention.dropout, %layers.1.attention.qkv#2) {profile = "enc-attention-context"} : (tensor<?x4x8x8xf32>, tensor<8x?x4x4xf32>) -> tensor<8x?x16xf32>
    %layers.1.attention.dense = nn.linear "layers.1.attention.dense"(%layers.1.attention.context, %layers.1.attention.dense.weight) {profile = "enc-attention-dense", rules = "ko"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
    %layers.1.attention.add = nn.bias_dropout_add "layers.1.attention.add"(%layers.1.attention.dense, %layers.1.attention.dense.bias, %layers.0.mlp.add) {p = 1.000000e-01 : f64, profile = "enc-post-attention-dropout"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
    %layers.1.ln_2 = nn.layer_norm "layers.1.ln_2"(%layers.1.attention.add, %layers.1.ln_2.weight, %layers.1.ln_2.bias) {eps = 1.000000e-05 : f64, profile = "enc-2nd-layernorm"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
    %layers.1.mlp.fc1 = nn.linear "layers.1.mlp.fc1"(%layers.1.ln_2, %layers.1.mlp.fc1.weight) {profile = "enc-MLP-GEMM-1", rules = "ok"} : (tensor<8x?x16xf32>, tensor<64x16xf32>) -> tensor<8x?x64xf32>
    %layers.1.mlp.gelu = nn.gelu "layers.1.mlp.gelu"(%layers.1.mlp.fc1, %layers.1.mlp.fc1.bias) {profile = "enc-MLP-gelu"} : (tensor<8x?x64xf32>, tensor<64xf32>) -> tensor<8x?x64xf32>
    %layers.1.mlp.fc2 = nn.linear "layers.1.mlp.fc2"(%layers.1.mlp.gelu, %layers.1.mlp.fc2.weight) {profile = "enc-MLP-GEMM-2", rules = "ko"} : (tensor<8x?x64xf32>, tensor<16x64xf32>) -> tensor<8x?x16xf32>
    %layers.1.mlp.add = nn.bias_dropout_add "layers.1.mlp.add"(%layers.1.mlp.fc2, %layers.1.mlp.fc2.bias, %layers.1.attention.add) {p = 1.000000e-01 : f64, profile = "enc-post-MLP-dropout"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
    %final_ln = nn.layer_norm "final_ln"(%layers.1.mlp.add, %final_ln.weight, %final_ln.bias) {eps = 1.000000e-05 : f64, profile = "final-layernorm"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
    %head = nn.linear_cross_entropy "head"(%final_ln, %wte, %labels) {num_classes = 30 : i64, profile = "gpt-post-process"} : (tensor<8x?x16xf32>, tensor<32x16xf32>, tensor<?x8xi32>) -> tensor<f32>
    nn.return %head : tensor<f32>
  }
}
