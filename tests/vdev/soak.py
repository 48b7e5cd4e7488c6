#!/usr/bin/env python3
"""Runs at full load for a while and reloads again and again: two workers, rules that change, an output that is rotated.
Memory, open files and threads stay as they are after warming up, the ledger is exact at every reading, no worker stands
still, and every record is a whole line. --minutes says how long, --reload-every how many seconds lie between reloads."""
import argparse
import json
import os
import pathlib
import re
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run
from telemetry_client import Telemetry, socket_path

# A record for some ten packets: with more the disk would be what is under test.
MIX = ("mix", "--http", "150", "--tls", "100", "--dns", "100", "--interleave", "100")
MBUFS = 32768  # net_pcap keeps each capture in as many as it has packets
RULES = 500
ROTATE_BYTES = 16 << 20
WARM_UP_RELOADS = 3
RELOADS_LEAST = WARM_UP_RELOADS + 2
READ_EVERY_SECONDS = 2
# All that grows by packets and records is reserved before the first packet, so what moves is the heap, by what compiling
# rules leaves behind: one step of 2 MiB up or down was seen. A run that kept its former rules would grow by them, 500 KiB,
# at every reload (half an hour shows that), with their places for flows by 20 MiB, and one that kept a record by hundreds
# of MiB a minute.
GROWTH_MAX_KIB = 8 << 10
PARSED_EVERY = 16  # of the rotated files: the parser of this test is slower than the program
EDGE_LINES = 50    # of each other file at its beginning and its end, where a line would be cut
# Packets between the port's count and the ledger's: in bursts and in the rings between workers.
UNDER_WAY_MAX = 4 * 256 + 2 * 1024


def fields(path):
    return dict(line.split(":", 1) for line in path.read_text().splitlines())


class Output:
    """Takes the files away that were rotated, looks at them and counts their lines."""

    def __init__(self, path):
        self.path, self.lines, self.files, self.alerts = path, 0, 0, set()
        self.figures = None  # of the only record of them, which comes when the workers have ended

    def take(self, last=False):
        """Complete files only, oldest first; with `last` also the one that was written to until the end."""
        rotated = sorted((each for each in self.path.parent.iterdir() if each.name.startswith(self.path.name + ".")),
                         key=lambda each: each.stat().st_mtime_ns)
        for each in rotated + [self.path] * last:
            self.check(each.read_bytes())
            each.unlink()

    def check(self, text):
        if not text:
            return
        assert text[:1] == b"{" and text[-2:] == b"}\n", f"torn: {text[:200]} ... {text[-200:]}"
        lines = text.count(b"\n")
        assert text.count(b"}\n{") == lines - 1, "a line inside is torn"
        if self.files % PARSED_EVERY == 0:
            parsed = text.splitlines()
        else:
            parsed = text.split(b"\n", EDGE_LINES)[:-1] + text.rsplit(b"\n", EDGE_LINES)[1:-1]
        for line in parsed:
            json.loads(line)
        self.alerts |= {name for name in ("even", "odd") if f'"signature":"{name}"'.encode() in text}
        at = text.rfind(b'"event_type":"stats"')
        if at >= 0:
            self.figures = json.loads(text[text.rfind(b"\n", 0, at) + 1:text.index(b"\n", at)])["stats"]
        self.lines += lines
        self.files += 1


