#!/usr/bin/env python3
"""Sums the coverage of gcovr's JSON summary up per folder: cover_table.py SUMMARY.json"""
import json
import pathlib
import sys


def share(covered, total):
    return f"{covered / total * 100:6.1f}%" if total else "      -"


def main(path):
    folders = {}
    for entry in json.loads(pathlib.Path(path).read_text())["files"]:
        folder = str(pathlib.PurePosixPath(entry["filename"]).parent)
        sums = folders.setdefault(folder, [0, 0, 0, 0])
        for i, key in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
            sums[i] += entry[key]
    if not folders:
        sys.exit("no coverage was measured")
    folders["all"] = [sum(column) for column in zip(*folders.values())]
    width = max(len(folder) for folder in folders)
    print(f"{'folder':{width}}  {'lines':>7}  {'branches':>8}")
    for folder, (lines, lines_total, branches, branches_total) in folders.items():
        print(f"{folder:{width}}  {share(lines, lines_total)}  {share(branches, branches_total):>8}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
