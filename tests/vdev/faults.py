#!/usr/bin/env python3
"""Gives the program everything that can be wrong: each fault is one clear line and the right exit code, and what
was good before it is written."""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

USAGE, EAL, PORT = 1, 2, 3
FILE_HEADER_BYTES, RECORD_HEADER_BYTES = 24, 16
# What the program says when nothing is wrong.
NO_FAULT = re.compile(r"flowscope: (port \d+ queue \d+ -> |capturing on |standard input is read by one worker)")
FOREIGN = re.compile(r"[A-Z][A-Za-z_]*(\([^)]*\))?: |[a-z_]+\(\): |\s*$")
SUMMARY = re.compile(r"(packets|flows|records|ledger|port|memory reserved|) ")


def record_offsets(capture):
    """Where each packet's record begins, and the end of the file."""
    offsets, at = [], FILE_HEADER_BYTES
    while at < len(capture):
        offsets.append(at)
        at += RECORD_HEADER_BYTES + struct.unpack_from("<I", capture, at + 8)[0]
    return offsets + [at]


class Faults(unittest.TestCase):
    def check(self, arguments, code, *words, summary=False, outcome=None):
        """One line with these words and this exit code; the summary stands below only where a run began."""
        outcome = outcome or PROGRAM.run(arguments)
        said = [line for line in outcome.err.splitlines() if not NO_FAULT.match(line)]
        own = [line for line in said if line.startswith("flowscope: ")]
        text = f"{' '.join(map(str, arguments))}\n{outcome.err}"
        self.assertEqual(code, outcome.code, text)
        self.assertEqual(1, len(own), text)
        for word in words:
            self.assertIn(str(word), own[0], text)
        rest = [line for line in said if line not in own and not (summary and SUMMARY.match(line))]
        if "run" not in arguments:
            self.assertEqual([], rest, text)
        else:
            self.assertEqual([], [line for line in rest if not FOREIGN.match(line)], text)
        return outcome


class Files(Faults):
    def setUp(self):
        self.good = PROGRAM.capture("sample")
        self.bytes = self.good.read_bytes()
        self.offsets = record_offsets(self.bytes)

    def write(self, content, name="damaged.pcap"):
        path = PROGRAM.folder / name
        path.write_bytes(content)
        return path

    def check_packets(self, content, packets, *words):
        """The fault is told of, and the packets in front of it are tracked and written."""
        damaged = self.write(content)
        outcome = self.check(["replay", damaged, "-o", "-"], PORT, damaged.name, *words, summary=True)
        self.assertIn(f"{packets} received", outcome.summary("ledger"))
        whole = self.write(self.bytes[:self.offsets[packets]], "whole.pcap")
        self.assertEqual(PROGRAM.replay(whole), run.sorted_records(outcome.out))

    def test_capture_cut_inside_a_record_header(self):
        self.check_packets(self.bytes[:self.offsets[50] + 7], 50, "50 packets")

    def test_capture_cut_inside_a_frame(self):
        self.check_packets(self.bytes[:self.offsets[100] + RECORD_HEADER_BYTES + 1], 100, "100 packets")

    def test_capture_cut_before_its_last_byte(self):
        self.check_packets(self.bytes[:-1], 159, "159 packets")

    def test_capture_cut_inside_the_first_frame(self):
        self.check_packets(self.bytes[:self.offsets[0] + RECORD_HEADER_BYTES + 20], 0, "0 packets")

    def test_capture_cut_between_packets_is_whole(self):
        outcome = PROGRAM.run(["replay", self.write(self.bytes[:self.offsets[70]]), "-o", "-"])
        self.assertEqual((0, []), (outcome.code, outcome.own_lines()))

    def test_impossible_record_length(self):
        for length in (0x7fffffff, 0xffffffff, 300_000):
            with self.subTest(length=length):
                broken = bytearray(self.bytes)
                struct.pack_into("<I", broken, self.offsets[80] + 8, length)
                self.check_packets(bytes(broken), 80)

    def test_damaged_file_between_good_ones(self):
        damaged = self.write(self.bytes[:self.offsets[50] + 7])
        outcome = self.check(["replay", self.good, damaged, self.good, "-o", "/dev/null"], PORT, "damaged.pcap",
                             summary=True)
        self.assertIn("370 received", outcome.summary("ledger"))

    def test_what_is_no_capture(self):
        for content, word in ((b"", "empty"), (b"\xd4\xc3\xb2", ""), (self.bytes[:FILE_HEADER_BYTES - 1], ""),
                              (b"GET / HTTP/1.1\r\n\r\n" * 9, "not a capture"), (b"\x1f\x8b" + b"\0" * 99, "gzip")):
            with self.subTest(content=content[:8]):
                # A capture of no packets may be cut in its header, which only reading finds.
                self.check(["replay", self.write(content), "-o", "-"], PORT, "damaged.pcap", word, summary=True)

    def test_file_of_nothing_but_a_header_is_no_fault(self):
        outcome = PROGRAM.run(["replay", self.write(self.bytes[:FILE_HEADER_BYTES]), "-o", "-"])
        self.assertEqual((0, []), (outcome.code, outcome.own_lines()))

    def test_directory(self):
        self.check(["replay", PROGRAM.folder, "-o", "-"], PORT, PROGRAM.folder, "directory")

    def test_missing_file_is_found_before_anything_is_read(self):
        self.check(["replay", self.good, "no-such.pcap", "-o", "-"], PORT, "no-such.pcap", "no such file")

    def test_standard_input_that_is_no_capture(self):
        done = subprocess.run([PROGRAM.flowscope, "replay", "-", "-o", "-"], input="nothing of the kind", text=True,
                              capture_output=True, timeout=60, check=False)
        self.check(["replay", "-"], PORT, "standard input", summary=True,
                   outcome=run.Outcome(done.returncode, done.stdout, done.stderr, 0))


