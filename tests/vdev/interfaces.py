#!/usr/bin/env python3
"""Watches HTTP between two network namespaces, through libpcap and through DPDK's af_packet driver."""
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import network
import program as run

GETS = 5


class Interface(unittest.TestCase):
    def watch(self, number, *arguments):
        """Records of some downloads, seen by a run that a signal ended in the middle of nothing."""
        records = PROGRAM.folder / "live.eve.jsonl"
        records.unlink(missing_ok=True)
        with network.Network() as net:
            running = PROGRAM.start([*arguments, "-o", records, "--stats-period", "200ms"], prefix=net.inside())
            self.addCleanup(running.kill)
            self.assertTrue(running.wait_until(lambda: "RX-packets" in running.said()), running.said())
            for i in range(GETS):
                self.assertEqual(0, net.get(f"/page/{i}").returncode)
            self.assertEqual(0, net.get("/missing").returncode)
            seen = lambda: records.read_text().count('"event_type":"http"') > GETS
            self.assertTrue(running.wait_until(seen), records.read_text() + running.said())
            outcome = running.stop(number)
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertLess(outcome.seconds, run.STOP_SECONDS_MAX)
        self.assertIn("holds", outcome.summary("ledger"))
        self.check(run.sorted_records(records.read_text()))
        return outcome

    def check(self, records):
        told = sorted((record["http"]["url"], record["http"]["status"], record["http"]["length"])
                      for record in run.of_type(records, "http"))
        self.assertEqual([("/missing", 404, 5000)] + [(f"/page/{i}", 200, 5000) for i in range(GETS)], told)
        for record in run.of_type(records, "http"):
            self.assertEqual((network.OUR_ADDRESS, network.SERVER_ADDRESS, network.SERVER_PORT, network.SERVER_ADDRESS,
                              "flowscope-test"),
                             (record["src_ip"], record["dest_ip"], record["dest_port"], record["http"]["hostname"],
                              record["http"]["http_user_agent"]))
        # Every flow is told of, once, also those that the signal ended.
        flows = [flow for flow in run.of_type(records, "flow") if flow.get("dest_port") == network.SERVER_PORT]
        self.assertEqual(GETS + 1, len(flows))
        self.assertEqual({"http"}, {flow["app_proto"] for flow in flows})

    def test_libpcap_and_interrupt(self):
        self.watch(signal.SIGINT, "live", "-i", "veth0")

    def test_libpcap_and_terminate(self):
        self.watch(signal.SIGTERM, "live", "-i", "veth0")

    def test_libpcap_with_a_filter_sees_only_what_fits(self):
        outcome = self.watch(signal.SIGINT, "live", "-i", "veth0", "-f", f"tcp port {network.SERVER_PORT}")
        self.assertNotIn("not_ip", outcome.summary("ledger"))

    def test_libpcap_ends_after_a_silence(self):
        with network.Network() as net:
            outcome = PROGRAM.run(["live", "-i", "veth0", "-f", "udp port 9", "-o", "-", "--exit-after-idle", "300ms"],
                                  prefix=net.inside())
        self.assertEqual(0, outcome.code, outcome.err)

    def test_dpdk_af_packet(self):
        if "DPDK" not in PROGRAM.run(["version"]).out:
            self.skipTest("this build has no DPDK")
        outcome = self.watch(signal.SIGINT, "run", *run.EAL, "-l", "0-1", "--vdev", "net_af_packet0,iface=veth0", "--",
                             "--total-num-mbufs", "8192")
        # The driver does not count what it drops, so the kernel is asked.
        self.assertNotIn("loss unknown", outcome.err)


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    if network.missing():
        run.skip_all(network.missing())
    if "libpcap" not in PROGRAM.run(["version"]).out:
        run.skip_all("this build has no libpcap")
    unittest.main()
