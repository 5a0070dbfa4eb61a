"""A log that blocks: launches and answers are as fast as ever, and lines are lost instead."""
import fcntl
import os
import pty
import re
import shutil
import signal
import subprocess
import termios
import time
import unittest

from support import daemon, packs, programs, session

LAUNCHES = 20
SLOW = 5  # seconds for all of them; a daemon that waits for its log waits for ever


class LogSink(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("true")
        self.directory = packs.new_path("daemon")
        self.env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns")

    def start(self, *arguments, stderr=subprocess.DEVNULL):
        relocd = subprocess.Popen([programs.RELOCD, "--dir", self.directory, "--log-level", "debug", *arguments],
                                  env=self.env, stderr=stderr)
        self.addCleanup(relocd.wait, 10)
        self.addCleanup(relocd.terminate)
        self.assertTrue(daemon.wait_until(lambda: daemon.accepts(self.directory + "/launch.sock")))
        return relocd

    def writers(self, relocd):
        with open(f"/proc/{relocd.pid}/task/{relocd.pid}/children") as children:
            return [int(pid) for pid in children.read().split() if daemon.process_name(int(pid)) == "relocd-log"]

    def assertServes(self):
        before = time.monotonic()
        for _ in range(LAUNCHES):
            programs.must(programs.run([self.pack + "/bin/true"], env=self.env))
        self.assertLess(time.monotonic() - before, SLOW)
        self.assertTrue(daemon.wait_until(lambda: len(daemon.jobs(self.env)) == LAUNCHES), "jobs are not listed")
        self.assertTrue(daemon.joins_a_published_root(self.pack + "/bin/true", self.env))

    def fill(self, fd):
        """Writes until the pipe is full."""
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        try:
            while True:
                os.write(fd, b"x" * 4096)
        except BlockingIOError:
            fcntl.fcntl(fd, fcntl.F_SETFL, flags)

    def test_a_path_makes_no_second_line(self):
        forged = "2026-01-01T00:00:00.000+0000 relocd[1] error: forged"
        moved = packs.new_path("pack\n" + forged + "\x1b[2J")
        shutil.copytree(self.pack, moved, symlinks=True)
        log = packs.new_path("log")
        self.start("--log-file", log)
        programs.must(programs.run([moved + "/bin/true"], env=self.env))

        def lines():
            with open(log) as file:
                return file.read().split("\n")
        self.assertTrue(daemon.wait_until(lambda: any("root made for" in line for line in lines())), lines())
        self.assertFalse([line for line in lines() if line.startswith(forged) or "\x1b" in line])

    def test_lines_that_were_lost_are_counted(self):
        log = packs.new_path("log")
        relocd = self.start("--log-file", log)
        [writer] = self.writers(relocd)
        os.kill(writer, signal.SIGSTOP)
        self.addCleanup(os.kill, writer, signal.SIGCONT)
        for _ in range(400):
            programs.run([self.pack + "/bin/true"], env=self.env)
        os.kill(writer, signal.SIGCONT)

        def counted():
            programs.run([self.pack + "/bin/true"], env=self.env)
            with open(log) as file:
                return re.search(r"warning: [0-9]+ lines are lost", file.read())
        self.assertTrue(daemon.wait_until(counted))

    def test_lines_that_a_full_disk_does_not_take(self):
        """They are counted, and the next one is on a line of its own."""
        log = packs.new_path("log")
        relocd = self.start("--log-file", log)
        [writer] = self.writers(relocd)
        full = lambda size: subprocess.run(["prlimit", f"--pid={writer}", f"--fsize={size}:unlimited"], check=True)
        full(os.path.getsize(log) + 30)
        for _ in range(3):
            programs.run([self.pack + "/bin/true"], env=self.env)
        programs.must(programs.relocctl("ps", env=self.env))
        full("unlimited")

        def counted():
            programs.run([self.pack + "/bin/true"], env=self.env)
            with open(log) as file:
                return re.search(r"(?m)^[0-9T:.+-]+ relocd\[[0-9]+\] warning: [0-9]+ lines are lost", file.read())
        self.assertTrue(daemon.wait_until(counted))

    def test_a_process_that_was_killed_is_replaced(self):
        log = packs.new_path("log")
        relocd = self.start("--log-file", log)
        [first] = self.writers(relocd)
        os.kill(first, signal.SIGKILL)

        def replaced():
            programs.run([self.pack + "/bin/true"], env=self.env)
            return self.writers(relocd) not in ([], [first])
        self.assertTrue(daemon.wait_until(replaced))
        size = os.path.getsize(log)
        programs.run([self.pack + "/bin/true"], env=self.env)
        self.assertTrue(daemon.wait_until(lambda: os.path.getsize(log) > size))

    def test_a_pipe_that_nobody_reads(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        self.fill(writer)
        self.start(stderr=writer)
        self.assertServes()

    def test_a_pipe_whose_reader_is_gone(self):
        reader, writer = os.pipe()
        self.start(stderr=writer)
        os.close(reader)
        os.close(writer)
        self.assertServes()

    def test_a_fifo_that_nobody_reads(self):
        fifo = packs.new_path("fifo")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.start("--log-file", fifo)
        writer = os.open(fifo, os.O_WRONLY)
        self.addCleanup(os.close, writer)
        self.fill(writer)
        self.assertServes()

    def test_a_fifo_without_a_reader_is_refused_at_once(self):
        fifo = packs.new_path("fifo")
        os.mkfifo(fifo)
        outcome = programs.run([programs.RELOCD, "--dir", self.directory, "--log-file", fifo], timeout=10)
        self.assertEqual(outcome.status, 1)
        self.assertRegex(outcome.err, rf"\Arelocd: cannot open log {fifo}: nobody reads it[^\n]*\n\Z")

    def test_a_full_disk(self):
        self.start("--log-file", "/dev/full")
        self.assertServes()

    def test_a_terminal_that_is_stopped(self):
        controller, terminal = pty.openpty()
        self.addCleanup(os.close, controller)
        self.addCleanup(os.close, terminal)
        termios.tcflow(terminal, termios.TCOOFF)  # as by ^S
        self.start(stderr=terminal)
        self.assertServes()


if __name__ == "__main__":
    session.main()
