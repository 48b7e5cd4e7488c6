#!/usr/bin/env python3
"""Looks for the signatures of rules files in generated traffic, as an operator does: alerts, clear errors, the cache,
and rules that are changed while traffic comes."""
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

RULES = r"""
# The sample's sessions: see perf/traffic/sample.cc.
alert tcp port 80 from initiator proto http "get /INDEX" (sid:1; msg:"Front page"; category:"Test"; severity:2; rev:4; nocase)
alert tcp from responder /HTTP\/1\.[01] 404/ (sid:2; msg:"Not found")
alert udp port 53 proto dns "|0c|no-such-host" (sid:3; msg:"Looked up"; once:flow)
alert tcp proto tls "fjord-health" (sid:4; msg:"A name in a long hello")
alert tcp from initiator "404 Not Found" (sid:5; msg:"From the wrong side")
alert udp "GET /" (sid:6; msg:"Over the wrong transport")
"""
EXPECTED = {(1, "to_server"): 1, (2, "to_client"): 1, (3, "to_server"): 1, (4, "to_server"): 1}


class Signatures(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=PROGRAM.folder))
        self.rules = self.folder / "test.rules"
        self.rules.write_text(RULES)
        self.cache = self.folder / "rules.cache"
        self.capture = PROGRAM.capture("sample")

    def replay(self, *options):
        outcome = PROGRAM.run(["replay", self.capture, "-o", "-", "--signatures-rules", self.rules, *options])
        self.assertEqual(0, outcome.code, outcome.err)
        return outcome

    def alerts(self, outcome):
        return run.of_type(run.sorted_records(outcome.out), "alert")

    def found(self, outcome):
        found = {}
        for alert in self.alerts(outcome):
            key = (alert["alert"]["signature_id"], alert["direction"])
            found[key] = found.get(key, 0) + 1
        return found


class Alerts(Signatures):
    def test_are_written_once_for_each_side_of_a_flow(self):
        self.assertEqual(EXPECTED, self.found(self.replay()))

    def test_do_not_depend_on_bursts_or_workers(self):
        whole = run.sorted_records(self.replay().out)
        for options in (("--burst", "1"), ("--workers", "2")):
            found = run.difference(whole, run.sorted_records(self.replay(*options).out))
            self.assertFalse(found, f"{options}:\n{found}")

    def test_have_the_fields_of_eve_and_the_flow(self):
        alert = next(each for each in self.alerts(self.replay()) if each["alert"]["signature_id"] == 1)
        self.assertEqual({"action": "allowed", "gid": 1, "signature_id": 1, "rev": 4, "signature": "Front page",
                          "category": "Test", "severity": 2}, alert["alert"])
        self.assertEqual(("http", "TCP", 80), (alert["app_proto"], alert["proto"], alert["dest_port"]))
        for field in ("timestamp", "flow_id", "src_ip", "src_port", "dest_ip", "community_id"):
            self.assertIn(field, alert)

    def test_mark_the_records_of_their_flows(self):
        outcome = self.replay()
        alerted = {alert["flow_id"] for alert in self.alerts(outcome)}
        for flow in run.of_type(run.sorted_records(outcome.out), "flow"):
            self.assertEqual(flow["flow_id"] in alerted, flow["flow"]["alerted"], flow)

    def test_are_counted(self):
        detect = run.last_stats(self.replay().out)["detect"]
        self.assertEqual(len(EXPECTED), detect["alert"])
        self.assertEqual((0, 0), (detect["flows_refused"], detect["alerts_withheld"]))
        self.assertGreater(detect["scanned_bytes"], 10_000)

    def test_are_left_out_on_request(self):
        self.assertEqual({}, self.found(self.replay("--output-records-alert", "false")))

    def test_change_no_other_record(self):
        plain = PROGRAM.replay(self.capture)
        others = [line.replace('"alerted":true', '"alerted":false') for line in run.sorted_records(self.replay().out)
                  if '"event_type":"alert"' not in line]
        found = run.difference(plain, sorted(others))
        self.assertFalse(found, found)

    def test_are_not_found_beyond_the_depth(self):
        self.assertNotIn(4, {sid for sid, _ in self.found(self.replay("--signatures-depth-bytes", "64"))})

    def test_flows_beyond_the_places_are_counted(self):
        detect = run.last_stats(self.replay("--signatures-flows-max", "1").out)["detect"]
        self.assertGreater(detect["flows_refused"], 0)


