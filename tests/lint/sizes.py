#!/usr/bin/env python3
"""Checks that files stay small: a file over its limit hides a missing type or stage."""
import source_tree

LINES_MAX = {".h": 300, ".cc": 600, ".c": 600}
REPORTED = 5


def main():
    root = source_tree.root_from_arguments(__doc__)
    sizes = []
    for path in source_tree.cxx_files(root):
        sizes.append((len(source_tree.read(root, path).splitlines()), path))
    sizes.sort(key=lambda entry: -entry[0] / LINES_MAX[entry[1].suffix])
    problems = [
        f"{path}: {lines} lines, the limit is {LINES_MAX[path.suffix]}"
        for lines, path in sizes if lines > LINES_MAX[path.suffix]
    ]
    print("nearest to their limits:")
    for lines, path in sizes[:REPORTED]:
        print(f"  {lines:4} of {LINES_MAX[path.suffix]}  {path}")
    source_tree.report("sizes", problems, len(sizes))


if __name__ == "__main__":
    main()
