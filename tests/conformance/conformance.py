#!/usr/bin/env python3
"""Replays every capture of the corpus and measures how far the records agree with what others found in them.

Prints the table and fails below the limits of limits.json, which may only rise: FS_CONFORMANCE_UPDATE=1 raises them.
The corpus is no part of this tree; without it the test is skipped."""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import program as run

LIMITS = HERE / "limits.json"
# Never allowed, whatever the limits.
FAULTS = ("crashes", "sanitizer", "timeouts", "missing", "exits_nonzero", "bad_json_lines")


def floor(percent):
    """Cut to hundredths, so that 100 means all."""
    return None if percent is None else math.floor(percent * 100) / 100


def measured(report):
    kinds = {}
    for kind, total in sorted(report["kinds"].items()):
        kinds[kind] = {side: floor(total[side]) for side in ("recall", "precision")}
    return kinds


def below_limits(kinds, limits):
    """Messages for every figure that fell."""
    messages = []
    for kind, sides in limits.items():
        for side, limit in sides.items():
            value = kinds.get(kind, {}).get(side)
            if limit is not None and (value is None or value < limit):
                messages.append(f"{side} of {kind} fell to {value} %; it was {limit} %")
    return messages


def raised(kinds, limits):
    """The limits with every figure that rose; none is ever lowered."""
    new = {kind: dict(sides) for kind, sides in limits.items()}
    for kind, sides in kinds.items():
        for side, value in sides.items():
            old = new.setdefault(kind, {}).get(side)
            if value is not None and (old is None or value > old):
                new[kind][side] = value
            new[kind].setdefault(side, None)
    return new


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flowscope", required=True, help="the program under test")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--diff", help="where score.py writes its differences, for causes.py")
    options = parser.parse_args()
    corpus = run.corpus_folder()
    if corpus is None:
        run.skip_all("no corpus here (FLOWSCOPE_CORPUS names its folder)")
    with tempfile.TemporaryDirectory() as folder:
        report_path = pathlib.Path(folder) / "report.json"
        command = [sys.executable, corpus / "score.py", corpus, "--jobs", str(options.jobs), "--json", report_path,
                   "--run", f"{os.path.abspath(options.flowscope)} replay {{file}} -o -"]
        command += ["--diff", options.diff] if options.diff else []
        subprocess.run(command, check=True)
        report = json.loads(report_path.read_text())
    kinds, limits = measured(report), json.loads(LIMITS.read_text()) if LIMITS.exists() else {}
    messages = [f"{report['run'][fault]} captures with {fault}" for fault in FAULTS if report["run"][fault]]
    messages += below_limits(kinds, limits)
    for message in messages:
        print("FAIL " + message)
    if os.environ.get("FS_CONFORMANCE_UPDATE") == "1" and not messages:
        LIMITS.write_text(json.dumps(raised(kinds, limits), indent=1, sort_keys=True) + "\n")
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
