#!/usr/bin/env python3
"""Runs an example on captures and demands that it prints what a file says: prints.py EXAMPLE FILE CAPTURE...

Without a capture, and with one that is not there, it must fail and say why. FS_UPDATE=1 writes the file."""
import difflib
import os
import pathlib
import subprocess
import sys


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main(example, expected_path, captures):
    example = os.path.abspath(example)
    expected_path = pathlib.Path(expected_path)
    problems = []
    for capture in captures:
        ran = run(example, capture)
        if os.environ.get("FS_UPDATE"):
            expected_path.write_text(ran.stdout)
        expected = expected_path.read_text()
        if ran.returncode != 0:
            problems.append(f"exit code {ran.returncode} on {capture}: {ran.stderr}")
        if ran.stdout != expected or not expected:
            problems += difflib.unified_diff(expected.splitlines(), ran.stdout.splitlines(), str(expected_path),
                                             f"printed for {capture}", lineterm="")
    for arguments, complaint in (((), "usage: "), (("no-such-file.pcap",), "no-such-file.pcap")):
        ran = run(example, *arguments)
        if ran.returncode != 1 or complaint not in ran.stderr or ran.stdout:
            problems.append(f"with {arguments} it answers {ran.returncode}, {ran.stdout!r}, {ran.stderr!r}")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
