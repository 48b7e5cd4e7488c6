#!/usr/bin/env python3
"""Ports on interfaces of the kernel: what it drops is told, links are followed, and an interface may go away."""
import contextlib
import pathlib
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import network
import port_runs
import program as run
import stall
from port_runs import number

# Frames of a kind that nobody answers (IEEE 802 local experimental Ethertype), sent as fast as Python can.
SENDER = """
import socket, sys
device, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((device, 0))
frame = bytes.fromhex("ffffffffffff02000000000188b5").ljust(size, b"x")
sent = 0
for i in range(count):
    try:
        sent += out.send(frame) > 0
    except OSError:
        pass
print(sent)
"""

# The same without an end, a millisecond apart, also while the device is down or gone.
TRICKLE = """
import socket, sys, time
frame = bytes.fromhex("ffffffffffff02000000000188b5").ljust(60, b"x")
out = None
while True:
    try:
        if out is None:
            out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            out.bind((sys.argv[1], 0))
        out.send(frame)
    except OSError:
        out = None
    time.sleep(0.001)
"""


class OnInterfaces(port_runs.Ports):
    """Ports on interfaces of the kernel, in a network namespace."""

    def setUp(self):
        self.net = network.Network()
        self.net.__enter__()
        self.addCleanup(self.net.__exit__)

    def start_inside(self, devices, *options, **settings):
        return self.start(devices, *options, prefix=self.net.inside(), **settings)

    def send(self, device, count, theirs=True, size=60):
        pid = self.net.theirs if theirs else self.net.ours
        done = subprocess.run(self.net.inside(pid) + [sys.executable, "-c", SENDER, device, str(count), str(size)],
                              check=True, capture_output=True, text=True)
        return int(done.stdout)

    @contextlib.contextmanager
    def traffic(self, device):
        """Frames on the other side of the device, some hundred a second, whatever becomes of it."""
        sender = subprocess.Popen(self.net.inside(self.net.theirs) + [sys.executable, "-c", TRICKLE, device])
        try:
            yield sender
        finally:
            sender.kill()
            sender.wait()

    def ip(self, *arguments, theirs=False):
        pid = self.net.theirs if theirs else self.net.ours
        subprocess.run(self.net.inside(pid) + ["ip", *arguments], check=True)

    @contextlib.contextmanager
    def stopped(self, running):
        """The whole run stands still."""
        running.child.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            running.child.send_signal(signal.SIGCONT)

    def lost_and_received(self, running, port, device, count, theirs, standstill=None):
        """Sends while the run, or its worker, stands still, so that the kernel's queue overflows."""
        with standstill or self.stopped(running):
            sent = self.send(device, count, theirs)
        self.wait_for(running, rf"{port} \S+ +[1-9]\d+ +\d+ +[1-9]")
        # What waits in the kernel's queue when the run ends was neither lost nor received.
        shown = lambda: re.findall(rf"{port} \S+ +(\d+) +\d+ +(\d+)", running.said())[-2:]
        self.assertTrue(running.wait_until(lambda: len(shown()) == 2 and shown()[0] == shown()[1]), running.said())
        outcome = self.stop(running)
        given, lost, _ = outcome.ports()[port]
        received, _ = outcome.ledger()
        self.assertEqual(given, received, outcome.err)
        return sent, lost, received

    def test_af_packet_tells_what_the_kernel_dropped(self):
        running = self.start_inside(["net_af_packet0,iface=veth0"])
        self.wait_for(running, "RX-packets")
        sent, lost, received = self.lost_and_received(running, "net_af_packet0", "veth1", 20000, theirs=True)
        self.assertGreater(lost, 10000)
        self.assertAlmostEqual(sent, lost + received, delta=sent / 100)

    def test_af_packet_tells_what_a_worker_that_stood_still_cost(self):
        running = self.start_inside(["net_af_packet0,iface=veth0"])
        self.wait_for(running, "RX-packets")
        sent, lost, received = self.lost_and_received(running, "net_af_packet0", "veth1", 20000, theirs=True,
                                                      standstill=stall.Stall(running.child.pid, 1))
        self.assertGreater(lost, 10000)
        self.assertAlmostEqual(sent, lost + received, delta=sent / 100)

    def test_af_packet_with_two_queues_tells_what_the_kernel_dropped(self):
        running = self.start_inside(["net_af_packet0,iface=veth0,qpairs=2"])
        self.wait_for(running, "RX-packets")
        self.assertIn("port net_af_packet0: spread by the kernel's symmetric hash", running.said())
        sent, lost, received = self.lost_and_received(running, "net_af_packet0", "veth1", 20000, theirs=True)
        self.assertGreater(lost, 10000)
        self.assertAlmostEqual(sent, lost + received, delta=sent / 100)

    def test_tap_tells_what_the_kernel_dropped(self):
        running = self.start_inside(["net_tap0,iface=fstap0"])
        self.wait_for(running, "RX-packets")
        sent, lost, received = self.lost_and_received(running, "net_tap0", "fstap0", 5000, theirs=False)
        self.assertGreater(lost, 1000)
        self.assertAlmostEqual(sent, lost + received, delta=sent / 100)

    def test_long_frames_are_received_whole(self):
        for interface, theirs in (("veth0", False), ("veth1", True)):
            self.ip("link", "set", interface, "mtu", "9000", theirs=theirs)
        running = self.start_inside(["net_af_packet0,iface=veth0,framesz=16384,blocksz=16384,framecnt=64"],
                                    "--max-pkt-len", "16384", mbufs=["--total-num-mbufs", "2048", "--link-wait", "0"])
        self.wait_for(running, "RX-packets")
        before = number(r"net_af_packet0 \S+ +\d+ +(\d+)", running.said())
        self.assertEqual(20, self.send("veth1", 20, size=9000))
        bytes_seen = lambda: number(r"net_af_packet0 \S+ +\d+ +(\d+)", running.said()) - before
        self.assertTrue(running.wait_until(lambda: bytes_seen() >= 20 * 9000), running.said()[-3000:])
        self.stop(running)

    def test_a_link_that_goes_down_and_up_is_told(self):
        running = self.start_inside(["net_af_packet0,iface=veth0"])
        self.wait_for(running, "RX-packets")
        self.ip("link", "set", "veth1", "down", theirs=True)
        self.wait_for(running, "port net_af_packet0: link is down")
        self.ip("link", "set", "veth1", "up", theirs=True)
        self.wait_for(running, "port net_af_packet0: link is up")
        self.assertEqual(100, self.send("veth1", 100))
        self.wait_for(running, r"net_af_packet0 \S+ +[1-9]\d\d ")
        self.stop(running)

    def test_a_link_that_is_down_at_start_is_waited_for_a_while(self):
        # Our own side: of the other's the kernel tells up to a second late.
        self.ip("link", "set", "veth0", "down")
        running = self.start_inside(["net_af_packet0,iface=veth0"], "--link-wait", "300ms",
                                    mbufs=["--total-num-mbufs", "4096"])
        self.wait_for(running, "port net_af_packet0: link is down, going on without it")
        self.wait_for(running, "RX-packets")
        self.stop(running)

    def test_the_run_ends_when_its_only_port_is_removed(self):
        for device, interface in (("net_af_packet0,iface=veth0", "veth0"), ("net_tap0,iface=fstap0", "fstap0")):
            with self.subTest(device=device):
                running = self.start_inside([device])
                self.wait_for(running, "RX-packets")
                self.ip("link", "del", interface)
                said = self.end(running, 3)
                self.assertIn(f"port {device.split(',')[0]} was removed: it is not polled any more", said)
                self.assertIn("flowscope: every port was removed", said)

    def test_links_that_flap_under_traffic_and_go_away_cost_nothing_else(self):
        for device in ("net_af_packet0,iface=veth0", "net_pcap0,iface=veth0"):
            with self.subTest(device=device), self.traffic("veth1") as traffic:
                name = device.split(",")[0]
                running = self.start_inside([device, "net_ring0"])
                packets = lambda: number(rf"{name} \S+ +(\d+)", running.said())
                self.wait_for(running, rf"{name} \S+ +[1-9]")
                for _ in range(3):
                    downs, ups = running.said().count("link is down"), running.said().count("link is up")
                    self.ip("link", "set", "veth1", "down", theirs=True)
                    self.assertTrue(running.wait_until(lambda: running.said().count("link is down") > downs))
                    self.ip("link", "set", "veth1", "up", theirs=True)
                    self.assertTrue(running.wait_until(lambda: running.said().count("link is up") > ups))
                    before = packets()
                    self.assertTrue(running.wait_until(lambda: packets() > before), running.said()[-3000:])
                # The peer goes, and takes our side with it; packets come to the end.
                self.ip("link", "del", "veth1", theirs=True)
                self.wait_for(running, f"port {name} was removed: it is not polled any more")
                self.assertIsNone(traffic.poll(), "there was traffic to the end")
                counted = packets()
                outcome = self.stop(running)
                self.assertGreaterEqual(number(r"ledger +(\d+) received", outcome.err), counted)
            self.net.veth()

    def is_promiscuous(self, interface):
        shown = subprocess.run(self.net.inside() + ["ip", "link", "show", interface], check=True, capture_output=True,
                               text=True)
        return "PROMISC" in shown.stdout

    def test_an_interface_is_promiscuous_no_longer_than_the_run(self):
        for was_on in (False, True):
            with self.subTest(was_on=was_on):
                self.ip("link", "set", "veth0", "promisc", "on" if was_on else "off")
                running = self.start_inside(["net_af_packet0,iface=veth0"])
                self.wait_for(running, "RX-packets")
                self.assertTrue(self.is_promiscuous("veth0"))
                self.stop(running)
                self.assertEqual(was_on, self.is_promiscuous("veth0"))

    def test_a_start_that_fails_leaves_no_interface_promiscuous(self):
        # The second port has one queue only: it fails once the first one has started.
        outcome = self.program.run(["run", *run.EAL, "-l", "0-1", "--vdev", "net_af_packet0,iface=veth0,qpairs=2", "--vdev",
                                    f"net_pcap0,rx_pcap={self.program.capture('sample')}", "--", "--rxq", "2",
                                    *port_runs.SMALL], prefix=self.net.inside())
        self.assertEqual(3, outcome.code, outcome.err)
        self.assertIn("port net_pcap0: --rxq 2 asked for", outcome.err)
        self.assertFalse(self.is_promiscuous("veth0"))

    def test_af_xdp(self):
        running = self.start_inside(["net_af_xdp0,iface=veth0"])
        if not running.wait_until(lambda: "RX-packets" in running.said(), 30):
            self.skipTest("no AF_XDP here: " + running.said()[-500:])
        self.assertEqual(100, self.send("veth1", 100))
        self.wait_for(running, r"net_af_xdp0 \S+ +[1-9]\d\d ")
        outcome = self.stop(running)
        self.assertNotIn("loss unknown", outcome.err)
        self.assertGreaterEqual(number(r"ledger +(\d+) received", outcome.err), 100)
        self.assertFalse(self.is_promiscuous("veth0"))

    def test_the_run_goes_on_with_the_ports_that_are_left(self):
        running = self.start_inside(["net_af_packet0,iface=veth0", "net_null0"])
        self.wait_for(running, "RX-packets")
        self.ip("link", "del", "veth0")
        self.wait_for(running, "port net_af_packet0 was removed")
        before = number(r"net_null0 \S+ +(\d+)", running.said())
        self.assertTrue(running.wait_until(lambda: number(r"net_null0 \S+ +(\d+)", running.said()) > before))
        self.stop(running)


if __name__ == "__main__":
    PROGRAM = port_runs.Ports.program = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    if network.missing():
        run.skip_all(network.missing())
    unittest.main()
