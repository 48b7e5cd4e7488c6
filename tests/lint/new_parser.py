#!/usr/bin/env python3
"""Makes a protocol from the templates in a copy of the tree and demands that it builds, passes its own
tests and every lint check: what scripts/dev new-parser promises."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

NAME = "sample_line"
COPIED = ("flowcore", "l7", "config", "dataplane", "tests", "perf", "scripts", "docs")
COPIED_FILES = ("meson.build", "meson_options.txt", ".clang-format")
TARGETS = [f"tests/unit/l7/{NAME}/test_l7_{NAME}", f"tests/fuzz/fuzz_{NAME}"]
CHECKS = ("layers", "words", "sizes", "dead_files", "format")


def run(command, folder):
    result = subprocess.run(command, cwd=folder, env={**os.environ, "CXX": "g++"}, capture_output=True,
                            text=True, check=False)
    if result.returncode != 0:
        print(result.stdout[-4000:], result.stderr[-4000:])
        sys.exit(f"new_parser: {' '.join(map(str, command))} failed")
    return result.stdout


def check_lint(copy):
    """Every complaint that names the new protocol; those about other files are for their own tests."""
    complaints = []
    for check in CHECKS:
        result = subprocess.run([sys.executable, f"tests/lint/{check}.py"], cwd=copy, capture_output=True,
                                text=True, check=False)
        complaints += [line for line in result.stdout.splitlines()
                       if NAME in line and not line.startswith("  ")]
    if complaints:
        sys.exit("\n".join(complaints))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=".")
    parser.add_argument("--work", default="build/new_parser", help="folder to build in; emptied first")
    arguments = parser.parse_args()
    root = pathlib.Path(arguments.root).resolve()
    copy = pathlib.Path(arguments.work).resolve()
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "build*/"))
    for name in COPIED_FILES:
        shutil.copy(root / name, copy)

    print(run([sys.executable, "scripts/new_parser.py", NAME], copy))
    check_lint(copy)
    run(["meson", "setup", "build", "-Ddpdk=disabled", "-Dpcap=disabled"], copy)
    run(["ninja", "-C", "build", "-j", "2", *TARGETS], copy)
    print(run(["meson", "test", "-C", "build", "--no-rebuild", f"l7_{NAME}", f"fuzz_{NAME}"], copy))
    shutil.rmtree(copy)


if __name__ == "__main__":
    main()
