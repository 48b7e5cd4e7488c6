#!/usr/bin/env python3
"""What records are left when a capture misses segments: the curve for 0 to 10 % of TCP segments with payload.

Writes a mix of HTTP and TLS sessions, takes segments out at random (the ends have them, so they are never sent again), replays
what is left and compares each record with the one of the whole capture. A record is right when every field that tells who
spoke of what is the same, in part when some of them are not there, wrong when one differs or nobody said it. A request and
its response that could not be paired are two records in part of one exchange; it is counted once.
"""
import argparse
import collections
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

RECORD_HEADER = struct.Struct("<IIII")
FILE_HEADER_BYTES = 24
PERCENTS = (0, 0.5, 1, 2, 3, 5, 7, 10)


def packets_of(capture):
    """Record header and frame of each packet of a pcap file in little-endian order."""
    at = FILE_HEADER_BYTES
    while at < len(capture):
        captured = RECORD_HEADER.unpack_from(capture, at)[2]
        end = at + RECORD_HEADER.size + captured
        yield capture[at:end], capture[at + RECORD_HEADER.size:end]
        at = end


def has_tcp_payload(frame):
    """Whether an Ethernet frame carries TCP with payload."""
    ether_type = struct.unpack_from("!H", frame, 12)[0]
    if ether_type == 0x0800:
        protocol, ip_bytes = frame[23], (frame[14] & 15) * 4
        total = struct.unpack_from("!H", frame, 16)[0]
    elif ether_type == 0x86DD:
        protocol, ip_bytes = frame[20], 40
        total = 40 + struct.unpack_from("!H", frame, 18)[0]
    else:
        return False
    if protocol != 6:
        return False
    tcp_bytes = (frame[14 + ip_bytes + 12] >> 4) * 4
    return total > ip_bytes + tcp_bytes


def records_of(program, capture):
    """Protocol records by flow: a list of (kind, fields) each."""
    done = subprocess.run([program, "replay", capture, "-o", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode != 0:
        sys.exit("replay of %s failed: %s" % (capture, done.stderr.strip()))
    flows = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        record = json.loads(line)
        kind = record["event_type"]
        if kind not in ("http", "tls"):
            continue
        ends = sorted([(record["src_ip"], record["src_port"]), (record["dest_ip"], record["dest_port"])])
        body = record[kind]
        if kind == "http":
            fields = {name: body.get(name) for name in ("http_method", "hostname", "url", "status", "http_user_agent")}
        else:
            fields = {name: body.get(name) for name in ("sni", "version", "ja4")}
            fields.update({name: (body.get(name) or {}).get("hash") for name in ("ja3", "ja3s")})
        flows[kind, tuple(ends)].append(fields)
    return flows


def judge(whole, found):
    """Counts of right, in part, wrong and missing records of one flow."""
    left, right, part, wrong = list(whole), 0, 0, 0
    rest = []
    for fields in found:
        if fields in left:
            left.remove(fields)
            right += 1
        else:
            rest.append(fields)
    for fields in rest:
        told = {name: value for name, value in fields.items() if value is not None}
        match = next((known for known in left if told.items() <= known.items()), None)
        if match is not None:
            left.remove(match)
            part += 1
        elif not any(told.items() <= known.items() for known in whole):
            wrong += 1
    return right, part, wrong, len(left)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="build folder, e.g. build/release")
    parser.add_argument("--sessions", type=int, default=3000, help="of HTTP, and as many of TLS")
    parser.add_argument("--percent", type=float, action="append", help="only this share (may be repeated)")
    parser.add_argument("--seed", type=int, default=1, help="of which segments are lost")
    parser.add_argument("--fail-under", type=float, help="exit 1 when fewer records (right or in part, in percent) are left at "
                        "1 %% of loss, or when one is wrong at any")
    args = parser.parse_args()
    traffic = os.path.join(args.build, "perf/traffic/fs_traffic")
    program = os.path.join(args.build, "flowscope")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mix.pcap")
        subprocess.run([traffic, "mix", "--http", str(args.sessions), "--tls", str(args.sessions), "--dns", "0", path],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(path, "rb") as file:
            capture = file.read()
        packets = [(record, has_tcp_payload(frame)) for record, frame in packets_of(capture)]
        whole = records_of(program, path)
        print("seed %d, %d packets, of which %d may be lost" % (
            args.seed, len(packets), sum(carries for _, carries in packets)))
        print("%6s  %-5s %8s %8s %8s %8s %8s" % ("lost %", "", "records", "right %", "left %", "wrong", "missing"))
        for percent in args.percent or PERCENTS:
            chance = random.Random(args.seed)
            with open(path, "wb") as file:
                file.write(capture[:FILE_HEADER_BYTES])
                file.writelines(record for record, carries in packets if not carries or chance.random() * 100 >= percent)
            found = records_of(program, path)
            for kind in ("http", "tls"):
                sums = [0, 0, 0, 0]
                for flow in set(whole) | set(found):
                    if flow[0] == kind:
                        sums = [a + b for a, b in zip(sums, judge(whole.get(flow, []), found.get(flow, [])))]
                right, part, wrong, missing = sums
                total = right + part + missing
                left = 100 * (right + part) / total
                print("%6.1f  %-5s %8d %8.2f %8.2f %8d %8d" % (
                    percent, kind, total, 100 * right / total, left, wrong, missing), flush=True)
                if args.fail_under is not None:
                    failed |= wrong > 0 or (percent == 1 and left < args.fail_under)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
