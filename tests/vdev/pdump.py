#!/usr/bin/env python3
"""DPDK's own tools against a running program: dpdk-dumpcap sees the frames that arrive, dpdk-proc-info the counters."""
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import network
import program as run

HUGE_PAGES_NEEDED = 64
WATCHED = 50
PORT = 7777
# Other processes share the program's memory, which takes huge pages.
EAL = ["--no-pci", "--file-prefix", run.FILE_PREFIX, "-l", "0-1", "-m", "96"]
# Sends a numbered frame every two milliseconds, for as long as the test may last.
SENDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
import pdump, socket
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("veth1", 0))
try:
    for number in range(15000):
        wire.send(pdump.frame(number))
        time.sleep(0.002)
except OSError:
    pass  # the network went before us
"""


def frame(number):
    """UDP over IPv4 with the number in its payload, and a length that follows from it."""
    payload = struct.pack("!I", number) + bytes((number + i) % 256 for i in range(20 + number * 37 % 1400))
    udp = struct.pack("!HHHH", 40000, PORT, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number % 65536, 0, 64, 17, 0, bytes([192, 0, 2, 2]),
                       bytes([192, 0, 2, 1]))
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    return bytes(6) + bytes([2, 0, 0, 0, 0, 1]) + b"\x08\x00" + head[:10] + struct.pack("!H", total ^ 0xffff) + head[12:] + udp


def frames_of(capture):
    """The frames of a pcap file with nanoseconds or microseconds, in its order."""
    content = capture.read_bytes()
    order = "<" if content[0] in (0xd4, 0x4d) else ">"
    frames, at = [], 24
    while at + 16 <= len(content):
        captured, length = struct.unpack(order + "II", content[at + 8:at + 16])
        frames.append(content[at + 16:at + 16 + captured])
        assert captured == length, "no frame was cut"
        at += 16 + captured
    return frames


class OtherProcesses(unittest.TestCase):
    def start(self, net):
        running = PROGRAM.start(["run", *EAL, "--vdev", "net_af_packet0,iface=veth0", "--", "-o", "/dev/null",
                                 "--total-num-mbufs", "4096", "--flows-max", "10000", "--stats-period", "200ms"],
                                prefix=net.inside())
        self.addCleanup(running.kill)
        self.assertTrue(running.wait_until(lambda: "RX-packets" in running.said()), running.said())
        sender = subprocess.Popen(net.inside(net.theirs)
                                  + [sys.executable, "-c", SENDER, str(pathlib.Path(__file__).resolve().parent)])
        self.addCleanup(sender.wait)
        self.addCleanup(sender.kill)
        return running

    def finish(self, running):
        outcome = running.stop()
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("holds", outcome.summary("ledger"))
        self.assertNotIn("rte_pdump did not start", outcome.err)

    def test_dumpcap_writes_the_frames_that_arrive_byte_for_byte(self):
        if shutil.which("dpdk-dumpcap") is None:
            self.skipTest("there is no dpdk-dumpcap")
        capture = PROGRAM.folder / "dumpcap.pcap"
        with network.Network() as net:
            running = self.start(net)
            for round_number in (1, 2):  # a second one finds everything as the first did
                with self.subTest(round=round_number):
                    # dpdk-dumpcap writes over a file that is there, and leaves what is longer.
                    capture.unlink(missing_ok=True)
                    tool = subprocess.run(["dpdk-dumpcap", "--file-prefix", run.FILE_PREFIX, "-i", "net_af_packet0", "-P",
                                           "-f", f"udp port {PORT}", "-c", str(WATCHED), "-w", capture],
                                          capture_output=True, text=True, timeout=20, check=False)
                    said = tool.stdout + tool.stderr
                    self.assertEqual(0, tool.returncode, said)
                    frames = frames_of(capture)
                    self.assertGreaterEqual(len(frames), WATCHED, said)
                    first = struct.unpack("!I", frames[0][42:46])[0]
                    self.assertEqual([frame(first + i) for i in range(len(frames))], frames)
            self.finish(running)

    def test_proc_info_reads_the_counters(self):
        if shutil.which("dpdk-proc-info") is None:
            self.skipTest("there is no dpdk-proc-info")
        with network.Network() as net:
            running = self.start(net)
            arrived = lambda: re.search(r"net_af_packet0 \S+ +[1-9]\d\d", running.said())
            self.assertTrue(running.wait_until(arrived), running.said())
            tool = subprocess.run(["dpdk-proc-info", "--file-prefix", run.FILE_PREFIX, "--", "--stats"],
                                  capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(0, tool.returncode, tool.stdout + tool.stderr)
            packets = re.search(r"RX-packets: (\d+)", tool.stdout)
            self.assertIsNotNone(packets, tool.stdout)
            self.assertGreaterEqual(int(packets.group(1)), 100)
            self.finish(running)


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    if network.missing():
        run.skip_all(network.missing())
    free_pages = int(re.search(r"HugePages_Free:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1))
    if free_pages < HUGE_PAGES_NEEDED:
        run.skip_all(f"{free_pages} huge pages are free, {HUGE_PAGES_NEEDED} are needed: processes share memory by them")
    unittest.main()
