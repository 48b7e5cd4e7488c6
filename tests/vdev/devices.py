#!/usr/bin/env python3
"""Runs the program on DPDK's virtual devices as a user would."""
import pathlib
import re
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

MIX = ("mix", "--http", "300", "--tls", "100", "--dns", "300", "--interleave", "50")


def numbers(line):
    return [int(number) for number in re.findall(r"\d+", line)]


class PcapDevice(unittest.TestCase):
    def test_with_one_queue_ends_after_the_file(self):
        outcome, records = PROGRAM.pcap_device([PROGRAM.capture("sample")])
        self.assertIn("ledger   160 received = 160 tracked: holds", outcome.err)
        self.assertEqual(5, len(run.of_type(records, "http")))

    def test_without_tracking_counts_and_releases(self):
        outcome, records = PROGRAM.pcap_device([PROGRAM.capture("sample")], "--worker-track", "false")
        self.assertIn("ledger   160 received = 0 tracked + 160 untracked: holds", outcome.err)
        self.assertEqual([], [record for record in records if '"event_type":"stats"' not in record])

    def two_queues(self, *options, lcores):
        captures = [PROGRAM.capture("sample"), PROGRAM.capture(*MIX)]
        outcome, records = PROGRAM.pcap_device(captures, *options, lcores=lcores)
        expected = sorted(PROGRAM.replay(captures[0]) + PROGRAM.replay(captures[1]))
        found = run.difference(expected, records)
        self.assertFalse(found, f"two queues differ from two replays:\n{found}")
        return outcome

    def test_with_two_queues_and_one_worker_reads_both(self):
        self.two_queues("--rxq", "2", lcores="0-1")

    def test_with_two_queues_and_two_workers_reads_both(self):
        outcome = self.two_queues("--rxq", "2", "--workers", "2", lcores="(0-2)@(0-1)")
        self.assertIn("queue 1", outcome.err)

    def test_with_huge_pages_where_there_are_some(self):
        free = int(re.search(r"HugePages_Free:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1))
        if free < 128:
            self.skipTest(f"{free} huge pages are free, 128 are needed")
        capture, records = PROGRAM.capture("sample"), PROGRAM.folder / "huge.eve.jsonl"
        outcome = PROGRAM.run(["run", "--no-pci", "--file-prefix", run.FILE_PREFIX, "-l", "0-1", "-m", "128",
                               "--vdev", f"net_pcap0,rx_pcap={capture}", "--", "-o", records, "--exit-after-idle", "1",
                               "--total-num-mbufs", "8192"])
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertEqual(PROGRAM.replay(capture), run.sorted_records(records.read_text()))


class SmallTable(unittest.TestCase):
    def test_ends_flows_by_eviction_beside_packets_that_are_no_flow(self):
        flood = PROGRAM.capture("synflood", "5000")
        records = PROGRAM.folder / "flood.eve.jsonl"
        running = PROGRAM.start(["run", *run.EAL, "-l", "0-1", "--vdev", "net_null0,size=64",
                                 "--vdev", f"net_pcap0,rx_pcap={flood}", "--", "-o", records,
                                 "--flows-max", "16", "--total-num-mbufs", "8192", "--stats-period", "200ms"])
        self.addCleanup(running.kill)
        # net_null never ends, so the file is over when its port's line says so.
        self.assertTrue(running.wait_until(lambda: re.search(r"net_pcap0 \S+ +5000 ", running.said())), running.said())
        outcome = running.stop()
        self.assertEqual(0, outcome.code, outcome.err)
        created, ended, evicted = numbers(outcome.summary("flows"))
        self.assertEqual((5000, 5000), (created, ended))
        self.assertGreater(evicted, 4900)
        received, tracked, not_ip = numbers(outcome.summary("ledger"))
        self.assertEqual(5000, tracked)
        self.assertGreater(not_ip, 0)
        self.assertEqual(received, tracked + not_ip)
        self.assertIn("holds", outcome.summary("ledger"))


class LiveFlows(unittest.TestCase):
    def test_are_shown_on_a_signal_while_the_run_goes_on(self):
        for workers, lcores in ((1, "0-1"), (2, "(0-2)@(0-1)")):
            with self.subTest(workers=workers):
                captures = [PROGRAM.capture("sample"), PROGRAM.capture(*MIX)][:workers]
                queues = ",".join(f"rx_pcap={capture}" for capture in captures)
                running = PROGRAM.start(["run", *run.EAL, "--lcores", lcores, "--vdev", f"net_pcap0,{queues}", "--",
                                         "-o", "/dev/null", "--workers", workers, "--rxq", workers,
                                         "--total-num-mbufs", "8192", "--stats-period", "200ms",
                                         "--timeouts-tcp-closed", "300s"])
                self.addCleanup(running.kill)
                self.assertTrue(running.wait_until(lambda: re.search(r"net_pcap0 \S+ +[1-9]", running.said())),
                                running.said())
                for times in (1, 2):
                    running.child.send_signal(signal.SIGUSR1)
                    shown = lambda: len(re.findall("live flows, largest first", running.said())) == times
                    self.assertTrue(running.wait_until(shown), running.said())
                outcome = running.stop()
                self.assertEqual(0, outcome.code, outcome.err)
                self.assertIn("holds", outcome.summary("ledger"))
                last = outcome.err.split("live flows, largest first")[-1].splitlines()[2:22]
                sizes = [int(line.split()[5]) for line in last if re.match("TCP|UDP|ICMP", line)]
                self.assertGreater(len(sizes), 3, outcome.err)
                self.assertEqual(sorted(sizes, reverse=True), sizes)


class OtherDevices(unittest.TestCase):
    def test_null_device_is_stopped_by_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                running = PROGRAM.start(["run", *run.EAL, "-l", "0-1", "--vdev", "net_null0", "--", "-o", "/dev/null",
                                         "--total-num-mbufs", "8192", "--stats-period", "200ms"])
                self.addCleanup(running.kill)
                self.assertTrue(running.wait_until(lambda: "RX-packets" in running.said()), running.said())
                outcome = running.stop(number)
                self.assertEqual(0, outcome.code, outcome.err)
                self.assertLess(outcome.seconds, run.STOP_SECONDS_MAX)
                self.assertIn("holds", outcome.summary("ledger"))
                self.assertGreater(numbers(outcome.summary("ledger"))[0], 0)

    def test_ring_device_that_nobody_fills_ends_after_its_silence(self):
        outcome = PROGRAM.run(["run", *run.EAL, "-l", "0-1", "--vdev", "net_ring0", "--", "-o", "-",
                               "--exit-after-idle", "300ms", "--total-num-mbufs", "8192"])
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("ledger   0 received = 0 tracked: holds", outcome.err)

    def test_eal_option_alone_means_run(self):
        capture = PROGRAM.capture("sample")
        outcome = PROGRAM.run([*run.EAL, "-l", "0-1", "--vdev", f"net_pcap0,rx_pcap={capture}", "--", "-o", "/dev/null",
                               "--exit-after-idle", "300ms", "--total-num-mbufs", "8192"])
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("160 received", outcome.summary("ledger"))

    def test_a_port_can_be_left_out(self):
        capture = PROGRAM.capture("sample")
        outcome = PROGRAM.run(["run", *run.EAL, "-l", "0-1", "--vdev", f"net_pcap0,rx_pcap={capture}",
                               "--vdev", "net_null0", "--", "-o", "/dev/null", "--portmask", "0x1",
                               "--exit-after-idle", "300ms", "--total-num-mbufs", "8192"])
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("160 received", outcome.summary("ledger"))


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
