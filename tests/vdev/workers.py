#!/usr/bin/env python3
"""Runs several workers on DPDK's virtual devices: packets that come by the wrong queue, idle workers, stages."""
import pathlib
import re
import signal
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

MIX = ("mix", "--http", "200", "--tls", "60", "--dns", "200", "--interleave", "50")
TWO_LCORES = "(0-2)@(0-1)"
# Little memory to reserve, and nothing times out while one file is ahead of the other.
PATIENT = (*run.SMALL,
           "--timeouts-tcp-closed", "3600s", "--timeouts-tcp-new", "3600s", "--timeouts-tcp-established", "3600s",
           "--timeouts-tcp-closing", "3600s", "--timeouts-udp", "3600s", "--timeouts-other", "3600s")
SUMMARY = re.compile(r"ledger +(\d+) received = (.*): holds")


def split(capture, folder, of_packet):
    """Two captures, of the packets for which of_packet(number, frame) is 0 and 1."""
    data = capture.read_bytes()
    paths = [folder / f"{capture.stem}_{of_packet.__name__}_{half}.pcap" for half in (0, 1)]
    parts = [[data[:24]], [data[:24]]]
    offset, number = 24, 0
    while offset < len(data):
        captured = struct.unpack_from("<I", data, offset + 8)[0]
        end = offset + 16 + captured
        parts[of_packet(number, data[offset + 16:end])].append(data[offset:end])
        offset, number = end, number + 1
    for path, part in zip(paths, parts):
        path.write_bytes(b"".join(part))
    return paths


def addresses(frame):
    begin, size = (26, 4) if frame[12:14] == b"\x08\x00" else (22, 16)
    return frame[begin:begin + size], frame[begin + size:begin + 2 * size]


def by_direction(_, frame):
    source, destination = addresses(frame)
    return int(source > destination)


def by_pair(_, frame):
    return sum(b"".join(addresses(frame))) % 2


def udp_flows(records):
    """For each flow: how many records tell of it, and the packets and bytes of both directions together. Of UDP,
    since a SYN that is read behind its answer, from another file, begins another flow of TCP."""
    found = {}
    for record in run.of_type(records, "flow"):
        if record["proto"] != "UDP":
            continue
        sums = found.setdefault(record["community_id"], [0, 0, 0])
        flow = record["flow"]
        sums[0] += 1
        sums[1] += flow["pkts_toserver"] + flow["pkts_toclient"]
        sums[2] += flow["bytes_toserver"] + flow["bytes_toclient"]
    return found


class Resteer(unittest.TestCase):
    def test_brings_both_directions_of_a_flow_together_that_come_by_different_queues(self):
        capture = PROGRAM.capture("mix", "--dns", "500", "--interleave", "50")
        halves = split(capture, PROGRAM.folder, by_direction)
        expected = udp_flows(PROGRAM.replay(capture, *PATIENT))
        self.assertGreater(len(expected), 400)
        two = ("--rxq", "2", "--workers", "2", *PATIENT)
        outcome, records = PROGRAM.pcap_device(halves, *two, lcores=TWO_LCORES)
        self.assertEqual(expected, udp_flows(records))
        self.assertTrue(SUMMARY.match(outcome.summary("ledger")), outcome.err)
        self.assertNotIn("resteer_full", outcome.summary("ledger"))
        why = "port net_pcap0 does not bring both directions of a flow to one queue"
        self.assertIn(f"flowscope: packets are sent to the worker of their flow: {why}", outcome.err)
        self.assertIn("  rings between workers ", outcome.err)
        # Otherwise each worker makes a flow of its own of what its queue brings.
        outcome, records = PROGRAM.pcap_device(halves, *two, "--worker-resteer", "off", lcores=TWO_LCORES)
        self.assertIn(f"flowscope: {why}, and worker.resteer is off: flows are split", outcome.err)
        halved = [key for key, (count, _, _) in udp_flows(records).items() if count == 2]
        self.assertGreater(len(halved), len(expected) / 4)

    def test_keeps_the_order_inside_a_flow(self):
        capture = PROGRAM.capture(*MIX)
        halves = split(capture, PROGRAM.folder, by_pair)
        outcome, records = PROGRAM.pcap_device(halves, "--rxq", "2", "--workers", "2", *PATIENT, lcores=TWO_LCORES)
        found = run.difference(PROGRAM.replay(capture, *PATIENT), records)
        self.assertFalse(found, f"two workers differ from one replay:\n{found}\n{outcome.err}")

    def test_gives_work_to_a_worker_without_a_queue(self):
        capture = PROGRAM.capture(*MIX)
        outcome, records = PROGRAM.pcap_device([capture], "--workers", "2", *PATIENT, lcores=TWO_LCORES)
        found = run.difference(PROGRAM.replay(capture, *PATIENT), records)
        self.assertFalse(found, f"two workers on one queue differ from one replay:\n{found}\n{outcome.err}")

    def test_counts_what_a_full_ring_drops(self):
        # Live traffic without end, more than two workers on shared processors pass on in time.
        running = PROGRAM.start(["run", *run.EAL, "--lcores", TWO_LCORES, "--vdev", "net_null0,size=64",
                                 "--vdev", f"net_pcap0,rx_pcap={PROGRAM.capture('sample')},infinite_rx=1", "--",
                                 "-o", "/dev/null", "--workers", "2", "--worker-resteer", "on", "--burst", "64",
                                 "--rxd", "64", "--total-num-mbufs", "8192", "--stats-period", "200ms"])
        self.addCleanup(running.kill)
        self.assertTrue(running.wait_until(lambda: running.said().count("fates ") > 3), running.said())
        outcome = running.stop()
        self.assertEqual(0, outcome.code, outcome.err)
        received, fates = SUMMARY.match(outcome.summary("ledger")).groups()
        self.assertEqual(int(received), sum(map(int, re.findall(r"(\d+) \w+", fates))), outcome.err)


