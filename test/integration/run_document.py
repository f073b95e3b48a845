#!/usr/bin/env python3
"""Runs the commands that a document shows and compares what they print with what the document says.

A block of a document that is fenced as ```console is a session in a shell: lines that begin with "$ " are commands (one that
ends with a backslash goes on in the next line), the lines below a command are what it prints, both streams together. All
sessions of a document run in one folder, in which `models`, `test` and `scripts` are those of the project.

In what a command prints, "..." stands for anything within a line, and a line that is only "..." for any lines. A line in front of
the fence can say more:
    <!-- numbers vary -->   every number matches every number (times and what follows from them), and so does any run of blanks
    <!-- not run -->        nothing is run
    <!-- needs: PUBLISHED -->  run only where the published tables are (in ACESO_SHARED_DIR, or in a folder `shared` beside the
                            project); $PUBLISHED is their folder
    <!-- group: NAME -->    run only with --group NAME; without this line: the blocks of no group

With --update the document gets what was printed in the place of what differs (look at the diff before you commit).

Exit code: 0, 1 (something differs), 77 (skipped: what the blocks need is not there).
"""

import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

NUMBER = re.compile(r"-?\d+(?:[.:,]\d+)*(?:e[-+]?\d+)?")


def sessions(text):
    """Yields (line number, directives, [(command, expected lines, number of the first of them)]) of each console block."""
    lines = text.split("\n")
    i = 0
    while i < len(lines):
        if lines[i].strip() != "```console":
            i += 1
            continue
        start = i + 1
        directives, above = {}, i - 1
        while above >= 0 and (match := re.fullmatch(r"<!-- (.*?) -->", lines[above].strip())):
            name, _, value = match[1].partition(":")
            directives[name.strip()] = value.strip()
            above -= 1
        steps = []
        i += 1
        while lines[i].strip() != "```":
            if lines[i].startswith("$ "):
                command = lines[i][2:]
                while command.endswith("\\"):
                    i += 1
                    command += "\n" + lines[i]
                steps.append((command, [], i + 1))
            elif steps:
                steps[-1][1].append(lines[i])
            else:
                raise SystemExit(f"line {i + 1}: a console block must begin with '$ '")
            i += 1
        yield start, directives, steps
        i += 1


def pattern_of(line, numbers_vary):
    """A regular expression for one expected line."""
    def quote(piece):
        if not numbers_vary:
            return re.escape(piece)
        quoted = [re.escape(part) for part in NUMBER.split(piece)]
        return re.sub(r"(?:\\ )+", " +", NUMBER.pattern.join(quoted))
    return ".*".join(quote(piece) for piece in line.rstrip().split("..."))


def matches(expected, actual, numbers_vary):
    """Whether the printed lines are as expected; walks with backtracking over lines that are only '...'."""
    if not expected:
        return not actual
    if expected[0].strip() == "...":
        return any(matches(expected[1:], actual[k:], numbers_vary) for k in range(len(actual) + 1))
    if not actual:
        return False
    return bool(re.fullmatch(pattern_of(expected[0], numbers_vary), actual[0].rstrip())) and matches(
        expected[1:], actual[1:], numbers_vary)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", type=pathlib.Path)
    parser.add_argument("--root", type=pathlib.Path, required=True, help="the project's folder")
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the programs")
    parser.add_argument("--group", default="")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--folder", type=pathlib.Path, help="run there, and leave what was made")
    arguments = parser.parse_args()

    shared = pathlib.Path(os.environ.get("ACESO_SHARED_DIR", arguments.root.resolve().parent / "shared"))
    given = {name: str(folder) for name, folder in {"PUBLISHED": shared / "data" / "aceso-v100"}.items() if folder.is_dir()}
    environment = dict(os.environ, PATH=f"{arguments.bin.resolve()}:{os.environ['PATH']}", LC_ALL="C", **given)
    failures = ran = 0
    missing = set()
    text = arguments.document.read_text()
    edits = []  # (first line, number of lines, new lines)
    with tempfile.TemporaryDirectory(prefix="aceso-document-") as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("models", "test", "scripts"):
            if not (folder / name).exists():
                (folder / name).symlink_to(arguments.root.resolve() / name)
        for line, directives, steps in sessions(text):
            if "not run" in directives or directives.get("group", "") != arguments.group:
                continue
            if (need := directives.get("needs")) and need not in given:
                missing.add(need)
                continue
            for command, expected, first in steps:
                run = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
                ran += 1
                printed = run.stdout.rstrip("\n").split("\n") if run.stdout.strip() else []
                while expected and not expected[-1].strip():
                    expected.pop()
                varies = "numbers vary" in directives
                if run.returncode == 0 and matches(expected, printed, varies):
                    continue
                if arguments.update and run.returncode == 0:
                    edits.append((first, len(expected), printed))
                    continue
                failures += 1
                print(f"{arguments.document}: block at line {line}: $ {command}")
                if run.returncode != 0:
                    print(f"exit code {run.returncode}")
                print("\n".join(difflib.unified_diff(expected, printed, "the document", "printed", lineterm="")))
                print()
    if edits:
        lines = text.split("\n")
        for first, count, printed in reversed(edits):
            lines[first:first + count] = printed
        arguments.document.write_text("\n".join(lines))
        print(f"{arguments.document}: {len(edits)} outputs updated")
    if ran == 0:
        if missing:
            print(f"skipped: no folder for {', '.join(sorted(missing))}")
            sys.exit(77)
        print(f"{arguments.document}: no command was run")
        sys.exit(1)
    print(f"{ran} commands run, {failures} failed" + (f", without the blocks that need {', '.join(missing)}" if missing else ""))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
