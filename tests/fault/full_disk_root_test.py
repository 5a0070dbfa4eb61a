"""A full disk, really: a small ext4 that holds the daemon's directory or its state. Root mounts it."""
import contextlib
import json
import os
import subprocess
import unittest

from support import daemon, packs, programs, session


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sh")
        self.disk = session.make_dir("disk")
        image = packs.new_path("image")
        subprocess.run(["truncate", "--size=4M", image], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, self.disk], check=True)
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)

    def start(self, directory, state):
        self.env = programs.environment(RELOCD_DIR=directory, XDG_STATE_HOME=state, RELOC_ENGINE="userns")
        self.relocd = daemon.Daemon(directory, env=self.env)
        self.addCleanup(self.relocd.stop)

    def fill(self):
        with open(self.disk + "/filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1024))
        os.sync()

    def make_room(self):
        os.unlink(self.disk + "/filler")

    def launch(self, count):
        known = len(daemon.jobs(self.env))
        for _ in range(count):
            programs.must(programs.run([self.pack + "/bin/sh", "-c", "exit 0"], env=self.env))
        self.assertTrue(daemon.wait_until(lambda: len(daemon.jobs(self.env)) == known + count))

    def count_history(self):
        listed = programs.relocctl("history", "--format", "json", env=self.env)
        return len(json.loads(listed.out)) if listed.status == 0 else -1

    def await_log(self, text):
        self.assertTrue(daemon.wait_until(lambda: text in self.relocd.read_log(), seconds=20), self.relocd.read_log())

    def test_the_history_is_written_again_when_there_is_room(self):
        self.start(packs.new_path("daemon"), self.disk)
        self.launch(2)
        self.assertTrue(daemon.wait_until(lambda: self.count_history() == 2))
        self.fill()
        self.launch(400)  # more than the pages that the file has already
        self.await_log("the history is not written")
        self.make_room()
        self.launch(1)
        self.assertTrue(daemon.wait_until(lambda: self.count_history() == 403, seconds=30))
        self.assertIn("0 entries are lost", self.relocd.read_log())

    def test_the_journal_is_written_again_when_there_is_room(self):
        directory = self.disk + "/daemon"
        self.start(directory, packs.new_path("state"))
        self.launch(2)
        self.fill()
        self.launch(30)
        self.await_log("cannot write the journal of jobs (No space left on device)")
        self.make_room()
        written_again = lambda: self.launch(1) or "up to date again" in self.relocd.read_log()
        self.assertTrue(daemon.wait_until(written_again, seconds=20))
        known = [job["id"] for job in daemon.jobs(self.env)]
        self.relocd.kill()
        self.relocd = daemon.Daemon(directory, env=self.env)
        self.addCleanup(self.relocd.stop)
        self.assertEqual([job["id"] for job in daemon.jobs(self.env)], known)


if __name__ == "__main__":
    session.main(needs_root=True)
