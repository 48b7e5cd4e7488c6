#!/usr/bin/env python3
"""Nothing is lost unseen: where rings between workers overflow, packet buffers run out or a worker stands still, the packets
that the ports gave are those received, and each of them has one fate."""
import pathlib
import re
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import port_runs
import program as run
import stall
from telemetry_client import Telemetry, socket_path

MIX = ("mix", "--http", "100", "--tls", "30", "--dns", "100", "--interleave", "50")
TWO_WORKERS = ("--workers", "2", *port_runs.LITTLE_MEMORY)
LCORE_OF_WORKER_1 = 2
WATCHDOG_SECONDS = 2  # the default: a busy machine takes the processor from the other worker for less


def packets_of(ledger):
    """The packets of all fates in an answer of telemetry."""
    return sum(count for name, count in ledger.items() if name not in ("received", "missed", "balanced"))


class Conservation(unittest.TestCase):
    def start(self, devices, *options, mbufs=16384):
        names = [word for device in devices for word in ("--vdev", device)]
        running = PROGRAM.start(["run", *run.EAL, "--lcores", "(0-2)@(0-1)", *names, "--", "-o", "/dev/null", *TWO_WORKERS,
                                 "--total-num-mbufs", mbufs, *options])
        self.addCleanup(running.kill)
        self.wait(running, lambda: "-> worker 0" in running.said() and socket_path(run.FILE_PREFIX).exists())
        self.telemetry = Telemetry(run.FILE_PREFIX)
        self.addCleanup(self.telemetry.close)
        self.wait(running, lambda: self.received() > 10_000)
        return running

    def endless(self):
        return f"net_pcap0,rx_pcap={PROGRAM.capture(*MIX)},infinite_rx=1"

    def received(self):
        return (self.telemetry.ours("ledger") or {}).get("received", 0)

    def nobody_receives(self):
        before = self.received()
        time.sleep(0.2)
        return self.received() == before

    def wait(self, running, condition):
        self.assertTrue(running.wait_until(condition, port_runs.WAIT_SECONDS_MAX), running.said())

    def end(self, running, number=signal.SIGTERM):
        return self.check(running.stop(number))

    def check(self, outcome):
        self.assertEqual(0, outcome.code, outcome.err)
        received, fates = outcome.ledger()
        self.assertEqual(received, sum(fates.values()), outcome.err)
        self.assertEqual(received, sum(given for given, _, _ in outcome.ports().values()), outcome.err)
        return outcome


class Rings(Conservation):
    def test_that_overflow_are_counted_while_the_other_worker_goes_on(self):
        # Beside a live port nobody waits for a worker that is behind.
        running = self.start([self.endless(), "net_null0,size=64"], "--worker-resteer", "on")
        with stall.Stall(running.child.pid, LCORE_OF_WORKER_1):
            self.wait(running, lambda: self.telemetry.ours("ledger")["resteer_full"] > 10_000)
            before = self.telemetry.ours("ledger")
            self.wait(running, lambda: self.telemetry.ours("ledger")["tracked"] > before["tracked"] + 10_000)
            during = self.telemetry.ours("ledger")
            self.assertEqual((1, during["received"]), (during["balanced"], packets_of(during)))
        _, fates = self.end(running).ledger()
        self.assertGreaterEqual(fates["resteer_full"], during["resteer_full"])


class StandsStill(Conservation):
    def test_worker_is_told_of_by_name_and_loses_nothing_that_waits(self):
        running = self.start([self.endless()])
        begin = time.monotonic()
        with stall.Stall(running.child.pid, LCORE_OF_WORKER_1):
            self.wait(running, lambda: re.search(r"flowscope: worker 1 on lcore 2 has been in stage \w+ for \d", running.said()))
            # Who asks is answered all the same, and told that not everybody answered.
            self.assertEqual(0, self.telemetry.ours("flows,5")["complete"])
            during = self.telemetry.ours("ledger")
            self.assertEqual((1, during["received"]), (during["balanced"], packets_of(during)))
        self.wait(running, lambda: "worker 1 on lcore 2 moves again" in running.said())
        seconds_at_most = time.monotonic() - begin
        for told in ("has been in stage (?P<stage>\\w+) for (?P<seconds>[\\d.]+) s",
                     "moves again, after (?P<seconds>[\\d.]+) s in stage (?P<stage>\\w+)"):
            found = re.search("worker 1 on lcore 2 " + told, running.said())
            self.assertGreaterEqual(float(found["seconds"]), WATCHDOG_SECONDS)
            self.assertLess(float(found["seconds"]), seconds_at_most + 0.1)
        before = self.received()
        self.wait(running, lambda: self.received() > before + 10_000)
        outcome = self.end(running)
        self.assertNotIn("worker 0 on lcore 1 has", outcome.err, "it only waited")
        self.assertRegex(outcome.summary("stalls"), r"stalls +1 of workers")
        self.assertNotIn("resteer_full", outcome.summary("ledger"))
        self.assertEqual((0, 0), outcome.ports()["net_pcap0"][1:])

    def test_worker_does_not_keep_the_run_from_ending_in_order_later(self):
        running = self.start([self.endless()])
        with stall.Stall(running.child.pid, LCORE_OF_WORKER_1):
            running.child.send_signal(signal.SIGTERM)
            self.wait(running, self.nobody_receives)
            self.assertIsNone(running.child.poll(), running.said())
        running.child.wait(20)
        self.check(run.Outcome(running.child.returncode, "", running.said(), 0))

    def test_worker_is_left_behind_by_a_second_signal(self):
        running = self.start([self.endless()])
        with stall.Stall(running.child.pid, LCORE_OF_WORKER_1) as stalled:
            for _ in range(2):
                running.child.send_signal(signal.SIGTERM)
                time.sleep(0.3)  # within 0.2 s they are one wish
            stalled.wait_for_its_end()
            self.assertEqual(128 + signal.SIGTERM, running.child.wait(20), running.said())


class Buffers(Conservation):
    """Pools that are too small: a file's packets are lost and counted, devices that make up packets make none."""

    def test_of_a_file_run_out_with_two_workers(self):
        capture = PROGRAM.capture(*MIX)
        packets = run.last_stats(PROGRAM.run(["replay", capture, "-o", "-"]).out)["decoder"]["pkts"]
        outcome = self.check(PROGRAM.run(["run", *run.EAL, "--lcores", "(0-2)@(0-1)", "--vdev", f"net_pcap0,rx_pcap={capture}",
                                          "--", "-o", "/dev/null", *TWO_WORKERS, "--exit-after-idle", "300ms",
                                          "--total-num-mbufs", "48", "--mbcache", "0"]))
        given, lost, for_want_of_buffers = outcome.ports()["net_pcap0"]
        self.assertEqual(packets, given + lost)
        self.assertGreater(lost, 0)
        self.assertEqual(lost, for_want_of_buffers)

    def test_of_devices_without_an_end_run_out(self):
        running = self.start([f"net_pcap0,rx_pcap={PROGRAM.capture('sample')},infinite_rx=1", "net_null0,size=64"],
                             "--worker-resteer", "on", "--mbcache", "0", mbufs=256)
        before = self.telemetry.ours("ports")["ports"]
        # Not many more: what one worker lent has to come back from the other before the next burst is received.
        grows = lambda: all(port["packets"] > before[number]["packets"] + 1_000
                            for number, port in self.telemetry.ours("ports")["ports"].items())
        self.wait(running, grows)
        self.assertEqual({(0, 0)}, {port[1:] for port in self.end(running).ports().values()})


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
