#!/usr/bin/env python3
"""Who includes whom (docs/design.md, "Where things live"), and what the programs load: the compiler's no LibTorch, none a CUDA library."""

import pathlib
import re
import subprocess
import sys

from checks import check, finish

root, programs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])

# A room of plain C++, and the rooms whose headers it may include.
rooms = {
    "Support": set(),
    "Layout": {"Support"},
    "Cost": {"Support", "Layout"},
    "Search": {"Support", "Layout", "Cost"},
    "Program": {"Support", "Layout"},
    "Runtime": {"Support", "Layout", "Cost", "Program"},
}
dialects = {"Dialect/NN": {"Support", "Layout"}, "Dialect/Par": {"Support", "Layout", "Dialect/NN"},
            "Dialect/Exec": {"Support", "Layout", "Cost", "Dialect/NN", "Dialect/Par"}}


def sources(*folders):
    for folder in folders:
        yield from (file for file in sorted((root / folder).rglob("*")) if file.suffix in (".h", ".cpp"))


def includes(file):
    return re.findall(r'^ *#include ["<]([^">]+)[">]', file.read_text(), re.MULTILINE)


def room_of(include):
    parts = include.split("/")
    if parts[0] != "aceso":
        return None
    return "/".join(parts[1:3]) if parts[1] == "Dialect" else parts[1]


def check_none(pairs, what):
    for file, include in pairs:
        print(f"        {file.relative_to(root)} includes {include}")
    check(not pairs, what)


for room, known in rooms.items():
    files = list(sources(f"include/aceso/{room}", f"lib/{room}"))
    check(files, f"{room} has sources")
    check_none([(file, include) for file in files for include in includes(file) if include.startswith(("mlir/", "llvm/"))],
               f"{room} includes no header of MLIR or LLVM")
    check_none([(file, include) for file in files for include in includes(file) if room_of(include) not in known | {room, None}],
               f"{room} includes headers of {', '.join(sorted(known)) or 'nobody'} only")
for dialect, known in dialects.items():
    # What a dialect is; its passes (Transforms/) may use what lies above it.
    files = [file for file in sources(f"include/aceso/{dialect}", f"lib/{dialect}") if file.parent.name != "Transforms"]
    check(files, f"{dialect} has sources")
    check_none([(file, include) for file in files for include in includes(file) if room_of(include) not in known | {dialect, None}],
               f"{dialect} includes headers of {', '.join(sorted(known))} only")
check_none([(file, include) for file in sources("include", "lib", "tools")
            if not {"Runtime", "aceso-run"} & set(file.relative_to(root).parts)
            for include in includes(file) if include.startswith(("ATen/", "c10/", "torch/"))],
           "only Runtime and aceso-run include LibTorch")

for name in ("aceso-opt", "aceso-translate", "aceso-lsp-server", "aceso-run"):
    loaded = re.findall(r"\(NEEDED\).*\[(.+)\]", subprocess.run(["readelf", "-d", programs / name], text=True, check=True, stdout=subprocess.PIPE).stdout)
    unwanted = r"torch_cuda|libcu|nccl|nv" + ("|MLIR|LLVM" if name == "aceso-run" else "|torch|c10")
    wrong = [library for library in loaded if re.search(unwanted, library)]
    check(loaded and not wrong, f"{name} loads nothing that it has no use for" + (f", but {wrong}" if wrong else ""))

finish()
