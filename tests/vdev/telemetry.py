#!/usr/bin/env python3
"""Asks a run for its figures while it goes on: by DPDK's telemetry and by Prometheus."""
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run
from telemetry_client import Telemetry, socket_path

MIX = ("mix", "--http", "300", "--tls", "100", "--dns", "300", "--interleave", "50")
COMMANDS = ["info", "ports", "workers", "flows", "ledger", "l7", "export", "timers", "cycles"]


def fetch(url):
    """The samples of a page of metrics, by name with labels."""
    # A proxy that the environment names is not for the loopback address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as page:
        lines = page.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[:1] != "#")}


def wait_for(condition, seconds=20):
    """The condition's first true value within the time, or its last one."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.1)


class RunOnAPcapDevice(unittest.TestCase):
    """One run, on a device that has given all its packets: figures stand still."""

    @classmethod
    def setUpClass(cls):
        cls.capture = PROGRAM.capture(*MIX)
        cls.records = PROGRAM.folder / "telemetry.eve.jsonl"
        cls.running = PROGRAM.start(
            ["run", *run.EAL, "-l", "0-1", "--vdev", f"net_pcap0,rx_pcap={cls.capture}", "--", "-o", cls.records,
             "--total-num-mbufs", "8192", "--telemetry-prometheus", "0", "--timeouts-tcp-closed", "300s"])
        cls.addClassCleanup(cls.running.log.close)
        cls.addClassCleanup(cls.running.kill)
        begun = cls.running.wait_until(lambda: "metrics at" in cls.running.said() and socket_path(run.FILE_PREFIX).exists())
        if not begun:
            raise AssertionError(cls.running.said())
        cls.url = re.search(r"metrics at (\S+)", cls.running.said()).group(1)
        cls.telemetry = Telemetry(run.FILE_PREFIX)
        cls.addClassCleanup(cls.telemetry.close)
        cls.expected = [json.loads(line) for line in PROGRAM.replay(cls.capture)]
        cls.packets = run.last_stats(PROGRAM.run(["replay", cls.capture, "-o", "-"]).out)["decoder"]["pkts"]
        if not wait_for(lambda: (cls.telemetry.ours("ledger") or {}).get("received") == cls.packets):
            raise AssertionError(f"{cls.packets} packets were sent, {cls.telemetry.ours('ledger')}")

    def messages(self, event):
        return sum(record["event_type"] == event for record in self.expected)

    def test_every_command_is_listed_with_its_help(self):
        listed = self.telemetry.ask("/")
        for name in COMMANDS:
            self.assertIn("/flowscope/" + name, listed)
            self.assertTrue(self.telemetry.ask("/help,/flowscope/" + name))

    def test_dpdks_own_client_can_ask(self):
        client = shutil.which("dpdk-telemetry.py")
        if client is None:
            self.skipTest("there is no dpdk-telemetry.py")
        asked = "".join(f"/flowscope/{name}\n" for name in COMMANDS) + "quit\n"
        done = subprocess.run([sys.executable, client, "-f", run.FILE_PREFIX], input=asked, text=True,
                              capture_output=True, timeout=30, check=False)
        for name in COMMANDS:
            self.assertIn(f'"/flowscope/{name}": {{', done.stdout, done.stderr)

    def test_info_tells_of_the_run(self):
        info = self.telemetry.ours("info")
        self.assertEqual(("run", 1, self.running.child.pid, 1, str(self.records)),
                         (info["verb"], info["workers"], info["pid"], info["running"], info["destination"]))

    def test_the_ledger_and_the_port_agree(self):
        ledger = self.telemetry.ours("ledger")
        self.assertEqual((self.packets, 1), (ledger["tracked"], ledger["balanced"]))
        port = self.telemetry.ours("ports")["ports"]["0"]
        self.assertEqual("net_pcap0 (net_pcap)", port["name"])
        self.assertEqual((self.packets, 0), (port["packets"], port["missed"]))
        worker = self.telemetry.ours("workers")["workers"]["0"]
        self.assertEqual((0, self.packets), (worker["worker"], worker["packets"]))

    def test_protocols_are_those_of_the_records(self):
        l7 = self.telemetry.ours("l7")
        found = {row["name"]: row for row in l7["protocols"].values()}
        for event in ("http", "dns", "tls"):
            self.assertEqual(self.messages(event), found[event]["records"], event)
        self.assertEqual(sum(row["flows"] for row in found.values()), l7["identified"])

    def test_the_largest_live_flows_are_shown(self):
        flows = self.telemetry.ours("flows,10")
        self.assertEqual(flows["created"], flows["live"] + flows["ended"])
        self.assertEqual(1, flows["complete"])
        sizes = [row["bytes"] for row in flows["top"].values()]
        self.assertEqual(min(10, flows["live"]), len(sizes))
        self.assertEqual(sorted(sizes, reverse=True), sizes)
        self.assertTrue(all(row["src_ip"] and row["dest_ip"] for row in flows["top"].values()))
        self.assertNotIn("top", self.telemetry.ours("flows"))
        self.assertIsNone(self.telemetry.ours("flows,many"))

    def test_the_output_and_the_timers_tell(self):
        self.assertTrue(wait_for(lambda: self.telemetry.ours("export")["records"]["message"]
                                 == sum(map(self.messages, ("http", "tls", "dns")))), self.telemetry.ours("export"))
        export = self.telemetry.ours("export")
        self.assertEqual((0, "", 0), (export["lines_lost"], export["error"], sum(export["shed"].values())))
        self.assertGreater(self.telemetry.ours("timers")["sweeps"], 0)

    def test_cycles_of_stages_are_counted_on_demand(self):
        self.assertEqual(0, self.telemetry.ours("cycles")["measured"])
        self.assertFalse(any(name.startswith("flowscope_stage") for name in fetch(self.url)))
        self.assertEqual(1, self.telemetry.ours("cycles,on")["measured"])
        # The device has given all its packets, so time goes by in the polls for more.
        idle = lambda: self.telemetry.ours("cycles")["workers"]["0"]["idle"]
        self.assertTrue(wait_for(idle))
        self.assertGreater(fetch(self.url)['flowscope_stage_cycles_total{stage="idle"}'], 0)
        self.assertEqual(0, self.telemetry.ours("cycles,off")["measured"])
        readings = [idle()]
        # The worker may still be in the poll in which it was told.
        self.assertTrue(wait_for(lambda: readings.append(idle()) or readings[-1] == readings[-2]), readings)
        self.assertIsNone(self.telemetry.ours("cycles,often"))

    def test_many_may_ask_at_once(self):
        clients = [Telemetry(run.FILE_PREFIX) for _ in range(5)]
        for client in clients:
            self.addCleanup(client.close)
            client.socket.send(b"/flowscope/flows,40")
        for client in clients:
            answer = json.loads(client.socket.recv(16384))["/flowscope/flows"]
            self.assertEqual(1, answer["complete"])

    def test_metrics_are_those_of_the_ledger(self):
        samples = fetch(self.url)
        self.assertEqual(self.packets, samples['flowscope_ledger_packets_total{fate="tracked"}'])
        self.assertEqual(self.packets, samples['flowscope_port_packets_total{port="net_pcap0 (net_pcap)"}'])
        self.assertEqual(self.packets, samples['flowscope_worker_packets_total{worker="0"}'])
        self.assertEqual(1, samples["flowscope_ledger_balanced"])
        for event in ("http", "dns", "tls"):
            self.assertEqual(self.messages(event), samples[f'flowscope_protocol_messages_total{{protocol="{event}"}}'])
        with self.assertRaises(urllib.error.HTTPError):
            fetch(self.url.removesuffix("metrics"))

    def test_curl_fetches_them(self):
        if shutil.which("curl") is None:
            self.skipTest("there is no curl")
        page = subprocess.run(["curl", "--silent", "--noproxy", "*", "--max-time", "10", self.url], text=True,
                              capture_output=True, check=True).stdout
        self.assertIn("# TYPE flowscope_flow_duration_seconds histogram", page)

    def test_a_prometheus_fetches_them(self):
        if shutil.which("prometheus") is None:
            self.skipTest("there is no prometheus")
        folder = pathlib.Path(tempfile.mkdtemp(dir=PROGRAM.folder))
        target = self.url.removeprefix("http://").removesuffix("/metrics")
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s}\nscrape_configs:\n"
            f"  - job_name: flowscope\n    static_configs:\n      - targets: ['{target}']\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        log = open(folder / "log", "w+", encoding="utf-8")
        self.addCleanup(log.close)
        server = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml",
                                   f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address={address}"],
                                  stdout=log, stderr=log)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def query(expression):
            try:
                with opener.open(f"http://{address}/api/v1/query?query={urllib.parse.quote(expression)}",
                                 timeout=5) as answer:
                    return [float(row["value"][1]) for row in json.load(answer)["data"]["result"]]
            except urllib.error.URLError:
                return []

        found = wait_for(lambda: query('flowscope_ledger_packets_total{fate="tracked"}'), 30)
        self.assertEqual([self.packets], found, (folder / "log").read_text())
        self.assertEqual([1], query('up{job="flowscope"}'))
        self.assertEqual([self.messages("dns")], query('flowscope_protocol_messages_total{protocol="dns"}'))
        self.assertEqual([self.packets], query("sum(flowscope_ledger_packets_total)"))


class Endings(unittest.TestCase):
    def test_a_run_that_is_asked_all_the_time_stops_and_keeps_its_ledger(self):
        # Not the socket of the class above: another prefix.
        prefix = run.FILE_PREFIX + "_b"
        self.addCleanup(shutil.rmtree, f"/var/run/dpdk/{prefix}", ignore_errors=True)
        running = PROGRAM.start(["run", "--no-pci", "--no-huge", "-m", "512", "--file-prefix", prefix, "-l", "0-1",
                                 "--vdev", "net_null0", "--", "-o", "/dev/null", "--total-num-mbufs", "8192",
                                 "--telemetry-prometheus", "0"])
        self.addCleanup(running.kill)
        self.assertTrue(running.wait_until(lambda: "metrics at" in running.said()), running.said())
        url = re.search(r"metrics at (\S+)", running.said()).group(1)
        self.assertTrue(wait_for(lambda: fetch(url)['flowscope_ledger_packets_total{fate="not_ip"}'] > 0))
        for _ in range(20):
            self.assertEqual(1, fetch(url)["flowscope_ledger_balanced"])
        outcome = running.stop()
        self.assertEqual(0, outcome.code, outcome.err)
        self.assertIn("holds", outcome.summary("ledger"))

    def test_an_address_that_is_taken_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            outcome = PROGRAM.run(["replay", PROGRAM.capture("sample"), "-o", "/dev/null", "--telemetry-prometheus",
                                   port])
        self.assertEqual(1, outcome.code)
        self.assertEqual([f"flowscope: telemetry.prometheus: cannot listen on 127.0.0.1:{port}: Address already in use"],
                         outcome.own_lines())


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    run.needs_virtual_devices(PROGRAM)
    if "Prometheus" not in PROGRAM.run(["version"]).out:
        run.skip_all("this build has no endpoint for Prometheus")
    unittest.main()
