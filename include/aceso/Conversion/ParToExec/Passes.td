//===- Passes.td - From a plan to a training graph ---------*- tablegen -*-===//

#ifndef ACESO_CONVERSION_PARTOEXEC_PASSES_TD
#define ACESO_CONVERSION_PARTOEXEC_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertParToExecPass : Pass<"convert-par-to-exec", "::mlir::ModuleOp"> {
  let summary = "Puts every op of a plan on its stage: par.plan to exec.graph";
  let description = [{
    The batch becomes one micro-batch, composites expand to primitives, every op gets its stage
    (`exec.at`), and a value that another stage uses gets an `exec.copy` there, taken from the nearest
    earlier stage that has it. Nothing is split yet. Before:

    ```mlir
    par.stage devices = 1
    %0 = nn.layer_norm "ln" (%x, %g, %b) {eps = 1.0e-5 : f64, par.shard = #par.shard<tp = 1, dp = 1>} : ...
    par.stage devices = 1
    %1 = nn.linear "fc" (%0, %w) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>} : ...
    ```
    and after:
    ```mlir
    %0:3 = nn.layer_norm_stats "ln" (%x, %g, %b) {exec.at = #exec.at<0, forward>, ...} : ...
    %1 = exec.copy %0#0 {exec.at = #exec.at<1, forward>} : ...
    %2 = nn.linear "fc" (%1, %w) {exec.at = #exec.at<1, forward>, ...} : ...
    ```
  }];
  let dependentDialects = ["::aceso::exec::ExecDialect"];
}

#endif // ACESO_CONVERSION_PARTOEXEC_PASSES_TD
