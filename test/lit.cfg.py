"""lit: IR in, FileCheck on what comes out. One folder for each folder of lib/."""

import os

import lit.formats

config.name = "aceso"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.join(config.aceso_source_dir, "test")
config.test_exec_root = os.path.join(config.aceso_build_dir, "test")
config.excludes = ["Inputs", "unit", "integration"]

tools = [os.path.join(config.aceso_build_dir, "bin"), config.llvm_tools_dir]
config.environment["PATH"] = os.pathsep.join(tools + [config.environment.get("PATH", "")])
config.substitutions.append(("%models", os.path.join(config.aceso_source_dir, "models")))
config.substitutions.append(("%docs", os.path.join(config.aceso_source_dir, "docs")))
config.substitutions.append(("%built-docs", os.path.join(config.aceso_build_dir, "docs")))
config.substitutions.append(("%inputs", os.path.join(config.test_source_root, "Inputs")))

# ACESO_VERIFY_ROUNDTRIP=1: every aceso-opt run also proves that its output parses back to the same IR.
opt = "aceso-opt"
if os.environ.get("ACESO_VERIFY_ROUNDTRIP") == "1":
    opt += " --verify-roundtrip"
config.substitutions.append((r"\baceso-opt\b", opt))
