#!/usr/bin/env python3
"""Runs scripts/setup.sh on a machine that is made up: apt-get, dpkg-query, pip and the rest only write down how they were called."""

import os
import pathlib
import subprocess
import sys
import tempfile

from checks import check, finish

root = pathlib.Path(sys.argv[1])
temporary = tempfile.TemporaryDirectory(prefix="aceso setup ")  # with blanks, as users' folders have them
folder = pathlib.Path(temporary.name)
calls, torch = folder / "calls", folder / "cache" / "libtorch"


def program(name, script):
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/bash\necho {name} \"$@\" >>'{calls}'\n{script}\n")
    path.chmod(0o755)


def setup(*arguments, without=(), **variables):
    """The run, its output with all messages, and the calls it made, one a line."""
    calls.write_text("")
    environment = os.environ | {"PATH": f"{folder}/bin:{os.environ['PATH']}", "ACESO_TORCH_DIR": str(torch)} | variables
    for name in without:
        environment.pop(name, None)
    run = subprocess.run([root / "scripts" / "setup.sh", *arguments], text=True, env=environment, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    return run, calls.read_text()


# All packages are there but mold, until apt-get installs it.
program("dpkg-query", f"[ \"${{@: -1}}\" != mold ] || [ -e '{folder}/mold' ] || {{ echo -n not-installed; exit 0; }}; echo -n installed")
program("apt-get", f"[ $1 = update ] && exit $UPDATE; [ $INSTALL = 0 ] || {{ echo 'E: no such package'; exit $INSTALL; }}; touch '{folder}/mold'")
program("python3", "while [ $# -gt 0 ]; do [ $1 = --target ] && mkdir -p \"$2/torch\"; shift; done; exit $PIP")
program("id", "echo $USER_ID")
works = {"UPDATE": "0", "INSTALL": "0", "PIP": "0", "USER_ID": "0"}

for arguments, message in ((("--cuds",), "unknown argument '--cuds'"), (("--help",), "scripts/setup.sh --cuda")):
    run, made = setup(*arguments, **works)
    check(message in run.stdout and made == "", f"{arguments[0]} installs nothing, and says: {message}")

run, made = setup(**dict(works, ACESO_TORCH_DIR=""), without=("HOME", "XDG_CACHE_HOME"))
check(run.returncode == 1 and "neither HOME nor ACESO_TORCH_DIR" in run.stdout and made == "", "without a home it asks where to install")

run, made = setup(**dict(works, INSTALL="100"))
check(run.returncode == 1 and "E: no such package" in run.stdout and "setup: error: apt-get failed" in run.stdout,
      "a package that apt-get cannot find is an error, with what apt-get said")
check("-m pip" not in made, "then no wheel is installed")

if not any(os.access(pathlib.Path(path) / "sudo", os.X_OK) for path in os.environ["PATH"].split(":")):
    run, made = setup(**dict(works, USER_ID="1000"))
    check(run.returncode == 1 and "let root run: apt-get install mold" in run.stdout and "apt-get" not in made,
          "without root and sudo it says what root must run")

run, made = setup(**dict(works, UPDATE="100", PIP="1"))
check("apt-get install -y --no-remove --no-install-recommends mold\n" in made, "only what is missing is installed, though one source cannot be read")
check(run.returncode == 1 and "setup: error: pip failed" in run.stdout and not torch.exists(), "wheels that pip cannot get leave nothing half done")

run, made = setup(**works)
check(run.returncode == 0 and run.stdout.endswith("setup: ready\n") and (torch / "torch").is_dir(), "then it goes on where it stopped")
check("apt-get" not in made and "--require-hashes" in made, "and installs the wheels alone")
run, made = setup(**works)
check(run.returncode == 0 and "apt-get" not in made and "-m pip" not in made, "a second run installs nothing")

run, made = setup("--cuda", **works)
check(run.returncode == 0 and "-m pip" in made and run.stdout.endswith("setup: ready (with CUDA libraries)\n"), "--cuda installs more wheels")
run, made = setup(**works)
check(run.returncode == 0 and "-m pip" not in made and run.stdout.endswith("setup: ready (with CUDA libraries)\n"), "a run without it leaves them there")
(torch / ".aceso-stamp").write_text("that of older requirements\n")
run, made = setup(**works)
check(run.returncode == 0 and "-m pip" in made and (torch / ".aceso-cuda").exists(), "and brings them up to date")

finish()
