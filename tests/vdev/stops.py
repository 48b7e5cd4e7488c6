#!/usr/bin/env python3
"""Stops runs at full load at random moments: each ends in time, its ledger holds, and every flow is told of in a whole
line or counted as shed. --rounds says how often, --seed which moments."""
import argparse
import json
import pathlib
import random
import re
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

DELAY_SECONDS_MAX = 0.4


def numbers(line):
    return [int(number) for number in re.findall(r"\d+", line)]


class Stops(unittest.TestCase):
    def test_at_any_moment_lose_nothing(self):
        moments = random.Random(SEED)
        for round_number in range(ROUNDS):
            workers = moments.choice((1, 2))
            number = moments.choice((signal.SIGINT, signal.SIGTERM))
            delay = moments.uniform(0, DELAY_SECONDS_MAX)
            with self.subTest(seed=SEED, round=round_number, workers=workers, signal=number.name, delay=delay):
                self.stop_once(workers, number, delay)

    def stop_once(self, workers, number, delay):
        captures = [PROGRAM.capture("sample"), PROGRAM.capture("mix", "--http", "60", "--tls", "20", "--dns", "60")][:workers]
        queues = ",".join(f"rx_pcap={capture}" for capture in captures)
        records = PROGRAM.folder / "stopped.eve.jsonl"
        running = PROGRAM.start(["run", *run.EAL, "--lcores", "0-1" if workers == 1 else "(0-2)@(0-1)",
                                 "--vdev", f"net_pcap0,{queues},infinite_rx=1", "--", "-o", records, "--flows-max", "4096",
                                 "--workers", workers, "--total-num-mbufs", "16384", "--output-ring-bytes", "1MiB"])
        self.addCleanup(running.kill)
        self.assertTrue(running.wait_until(lambda: f"-> worker {workers - 1}" in running.said(), 60), running.said())
        time.sleep(delay)
        outcome = running.stop(number)
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertLess(outcome.seconds, run.STOP_SECONDS_MAX)
        self.assertIn("holds", outcome.summary("ledger"))
        created, ended, _ = numbers(outcome.summary("flows"))
        self.assertEqual(created, ended)
        text = records.read_text()
        self.assertTrue(text.endswith("\n"))
        told = sum(json.loads(line)["event_type"] == "flow" for line in text.splitlines())
        shed = re.search(r"(\d+) flow\b", outcome.summary("shed"))
        self.assertEqual(ended, told + (int(shed.group(1)) if shed else 0), outcome.err)


if __name__ == "__main__":
    PARSER = argparse.ArgumentParser(add_help=False)
    PARSER.add_argument("--rounds", type=int, default=6)
    PARSER.add_argument("--seed", type=int, default=20261127)
    OWN, sys.argv[1:] = PARSER.parse_known_args()
    ROUNDS, SEED = OWN.rounds, OWN.seed
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
