#!/usr/bin/env python3
"""Checks that every C++ file is used: a source is named by a meson.build, a header is included by
another file or named by a meson.build."""
import pathlib
import posixpath
import re

import source_tree


def named_by_builds(root):
    """Paths that the build files name, relative to the tree; names may be joined with '/' and go up by '..'."""
    named = set()
    for build in source_tree.files(root, {".build"}):
        text = re.sub(r"#[^\n]*", "", source_tree.read(root, build))
        for name in re.findall(r"'([^'\n]*\.(?:h|cc?))'", text):
            named.add(posixpath.normpath(build.parent / name))
    return named


def named_by_pattern(root, path):
    """Files whose name the build composes from a word in a list: 'decode' stands for decode_fuzz.cc below
    tests/fuzz and for decode_bench.cc below perf. A protocol's fuzz target has its word in the options."""
    match = re.fullmatch(r"(\w+)_(fuzz|bench)\.cc", path.name)
    if not match:
        return False
    lists = [path.parent / "meson.build"]
    if match.group(2) == "fuzz":
        lists.append(pathlib.PurePosixPath("meson_options.txt"))
    word = f"'{match.group(1)}'"
    return any((root / name).is_file() and word in source_tree.read(root, name) for name in lists)


def included(root):
    """Every header that some other file includes; templates count, their files are made from them."""
    found = set()
    for path in source_tree.files(root, {".h", ".cc", ".c", ".in"}):
        for _, name, is_project in source_tree.includes(source_tree.read(root, path)):
            if is_project and name != path.as_posix():
                found.add(name)
    return found


def main():
    root = source_tree.root_from_arguments(__doc__)
    named = named_by_builds(root)
    headers = included(root)
    problems = []
    paths = source_tree.cxx_files(root)
    for path in paths:
        if path.as_posix() in named or named_by_pattern(root, path):
            continue
        if path.suffix in (".cc", ".c"):
            problems.append(f"{path}: no meson.build names it")
        elif path.as_posix() not in headers:
            problems.append(f"{path}: nothing includes it")
    source_tree.report("dead_files", problems, len(paths))


if __name__ == "__main__":
    main()
