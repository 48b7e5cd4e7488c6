#!/usr/bin/env python3
"""The Debian package: made of what is compiled, installed on a systemd of its own, its services run, and removed."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import booted

SKIPPED = 77
COMPLETE = "source /usr/share/bash-completion/completions/flowscope && complete -p flowscope"
# No physical device, no huge pages; small tables.
DPDK_CONFIGURATION = """
table: {flows_max: 4k}
streams: {streams_max: 1k, buffers_bytes: 1MiB}
output: {destination: /var/log/flowscope/lab.eve.json}
dpdk:
  total_num_mbufs: 8192
  eal_options: ["--no-pci", "--no-huge", "-m", "256", "-l", "0-1", "--vdev",
    "net_pcap0,rx_pcap=/etc/flowscope/sample.pcap"]
"""
LIVE_CONFIGURATION = """
table: {flows_max: 4k}
streams: {streams_max: 1k, buffers_bytes: 1MiB}
pcap: {buffer_bytes: 1MiB}
"""
# A supervisor's patience, for tests that have none.
IMPATIENT = "[Service]\nWatchdogSec=1\nRestartSec=100ms\n"
LAB, LIVE = "flowscope@lab.service", "flowscope-live@eth0.service"


def run(*command, **more):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **more)


def make_package():
    """The package of the build folder; compressing it would be what takes longest."""
    done = run(ROOT / "scripts/package/make_deb", OPTIONS.build, OPTIONS.work,
               env={**os.environ, "DPKG_DEB_COMPRESSOR_TYPE": "none"})
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return pathlib.Path(done.stdout.splitlines()[-1])


def setUpModule():
    global MACHINE, PACKAGE
    PACKAGE = make_package()
    unittest.addModuleCleanup(shutil.rmtree, OPTIONS.work, ignore_errors=True)
    MACHINE = unittest.enterModuleContext(booted.Machine())
    shutil.copy(PACKAGE, MACHINE.path("/tmp/flowscope.deb"))
    install()


def install():
    # Triggers renew the index of all manuals of the machine.
    succeed("dpkg", "--no-triggers", "--force-unsafe-io", "--install", "/tmp/flowscope.deb")


def succeed(*command):
    """What a command in the booted system says."""
    done = MACHINE.run(*command)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}{journal()}")
    return done.stdout


def journal():
    return MACHINE.run("journalctl", "--no-pager", "--output=cat", "--unit=flowscope*").stdout


def shown(unit, name):
    return succeed("systemctl", "show", "--value", "--property", name, unit).strip()


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited for nothing:\n{journal()}")
        time.sleep(0.05)


class Files(unittest.TestCase):
    def test_belong_to_root_and_make_nobody_else_root(self):
        listed = run("dpkg-deb", "--contents", PACKAGE).stdout
        self.assertIn("./usr/bin/flowscope", listed)
        for line in listed.splitlines():
            self.assertRegex(line, r"^[d-]rw[x-]r-[x-]r-[x-] root/root ")

    def test_name_the_libraries_that_are_needed(self):
        depends = run("dpkg-deb", "--field", PACKAGE, "Depends").stdout
        needed = run("objdump", "-p", OPTIONS.build / "flowscope").stdout
        self.assertIn("NEEDED", needed)
        for library, package in (("librte_eal", "librte-eal23"), ("libpcap", "libpcap0.8"), ("libhs", "libhyperscan5"),
                                 ("libyaml-cpp", "libyaml-cpp0.7")):
            if f"NEEDED               {library}." in needed:
                self.assertIn(package, depends)

    def test_hold_what_operators_read(self):
        documents = "/usr/share/doc/flowscope/"
        for name in ("operations.md", "configuration.md", "telemetry.md", "signatures.md"):
            self.assertIn("#", succeed("bash", "-c", f"zcat --force {documents}{name}.gz || cat {documents}{name}")[:2])
        manual = "/usr/share/man/man1/flowscope.1.gz"
        self.assertIn(".Dt FLOWSCOPE 1", succeed("zcat", manual))
        if shutil.which("man") is not None:
            self.assertEqual(manual, succeed("man", "--where", "flowscope").strip())
        self.assertIn("_flowscope", succeed("bash", "-c", COMPLETE))


class Instances(unittest.TestCase):
    """The services under the supervisor that they are made for."""

    def setUp(self):
        self.configure("lab", DPDK_CONFIGURATION)
        self.configure("live", LIVE_CONFIGURATION)
        shutil.copy(OPTIONS.capture, MACHINE.path("/etc/flowscope/sample.pcap"))
        self.addCleanup(MACHINE.run, "systemctl", "stop", LAB, LIVE)

    def configure(self, name, text):
        MACHINE.write(f"/etc/flowscope/{name}.yaml", text)

    def start_lab(self):
        MACHINE.run("rm", "-f", "/var/log/flowscope/lab.eve.json")
        succeed("systemctl", "start", LAB)
        wait_until(lambda: "packets" in shown(LAB, "StatusText"))
        return int(shown(LAB, "MainPID"))

    def impatient(self):
        place = f"/run/systemd/system/{LAB}.d"
        MACHINE.write(f"{place}/impatient.conf", IMPATIENT)
        succeed("systemctl", "daemon-reload")
        self.addCleanup(MACHINE.run, "systemctl", "daemon-reload")
        self.addCleanup(MACHINE.run, "rm", "-r", place)

    def ledger(self):
        return re.findall(r"ledger .*", journal())[-1]

    def test_installation_starts_none_and_makes_the_user(self):
        self.assertEqual("root:flowscope 750", succeed("stat", "--format=%U:%G %a", "/etc/flowscope").strip())
        self.assertRegex(succeed("getent", "passwd", "flowscope"), r":/usr/sbin/nologin$")
        self.assertEqual("disabled", MACHINE.run("systemctl", "is-enabled", LAB).stdout.strip())
        self.assertIn("no mistake found", succeed("flowscope", "check", "lab-null"))
        self.assertEqual("", MACHINE.run("systemd-analyze", "verify", "--man=no", LAB, LIVE).stderr)

    def test_of_dpdk_runs_writes_reloads_and_stops(self):
        pid = self.start_lab()
        status = succeed("cat", f"/proc/{pid}/status")
        self.assertRegex(status, r"NoNewPrivs:\t1")
        # NET_ADMIN, NET_RAW, IPC_LOCK.
        self.assertRegex(status, r"CapEff:\t0000000000007000")
        self.assertEqual("flowscope", succeed("stat", "--format=%U", f"/proc/{pid}").strip())
        wait_until(lambda: "http" in succeed("cat", "/var/log/flowscope/lab.eve.json"))
        self.assertEqual("flowscope 640", succeed("stat", "--format=%U %a", "/var/log/flowscope/lab.eve.json").strip())
        place = "RUNTIME_DIRECTORY=/run/flowscope/lab"
        self.assertIn("net_pcap0", succeed("env", place, "flowscope", "top", "--once"))
        succeed("systemctl", "reload", LAB)
        wait_until(lambda: "packets" in shown(LAB, "StatusText"))
        self.assertEqual(pid, int(shown(LAB, "MainPID")))
        succeed("systemctl", "stop", LAB)
        self.assertEqual("success", shown(LAB, "Result"))
        self.assertRegex(self.ledger(), r"ledger   160 received = 160 tracked: holds")

    def test_on_an_interface_begins_and_ends_with_it(self):
        succeed("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
        self.addCleanup(MACHINE.run, "ip", "link", "delete", "peer0")
        for name in ("eth0", "peer0"):
            succeed("ip", "link", "set", name, "up")
        succeed("systemctl", "start", LIVE)
        self.assertEqual(0, int(succeed("awk", "/^CapEff/ { print $2 }", f"/proc/{shown(LIVE, 'MainPID')}/status"), 16))
        succeed("ip", "link", "delete", "eth0")
        wait_until(lambda: shown(LIVE, "ActiveState") in ("inactive", "failed"))
        self.assertEqual("0", shown(LIVE, "MainPID"))

    def test_that_are_killed_start_again(self):
        self.impatient()
        pid = self.start_lab()
        succeed("kill", "-KILL", str(pid))
        wait_until(lambda: shown(LAB, "MainPID") not in ("0", str(pid)) and shown(LAB, "ActiveState") == "active")

    def test_that_stand_still_start_again(self):
        self.impatient()
        pid = self.start_lab()
        succeed("kill", "-STOP", str(pid))
        wait_until(lambda: "watchdog" in journal().lower() or shown(LAB, "NRestarts") != "0")
        wait_until(lambda: shown(LAB, "MainPID") not in ("0", str(pid)) and shown(LAB, "ActiveState") == "active")

    def test_with_a_wrong_configuration_are_not_tried_again(self):
        self.impatient()
        self.configure("lab", "tabel: {}\n")
        self.assertNotEqual(0, MACHINE.run("systemctl", "start", LAB).returncode)
        self.assertEqual(("failed", "1", "0"), tuple(shown(LAB, name) for name in ("ActiveState", "ExecMainStatus",
                                                                                   "NRestarts")))
        self.assertIn("tabel", journal())
        succeed("systemctl", "reset-failed", LAB)

    def test_go_on_with_the_new_program_after_an_upgrade(self):
        pid = self.start_lab()
        install()
        wait_until(lambda: shown(LAB, "MainPID") not in ("0", str(pid)) and shown(LAB, "ActiveState") == "active")


class Removal(unittest.TestCase):
    def test_ends_instances_and_leaves_what_is_the_administrators(self):
        Instances.setUp(self)
        succeed("systemctl", "enable", "--now", LAB)
        self.assertEqual("active", shown(LAB, "ActiveState"))
        succeed("dpkg", "--no-triggers", "--force-unsafe-io", "--remove", "flowscope")
        self.assertNotEqual("active", shown(LAB, "ActiveState"))
        self.assertNotIn("flowscope", MACHINE.run("bash", "-c", "cat /proc/[0-9]*/comm").stdout.split())
        succeed("dpkg", "--no-triggers", "--force-unsafe-io", "--purge", "flowscope")
        of_others = [word for path in ("/var/lib/dpkg/*", "/var/cache/man/*", "/run/systemd/*")
                     for word in ("-not", "-path", path)]
        left = succeed("find", "/etc", "/usr", "/lib", "/var", "/run", "/dev/hugepages", "-xdev", "-name", "*flowscope*",
                       *of_others).split()
        self.assertEqual(["/etc/flowscope", "/var/log/flowscope"], sorted(left))
        for name in ("lab.yaml", "live.yaml"):
            succeed("test", "-f", f"/etc/flowscope/{name}")

    configure = Instances.configure


def unable():
    """Why the package cannot be tried here, or an empty text."""
    for tool in ("dpkg-buildpackage", "dh", "dh_installsysusers", "objdump"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    made = json.loads(run("meson", "introspect", "--buildoptions", OPTIONS.build).stdout)
    if next(option["value"] for option in made if option["name"] == "prefix") != "/usr":
        return "this build is not for /usr"
    version = run(OPTIONS.build / "flowscope", "version").stdout
    if "DPDK" not in version or "libpcap" not in version:
        return "this build has not all that a package has"
    return booted.missing()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for the package; removed in the end")
    parser.add_argument("--capture", type=lambda path: pathlib.Path(path).resolve(), required=True)
    OPTIONS, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    if reason := unable():
        print("skipped: " + reason)
        sys.exit(SKIPPED)
    unittest.main()
