#!/usr/bin/env python3
"""`flowscope top` against a telemetry socket of the test's own, on a terminal and without one."""
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import program as run
import telemetry_server

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
PERIOD = ("--period", "200ms")


class OnTerminal:
    """The program on a terminal of its own, and what that terminal was sent."""

    def __init__(self, test, socket, columns=100, rows=30):
        self.main, worker = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(worker)
        self.worker, self.text = worker, ""
        self.child = subprocess.Popen([PROGRAM.flowscope, "top", "--socket", socket, *PERIOD], stdin=worker,
                                      stdout=worker, stderr=subprocess.PIPE, text=True)
        self.test = test
        test.addCleanup(self.close)

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.child.stderr.close()
        os.close(self.main)
        os.close(self.worker)

    def resize(self, columns, rows):
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, condition, seconds=20):
        """Reads on until the condition holds for what was read."""
        end = time.monotonic() + seconds
        while not condition(self.text):
            self.test.assertLess(time.monotonic(), end, f"never came; the last of it: {self.text[-3000:]!r}")
            if select.select([self.main], [], [], 0.1)[0]:
                self.text += os.read(self.main, 65536).decode()

    def expect(self, *pieces):
        """Waits for a picture that is begun from now on and holds all the pieces."""
        begin = len(self.text)
        def shown(text):
            pictures = text[begin:].split("\x1b[H")[1:-1]
            return any(all(piece in picture for piece in pieces) for picture in pictures)
        self.until(shown)

    def press(self, keys):
        os.write(self.main, keys.encode())

    def end(self):
        """What it said on standard error; the terminal must be as it was."""
        self.until(lambda text: self.child.poll() is not None)
        while select.select([self.main], [], [], 0)[0]:
            self.text += os.read(self.main, 65536).decode()
        self.test.assertEqual(self.before, termios.tcgetattr(self.worker), "keys are given back")
        self.test.assertEqual(self.text.count(ENTER), self.text.count(LEAVE))
        self.test.assertTrue(self.text.endswith(LEAVE), repr(self.text[-100:]))
        return self.child.stderr.read()


class FakeProgram(unittest.TestCase):
    def setUp(self):
        self.socket = PROGRAM.folder / "rte" / "dpdk_telemetry.v2"
        self.server = telemetry_server.TelemetryServer(self.socket, telemetry_server.running())
        self.server.__enter__()
        self.addCleanup(self.server.close)

    def top(self, *arguments, **options):
        return PROGRAM.run(["top", "--socket", self.socket, *PERIOD, *arguments], **options)


class WithoutTerminal(FakeProgram):
    def test_once_prints_one_whole_picture(self):
        outcome = self.top("--once")
        self.assertEqual((0, ""), (outcome.code, outcome.err))
        for piece in ("flowscope 0.1.0 run  pid 4242", "ledger   holds", "net_pcap0 (net_pcap)", "WORKER",
                      "[########  ]  75 %", "PROTOCOL", "192.0.2.1:1001"):
            self.assertIn(piece, outcome.out)
        self.assertNotIn("\x1b", outcome.out)
        # 2 million packets between two samples, which are at least a period apart.
        mpps = float(re.search(r"net_pcap0 \S+ +(\S+)", outcome.out).group(1))
        self.assertGreater(mpps, 0)
        self.assertLessEqual(mpps, 10)

    def test_lines_until_the_program_ends(self):
        child = subprocess.Popen([PROGRAM.flowscope, "top", "--socket", self.socket, *PERIOD], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.kill)
        lines = [child.stdout.readline() for _ in range(3)]
        self.assertIn("Mpps", lines[0])
        self.assertTrue(lines[2].rstrip().endswith("holds"), lines)
        self.server.close()
        _, said = child.communicate(timeout=20)
        self.assertEqual((0, "flowscope: the program has ended\n"), (child.returncode, said))

    def test_one_line(self):
        outcome = self.top("--once", "--batch")
        self.assertEqual(2, len(outcome.out.splitlines()), outcome.out)

    def test_a_reader_that_leaves_ends_it(self):
        child = subprocess.Popen([PROGRAM.flowscope, "top", "--socket", self.socket, *PERIOD], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.kill)
        child.stdout.readline()
        child.stdout.close()
        self.assertEqual(0, child.wait(20))
        child.stderr.close()

    def test_a_signal_ends_the_lines(self):
        child = subprocess.Popen([PROGRAM.flowscope, "top", "--socket", self.socket, *PERIOD], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(child.kill)
        child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=20)
        self.assertEqual(0, child.returncode)


