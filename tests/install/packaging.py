#!/usr/bin/env python3
"""Installs the program with all that a package has, runs it from there, and tries completion, manual and examples."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPLETION = ROOT / "scripts/package/completion.bash"
# Types the words, and prints what bash would offer for the last one.
COMPLETE = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_flowscope
printf '%s\\n' "${COMPREPLY[@]}"
"""


def run(command, **more):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **more)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(OPTIONS.work, ignore_errors=True)
        done = run(["meson", "install", "-C", OPTIONS.build, "--no-rebuild", "--tags", "runtime,man", "--destdir",
                    OPTIONS.work.resolve()])
        if done.returncode != 0:
            sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
        cls.prefix = OPTIONS.work / OPTIONS.prefix.relative_to("/")
        cls.addClassCleanup(shutil.rmtree, OPTIONS.work, ignore_errors=True)

    def test_program_runs_from_where_it_lies(self):
        done = run([self.prefix / "bin/flowscope", "version"])
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stdout, r"^flowscope \d+\.\d+")

    def test_everything_has_its_place(self):
        for path in ("lib/systemd/system/flowscope@.service", "lib/systemd/system/flowscope-live@.service",
                     "lib/sysusers.d/flowscope.conf", "lib/udev/rules.d/60-flowscope-vfio.rules",
                     "share/man/man1/flowscope.1", "share/bash-completion/completions/flowscope",
                     "share/flowscope/profiles/lab-null.yaml", "share/doc/flowscope/examples/tap.yaml",
                     "share/doc/flowscope/operations.md", "share/doc/flowscope/LICENSE-MIT"):
            self.assertTrue((self.prefix / path).is_file(), path)

    def test_program_is_hardened(self):
        if shutil.which("readelf") is None:
            self.skipTest("there is no readelf")
        done = run(["readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms",
                    self.prefix / "bin/flowscope"])
        self.assertEqual("", done.stderr)
        for what, pattern in (("its code may lie anywhere", r"^ +Type: +DYN \(Position-Independent Executable"),
                              ("its tables are read-only", r"^ +GNU_RELRO "),
                              ("once it has started", r"\(FLAGS_1\) +Flags:.* NOW"),
                              ("its stack runs no code", r"^ +GNU_STACK .* RW +0x"),
                              ("returns are guarded", r" __stack_chk_fail\b")):
            self.assertRegex(done.stdout, re.compile(pattern, re.MULTILINE), what)

    def test_no_library_comes_along(self):
        self.assertEqual([], list(self.prefix.rglob("*.so*")) + list(self.prefix.rglob("*.h")))

    def test_units_start_the_program_that_was_installed(self):
        for unit in (self.prefix / "lib/systemd/system").glob("*.service"):
            self.assertIn(f"\nExecStart={OPTIONS.prefix}/bin/flowscope ", unit.read_text())

    def test_configurations_are_right(self):
        found = sorted(self.prefix.rglob("*.yaml"))
        self.assertGreater(len(found), 3)
        for path in found:
            done = run([self.prefix / "bin/flowscope", "check", path])
            self.assertEqual(0, done.returncode, f"{path}: {done.stderr}")


class Manual(unittest.TestCase):
    def test_is_sound(self):
        if shutil.which("mandoc") is None:
            self.skipTest("there is no mandoc")
        done = run(["mandoc", "-T", "lint", "-W", "warning", ROOT / "scripts/package/flowscope.1"])
        self.assertEqual("", done.stdout)


    def test_has_every_verb_and_every_option(self):
        manual = (ROOT / "scripts/package/flowscope.1").read_text()
        verbs = set(re.findall(r"^  flowscope ([a-z]+)", run([OPTIONS.flowscope, "--help"]).stdout, re.MULTILINE))
        self.assertGreater(len(verbs), 6)
        for verb in verbs:
            self.assertIn(f"\n.It Cm {verb}\n", manual)
            done = run([OPTIONS.flowscope, verb, "--help"])
            self.assertEqual((0, ""), (done.returncode, done.stderr), verb)
            for options in re.findall(r"^  (-[-a-z0-9,]+)", done.stdout, re.MULTILINE):
                for option in options.split(","):
                    name = option.lstrip("-")
                    flags = "Fl " * (len(option) - len(name))
                    described = re.compile(rf"^\.It (?:.*, )?{flags}{re.escape(name)}(?: |$)", re.MULTILINE)
                    self.assertRegex(manual, described, f"{verb} {option}")


class Completion(unittest.TestCase):
    def offered(self, *words):
        done = run(["bash", "-c", COMPLETE, "bash", COMPLETION, "flowscope", *words])
        self.assertEqual("", done.stderr)
        return done.stdout.split()

    def test_offers_every_verb_that_there_is(self):
        said = run([OPTIONS.flowscope, "no-such-verb"]).stderr
        verbs = re.search(r"there are (.*)", said).group(1).replace(" and ", ", ").split(", ")
        self.assertGreater(len(verbs), 4)
        self.assertLessEqual(set(verbs), set(self.offered("")))

    def test_offers_no_verb_that_there_is_not(self):
        for verb in self.offered(""):
            self.assertNotIn("unknown verb", run([OPTIONS.flowscope, verb, "--help"]).stderr)

    def test_offers_options_that_begin_so(self):
        self.assertEqual(["--flows-max"], self.offered("replay", "--flows"))

    def test_offers_the_values_of_an_option(self):
        self.assertEqual(["true", "false"], self.offered("replay", "--output-community-id", ""))
        self.assertEqual(["drop"], self.offered("live", "--checksums", "d"))
        self.assertEqual(["drop"], self.offered("live", "--checksums", "=", "d"))

    def test_offers_options_of_the_eal_before_the_border_and_ours_behind(self):
        self.assertIn("--vdev", self.offered("run", ""))
        self.assertNotIn("--flows-max", self.offered("run", ""))
        self.assertIn("--flows-max", self.offered("run", "-l", "0-1", "--", ""))

    def test_offers_files(self):
        self.assertIn(str(COMPLETION), self.offered("replay", "-c", str(COMPLETION)[:-2]))
        self.assertIn(str(COMPLETION), self.offered("check", str(COMPLETION)[:-2]))
        self.assertIn(str(COMPLETION), self.offered("replay", str(COMPLETION)[:-2]))

    def test_of_interface_offers_those_of_the_machine(self):
        if os.path.isdir("/sys/class/net/lo"):
            self.assertIn("lo", self.offered("live", "-i", "l"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder to install in; emptied first")
    parser.add_argument("--prefix", type=pathlib.Path, required=True)
    parser.add_argument("--flowscope", type=lambda path: pathlib.Path(path).resolve(), required=True)
    OPTIONS, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    unittest.main()
