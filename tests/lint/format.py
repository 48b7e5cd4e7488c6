#!/usr/bin/env python3
"""Checks that every C++ file is as clang-format would write it."""
import subprocess

import source_tree


def main():
    root = source_tree.root_from_arguments(__doc__)
    problems = []
    paths = source_tree.cxx_files(root)
    for first in range(0, len(paths), 50):
        run = subprocess.run(
            ["clang-format-14", "--dry-run", "--Werror", *map(str, paths[first:first + 50])],
            cwd=root, capture_output=True, text=True, check=False)
        bad = {line.split(":")[0] for line in run.stderr.splitlines() if "error:" in line}
        problems += [f"{path}: not formatted; run scripts/dev format" for path in sorted(bad)]
        if run.returncode != 0 and not bad:
            problems.append(f"clang-format failed: {run.stderr.strip()}")
    source_tree.report("format", problems, len(paths))


if __name__ == "__main__":
    main()