class OnATerminal(FakeProgram):
    def test_shows_sorts_pauses_and_quits(self):
        screen = OnTerminal(self, self.socket)
        screen.expect("pid 4242", ">bit/s", "net_pcap0", "q quit")
        self.assertTrue(screen.text.startswith(ENTER))
        self.assertNotIn("tls\x1b[2J", screen.text)
        screen.press("4")
        screen.expect(">age", "192.0.2.1:1001")
        screen.press("p")
        screen.expect("[paused]")
        screen.press("h")
        screen.expect("sort the talkers")
        screen.press("h")
        screen.press("p")
        screen.expect("WORKER")
        screen.press("c")
        begin = len(screen.text)
        screen.expect("WORKER")
        self.assertNotIn("\x1b[7m", screen.text[begin:].split("\x1b[H")[-2])
        screen.press("q")
        self.assertEqual("", screen.end())
        self.assertEqual(0, screen.child.returncode)

    def test_follows_the_size(self):
        screen = OnTerminal(self, self.socket, columns=100, rows=30)
        screen.expect("PROTOCOL")
        screen.resize(60, 12)
        screen.child.send_signal(signal.SIGWINCH)
        screen.expect(" of 40")
        picture = screen.text.split("\x1b[H")[-2]
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", picture).split("\n")
        self.assertEqual(12, len(lines))
        self.assertLessEqual(max(map(len, lines)), 60)
        screen.press("q")
        screen.end()

    def test_signals_give_the_terminal_back(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(signal=number):
                screen = OnTerminal(self, self.socket)
                screen.expect("pid 4242")
                screen.child.send_signal(number)
                screen.end()
                self.assertEqual(0, screen.child.returncode)

    def test_stopping_gives_the_terminal_back_and_going_on_takes_it_again(self):
        screen = OnTerminal(self, self.socket)
        screen.expect("pid 4242")
        screen.child.send_signal(signal.SIGTSTP)
        screen.until(lambda text: LEAVE in text)
        self.assertEqual(os.WIFSTOPPED(os.waitpid(screen.child.pid, os.WUNTRACED)[1]), True)
        self.assertEqual(screen.before, termios.tcgetattr(screen.worker))
        screen.child.send_signal(signal.SIGCONT)
        screen.expect("pid 4242")
        screen.press("q")
        screen.end()

    def test_the_end_of_the_program_is_told_on_the_first_screen(self):
        screen = OnTerminal(self, self.socket)
        screen.expect("pid 4242")
        self.server.close()
        self.assertEqual("flowscope: the program has ended\n", screen.end())
        self.assertEqual(0, screen.child.returncode)


class NobodyThere(unittest.TestCase):
    def test_is_an_error_with_a_reason(self):
        outcome = PROGRAM.run(["top", "--socket", PROGRAM.folder / "nobody"])
        self.assertEqual(3, outcome.code)
        self.assertIn("No such file", outcome.err)
        outcome = PROGRAM.run(["top", "--file-prefix", "nobody_has_this_prefix"])
        self.assertEqual(3, outcome.code)
        self.assertIn("nobody_has_this_prefix", outcome.err)

    def test_other_programs_are_told_apart(self):
        with telemetry_server.TelemetryServer(PROGRAM.folder / "other" / "dpdk_telemetry.v2", {}) as server:
            outcome = PROGRAM.run(["top", "--socket", server.path])
        self.assertEqual(3, outcome.code)
        self.assertIn("no flowscope runs", outcome.err)


class SeveralPrograms(unittest.TestCase):
    def test_are_listed(self):
        folder = PROGRAM.folder / "runtime"
        environment = {**os.environ, "RUNTIME_DIRECTORY": str(folder)}
        one, two = (telemetry_server.TelemetryServer(folder / "dpdk" / f"{run.FILE_PREFIX}_{name}" / "dpdk_telemetry.v2",
                                                     telemetry_server.running(pid))
                    for name, pid in (("a", 11), ("b", 22)))
        with one, two:
            outcome = PROGRAM.run(["top", *PERIOD, "--once"], env=environment)
            self.assertEqual(3, outcome.code)
            self.assertIn(f"--socket {one.path}  process 11", outcome.err)
            self.assertIn(f"--socket {two.path}  process 22", outcome.err)
            outcome = PROGRAM.run(["top", *PERIOD, "--once", "--file-prefix", f"{run.FILE_PREFIX}_b"], env=environment)
            self.assertEqual(0, outcome.code, outcome.err)
            self.assertIn("pid 22", outcome.out)


if __name__ == "__main__":
    PROGRAM = run.start_from_command_line(__doc__)
    unittest.main()
