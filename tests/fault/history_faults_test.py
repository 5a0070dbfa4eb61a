"""Damage to the history's file causes a warning, and affects neither launches nor `ps`."""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
import unittest

from support import daemon, packs, programs, session


class HistoryFaults(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sh")
        self.state = packs.new_path("state")
        self.file = os.path.join(self.state, "relocd", "history.db")
        self.directory = packs.new_path("daemon")
        self.env = programs.environment(RELOCD_DIR=self.directory, XDG_STATE_HOME=self.state, RELOC_ENGINE="userns")
        os.makedirs(os.path.dirname(self.file), 0o700)

    def start(self):
        self.relocd = daemon.Daemon(self.directory, env=self.env)
        self.addCleanup(self.relocd.stop)

    def launch(self, count=3):
        """Launches work and `ps -a` knows them."""
        known = len(daemon.jobs(self.env))
        for _ in range(count):
            programs.must(programs.run([self.pack + "/bin/sh", "-c", "exit 0"], env=self.env))
        self.assertTrue(daemon.wait_until(lambda: len(daemon.jobs(self.env)) == known + count))

    def history(self):
        return programs.relocctl("history", "--format", "json", env=self.env)

    def await_history(self, count):
        def listed():
            history = self.history()
            return history.status == 0 and history.err == "" and len(json.loads(history.out)) == count
        self.assertTrue(daemon.wait_until(listed), self.history())

    def set_aside(self):
        return [name for name in os.listdir(os.path.dirname(self.file)) if ".damaged-" in name]

    def make_history(self):
        self.start()
        self.launch(50)
        self.await_history(50)
        self.relocd.stop()

    def test_a_damaged_file_is_set_aside(self):
        self.make_history()
        with open(self.file, "rb") as file:
            whole = file.read()
        for name, data in {"cut": whole[:len(whole) // 2], "garbage": os.urandom(20000), "a page": whole[:4096]}.items():
            with self.subTest(file=name):
                before = len(self.set_aside())
                with open(self.file, "wb") as file:
                    file.write(data)
                for rest in (self.file + "-wal", self.file + "-shm", self.directory + "/journal"):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(rest)
                self.start()
                self.launch()
                self.await_history(3)
                self.assertEqual(len(self.set_aside()), before + 1)
                self.relocd.await_log("is damaged")
                self.relocd.stop()

    def test_a_file_whose_reading_never_ends(self):
        """The process that reads it is busy, and so does not hang; it is abandoned all the same."""
        self.start()
        self.launch(1)
        self.await_history(1)
        with contextlib.closing(sqlite3.connect(self.file)) as database:
            database.executescript("""
                ALTER TABLE jobs RENAME TO kept;
                CREATE VIEW jobs AS WITH RECURSIVE spin(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM spin)
                    SELECT n AS seq, n AS ended_at, x'' AS record FROM spin WHERE n < 0;""")
        began = time.monotonic()
        outcome = programs.relocctl("history", env=self.env, timeout=120)
        self.assertLess(time.monotonic() - began, 40)
        self.assertEqual(outcome.status, 1, outcome)
        self.assertRegex(outcome.err, r"\Arelocctl: [^\n]*history\.db does not answer[^\n]*\n\Z")
        self.assertEqual(len(daemon.jobs(self.env)), 1)
        # The process that writes when relocd ends is busy, too. It ends by itself, which takes too long for a test.
        self.relocd.stop()
        for pid in self.workers():
            os.kill(int(pid), signal.SIGKILL)
        self.assertTrue(daemon.wait_until(lambda: not self.workers()))

    def workers(self):
        """Returns the processes that have the file open."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if self.file in [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]:
                    found.append(pid)
        return found

    def test_a_file_that_is_damaged_while_relocd_runs(self):
        self.start()
        self.launch()
        self.await_history(3)
        os.truncate(self.file, 5000)
        self.launch()
        self.assertTrue(daemon.wait_until(lambda: self.history().status == 0, seconds=20))
        self.launch()

    def test_a_locked_file(self):
        self.make_history()
        self.start()
        with sqlite3.connect(self.file, isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            self.launch()
            listed = self.history()
            self.assertIn("locked" if listed.status else "cannot be written", listed.err)
            other.execute("COMMIT")
        other.close()
        self.await_history(53)

    def test_a_directory_that_cannot_be_written(self):
        """The state is then in the daemon's own directory, as StateDir says."""
        os.chmod(os.path.dirname(self.file), 0o500)
        self.addCleanup(os.chmod, os.path.dirname(self.file), 0o700)
        self.start()
        self.launch()
        self.await_history(3)
        self.assertTrue(os.path.exists(os.path.join(self.directory, "history.db")))

    def test_a_file_of_a_newer_version_is_left_alone(self):
        with sqlite3.connect(self.file) as other:
            other.execute("PRAGMA user_version = 9")
        other.close()
        self.start()
        self.launch()
        self.relocd.await_log("another version of relocd (9)")
        self.assertEqual(self.set_aside(), [])
        self.assertNotEqual(self.history().status, 0)

    def test_no_room_and_then_room_again(self):
        """`ulimit -f` simulates the full disk."""
        log = self.directory + ".limited.log"
        with open(log, "wb") as file:
            limited = subprocess.Popen(["prlimit", "--fsize=12000:unlimited", programs.RELOCD, "--dir", self.directory],
                                       stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=self.env)
        self.addCleanup(limited.wait)
        self.addCleanup(limited.kill)
        self.assertTrue(daemon.wait_until(lambda: daemon.accepts(self.directory + "/launch.sock")))
        self.launch(60)
        def read_log():
            with open(log) as file:
                return file.read()
        self.assertTrue(daemon.wait_until(lambda: "the history is not written" in read_log()), read_log())
        self.assertIn("cannot be written", self.history().err)
        self.assertEqual(read_log().count("the history is not written"), 1)
        subprocess.run(["prlimit", f"--pid={limited.pid}", "--fsize=unlimited"], check=True)
        self.launch(1)
        self.await_history(61)
        self.assertTrue(daemon.wait_until(lambda: "the history is written again; 0 entries are lost" in read_log()), read_log())


if __name__ == "__main__":
    session.main()