class Soak(unittest.TestCase):
    def setUp(self):
        self.folder = PROGRAM.folder / "soak"
        self.folder.mkdir()
        self.rules = self.folder / "soak.rules"
        self.write_rules(0)
        self.output = Output(self.folder / "eve.json")
        self.reloads = 0

    def write_rules(self, number):
        """Two contents in turn; the names tell which rules found something."""
        name = ("even", "odd")[number % 2]
        lines = [f'alert tcp proto http "GET /" (sid:1; msg:"{name}")']
        lines += [f'alert tcp /{name}-{i}-[a-z]{{3,9}}[0-9]+/ (sid:{i + 10}; msg:"never")' for i in range(RULES)]
        fresh = self.rules.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n")
        os.replace(fresh, self.rules)

    def start(self):
        captures = [PROGRAM.capture(*MIX, "--seed", seed) for seed in ("1", "2")]
        queues = ",".join(f"rx_pcap={capture}" for capture in captures)
        running = PROGRAM.start(["run", *run.EAL, "--lcores", "(0-2)@(0-1)", "--vdev", f"net_pcap0,{queues},infinite_rx=1", "--",
                                 "-o", self.output.path, "--workers", "2", "--flows-max", "65536", "--streams-streams-max",
                                 "16384", "--total-num-mbufs", MBUFS, "--output-ring-bytes", "4MiB",
                                 "--output-rotate-bytes", ROTATE_BYTES, "--signatures-rules", self.rules])
        self.addCleanup(running.kill)
        self.wait(running, lambda: "-> worker 1" in running.said() and socket_path(run.FILE_PREFIX).exists())
        self.telemetry = Telemetry(run.FILE_PREFIX)
        self.addCleanup(self.telemetry.close)
        self.wait(running, lambda: (self.telemetry.ours("ledger") or {}).get("received", 0) > 0)
        return running

    def wait(self, running, condition):
        self.assertTrue(running.wait_until(condition, 60), running.said()[-4000:])

    def reload(self, running):
        self.reloads += 1
        self.write_rules(self.reloads)
        done = running.said().count("compiled in ")
        running.child.send_signal(signal.SIGHUP)
        self.wait(running, lambda: running.said().count("compiled in ") > done)

    def reading(self, running):
        """What the run tells of itself, in an order that bounds what is under way between port and ledger."""
        ports_before = self.telemetry.ours("ports")["ports"]
        ledger = self.telemetry.ours("ledger")
        ports_behind = self.telemetry.ours("ports")["ports"]
        fates = sum(count for name, count in ledger.items() if name not in ("received", "missed", "balanced"))
        self.assertEqual((1, ledger["received"]), (ledger["balanced"], fates), ledger)
        given = lambda ports: sum(port["packets"] for port in ports.values())
        self.assertLessEqual(ledger["received"], given(ports_behind))
        self.assertLessEqual(given(ports_before), ledger["received"] + UNDER_WAY_MAX)
        self.assertEqual({(0, 1)}, {(port["missed"], port["loss_known"]) for port in ports_behind.values()})
        process = pathlib.Path(f"/proc/{running.child.pid}")
        status = fields(process / "status")
        return {"packets": ledger["received"], "resident_kib": int(status["VmRSS"].split()[0]),
                "threads": int(status["Threads"]), "files": len(list((process / "fd").iterdir())),
                "flows": self.telemetry.ours("flows")["created"]}

    def check_growth(self, warm, now):
        grown = now["resident_kib"] - warm["resident_kib"]
        self.assertLess(grown, GROWTH_MAX_KIB, f"{grown} KiB more than when it was warm")
        self.assertLessEqual((now["threads"], now["files"]), (warm["threads"], warm["files"]))

    def tell(self, seconds, begin, warm, now):
        grown = now["resident_kib"] - (warm or now)["resident_kib"]
        rate = (now["packets"] - begin["packets"]) / max(seconds, 1e-9) / 1e6
        print(f"{seconds / 60:5.1f} minutes: {rate:.3f} Mpps, {now['flows']} flows, {self.output.lines} lines in "
              f"{self.output.files} files, {now['resident_kib'] / 1024:.1f} MiB resident ({grown:+} KiB since warm), {now['files']} open files, "
              f"{now['threads']} threads, {self.reloads} reloads", file=sys.stderr, flush=True)

    def load(self, running):
        """The time at full load, with everything that is looked at meanwhile."""
        begin = time.monotonic()
        first = now = self.reading(running)
        warm, next_reload, next_line = None, begin, begin + 60
        while time.monotonic() < begin + MINUTES * 60 or self.reloads < RELOADS_LEAST:
            if time.monotonic() >= next_reload:
                next_reload += RELOAD_EVERY
                self.reload(running)
            self.output.take()
            now = self.reading(running)
            if warm is not None:
                self.check_growth(warm, now)
            elif self.reloads == WARM_UP_RELOADS:
                warm = now
            if time.monotonic() >= next_line:
                next_line += 60
                self.tell(time.monotonic() - begin, first, warm, now)
            time.sleep(max(0, min(READ_EVERY_SECONDS, next_reload - time.monotonic())))
        self.tell(time.monotonic() - begin, first, warm, now)

    def test_at_full_load_with_reloads(self):
        running = self.start()
        self.load(running)
        outcome = running.stop(signal.SIGTERM)
        self.assertEqual(0, outcome.code, outcome.err)
        received, fates = outcome.ledger()
        self.assertEqual(received, sum(fates.values()))
        self.assertEqual({"net_pcap0": (received, 0, 0)}, outcome.ports())
        self.assertEqual("", outcome.summary("stalls"))
        self.assertNotIn("has been in stage", outcome.err)
        self.output.take(last=True)
        told = self.output.figures["export"]
        # Nothing but the figures at the end is not counted among the records.
        self.assertEqual(sum(told["pushed_by"].values()) + 1, self.output.lines)
        self.assertEqual({"even", "odd"}, self.output.alerts)
        print("\n".join(filter(None, map(outcome.summary, ("packets", "flows", "records", "shed", "ledger", "port")))),
              file=sys.stderr)


if __name__ == "__main__":
    PARSER = argparse.ArgumentParser(add_help=False)
    PARSER.add_argument("--minutes", type=float, default=1 / 3)
    PARSER.add_argument("--reload-every", type=float, default=2)
    OWN, sys.argv[1:] = PARSER.parse_known_args()
    MINUTES, RELOAD_EVERY = OWN.minutes, OWN.reload_every
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    if "no Hyperscan" in PROGRAM.run(["replay", PROGRAM.capture("sample"), "--signatures-rules", "/dev/null"]).err:
        run.skip_all("this build has no Hyperscan")
    unittest.main()
