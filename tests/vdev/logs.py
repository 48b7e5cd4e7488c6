#!/usr/bin/env python3
"""One log for what the program says and what DPDK says, in each of its forms."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

# What the EAL says first, and what we say when the ports are started.
FIRST, OURS = "EAL: Detected CPU lcores", "port net_ring0 queue 0 -> worker 0"


class Logs(unittest.TestCase):
    def run_null(self, *options, eal=()):
        outcome = PROGRAM.run(["run", *run.EAL, *eal, "-l", "0-1", "--vdev", "net_ring0", "--", "-o", "/dev/null",
                               "--flows-max", "1000", "--total-num-mbufs", "4096", "--exit-after-idle", "200ms", *options])
        self.assertEqual(0, outcome.code, outcome.err)
        return outcome

    def test_standard_error_has_the_lines_of_both(self):
        said = self.run_null().err.splitlines()
        self.assertTrue(any(line.startswith(FIRST) for line in said), said)
        self.assertTrue(any(line.startswith("flowscope: " + OURS) for line in said), said)

    def test_a_file_has_the_lines_of_both_with_times(self):
        log = PROGRAM.folder / "text.log"
        outcome = self.run_null("--log-file", log, "--log-times", "true")
        self.assertNotIn("EAL:", outcome.err)
        for part in (FIRST, "flowscope: " + OURS):
            self.assertRegex(log.read_text(), rf"(?m)^20\d\d-\d\d-\d\dT[0-9:.]+\+0000 {part}")
        lines = len(log.read_text().splitlines())
        self.run_null("--log-file", log, "--log-times", "true")
        self.assertEqual(2 * lines, len(log.read_text().splitlines()))

    def test_a_file_has_tables_and_the_summary_as_standard_error_has_them(self):
        log = PROGRAM.folder / "reports.log"
        outcome = self.run_null("--log-file", log, "--log-level", "error")
        self.assertIn("holds", outcome.summary("ledger"))
        logged = log.read_text()
        for line in outcome.err.splitlines():
            self.assertIn(line + "\n", logged)
        self.assertIn("memory reserved before the first packet:\n", logged)

    def test_json_on_standard_error_is_json_to_the_last_line(self):
        outcome = self.run_null("--log-format", "json")
        lines = [json.loads(line) for line in outcome.err.splitlines()]
        reported = [line["message"] for line in lines if line["source"] == "report"]
        self.assertTrue(any(line.startswith("ledger ") for line in reported), reported)
        told = [line["message"] for line in lines if line["source"] == "flowscope"]
        self.assertTrue(any(line.startswith("confined: ") for line in told), told)

    def test_json_says_whose_lines_they_are(self):
        log = PROGRAM.folder / "json.log"
        self.run_null("--log-file", log, "--log-format", "json")
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertTrue(any(line["source"] == "dpdk" and line["message"].startswith(FIRST) for line in lines), lines)
        self.assertTrue(any(line["source"] == "flowscope" and line["message"].startswith(OURS) for line in lines), lines)

    def test_a_level_leaves_out_what_weighs_less(self):
        outcome = self.run_null("--log-level", "error")
        self.assertNotIn(FIRST, outcome.err)
        self.assertEqual([], outcome.own_lines())
        self.assertIn("holds", outcome.summary("ledger"))

    def test_a_failing_start_is_told_with_the_reason_of_the_eal(self):
        log = PROGRAM.folder / "failed.log"
        outcome = PROGRAM.run(["run", *run.EAL, "--vdev", "net_nothing0", "--", "--log-file", log])
        self.assertEqual(2, outcome.code)
        self.assertIn("net_nothing0", log.read_text().split("flowscope: ")[0])

    def test_a_file_that_cannot_be_opened_is_a_mistake_of_usage(self):
        outcome = PROGRAM.run(["run", *run.EAL, "--", "--log-file", "/proc/no/such/log"])
        self.assertEqual(1, outcome.code)
        self.assertIn("/proc/no/such/log", outcome.err)
        self.assertEqual(1, PROGRAM.run(["run", *run.EAL, "--", "--log-level", "loud"]).code)


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
