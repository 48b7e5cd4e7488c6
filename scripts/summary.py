#!/usr/bin/env python3
"""Counts the records of runs side by side: summary.py [--same] NAME=FILE.json...

With --same the exit status is 1 when the runs differ."""
import collections
import json
import sys

# Row -> how it is counted.
RECORDS = {"flows": "flow", "HTTP records": "http", "TLS records": "tls", "DNS records": "dns",
           "anomalies": "anomaly"}
SAMPLE_TYPES = ("flow", "http", "tls", "dns")
SHOWN_COLUMNS = 150


def read_records(path):
    """Counts per row, and the first record of each type as it is written."""
    counts = collections.Counter()
    samples = {}
    with open(path, encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                sys.exit(f"summary: {path}, line {number} is not JSON: {error}")
            kind = record.get("event_type", "?")
            counts[kind] += 1
            samples.setdefault(kind, line.rstrip("\n"))
            if kind == "flow":
                flow = record.get("flow", {})
                for key in ("pkts", "bytes"):
                    counts[key] += flow.get(f"{key}_toserver", 0) + flow.get(f"{key}_toclient", 0)
    return counts, samples


def main(arguments):
    must_be_same = "--same" in arguments
    runs = [argument.split("=", 1) for argument in arguments if argument != "--same"]
    if not runs or any(len(run) != 2 for run in runs):
        sys.exit(__doc__)
    results = []
    for name, path in runs:
        try:
            results.append((name, path, *read_records(path)))
        except OSError as error:
            sys.exit(f"summary: {path}: {error.strerror}")

    rows = [("packets in flows", "pkts"), ("bytes in flows", "bytes"), *RECORDS.items()]
    print(f"{'':18}" + "".join(f"{name:>14}" for name, *_ in results))
    differing = []
    for title, key in rows:
        values = [counts[key] for _, _, counts, _ in results]
        if len(set(values)) > 1:
            differing.append(title)
        print(f"{title:18}" + "".join(f"{value:14,}" for value in values)
              + ("   differs" if len(set(values)) > 1 else ""))
    _, first_path, counts, samples = results[0]
    print("\none record of each kind, as written:")
    for kind in SAMPLE_TYPES:
        if kind in samples:
            line = samples[kind]
            print(f"  {line[:SHOWN_COLUMNS]}{'...' if len(line) > SHOWN_COLUMNS else ''}")
    print("\nrecords:")
    for name, path, *_ in results:
        print(f"  {name:8} {path}")

    if any(result[2]["flow"] == 0 for result in results):
        sys.exit("summary: a run has found no flow")
    if must_be_same and differing:
        sys.exit(f"summary: the runs differ in {', '.join(differing)}")


if __name__ == "__main__":
    main(sys.argv[1:])
