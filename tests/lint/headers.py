#!/usr/bin/env python3
"""Checks that each header compiles alone. What compiled is remembered by the content of the header and
of all it includes, so that a second run costs nothing. A source file that includes a header first proves
the same when it is built, so such headers are not compiled again."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess

import source_tree

FLAGS = ["-std=c++20", "-fsyntax-only", "-w", "-x", "c++"]
# The faster one first; what it lacks (coroutines for our library) the other one has.
COMPILERS = ("clang++-14", "g++")
# Large pages for the compiler's memory: a fifth faster.
ENVIRONMENT = {**os.environ, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
MACHINE_FLAGS = ["-march=x86-64-v3", "-maes", "-mpclmul"]
JOBS = 2


def library_flags():
    """Flags of the libraries that headers may use; a library that is not there is left out."""
    run = subprocess.run(["pkg-config", "--cflags", "libdpdk"], capture_output=True, text=True, check=False)
    return shlex.split(run.stdout) if run.returncode == 0 else []


class Digests:
    """Digest of a header's text together with that of every project header it includes."""

    def __init__(self, folders):
        self.folders = folders
        self.includes = {}

    def closure(self, name, seen):
        if name in seen:
            return
        seen.add(name)
        if name not in self.includes:
            path = next((folder / name for folder in self.folders if (folder / name).is_file()), None)
            text = path.read_text(encoding="utf-8", errors="replace") if path else ""
            digest = hashlib.sha256(text.encode()).hexdigest()
            below = [other for _, other, is_project in source_tree.includes(text) if is_project]
            self.includes[name] = (digest, below)
        for other in self.includes[name][1]:
            self.closure(other, seen)

    def of(self, name):
        seen = set()
        self.closure(name, seen)
        lines = [f"{other} {self.includes[other][0]}" for other in sorted(seen)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def proved_by_sources(root):
    """The headers that some source file includes before anything else. Unit tests prove nothing: a precompiled header
    comes before what they include."""
    proved = set()
    for source in source_tree.cxx_files(root):
        if source.suffix != ".cc" or source.parts[:2] == ("tests", "unit"):
            continue
        below = source_tree.includes((root / source).read_text(encoding="utf-8", errors="replace"))
        proved.add(next((name for _, name, _ in below), None))
    return proved


def compile_alone(flags, root, header):
    """What is wrong with the header when a source file includes it and nothing else."""
    for compiler in COMPILERS:
        run = subprocess.run([compiler, *flags, "-"], input=f'#include "{header}"\n', cwd=root, env=ENVIRONMENT,
                             capture_output=True, text=True, check=False)
        if run.returncode == 0:
            return []
    return [f"{header}: does not compile alone", *run.stderr.splitlines()[:8]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=".", help="top folder of the source tree")
    parser.add_argument("--build", help="build folder: generated headers and the memory of this check")
    arguments = parser.parse_args()

    root = pathlib.Path(arguments.root).resolve()
    folders = [root]
    memory_path = None
    if arguments.build:
        build = pathlib.Path(arguments.build).resolve()
        folders.append(build)
        memory_path = build / "headers_checked.json"
    flags = [*FLAGS, *library_flags(), *MACHINE_FLAGS, *(f"-I{folder}" for folder in folders)]

    remembered = {}
    if memory_path and memory_path.exists():
        remembered = json.loads(memory_path.read_text())
    digests = Digests(folders)
    headers = [path for path in source_tree.cxx_files(root) if path.suffix == ".h"]
    proved = proved_by_sources(root)
    headers = [header for header in headers if str(header) not in proved]
    wanted = {str(header): digests.of(str(header)) for header in headers}
    changed = [header for header in wanted if remembered.get(header) != wanted[header]]

    problems = []
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        results = pool.map(lambda header: compile_alone(flags, root, header), changed)
        for header, result in zip(changed, results):
            problems += result
            if result:
                wanted.pop(header)
    if memory_path:
        memory_path.write_text(json.dumps(wanted, indent=1))
    print(f"compiled {len(changed)}, the others are as they were")
    source_tree.report("headers", problems, len(headers))


if __name__ == "__main__":
    main()
