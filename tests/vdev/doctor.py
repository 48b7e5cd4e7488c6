#!/usr/bin/env python3
"""Asks doctor about the machine of the test and compares its answers with the machine's own files; checks what
`check` says of each profile, and that a start that fails leads to doctor."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run

OK, WRONG, EAL = 0, 1, 2
PROFILES = sorted(path.stem for path in (run.ROOT / "config" / "profiles").glob("*.yaml"))


def examined(*arguments):
    """Exit code, sum and {check: findings} of one run of doctor."""
    outcome = PROGRAM.run(["doctor", "--json", *arguments])
    answer = json.loads(outcome.out)
    checks = {}
    for finding in answer["checks"]:
        checks.setdefault(finding["check"], []).append(finding)
    return outcome.code, answer, checks


def number_in(path):
    file = pathlib.Path(path)
    return int(file.read_text()) if file.exists() else 0


class Doctor(unittest.TestCase):
    def test_exit_code_says_whether_anything_is_wrong(self):
        for arguments in ([], ["--no-pci", "--no-huge", "-m", "64", "--vdev", "net_null0"], ["-i", "no-such"],
                          ["-a", "ffff:ff:1f.7"]):
            with self.subTest(arguments=arguments):
                code, answer, _ = examined(*arguments)
                self.assertEqual(WRONG if answer["wrong"] else OK, code)

    def test_each_fault_has_a_command_and_nothing_else_has(self):
        _, answer, _ = examined("-a", "ffff:ff:1f.7", "-i", "no-such")
        for finding in answer["checks"]:
            self.assertEqual(finding["verdict"] != "ok", finding["mend"] != "", finding)

    def test_huge_pages_are_those_of_the_kernel(self):
        free = number_in("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
        with_large = number_in("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages")
        if with_large:
            self.skipTest("this machine has pages of two sizes")
        _, _, checks = examined("--no-pci", "-m", str(2 * free + 64), "--vdev", "net_null0")
        [finding] = checks["huge-pages"]
        self.assertEqual("wrong", finding["verdict"], finding)

    def test_what_it_says_is_enough_for_a_run(self):
        """Where doctor finds nothing wrong with a plan on virtual devices, the run starts."""
        run.needs_virtual_devices(PROGRAM)
        eal = [*run.EAL, "--lcores", "0", "--vdev", "net_null0"]
        code, _, checks = examined(*eal)
        self.assertEqual(OK, code, checks)
        outcome = PROGRAM.run(["run", *eal, "--", "-o", "/dev/null", "--flows-max", "1024", "--total-num-mbufs", "8192",
                               "--exit-after-idle", "1"], prefix=["timeout", "-s", "INT", "3"])
        self.assertNotIn("did not start", outcome.err)

    def test_a_missing_driver_is_named(self):
        code, _, checks = examined("--no-pci", "--vdev", "net_of_nobody0")
        if "this program is built without DPDK" in checks["dpdk-version"][0]["said"]:
            self.skipTest("this build has no DPDK")
        [finding] = checks["dpdk-drivers"]
        self.assertEqual((WRONG, "wrong"), (code, finding["verdict"]))
        self.assertIn("librte_net_of_nobody.so", finding["said"])

    def test_takes_the_command_line_of_a_run(self):
        _, _, checks = examined("--no-pci", "-l", "0-1", "--vdev", "net_null0", "--", "-c", "lab-null", "--workers", "9")
        [finding] = checks["lcores"]
        self.assertIn("9 workers need 10 lcores", finding["said"])

    def test_a_start_that_fails_leads_to_it(self):
        run.needs_virtual_devices(PROGRAM)
        outcome = PROGRAM.run(["run", "--no-pci", "--file-prefix", run.FILE_PREFIX, "-m", "100000000", "--vdev", "net_null0",
                               "--", "-o", "/dev/null"])
        self.assertEqual(EAL, outcome.code, outcome.err)
        self.assertIn("flowscope doctor", outcome.err)


class Check(unittest.TestCase):
    def test_each_profile_is_found_by_its_name_and_is_right(self):
        for profile in PROFILES:
            with self.subTest(profile=profile):
                outcome = PROGRAM.run(["check", profile])
                self.assertEqual(OK, outcome.code, outcome.err)
                lines = outcome.out.splitlines()
                self.assertEqual(f"{profile}: no mistake found", lines[-1])
                for word in ("workers", "lcores", "ports", "queues", "output", "records", "memory reserved", "  total"):
                    self.assertTrue(any(line.startswith(word) for line in lines), f"no {word}:\n{outcome.out}")

    def test_a_name_that_is_none_lists_the_profiles(self):
        for arguments in (["check", "no-such"], ["replay", "f", "-c", "no-such"], ["doctor", "-c", "no-such"]):
            outcome = PROGRAM.run(arguments)
            self.assertEqual(WRONG, outcome.code)
            for profile in PROFILES:
                self.assertIn(profile, outcome.err)

    def test_installed_profiles_are_found_beside_the_program(self):
        tree = PROGRAM.folder / "moved"
        (tree / "bin").mkdir(parents=True)
        (tree / "share" / "flowscope" / "profiles").mkdir(parents=True)
        (tree / "share" / "flowscope" / "profiles" / "moved.yaml").write_text("workers: 3\n")
        copy = tree / "bin" / "flowscope"
        subprocess.run(["cp", PROGRAM.flowscope, copy], check=True)
        said = subprocess.run([copy, "check", "moved"], capture_output=True, text=True, check=True, timeout=60).stdout
        self.assertIn("workers  3", said)


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