class Lcores(unittest.TestCase):
    LCORES = "0@0,1@1,2@1,5@1"

    def run_on(self, *options):
        return PROGRAM.run(["run", *run.EAL, "--lcores", self.LCORES, "--vdev", "net_ring0", "--vdev", "net_ring1", "--",
                            "-o", "/dev/null", "--flows-max", "1000", "--total-num-mbufs", "4096",
                            "--exit-after-idle", "200ms", "--workers", "2", *options])

    def test_are_the_first_ones_unless_chosen(self):
        outcome = self.run_on()
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("-> worker 0 on lcore 1", outcome.err)
        self.assertIn("-> worker 1 on lcore 2", outcome.err)

    def test_are_the_chosen_ones_in_their_order(self):
        outcome = self.run_on("--worker-lcores", "5,1")
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("-> worker 0 on lcore 5", outcome.err)
        self.assertIn("-> worker 1 on lcore 1", outcome.err)
        self.assertRegex(outcome.err, r"on NUMA node \d+: [0-9.]+ MiB of workers 0,1")

    def test_that_no_worker_can_have_are_refused(self):
        for chosen, said in (("0-1", "worker.lcores: lcore 0 is the main lcore"),
                             ("1,7", "worker.lcores: lcore 7 is none of the EAL's, which are 0-2,5"),
                             ("1,1", "worker.lcores: "), ("2", "worker.lcores: 1 lcore for 2 workers"),
                             ("two", 'worker.lcores: "two" is no lcore')):
            outcome = self.run_on("--worker-lcores", chosen)
            self.assertEqual(1, outcome.code, outcome.err)
            self.assertIn(said, outcome.err)


class Stages(unittest.TestCase):
    def test_are_told_in_cycles_a_packet(self):
        outcome = PROGRAM.run(["replay", PROGRAM.capture(*MIX), "-o", "/dev/null", "--worker-stage-cycles", "true"])
        self.assertEqual(0, outcome.code, outcome.err)
        cycles = dict(re.findall(r"(\w+) ([\d.]+)(?:,| a packet)", outcome.summary("cycles")))
        self.assertLessEqual({"receive", "decode", "key", "find", "update", "streams", "records", "release"},
                             set(cycles), outcome.err)

    def test_are_not_told_otherwise(self):
        outcome = PROGRAM.run(["replay", PROGRAM.capture("sample"), "-o", "/dev/null"])
        self.assertEqual("", outcome.summary("cycles"))


class Idle(unittest.TestCase):
    def start(self, *options):
        """A run to which nothing comes, for a while."""
        running = PROGRAM.start(["run", *run.EAL, "-l", "0-1", "--vdev", "net_ring0", "--", "-o", "/dev/null",
                                 "--total-num-mbufs", "8192", "--stats-period", "200ms", *options])
        self.addCleanup(running.kill)
        tables = lambda: running.said().count("fates ")
        self.assertTrue(running.wait_until(lambda: tables() >= 4), running.said())
        return running

    def sleeps(self, running):
        """How often the worker gave its processor up by itself."""
        worker = next(task for task in pathlib.Path(f"/proc/{running.child.pid}/task").iterdir()
                      if (task / "comm").read_text().strip() == "rte-worker-1")
        return int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", (worker / "status").read_text()).group(1))

    def test_workers_leave_the_processor_to_others(self):
        running = self.start("--worker-idle", "sleep")
        self.assertGreater(self.sleeps(running), 100)
        self.assertEqual(0, running.stop().code)

    def test_workers_that_pause_or_spin_do_not(self):
        for way in ("pause", "spin"):
            running = self.start("--worker-idle", way)
            self.assertLess(self.sleeps(running), 50, way)
            self.assertEqual(0, running.stop().code)

    def test_workers_take_another_way_with_a_reload(self):
        config = PROGRAM.folder / "idle.yaml"
        config.write_text("worker: {idle: spin}\n")
        running = self.start("-c", config)
        self.assertLess(self.sleeps(running), 50)
        config.write_text("worker: {idle: sleep, sleep_max: 50us}\n")
        running.child.send_signal(signal.SIGHUP)
        self.assertTrue(running.wait_until(lambda: self.sleeps(running) > 100), running.said())
        self.assertIn("reload: 2 settings changed", running.said())
        self.assertEqual(0, running.stop().code)


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    unittest.main()
