#!/usr/bin/env python3
"""Checks that every C++ file is used: a source is named by a meson.build, a header is included by
another file or named by a meson.build."""
import re

import source_tree


def named_by_builds(root):
    """Paths that the build files name, relative to the tree; names may be joined with '/'."""
    named = set()
    for build in source_tree.files(root, {".build"}):
        text = re.sub(r"#[^\n]*", "", source_tree.read(root, build))
        for name in re.findall(r"'([^'\n]*\.(?:h|cc))'", text):
            named.add((build.parent / name).as_posix())
    return named


def named_by_pattern(root, path):
    """Files whose name the build composes from a list: fuzz targets."""
    if path.parent.as_posix() != "tests/fuzz" or not path.name.endswith("_fuzz.cc"):
        return False
    target = path.name[: -len("_fuzz.cc")]
    quoted = f"'{target}'"
    return quoted in source_tree.read(root, "tests/fuzz/meson.build") or quoted in source_tree.read(
        root, "meson_options.txt")


def included(root):
    """Every header that some other file includes; templates count, their files are made from them."""
    found = set()
    for path in source_tree.files(root, {".h", ".cc", ".in"}):
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
        if path.suffix == ".cc":
            problems.append(f"{path}: no meson.build names it")
        elif path.as_posix() not in headers:
            problems.append(f"{path}: nothing includes it")
    source_tree.report("dead_files", problems, len(paths))


if __name__ == "__main__":
    main()
