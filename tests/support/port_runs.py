"""Runs on ports of every kind, for the tests of ports. A test's file sets Ports.program."""
import re
import shutil
import signal
import subprocess
import unittest

import program as run

SMALL = ["--total-num-mbufs", "4096", "--link-wait", "0"]
# All memory is filled in before the first packet, and these tests need next to none.
LITTLE_MEMORY = ["--flows-max", "1024", "--streams-streams-max", "1024", "--streams-buffers-bytes", "1MiB",
                 "--streams-reorder-bytes-max", "64KiB", "--fragments-bytes-max", "1MiB", "--output-ring-bytes", "1MiB"]
WAIT_SECONDS_MAX = 40  # other tests and compilers share the processors


def number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else -1


def testpmd(test, devices, options):
    """A dpdk-testpmd beside the test, on devices of its own, until the test ends."""
    prefix = run.FILE_PREFIX + "_peer"
    child = subprocess.Popen(["dpdk-testpmd", "--no-pci", "--no-huge", "-m", "128", "-l", "0-1", "--file-prefix", prefix,
                              *devices, "--", "--total-num-mbufs=8192", *options],
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    test.addCleanup(shutil.rmtree, f"/var/run/dpdk/{prefix}", ignore_errors=True)
    test.addCleanup(child.communicate)
    test.addCleanup(child.kill)
    return child


class Ports(unittest.TestCase):
    program = None

    def start(self, devices, *options, prefix=(), eal=run.EAL, lcores=("-l", "0-1"), mbufs=SMALL,
              output="/dev/null"):
        vdevs = [word for device in devices for word in ("--vdev", device)]
        running = self.program.start(["run", *eal, *lcores, *vdevs, "--", "-o", output, "--stats-period", "100ms",
                                      *LITTLE_MEMORY, *mbufs, *options], prefix=prefix)
        self.addCleanup(running.kill)
        return running

    def wait_for(self, running, pattern):
        self.assertTrue(running.wait_until(lambda: re.search(pattern, running.said()),
                                           WAIT_SECONDS_MAX),
                        f"never said {pattern}:\n{running.said()[-4000:]}")

    def stop(self, running, code=0):
        outcome = running.stop(signal.SIGTERM)
        self.assertEqual(code, outcome.code, outcome.err[-4000:])
        self.assertLess(outcome.seconds, run.STOP_SECONDS_MAX)
        self.assertIn("holds", outcome.summary("ledger"))
        return outcome

    def end(self, running, code):
        """Waits for a run that ends by itself."""
        running.child.wait(20)
        self.assertEqual(code, running.child.returncode, running.said()[-4000:])
        self.assertIn("holds", running.said())
        return running.said()

    def refused(self, *arguments):
        outcome = self.program.run(["run", *run.EAL, "-l", "0-1", *arguments])
        self.assertEqual(3, outcome.code, outcome.err)
        return outcome.err
