"""relocctl top, on a terminal of its own."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from support import daemon, jobs, programs, session


class Terminal:
    """`relocctl top` on a new terminal, and the text that it has drawn."""

    def __init__(self, env, rows=24, columns=80, hang_up=signal.SIG_DFL):
        self.ours, theirs = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(theirs)
        self.theirs = theirs
        self.process = subprocess.Popen([programs.RELOCCTL, "top"], env={**env, "TERM": "xterm"}, stdin=theirs,
                                        stdout=theirs, stderr=theirs, start_new_session=True,
                                        preexec_fn=lambda: (fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                                                            signal.signal(signal.SIGHUP, hang_up)))
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=0.1):
        while select.select([self.ours], [], [], seconds)[0]:
            self.text += os.read(self.ours, 65536).decode(errors="replace")

    def shows(self, words):
        def seen():
            self.read()
            return words in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]", "", self.text)
        return daemon.wait_until(seen)

    def type(self, keys):
        os.write(self.ours, keys.encode())

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()
        os.close(self.theirs)

    def hang_up(self):
        if self.ours is not None:
            os.close(self.ours)
        self.ours = None


class Top(jobs.JobsTest):
    def open(self, **options):
        terminal = Terminal(self.env, **options)
        self.addCleanup(terminal.close)
        return terminal

    def test_it_ends_with_its_terminal(self):
        """Also if a hang-up is ignored, as under nohup."""
        terminal = self.open(hang_up=signal.SIG_IGN)
        self.assertTrue(terminal.shows("0 jobs"), terminal.text)
        terminal.hang_up()
        self.assertEqual(terminal.process.wait(20), 0)

    def assertRestored(self, terminal):
        terminal.read()
        self.assertEqual(termios.tcgetattr(terminal.theirs), terminal.before)
        self.assertIn("\x1b[?1049l", terminal.text)  # back from the alternate screen

    def test_jobs_and_a_way_out(self):
        job = self.start()
        terminal = self.open()
        self.assertTrue(terminal.shows(self.job(job.pid)["id"]), terminal.text)
        self.assertTrue(terminal.shows("1 job, 1 process,"))
        terminal.type("q")
        self.assertEqual(terminal.process.wait(10), 0)
        self.assertRestored(terminal)

    def test_the_processes_of_a_job(self):
        job = self.start("sleep 987654 & echo ready; read line; kill $!")
        self.await_job(job.pid, processes=2)
        terminal = self.open(columns=100)
        self.assertTrue(terminal.shows(self.job(job.pid)["id"]))
        terminal.text = ""
        terminal.type("\r")
        self.assertTrue(terminal.shows("sleep 987654"), terminal.text)

    def test_a_job_is_ended_from_it(self):
        job = self.start()
        terminal = self.open()
        self.assertTrue(terminal.shows(self.job(job.pid)["id"]))
        terminal.type("k")
        self.assertTrue(terminal.shows("Signal for all processes of bash"))
        terminal.type("\x1b")  # cancelled
        time.sleep(0.3)
        self.assertIsNone(job.poll())
        terminal.type("k")
        time.sleep(0.3)
        terminal.type("\r")
        self.assertEqual(job.wait(20), -signal.SIGTERM)

    def test_a_filter(self):
        first = self.start("echo ready; exec cat first-of-all -")
        second = self.start("echo ready; exec cat second-one -")
        terminal = self.open(columns=120)
        self.assertTrue(terminal.shows("2 jobs"))
        terminal.text = ""
        terminal.type("/second\r")
        # Only changes are drawn: the number of jobs, and what follows.
        self.assertTrue(terminal.shows("; only 'second'"), terminal.text)
        self.assertNotIn("first-of-all", terminal.text)
        for job in (first, second):
            job.kill()

    def test_a_resize(self):
        self.start()
        terminal = self.open()
        self.assertTrue(terminal.shows("q quit"))
        terminal.text = ""
        terminal.resize(10, 40)
        terminal.process.send_signal(signal.SIGWINCH)
        self.assertTrue(terminal.shows("relocd: 1 job,"))
        self.assertIsNone(terminal.process.poll())

    def test_control_characters_are_escaped(self):
        self.start("echo ready; read line; : '\x1b]0;evil\x07'")
        terminal = self.open(columns=200)
        self.assertTrue(terminal.shows("evil"))
        self.assertNotIn("\x1b]0;evil", terminal.text)

    def test_every_end_restores_the_terminal(self):
        for end in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            terminal = self.open()
            self.assertTrue(terminal.shows("q quit"))
            terminal.process.send_signal(end)
            self.assertEqual(terminal.process.wait(10), -end)
            self.assertRestored(terminal)

    def test_a_daemon_that_goes_and_comes(self):
        job = self.start()
        terminal = self.open(columns=100)
        self.assertTrue(terminal.shows(self.job(job.pid)["id"]))
        self.relocd.stop()
        self.assertTrue(terminal.shows("no daemon runs"))
        terminal.text = ""
        self.relocd = daemon.Daemon(self.relocd.directory)
        self.assertTrue(terminal.shows("q quit"), terminal.text)

    def test_without_a_terminal(self):
        self.assertComplaint(self.relocctl("top"), "needs a terminal", "stats --no-stream")


if __name__ == "__main__":
    session.main()
