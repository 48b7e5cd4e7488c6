#!/usr/bin/env python3
"""Processor time of `flowscope replay` against the header-parse floor, on generated captures.

For each traffic mix: writes the capture once, then runs floor and replay in turn (every parser on, one worker,
EVE records to /dev/null) and prints the medians of user + system time per packet over all threads, and their ratio.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

# Four million packets each, so that the start (memory that is touched for the first time) is a small part of it.
MIXES = {
    "http": ["--http", "300000", "--tls", "0", "--dns", "0"],
    "tls": ["--http", "0", "--tls", "100000", "--dns", "0"],
    "dns": ["--http", "0", "--tls", "0", "--dns", "2000000"],
    "all": ["--http", "60000", "--tls", "60000", "--dns", "60000"],
}


def cpu_seconds(command, env=None):
    """User and system time of a finished child, and its standard output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit("%s failed: %s" % (" ".join(command), done.stderr.strip()))
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="release build folder, e.g. build/release")
    parser.add_argument("--mix", choices=list(MIXES), action="append", help="only this mix (may be repeated)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved runs of each program")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where captures are kept between runs")
    parser.add_argument("--json", help="write the medians here")
    parser.add_argument("--fail-over", type=float, help="exit 1 when a ratio is above this")
    args = parser.parse_args()
    programs = {name: os.path.join(args.build, path) for name, path in (
        ("traffic", "perf/traffic/fs_traffic"), ("floor", "perf/scenarios/fs_floor"), ("replay", "flowscope"))}

    results, worst = {}, 0.0
    print("%-6s %10s %12s %12s %7s" % ("mix", "packets", "floor ns", "replay ns", "ratio"))
    for mix in args.mix or MIXES:
        capture = os.path.join(args.folder, "flowscope-mix-%s.pcap" % mix)
        if not os.path.exists(capture):
            subprocess.run([programs["traffic"], "mix", *MIXES[mix], capture], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        floor, replay, packets = [], [], 0
        for _ in range(args.rounds):
            seconds, text = cpu_seconds([programs["floor"], capture])
            packets = json.loads(text)["packets"]
            floor.append(seconds)
            replay.append(cpu_seconds([programs["replay"], "replay", capture, "-o", "/dev/null"])[0])
        ns = [statistics.median(times) / packets * 1e9 for times in (floor, replay)]
        results[mix] = {"packets": packets, "floor_ns": ns[0], "replay_ns": ns[1], "ratio": ns[1] / ns[0]}
        worst = max(worst, ns[1] / ns[0])
        print("%-6s %10d %12.1f %12.1f %7.2f" % (mix, packets, ns[0], ns[1], ns[1] / ns[0]), flush=True)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump(results, out, indent=1)
    return 1 if args.fail_over is not None and worst > args.fail_over else 0


if __name__ == "__main__":
    sys.exit(main())
