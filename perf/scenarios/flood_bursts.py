#!/usr/bin/env python3
"""Burst times of `flowscope run` under a SYN flood on a soft port: net_pcap with infinite_rx, every packet of which
opens a flow that a full table was made to forget. Prints what the program says of rates, evictions and burst times.

  perf/scenarios/flood_bursts.py --flowscope build/release/flowscope --traffic build/release/perf/traffic/fs_traffic
"""
import argparse
import signal
import subprocess
import sys
import tempfile
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flowscope", default="build/release/flowscope")
    parser.add_argument("--traffic", default="build/release/perf/traffic/fs_traffic")
    parser.add_argument("--flows-max", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--counters", default="basic", help="table.counters: basic or full")
    arguments = parser.parse_args()
    syns = 5 * arguments.flows_max
    with tempfile.TemporaryDirectory() as folder:
        capture = f"{folder}/flood.pcap"
        subprocess.run([arguments.traffic, "synflood", str(syns), capture], check=True, stdout=subprocess.DEVNULL)
        # infinite_rx keeps every packet in a buffer of its own.
        buffers = syns + 16_384
        command = [arguments.flowscope, "run", "--no-pci", "--no-huge", "-m", str(buffers * 3200 // 2**20 + 256),
                   "--file-prefix", "fsflood", "-l", "0-1", "--vdev", f"net_pcap0,rx_pcap={capture},infinite_rx=1",
                   "--", "-o", "/dev/null", "--flows-max", str(arguments.flows_max), "--total-num-mbufs", str(buffers),
                   "--counters", arguments.counters, "--burst-times", "true"]
        program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        time.sleep(arguments.seconds + buffers / 200_000)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=120)
        if program.returncode != 0:
            sys.exit(f"{' '.join(command)}\nfailed:\n{said}")
        wanted = ("packets", "flows", "records", "bursts", "ledger")
        print("\n".join(line for line in said.splitlines() if line.startswith(wanted)))


if __name__ == "__main__":
    main()