class Mistakes(Signatures):
    def check_refused(self, *words):
        config = self.folder / "flowscope.yaml"
        config.write_text(f"signatures:\n  rules: {self.rules}\n")
        for arguments in (["replay", self.capture, "-o", "-", "-c", config], ["check", config]):
            outcome = PROGRAM.run(arguments)
            self.assertEqual(1, outcome.code, outcome.err)
            for word in words:
                self.assertIn(str(word), outcome.err)

    def test_are_told_with_file_and_line_each(self):
        self.rules.write_text('alert tcp "ok" (sid:1; msg:"m")\nalert icmp "ab" (sid:2; msg:"m")\nalert tcp "ab"\n')
        self.check_refused(f"flowscope: {self.rules}:2: \"icmp\" is no transport; write tcp, udp or any",
                           f"{self.rules}:3: options are missing behind the pattern; write (sid:1;")

    def test_in_expressions_are_told_with_the_reason(self):
        self.rules.write_text('\nalert tcp /a(b/ (sid:1; msg:"m")\n')
        self.check_refused(f"{self.rules}:2: the pattern cannot be searched for: ")

    def test_a_file_without_a_rule_is_refused(self):
        self.rules.write_text("# nothing\n")
        self.check_refused(f"{self.rules}: holds no rule")

    def test_a_file_that_is_not_there_is_refused(self):
        self.rules.unlink()
        self.check_refused(f"{self.rules}: cannot be read: No such file")

    def test_check_takes_good_rules(self):
        config = self.folder / "flowscope.yaml"
        config.write_text(f"signatures:\n  rules: {self.rules}\n")
        self.assertEqual(0, PROGRAM.run(["check", config]).code)


class Cache(Signatures):
    def replay_cached(self):
        outcome = self.replay("--signatures-cache", self.cache)
        self.assertEqual(EXPECTED, self.found(outcome))
        return outcome.err

    def test_spares_the_second_start_the_compiling(self):
        self.assertIn("signatures 6 compiled in ", self.replay_cached())
        self.assertIn("signatures 6 taken compiled from the cache in ", self.replay_cached())
        self.assertEqual([self.cache.name, self.rules.name], sorted(path.name for path in self.folder.iterdir()))

    def test_of_other_rules_is_replaced(self):
        self.replay_cached()
        self.rules.write_text(RULES + "\n# changed\n")
        self.assertIn("signatures 6 compiled in ", self.replay_cached())
        self.assertIn("taken compiled from the cache", self.replay_cached())

    def test_that_is_damaged_is_told_of_and_made_anew(self):
        self.replay_cached()
        good = self.cache.read_bytes()
        damaged = good[:-1] + bytes([good[-1] ^ 1])
        for content, reason in ((damaged, "is damaged"), (good[:200], "is damaged"), (b"", "is not a cache"),
                                (b"x" * 500, "is not a cache")):
            self.cache.write_bytes(content)
            said = self.replay_cached()
            self.assertIn(f"flowscope: {self.cache}: {reason}", said)
            self.assertIn("compiled in ", said)
            self.assertEqual(good, self.cache.read_bytes())

    def test_that_cannot_be_written_is_told_of(self):
        self.cache = self.folder / "missing" / "rules.cache"
        self.assertIn("cannot be written: No such file", self.replay_cached())


class Reload(Signatures):
    """The capture comes through a pipe in two parts, and the rules change in between."""

    def start(self):
        self.records, self.log = self.folder / "eve.jsonl", self.folder / "log"
        with self.log.open("w") as log:
            child = subprocess.Popen([PROGRAM.flowscope, "replay", "-", "-o", str(self.records),
                                      "--signatures-rules", str(self.rules)], stdin=subprocess.PIPE, stderr=log)
        self.addCleanup(lambda: child.poll() is None and child.kill())
        return child

    def wait_for(self, words):
        end = time.monotonic() + 20
        while words not in self.log.read_text():
            self.assertLess(time.monotonic(), end, self.log.read_text())
            time.sleep(0.02)

    def replay_in_two_parts(self, new_rules, said):
        child = self.start()
        capture = self.capture.read_bytes()
        # Rules are read before the first packet, so the first part waits for them.
        self.wait_for("signatures ")
        cut = capture.index(b"kestrel-works")  # between the sessions that the tests tell of
        child.stdin.write(capture[:cut])
        child.stdin.flush()
        self.rules.write_text(new_rules)
        child.send_signal(signal.SIGHUP)
        self.wait_for(said)
        time.sleep(0.2)  # the worker takes them with its next burst, or when it is idle
        child.stdin.write(capture[cut:])
        child.stdin.close()
        self.assertEqual(0, child.wait(30), self.log.read_text())
        records = run.sorted_records(self.records.read_text())
        self.assertIn("160 received = 160 tracked: holds", self.log.read_text())
        return {alert["alert"]["signature"] for alert in run.of_type(records, "alert")}

    def test_looks_for_the_new_rules_from_then_on_and_loses_no_packet(self):
        names = "".join(f'alert tcp "{name}" (sid:{sid}; msg:"new {name}")\n'
                        for sid, name in enumerate(("harbor-books", "grove-parts"), 1))
        alerts = self.replay_in_two_parts(names, "signatures 2 compiled")
        self.assertIn("Front page", alerts)
        self.assertIn("new grove-parts", alerts)
        self.assertNotIn("new harbor-books", alerts, "that was before")

    def test_keeps_the_rules_when_the_new_ones_are_wrong(self):
        alerts = self.replay_in_two_parts("alert\n", "the rules in use stay")
        self.assertIn("Front page", alerts)
        self.assertIn("A name in a long hello", alerts)
        self.assertIn(f"flowscope: {self.rules}:1: ", self.log.read_text())


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    if PROGRAM.run(["replay", PROGRAM.capture("sample"), "-o", "/dev/null", "--signatures-rules", "/dev/null"]).err.find(
            "no Hyperscan") >= 0:
        run.skip_all("this build has no Hyperscan")
    unittest.main()
