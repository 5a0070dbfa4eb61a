"""A cleaner removes relocd's files in its directory, or the directory: it is soon restored, and the jobs are
known."""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from support import daemon, packs, programs, session

SOON = 1.0  # seconds, as promised
NAMES = ("launch.sock", "control.sock", "roots", "lock", "journal")


class TmpCleaner(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("cat", "true")
        parent = packs.new_path("parent")
        os.mkdir(parent)
        self.relocd = daemon.Daemon(parent + "/daemon")
        self.addCleanup(self.relocd.stop)
        self.directory = self.relocd.directory
        self.env = self.relocd.environment(RELOC_ENGINE="userns")
        self.job = subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE)
        self.addCleanup(self.job.wait)
        self.addCleanup(self.job.stdin.close)
        self.assertTrue(daemon.wait_until(lambda: self.pids() == [self.job.pid]))

    def pids(self):
        listed = programs.relocctl("ps", "--format", "json", env=self.env)
        return [job["pid"] for job in json.loads(listed.out)] if listed.status == 0 else None

    def assertBackSoon(self):
        before = time.monotonic()
        back = lambda: all(os.path.exists(f"{self.directory}/{name}") for name in NAMES)
        self.assertTrue(daemon.wait_until(back), os.listdir(os.path.dirname(self.directory)))
        self.assertLess(time.monotonic() - before, SOON)
        self.assertTrue(daemon.wait_until(lambda: self.pids() == [self.job.pid]), "the job is forgotten")
        for name in NAMES:
            self.assertEqual(os.stat(f"{self.directory}/{name}").st_mode & 0o077, 0, name)
        entry = self.pack + "/bin/true"
        self.assertTrue(daemon.wait_until(lambda: daemon.joins_a_published_root(entry, self.env)))
        second = programs.run([programs.RELOCD, "--dir", self.directory], timeout=10)
        self.assertIn("already running", second.err)

    def test_each_file(self):
        for name in NAMES:
            with self.subTest(name=name):
                os.unlink(f"{self.directory}/{name}")
                self.assertBackSoon()

    def test_all_files(self):
        for name in os.listdir(self.directory):
            path = f"{self.directory}/{name}"
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        self.assertBackSoon()

    def test_the_directory(self):
        for _ in range(3):
            shutil.rmtree(self.directory)
            self.assertBackSoon()

    def test_the_directory_moved_away(self):
        os.rename(self.directory, self.directory + ".old")
        self.assertBackSoon()

    def test_nothing_is_left_at_the_end(self):
        shutil.rmtree(self.directory)
        self.assertBackSoon()
        self.relocd.stop()
        self.assertEqual(set(os.listdir(self.directory)) & {"launch.sock", "control.sock", "roots"}, set())

    def test_the_place_cannot_be_had_for_a_while(self):
        shutil.rmtree(self.directory)
        os.symlink("/nowhere", self.directory)
        self.assertTrue(daemon.wait_until(lambda: "cannot put back" in self.relocd.read_log()))
        os.unlink(self.directory)
        self.assertTrue(daemon.wait_until(lambda: self.pids() == [self.job.pid]))

    def test_the_next_daemon_knows_the_job(self):
        shutil.rmtree(self.directory)
        self.assertBackSoon()
        self.relocd.kill()
        self.relocd = daemon.Daemon(self.directory)
        self.addCleanup(self.relocd.stop)
        self.assertEqual(self.pids(), [self.job.pid])

    def test_another_daemon_has_taken_the_place(self):
        self.relocd.process.send_signal(signal.SIGSTOP)
        shutil.rmtree(self.directory)
        other = daemon.Daemon(self.directory)
        self.addCleanup(other.stop)
        self.relocd.process.send_signal(signal.SIGCONT)
        self.assertEqual(self.relocd.process.wait(10), 0)
        self.relocd.await_log("another daemon has taken the place")
        self.assertTrue(daemon.accepts(other.socket), "the older daemon removed the socket of the other")
        self.assertLessEqual({"launch.sock", "control.sock", "roots"}, set(os.listdir(self.directory)))

    def test_systemd_tmpfiles_leaves_the_directory_alone(self):
        session.require(shutil.which("systemd-tmpfiles"), "systemd-tmpfiles", "not on this host", "install systemd")
        parent = os.path.dirname(self.directory)
        old = parent + "/another/old-file"
        os.mkdir(os.path.dirname(old))
        with open(old, "w"):
            pass
        rules = packs.new_path("rules") + ".conf"
        with open(rules, "w") as file:
            file.write(f"d {parent} - - - 1s\n")
        time.sleep(2)  # its ages are in seconds
        before = os.stat(self.directory + "/lock").st_ino
        outcome = programs.run(["systemd-tmpfiles", "--clean", rules])
        self.assertFalse(os.path.exists(old), f"it cleans nothing, and this tests nothing: {outcome}")
        self.assertEqual(os.stat(self.directory + "/lock").st_ino, before)
        self.assertBackSoon()


if __name__ == "__main__":
    session.main()
