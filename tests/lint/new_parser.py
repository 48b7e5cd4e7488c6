#!/usr/bin/env python3
"""Makes a protocol from the templates in a copy of the tree and demands what scripts/dev new-parser promises: that it
is one folder and one word in a list, that it builds and passes its own tests and every lint check, and that the
program finds it in a capture and writes its records."""
import argparse
import filecmp
import json
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tcp_capture

NAME = "sample_line"
BUILD = "build/debug"
COPIED = ("flowcore", "l7", "config", "dataplane", "tests", "perf", "scripts", "docs")
COPIED_FILES = ("meson.build", "meson_options.txt", ".clang-format", "LICENSE-APACHE", "LICENSE-MIT", "README.md")
TARGETS = [f"tests/unit/l7/{NAME}/test_l7_{NAME}", f"tests/fuzz/fuzz_{NAME}", "flowscope"]
# Parsers that the program has beside it: fewer are compiled sooner.
OTHERS = "'http', 'dns'"
CHECKS = ("layers", "words", "sizes", "dead_files", "format")
# What the templates' parser reads: lines, the first of which greets.
GREETING = NAME.upper()
TURNS = [(tcp_capture.CLIENT, f"{GREETING} ask\r\n".encode()), (tcp_capture.SERVER, f"{GREETING} ans".encode()),
         (tcp_capture.SERVER, b"wer\r\nmore\r\n")]
RECORDS = [{"from_initiator": True, "line": f"{GREETING} ask"}, {"from_initiator": False, "line": f"{GREETING} answer"},
           {"from_initiator": False, "line": "more"}]


def run(command, folder):
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        print(result.stdout[-4000:], result.stderr[-4000:])
        sys.exit(f"new_parser: {' '.join(map(str, command))} failed")
    return result.stdout


def copy_tree(root, copy):
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "build*/"))
    for name in COPIED_FILES:
        shutil.copy(root / name, copy)


def with_few_parsers(copy):
    """Shortens the list of parsers; gives the text of the options as it is then."""
    path = copy / "meson_options.txt"
    text, count = re.subn(r"(option\('l7',[^\[]*\[)[^\]]*", rf"\1{OTHERS}", path.read_text(), count=1)
    if count != 1:
        sys.exit("new_parser: meson_options.txt has no list for the option l7")
    path.write_text(text)
    return text


def check_changes(root, copy, options):
    """The protocol's own folders and files are new; of the others one line changed, by one word."""
    is_own = lambda path: NAME in str(path)
    is_made = lambda path: "__pycache__" in path.parts
    for path in sorted(path.relative_to(copy) for path in copy.rglob("*") if path.is_file()):
        if is_own(path) or is_made(path):
            continue
        if not (root / path).is_file():
            sys.exit(f"new_parser: {path} is new, but not in a folder of the protocol")
        if str(path) != "meson_options.txt" and not filecmp.cmp(root / path, copy / path, shallow=False):
            sys.exit(f"new_parser: {path} was changed")
    after = (copy / "meson_options.txt").read_text()
    changed = [(old, new) for old, new in zip(options.splitlines(), after.splitlines(), strict=True) if old != new]
    if len(changed) != 1 or changed[0][1].replace(f", '{NAME}'", "") != changed[0][0]:
        sys.exit(f"new_parser: meson_options.txt has other changes than one word: {changed}")


def check_lint(copy):
    """Every complaint that names the new protocol; those about other files are for their own tests."""
    complaints = []
    for check in CHECKS:
        result = subprocess.run([sys.executable, f"tests/lint/{check}.py"], cwd=copy, capture_output=True,
                                text=True, check=False)
        complaints += [line for line in result.stdout.splitlines()
                       if NAME in line and not line.startswith("  ")]
    if complaints:
        sys.exit("\n".join(complaints))


def check_records(copy):
    """The program, which nobody told of the protocol, writes its messages and names it in the flow's record."""
    capture = copy / BUILD / f"{NAME}.pcap"
    tcp_capture.write_tcp_capture(capture, TURNS)
    records = [json.loads(line) for line in run([f"{BUILD}/flowscope", "replay", capture, "-o", "-"], copy).splitlines()]
    messages = [record[NAME] for record in records if record["event_type"] == NAME]
    if messages != RECORDS:
        sys.exit(f"new_parser: expected the messages {RECORDS}, got {messages}")
    protocols = [record.get("app_proto") for record in records if record["event_type"] == "flow"]
    if protocols != [NAME]:
        sys.exit(f"new_parser: the flow's app_proto is {protocols}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=".")
    parser.add_argument("--work", default="build/new_parser", help="folder to build in; emptied first")
    arguments = parser.parse_args()
    root = pathlib.Path(arguments.root).resolve()
    copy = pathlib.Path(arguments.work).resolve()
    copy_tree(root, copy)
    options = with_few_parsers(copy)

    print(run([sys.executable, "scripts/new_parser.py", NAME], copy))
    check_changes(root, copy, options)
    check_lint(copy)
    # As the tree itself is built, so that ccache has most of it.
    run(["scripts/dev", "build", "gcc", *TARGETS], copy)
    print(run(["meson", "test", "-C", BUILD, "--no-rebuild", f"l7_{NAME}", f"fuzz_{NAME}"], copy))
    check_records(copy)
    shutil.rmtree(copy)


if __name__ == "__main__":
    main()
