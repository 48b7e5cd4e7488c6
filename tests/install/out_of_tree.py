#!/usr/bin/env python3
"""Installs the library below a folder of its own and compiles programs against it with what pkg-config says,
as one who has nothing but the installed tree would."""
import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import sys


def run(command, **more):
    """What a command says; where it fails, what it said is shown and the test is over."""
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **more)
    if result.returncode != 0:
        print(result.stdout[-4000:], result.stderr[-4000:])
        sys.exit(f"out_of_tree: {' '.join(map(str, command))} failed")
    return result.stdout


class Installed:
    """The tree below DESTDIR, and the tools pointed at it."""

    def __init__(self, build, folder, prefix):
        shutil.rmtree(folder, ignore_errors=True)
        run(["meson", "install", "-C", build, "--no-rebuild", "--tags", "devel", "--destdir", folder])
        self.prefix = folder / prefix.relative_to("/")
        [self.pc] = self.prefix.rglob("flowscope.pc")

    def flags(self, *arguments):
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.pc.parent)}
        said = run(["pkg-config", f"--define-variable=prefix={self.prefix}", *arguments, "flowscope"], env=environment)
        return shlex.split(said)

    def compile(self, compiler, source, program, link):
        """Compiles away from the source tree, so that nothing but the installed headers is found."""
        libraries = self.flags("--libs") if link == "shared" else self.static_libraries()
        run([*compiler, *self.flags("--cflags"), source, "-o", program, *libraries], cwd=program.parent)

    def static_libraries(self):
        flags = self.flags("--static", "--libs")
        [archive] = self.pc.parent.parent.glob("libflowscope.a")
        return [str(archive) if flag == "-lflowscope" else flag for flag in flags]

    def environment(self):
        return {**os.environ, "LD_LIBRARY_PATH": str(self.pc.parent.parent)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder to install in; emptied first")
    parser.add_argument("--prefix", type=pathlib.Path, required=True)
    parser.add_argument("--capture", type=pathlib.Path, required=True)
    parser.add_argument("--cxx", required=True, help="C++ compiler and its flags; the linker of C programs as well")
    parser.add_argument("--cxx-source", type=pathlib.Path, required=True)
    parser.add_argument("--c-source", type=pathlib.Path, required=True)
    parser.add_argument("--cc", default="", help="C compiler and its flags; without it no C program is tried")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    installed = Installed(arguments.build, work, arguments.prefix)

    cxx = [*shlex.split(arguments.cxx), "-std=c++20", "-O1", "-Wall", "-Werror"]
    installed.compile(cxx, arguments.cxx_source.resolve(), work / "tracker_user", "shared")
    print(run([work / "tracker_user", arguments.capture.resolve()], env=installed.environment()), end="")
    if arguments.cc:
        c_source = arguments.c_source.resolve()
        cc = [*shlex.split(arguments.cc), "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
        installed.compile(cc, c_source, work / "records_user", "shared")
        print(run([work / "records_user"], env=installed.environment()), end="")
        # A static library brings C++ along: the C program is linked as one of C++.
        run([*cc, *installed.flags("--cflags"), "-c", c_source, "-o", work / "records_user.o"])
        installed.compile(shlex.split(arguments.cxx), work / "records_user.o", work / "records_user_static", "static")
        print(run([work / "records_user_static"]), end="")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
