#!/usr/bin/env python3
"""Adds up what meson's tests said: count_tests.py RUN=STATUS... for build/RUN, whose run ended with the
exit status STATUS. Prints 'N passed, N failed' (and ', N skipped' when some were); exit status 1 when one
failed. A run that failed without a failed test (its build broke) or had no test counts as one failure."""
import json
import pathlib
import sys

PASSED = ("OK", "EXPECTEDFAIL")
SKIPPED = ("SKIP",)


def results(run):
    """(name, result) of each test of build/RUN that was run."""
    path = pathlib.Path("build") / run / "meson-logs/testlog.json"
    if not path.exists():
        return []
    return [(entry["name"], entry["result"]) for entry in map(json.loads, path.read_text().splitlines())]


def main(runs):
    passed, failed, skipped = 0, 0, 0
    for run, status in (run.split("=") for run in runs):
        failed_before = failed
        found = results(run)
        for name, result in found:
            if result in PASSED:
                passed += 1
            elif result in SKIPPED:
                print(f"{run}: {name}: skipped")
                skipped += 1
            else:
                print(f"{run}: {name}: {result}")
                failed += 1
        if not found or (status != "0" and failed == failed_before):
            print(f"{run}: {'no test was run' if not found else 'ended early'} (exit status {status})")
            failed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
