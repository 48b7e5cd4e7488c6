#!/usr/bin/env python3
"""Shows results of Google Benchmark.

  bench_table.py FILE.json...    nanoseconds per packet of each benchmark: median and spread
  bench_table.py --diff FOLDER   old against new from FOLDER/NAME.{old,new}.ROUND.json, with a verdict;
                                 exit status 1 when a benchmark got slower by more than the noise

Spread is the median absolute deviation (MAD) of the repetitions.
"""
import json
import pathlib
import re
import statistics
import sys

NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
# Below this share a difference is taken for code layout and neighbours on the machine.
NOISE_SHARE_MIN = 0.03
# How many scaled MADs two medians must lie apart to be told from chance.
NOISE_DEVIATIONS = 3.0
# Makes the MAD of normal noise comparable with its standard deviation.
MAD_SCALE = 1.4826


def times_by_name(path):
    """Benchmark name -> its repetitions in nanoseconds per packet (per iteration without the counter)."""
    times = {}
    for entry in json.loads(path.read_text())["benchmarks"]:
        if entry.get("run_type") == "aggregate":
            continue
        if entry.get("error_occurred"):
            sys.exit(f"{path}: {entry['name']}: {entry.get('error_message', 'failed')}")
        name = re.sub(r"/(iterations|repeats|min_time|min_warmup_time):[^/]*", "", entry["run_name"])
        name = re.sub(r"/(real_time|process_time|manual_time)$", "", name)
        time = entry.get("ns_per_packet", entry["real_time"] * NANOSECONDS[entry["time_unit"]])
        times.setdefault(name, []).append(time)
    return times


def median_and_mad(values):
    median = statistics.median(values)
    return median, statistics.median(abs(value - median) for value in values)


def show_table(paths):
    rows = []
    for path in paths:
        for name, values in times_by_name(path).items():
            rows.append((name, *median_and_mad(values), len(values)))
    width = max([len("benchmark")] + [len(row[0]) for row in rows])
    print(f"{'benchmark':{width}}  {'ns/packet':>10}  {'MAD':>8}  runs")
    for name, median, mad, runs in sorted(rows):
        print(f"{name:{width}}  {median:10.2f}  {mad:8.2f}  {runs:4}")


def show_diff(folder):
    sides = {"old": {}, "new": {}}
    for path in sorted(folder.glob("*.json")):
        side = path.name.split(".")[-3]
        for name, values in times_by_name(path).items():
            sides[side].setdefault(name, []).extend(values)
    names = [name for name in sides["new"] if name in sides["old"]]
    if not names:
        sys.exit(f"{folder}: no benchmark is in both versions")
    width = max([len("benchmark")] + [len(name) for name in names])
    print(f"{'benchmark':{width}}  {'old':>9} {'MAD':>7}  {'new':>9} {'MAD':>7}  {'change':>7}  verdict")
    slower = 0
    for name in names:
        old, old_mad = median_and_mad(sides["old"][name])
        new, new_mad = median_and_mad(sides["new"][name])
        noise = max(NOISE_SHARE_MIN * old, NOISE_DEVIATIONS * MAD_SCALE * max(old_mad, new_mad))
        verdict = "slower" if new - old > noise else "faster" if old - new > noise else "same"
        slower += verdict == "slower"
        change = (new - old) / old * 100 if old else 0.0
        print(f"{name:{width}}  {old:9.2f} {old_mad:7.2f}  {new:9.2f} {new_mad:7.2f}"
              f"  {change:+6.1f}%  {verdict}")
    print(f"{slower} of {len(names)} benchmarks slower than noise explains")
    return 1 if slower else 0


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--diff":
        return show_diff(pathlib.Path(arguments[1]))
    if not arguments or arguments[0].startswith("-"):
        sys.exit(__doc__)
    show_table([pathlib.Path(argument) for argument in arguments])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
