#!/usr/bin/env python3
"""Packets a second of `flowscope run` beside dpdk-testpmd's rxonly, on virtual devices that never run dry.

For each device the programs run in turn, with the same lcores, burst and mbufs, and the medians of their rates are
printed with the ratio to testpmd of the same rounds: testpmd (receives and frees), flowscope with worker.track off
(receives, counts, frees), flowscope as it is (every stage), and once more with a table not much larger than the flows
need: where large pages are not to be had, look-ups of pages are a good part of the time. Then several workers
(--workers) beside one, on 64-byte frames: the time of a packet less that of counting it, so that the soft port's own
cost is left out. Needs root, a processor for each worker that nothing else uses, and huge pages unless --no-huge.
"""
import argparse
import os
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

PACKETS = 20_000
FLOWS = 10_000
# Sizes of frames without their check sequence, and how often they come.
MIXES = {"64 bytes": ((60, 1),), "IMIX": ((60, 7), (590, 4), (1514, 1))}


def checksum(header):
    total = sum(struct.unpack(">%dH" % (len(header) // 2), header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(flow, number, size):
    """A packet of one of the flows, both directions in turn: the smallest are acknowledgments of TCP, as on most
    links, the others datagrams of UDP, since segments that come again and again would all be retransmissions."""
    client, server = struct.pack(">I", 0x0A000000 + flow), b"\xc0\xa8\x01\x01"
    ports = (1024 + flow % 60_000, 9000)
    source, target, ports = (client, server, ports) if number % 2 == 0 else (server, client, ports[::-1])
    if size == 60:
        protocol, transport = 6, struct.pack(">HHIIBBHHH", *ports, 1000, 1000, 0x50, 0x10, 65535, 0, 0)
        length, padding = 40, bytes(6)
    else:
        protocol, transport = 17, struct.pack(">HHHH", *ports, size - 34, 0)
        length, padding = size - 14, b""
        transport += bytes((flow * 7 + i) & 0x7F | 0x80 for i in range(size - 42))
    header = struct.pack(">BBHHHBBH", 0x45, 0, length, number & 0xFFFF, 0x4000, 64, protocol, 0) + source + target
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + header + transport + padding


def write_capture(path, mix, part=0, parts=1):
    """Every packet of each flow whose number is `part` modulo `parts`."""
    sizes = [size for size, count in mix for _ in range(count)]
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number in range(PACKETS):
            if number % FLOWS % parts != part:
                continue
            data = frame(number % FLOWS, number // FLOWS, sizes[number * 7919 % len(sizes)])
            out.write(struct.pack("<IIII", 0, number, len(data), len(data)) + data)


class Bench:
    def __init__(self, args, folder):
        self.args = args
        self.folder = folder

    def eal(self, vdevs, workers):
        memory = ["--no-huge", "-m", "1024"] if self.args.no_huge else []
        devices = [option for vdev in vdevs for option in ("--vdev", vdev)]
        # Where processors are few the main lcore, which sleeps, shares one with a worker.
        lcores = "0-%d" % workers
        if os.cpu_count() <= workers:
            lcores = ",".join(["0@(0-%d)" % (workers - 1)] + ["%d@%d" % (i + 1, i) for i in range(workers)])
        return ["--lcores", lcores, "--no-pci", "--file-prefix", "receive%d" % os.getpid(), *memory, *devices]

    def rate(self, command, pattern, scale):
        """The median of the rates that the program prints each second, the first one left out."""
        log = os.path.join(self.folder, "log")
        rates = []
        with open(log, "w", encoding="utf-8") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + self.args.seconds + 30
        while len(rates) <= self.args.seconds and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.2)
            with open(log, encoding="utf-8", errors="replace") as lines:
                text = lines.read()
            rates = [float(value) * scale for value in re.findall(pattern, text, re.MULTILINE)]
        process.send_signal(signal.SIGINT)
        process.wait(30)
        if len(rates) <= self.args.seconds:
            sys.exit("%s printed too few rates:\n%s" % (" ".join(command), text[-2000:]))
        return statistics.median(rates[1:])

    def testpmd(self, vdevs, workers):
        return self.rate([self.args.testpmd, *self.eal(vdevs, workers), "--", "--forward-mode=rxonly", "--auto-start",
                          "--stats-period=1", "--burst=64", "--nb-cores=%d" % workers, "--no-flush-rx",
                          "--total-num-mbufs=%d" % self.args.mbufs, "--rxq=%d" % workers, "--txq=%d" % workers],
                         r"Rx-pps:\s+(\d+)", 1e-6)

    def flowscope(self, vdevs, workers, *options):
        return self.rate([self.args.flowscope, "run", *self.eal(vdevs, workers), "--", "-o", "/dev/null",
                          "--stats-period", "1s", "--total-num-mbufs", str(self.args.mbufs), "--workers", str(workers),
                          *options], r"^net_\S+ \(\S+\)\s+\d+\s+\d+\s+\S+\s+([\d.]+)", 1)

    def compare(self, name, vdevs, workers=1, options=()):
        programs = {
            "testpmd": lambda: self.testpmd(vdevs, workers),
            "counting": lambda: self.flowscope(vdevs, workers, "--worker-track", "false", *options),
            "tracking": lambda: self.flowscope(vdevs, workers, *options),
            "in a smaller table": lambda: self.flowscope(vdevs, workers, "--flows-max", str(2 * FLOWS), *options),
        }
        rates = {program: [] for program in programs}
        for _ in range(self.args.rounds):
            for program, run in programs.items():
                rates[program].append(run())
        medians = {program: statistics.median(values) for program, values in rates.items()}
        for program, median in medians.items():
            print("%-18s %-18s %8.2f Mpps %6.1f ns %6.2f of testpmd   (%s)" % (
                name, program, median, 1e3 * workers / median, median / medians["testpmd"],
                " ".join("%.2f" % rate for rate in rates[program])), flush=True)
        return medians

    def queues(self, count):
        """A device of so many queues, each flow on one of them."""
        captures = [os.path.join(self.folder, "part%d_of_%d.pcap" % (part, count)) for part in range(count)]
        for part, capture in enumerate(captures):
            if not os.path.exists(capture):
                write_capture(capture, MIXES["64 bytes"], part, count)
        return ["net_pcap0," + ",".join("rx_pcap=%s" % capture for capture in captures) + ",infinite_rx=1"]

    def scale(self):
        """How much faster several workers, each with a queue of its own, are than one."""
        runs = {"one worker": (self.queues(1), 1, ())}
        for workers in self.args.workers:
            vdevs = self.queues(workers)
            runs["%d workers" % workers] = (vdevs, workers, ("--worker-resteer", "off"))
            runs["%d, re-steering" % workers] = (vdevs, workers, ("--worker-resteer", "on"))
        costs = {name: [] for name in runs}
        for _ in range(self.args.rounds):
            for name, (vdevs, workers, options) in runs.items():
                tracking = self.flowscope(vdevs, workers, *options)
                counting = self.flowscope(vdevs, workers, "--worker-track", "false")
                costs[name].append((1e3 / tracking, 1e3 * workers * (1 / tracking - 1 / counting), counting))
        one = statistics.median(cost for _, cost, _ in costs["one worker"])
        for name, values in costs.items():
            cost = statistics.median(cost for _, cost, _ in values)
            workers = runs[name][1]
            print("%-22s %8.2f Mpps, %6.1f ns of a worker for each packet beside its receipt: %.2f times one" % (
                name, 1e3 / statistics.median(total for total, _, _ in values), cost, workers * one / cost), flush=True)


def measure(bench):
    bench.compare("net_null", ["net_null0,size=64,copy=1"])
    bench.scale()
    for name, mix in MIXES.items():
        capture = os.path.join(bench.folder, name.replace(" ", "") + ".pcap")
        write_capture(capture, mix)
        bench.compare("net_pcap " + name, ["net_pcap0,rx_pcap=%s,infinite_rx=1" % capture])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("flowscope", help="the program, built for speed")
    parser.add_argument("--testpmd", default="dpdk-testpmd")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved runs of each program")
    parser.add_argument("--seconds", type=int, default=4, help="of each run")
    parser.add_argument("--workers", type=int, nargs="*", default=[2], metavar="N", help="numbers of workers to compare with one")
    parser.add_argument("--mbufs", type=int, default=65536)
    parser.add_argument("--no-huge", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flowscope-receive-") as folder:
        measure(Bench(args, folder))


if __name__ == "__main__":
    main()