class Output(Faults):
    def setUp(self):
        self.capture = PROGRAM.capture("sample")

    def test_folder_that_is_not_there(self):
        self.check(["replay", self.capture, "-o", "/no/such/folder/eve.json"], USAGE, "/no/such/folder/eve.json",
                   "No such file")

    def test_directory(self):
        self.check(["replay", self.capture, "-o", PROGRAM.folder], USAGE, PROGRAM.folder, "Is a directory")

    def test_full_device_is_told_of_with_the_number_of_records(self):
        outcome = self.check(["replay", self.capture, "-o", "/dev/full"], USAGE, "/dev/full", "No space left",
                             summary=True)
        self.assertRegex(outcome.own_lines()[0], r"\b\d+ records could not be written")
        self.assertIn("holds", outcome.summary("ledger"))

    def test_reader_that_goes_away(self):
        child = subprocess.Popen([PROGRAM.flowscope, "replay", self.capture, "-o", "-"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        child.stdout.close()
        err = child.stderr.read()
        child.stderr.close()
        self.check(["replay", self.capture], USAGE, "Broken pipe", summary=True,
                   outcome=run.Outcome(child.wait(60), "", err, 0))


class Configuration(Faults):
    def setUp(self):
        self.capture = PROGRAM.capture("sample")

    def test_of_a_file(self):
        path = PROGRAM.folder / "wrong.yaml"
        for text, line, *words in (
                ("table:\n  flows_max: [1\n", 3, "not YAML"), ("table:\n  flows_mx: 64\n", 2, "flows_mx"),
                ("burst: 32\nburst: 64\n", 2, "twice"), ("\nburst: many\n", 2, "burst", "many"),
                ("burst: 257\n", 1, "burst", "257", "256"), ("burst:\n", 1, "burst"), ("table: 5\n", 1, "table"),
                ("- burst\n", 1, "group"), ("workers: -1\n", 1, "workers"),
                ("timeouts:\n  udp: 5 parsecs\n", 2, "timeouts.udp", "parsecs")):
            with self.subTest(text=text):
                path.write_text(text)
                arguments = ["replay", self.capture, "-o", "-", "-c", path]
                self.check(arguments, USAGE, f"{path}:{line}: ", *words)
                self.check(["check", path], USAGE, f"{path}:{line}: ", *words)

    def test_file_that_is_not_there(self):
        self.check(["replay", self.capture, "-c", "no-such.yaml"], USAGE, "no-such.yaml", "No such file")

    def test_of_the_command_line(self):
        for arguments, *words in (
                ([], "no verb"), (["repaly", self.capture], "repaly"), (["replay"], "FILE"), (["check"], "check"),
                (["replay", self.capture, "--burst", "0"], "burst", "0"),
                (["replay", self.capture, "--burst", "many"], "burst", "many"),
                (["replay", self.capture, "--workers", "99999999999999999999"], "workers"),
                (["replay", self.capture, "--no-such-option"], "--no-such-option"),
                (["replay", self.capture, "--flows-max", "-5"], "flows"), (["live"], "interface")):
            with self.subTest(arguments=arguments):
                self.check(arguments, USAGE, *words)

    def test_more_memory_than_there_is(self):
        self.check(["replay", self.capture, "-o", "-", "--flows-max", str(1 << 30), "--workers", "256"], USAGE, "memory",
                   "--flows-max")

    def test_more_memory_than_it_may_have(self):
        if shutil.which("prlimit") is None:
            self.skipTest("there is no prlimit")
        arguments = ["replay", self.capture, "-o", "-", "--flows-max", "1000000"]
        limited = PROGRAM.run(arguments, prefix=["prlimit", f"--as={192 << 20}"])
        self.check(arguments, USAGE, "memory", summary=True, outcome=limited)


class Interfaces(Faults):
    def setUp(self):
        if "libpcap" not in PROGRAM.run(["version"]).out:
            self.skipTest("this build has no libpcap")

    def test_missing_interface(self):
        if os.geteuid() != 0:
            self.skipTest("capturing needs root")
        self.check(["live", "-i", "nosuch0", "-o", "-"], PORT, "nosuch0", "no such interface", "lo")

    def test_filter_that_is_none(self):
        if os.geteuid() != 0:
            self.skipTest("capturing needs root")
        self.check(["live", "-i", "lo", "-f", "tcp and", "-o", "-"], PORT, "tcp and")

    def test_two_workers(self):
        self.check(["live", "-i", "lo", "-o", "-", "--workers", "2"], USAGE, "--workers 2")


class Devices(Faults):
    def setUp(self):
        if "DPDK" not in PROGRAM.run(["version"]).out:
            self.skipTest("this build has no DPDK")
        if os.geteuid() != 0:
            self.skipTest("DPDK needs root here")
        self.device = f"net_pcap0,rx_pcap={PROGRAM.capture('sample')}"

    def start(self, *devices, own=(), eal=("-l", "0-1"), memory="512"):
        names = [argument for device in devices for argument in ("--vdev", device)]
        return ["run", "--no-pci", "--no-huge", "-m", memory, "--file-prefix", run.FILE_PREFIX, *eal, *names, "--",
                "--exit-after-idle", "200ms", "--total-num-mbufs", "8192", *(own or ("-o", "/dev/null"))]

    def test_wrong_device_arguments(self):
        for device in ("net_pcap0,rx_pcap=/no/such/file", "net_pcap0,no_such_key=1", "net_nosuch0",
                       "net_af_packet0,iface=nosuch0", f"net_pcap0,rx_pcap={PROGRAM.folder}"):
            with self.subTest(device=device):
                self.check(self.start(device), EAL, "EAL")
                # Nor is it left out in silence when another device is right.
                self.check(self.start("net_null0", device), EAL, "EAL")

    def test_wrong_eal_options(self):
        for eal in (("-l", "0-1", "--no-such-option"), ("-l", "0-999"), ("-l", "x"), ("-l", "0-1", "stray")):
            with self.subTest(eal=eal):
                self.check(self.start(self.device, eal=eal), EAL, "EAL")

    def test_no_device(self):
        self.check(self.start(), PORT, "no DPDK port", "--vdev")

    def test_port_mask_without_a_port(self):
        self.check(self.start(self.device, own=("--portmask", "0x8")), PORT, "--portmask")

    def test_more_queues_than_the_device_has(self):
        self.check(self.start(self.device, own=("--rxq", "3")), PORT, "net_pcap0", "--rxq 3", "1 receive queue")

    def test_more_workers_than_lcores(self):
        self.check(self.start(self.device, own=("--workers", "4")), USAGE, "--workers 4", "lcores")

    def test_too_little_memory_for_mbufs(self):
        self.check(self.start(self.device, memory="16"), PORT, "no memory", "mbufs", "--total-num-mbufs")

    def test_damaged_capture_ends_the_run_with_what_was_good(self):
        damaged = PROGRAM.folder / "cut.pcap"
        damaged.write_bytes(PROGRAM.capture("sample").read_bytes()[:-1])
        outcome = PROGRAM.run(self.start(f"net_pcap0,rx_pcap={damaged}"))
        self.assertIn("159 received", outcome.summary("ledger"))

    def test_unwritable_output(self):
        self.check(self.start(self.device, own=("-o", "/no/such/folder/eve.json")), USAGE, "/no/such/folder/eve.json")


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
