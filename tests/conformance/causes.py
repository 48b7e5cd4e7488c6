#!/usr/bin/env python3
"""Sorts the values in which our records differ from the corpus' expectations by cause.

Reads the differences that score.py --diff wrote and what tshark saw in each capture, and prints one line for each
cause: how many values of each kind are missing or wrong for it. The first cause that fits a difference takes it."""
import argparse
import collections
import json
import pathlib
import re

KINDS = ("packets", "tcp_flows", "udp_flows", "tcp_flow_packets", "http_requests", "http_status", "tls_sni", "ja3", "ja3s",
         "ja4", "dns_queries", "dns_responses", "ssh_banners", "quic_sni", "community_id", "suricata_checks")


class Difference:
    """What one capture lacks or has too much of one kind."""

    def __init__(self, line, seen):
        self.kind, self.line, self.seen = line["kind"], line, seen
        self.layers = set(seen.get("layers", ()))
        self.file = line["file"].split("/", 1)[1]

    def values(self):
        return sum(self.line.get(side + "_total", len(self.line.get(side, ()))) for side in ("missing", "extra"))

    def misses(self, pattern):
        return re.search(pattern, json.dumps(self.line.get("missing", [])))

    def is_in(self, *names):
        return any(name in self.file for name in names)


# In the order in which they are asked: what hides all packets comes first. Files are named only where neither
# tshark's layers nor the values tell the cause; each of them was looked at.
CAUSES = [
    ("Suricata's own checks: fields, protocols and decoders that are not there yet", lambda d: d.kind == "suricata_checks"),
    ("tshark counts the custom blocks of a pcapng file as packets", lambda d: d.kind == "packets"),
    ("Messages damaged on purpose, of which tshark guesses another meaning",
     lambda d: d.is_in("fuzz-2006", "ossfuzz", "tls_cipher_lens", "afl_data")),
    ("AYIYA: tshark counts the flow around the tunnel as well, we follow the one inside",
     lambda d: d.kind == "udp_flows" and "ayiya" in d.layers),
    ("60 headers of 802.1ah in one frame, one in the other: we take off 8", lambda d: d.is_in("pbb-recursive")),
    ("Fragments that reach beyond 65,535 bytes: tshark joins them, we do not", lambda d: d.is_in("ipv6-reassembly-state-leak")),
    ("Two packets in one frame (802.11 A-MSDU): the first is followed", lambda d: d.is_in("aruba-amsdu")),
    ("Community IDs that Arkime publishes for flows around tunnels, and for an ICMPv6 error whose direction it drops",
     lambda d: d.kind == "community_id" and d.is_in("arkime_synthetic", "gtp-iphone")),
    ("Protocols without ports: we hash none into the Community ID, as its specification says; Arkime hashes zeros",
     lambda d: d.kind == "community_id"),
    ("DNS response code: ours has the extended bits (RFC 6891 section 6.1.3), tshark's has not",
     lambda d: d.kind == "dns_responses" and d.is_in("rcode", "arkime_synthetic")),
    ("HTTP against its grammar: HTTP/2.0 in words, a status of four digits, two lengths",
     lambda d: d.is_in("http-evader-370", "http-evader-478", "http-multiple-cl")),
    ("DNS messages that the capture cut inside their header", lambda d: d.is_in("badpackets")),
    ("A hole in the stream: we find a message behind it that tshark does not", lambda d: d.is_in("dns-tcp-ts-gap")),
]
OTHER = "Not explained yet"


def load(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def classify(differences):
    """Cause -> kind -> values, and cause -> captures."""
    table, captures = {}, collections.defaultdict(list)
    for difference in differences:
        if not difference.values():
            continue
        cause = next((name for name, fits in CAUSES if fits(difference)), OTHER)
        table.setdefault(cause, collections.Counter())[difference.kind] += difference.values()
        captures[cause].append(f"{difference.kind} {difference.file}")
    return table, captures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("diff", help="what score.py --diff wrote")
    parser.add_argument("--files", action="store_true", help="names the captures below each cause")
    options = parser.parse_args()
    seen = {line["file"]: line for line in load(options.corpus / "expected_tshark.jsonl")}
    table, captures = classify(Difference(line, seen[line["file"]])
                               for line in load(options.diff) if line["kind"] in KINDS)
    print("| cause | captures | values | by kind |\n|---|---:|---:|---|")
    for cause, kinds in sorted(table.items(), key=lambda row: -sum(row[1].values())):
        by_kind = ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS if kinds[kind])
        files = {name.split(" ", 1)[1] for name in captures[cause]}
        print(f"| {cause} | {len(files)} | {sum(kinds.values())} | {by_kind} |")
        if options.files:
            print("\n".join("    " + name for name in captures[cause]))


if __name__ == "__main__":
    main()
