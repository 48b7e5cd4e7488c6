#!/usr/bin/env python3
"""The configuration file changes while packets come: SIGHUP takes what can change, names what cannot, and no packet is
lost."""
import json
import os
import pathlib
import re
import signal
import sys
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import port_runs
import program as run

MIX = ("mix", "--http", "20", "--tls", "10", "--dns", "20", "--interleave", "20")
FIRST = """
table: {flows_max: 4096}
timeouts: {udp: 30s}
output: {records: {stats: false}, rotate_keep: 3}
log: {file: LOG, times: true}
"""
SECOND = """
stats_period: 200ms
workers: 2
table: {flows_max: 8192, emergency_percent: 90}
timeouts: {udp: 10s, tcp_established: 100s, tcp_closed: 100ms}
fragments: {timeout: 5s}
output:
  community_id: false
  interim: 10s
  shed: [dns]
  records: {dns: false, stats: false}
telemetry: {prometheus: "0"}
worker: {watchdog: 1s}
log: {file: LOG, times: false}
"""


class Reload(port_runs.Ports):
    def setUp(self):
        self.folder = PROGRAM.folder / self.id().rsplit(".", 1)[-1]
        (self.folder / "etc").mkdir(parents=True)
        self.config, self.log = self.folder / "etc" / "flowscope.yaml", self.folder / "log"
        self.records = self.folder / "eve.json"
        self.write(FIRST)
        capture = PROGRAM.capture(*MIX)
        memory = [word for pair in zip(port_runs.LITTLE_MEMORY[::2], port_runs.LITTLE_MEMORY[1::2]) for word in pair
                  if pair[0] != "--flows-max"]
        self.running = PROGRAM.start(["run", *run.EAL, "-l", "0-1", "--vdev",
                                      f"net_pcap0,rx_pcap={capture},infinite_rx=1", "--", "-c", self.config, "-o",
                                      self.records, "--timeouts-udp", "45s", *memory, "--total-num-mbufs", "16384"])
        self.addCleanup(self.running.kill)
        self.wait(lambda: self.records.exists() and self.records.stat().st_size > 0, "nothing is written")

    def write(self, text):
        # As editors do: another file takes the name.
        new = self.config.with_suffix(".new")
        new.write_text(text.replace("LOG", str(self.log)))
        new.rename(self.config)

    def wait(self, condition, what):
        self.assertTrue(self.running.wait_until(condition, port_runs.WAIT_SECONDS_MAX),
                        f"{what}:\n{self.running.said()[-4000:]}\n{self.log.read_text()[-4000:]}")

    def hang_up(self, *words):
        """Asks for a reload and waits until the log has said all of the words since."""
        before = len(self.log.read_text())
        self.running.child.send_signal(signal.SIGHUP)
        said = lambda: self.log.read_text()[before:]
        self.wait(lambda: all(word in said() for word in words), f"never said {words}")
        return said()

    def written_from(self, at):
        """Records of whole lines behind a place in the file, and the place behind them."""
        with self.records.open("rb") as file:
            file.seek(at)
            text = file.read(1 << 20)
        text = text[:text.rfind(b"\n") + 1]
        return [json.loads(line) for line in text.splitlines()], at + len(text)

    def end(self):
        outcome = self.stop(self.running)
        self.assertNotIn("dropped before flowscope", outcome.err)
        return outcome

    def test_takes_what_can_change_and_names_the_rest(self):
        self.assertIn("confined: ", self.log.read_text(), "what is read and opened again is within reach")
        self.assertNotIn("flowscope statistics", self.running.said())
        self.write(SECOND)
        said = self.hang_up("a restart\n", "metrics at ", "opened ")
        for line in ("reload: table.flows_max 4096 -> 8192 needs a restart", "reload: workers 1 -> 2 needs a restart",
                     "reload: output.interim 0s -> 10s needs a restart",
                     "reload: timeouts.tcp_established 300s -> 100s\n", "reload: output.records.dns true -> false\n",
                     'reload: output.shed ["interim", "anomaly", "other"', "reload: 12 settings changed, 3 need a restart"):
            self.assertIn(line, said)
        self.assertNotIn("timeouts.udp", said, "the command line wins over the file")
        # Each of them is really in use.
        self.wait(lambda: self.running.said().count("flowscope statistics") > 2, "no table is printed")
        with urllib.request.urlopen(re.search(r"metrics at (\S+)", said).group(1), timeout=20) as answer:
            self.assertIn("flowscope_flows_created_total", answer.read().decode())
        self.assertTrue(said.splitlines()[-1].startswith("flowscope: "), "times are off")
        at = self.records.stat().st_size
        def is_clean():
            nonlocal at
            records, at = self.written_from(at)
            kinds = {record["event_type"] for record in records}
            return "flow" in kinds and "dns" not in kinds and not any("community_id" in each for each in records)
        self.wait(is_clean, "records are as they were")
        # Another reload finds what is left, and what went back to the default.
        self.write(SECOND.replace('{prometheus: "0"}', '{prometheus: "off"}'))
        said = self.hang_up("1 setting changed, 3 need a restart")
        self.assertIn('telemetry.prometheus "0" -> "off"', said)
        outcome = self.end()
        self.assertEqual(0, outcome.code)

    def test_a_file_with_a_mistake_changes_nothing(self):
        for text, words in ((FIRST + "tabel: {}\n", (f"{self.config}:6: tabel: unknown key; did you mean table?",)),
                            (FIRST.replace("30s", "-1"), (f"{self.config}:3: timeouts.udp: ",)),
                            (FIRST + "streams: {overlap: none}\n", ("streams.overlap",)),
                            ("{", (f"{self.config}:", "not YAML"))):
            self.write(text)
            said = self.hang_up("no setting changed")
            for word in words:
                self.assertIn(word, said)
            self.assertNotIn("->", said)
        self.config.unlink()
        self.assertIn("No such file", self.hang_up("no setting changed"))
        os.mkfifo(self.config)
        self.assertIn("it is no regular file", self.hang_up("no setting changed"))
        self.config.unlink()
        self.write(FIRST)
        self.hang_up("0 settings changed, 0 need a restart")
        self.end()

    def test_the_log_is_opened_again(self):
        moved = self.log.with_suffix(".1")
        self.log.rename(moved)
        self.running.child.send_signal(signal.SIGHUP)
        self.wait(lambda: self.log.exists() and "0 settings changed" in self.log.read_text(), "no new log")
        self.assertNotIn("settings changed", moved.read_text())
        self.end()


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    port_runs.Ports.program = PROGRAM
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
