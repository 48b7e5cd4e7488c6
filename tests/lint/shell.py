#!/usr/bin/env python3
"""Checks every shell script with shellcheck."""
import subprocess

import source_tree


def is_shell_script(root, path):
    if path.suffix == ".sh":
        return True
    first_line = source_tree.read(root, path).split("\n", 1)[0]
    return first_line.startswith("#!") and first_line.endswith(("sh", "bash"))


def main():
    root = source_tree.root_from_arguments(__doc__)
    candidates = source_tree.files(root, {"", ".sh"}, (".ci", "scripts", "tests", "perf", "docs"))
    paths = [str(path) for path in candidates if "corpus" not in path.parts and is_shell_script(root, path)]
    problems = []
    if paths:
        run = subprocess.run(["shellcheck", "--format=gcc", *paths], cwd=root, capture_output=True,
                             text=True, check=False)
        problems = (run.stdout + run.stderr).splitlines()
        if run.returncode != 0 and not problems:
            problems = [f"shellcheck failed with status {run.returncode}"]
    source_tree.report("shell", problems, len(paths))


if __name__ == "__main__":
    main()
