"""A really full disk: a small ext4 with the daemon's directory, its state or its mirrors. Root mounts it."""
import contextlib
import json
import os
import signal
import subprocess
import unittest

from support import daemon, packs, programs, session
from support.mirroring import MirrorsTest, large_pack


class Disk(unittest.TestCase):
    SIZE = "4M"

    def setUp(self):
        super().setUp()
        self.disk = session.make_dir("disk")
        image = packs.new_path("image")
        subprocess.run(["truncate", "--size", self.SIZE, image], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, self.disk], check=True)
        self.addCleanup(os.unlink, image)
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)

    def fill(self):
        with open(self.disk + "/filler", "wb", buffering=0) as file:
            for size in (1 << 20, 1024):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))
        os.sync()

    def make_room(self):
        os.unlink(self.disk + "/filler")


class FullDisk(Disk):
    def setUp(self):
        super().setUp()
        self.pack = packs.from_host("sh")

    def start(self, directory, state):
        self.env = programs.environment(RELOCD_DIR=directory, XDG_STATE_HOME=state, RELOC_ENGINE="userns")
        self.relocd = daemon.Daemon(directory, env=self.env)
        self.addCleanup(self.relocd.stop)

    def launch(self, count):
        known = len(daemon.jobs(self.env))
        for _ in range(count):
            programs.must(programs.run([self.pack + "/bin/sh", "-c", "exit 0"], env=self.env))
        self.assertTrue(daemon.wait_until(lambda: len(daemon.jobs(self.env)) == known + count))

    def count_history(self):
        listed = programs.relocctl("history", "--format", "json", env=self.env)
        return len(json.loads(listed.out)) if listed.status == 0 else -1

    def test_the_history_is_written_again_when_there_is_room(self):
        self.start(packs.new_path("daemon"), self.disk)
        self.launch(2)
        self.assertTrue(daemon.wait_until(lambda: self.count_history() == 2))
        self.fill()
        self.launch(400)  # more than the pages that the file has already
        self.relocd.await_log("the history is not written")
        self.make_room()
        self.launch(1)
        self.assertTrue(daemon.wait_until(lambda: self.count_history() == 403, seconds=30))
        self.relocd.await_log("0 entries are lost")

    def test_the_journal_is_written_again_when_there_is_room(self):
        directory = self.disk + "/daemon"
        self.start(directory, packs.new_path("state"))
        self.launch(2)
        self.fill()
        self.launch(30)
        self.relocd.await_log("cannot write the journal of jobs (No space left on device)")
        self.make_room()
        written_again = lambda: self.launch(1) or "up to date again" in self.relocd.read_log()
        self.assertTrue(daemon.wait_until(written_again, seconds=20))
        known = [job["id"] for job in daemon.jobs(self.env)]
        self.relocd.kill()
        self.relocd = daemon.Daemon(directory, env=self.env)
        self.addCleanup(self.relocd.stop)
        self.assertEqual([job["id"] for job in daemon.jobs(self.env)], known)


class FullCache(Disk, MirrorsTest):
    SIZE = "400M"

    def setUp(self):
        super().setUp()
        self.cache_home, self.cache = self.disk, self.disk + "/relocd"
        self.addCleanup(lambda: self.relocd and self.relocd.stop())  # before the disk is unmounted
        self.start()

    def assertNothingIsLeft(self):
        self.assertNothingHalfMade()
        self.assertEqual((os.listdir(self.cache + "/mirrors"), self.list()), ([], []))
        programs.must(programs.run([large_pack() + "/bin/sh", "-c", "exit 0"], env=self.env))
        self.assertIsNone(self.mirror_shown(large_pack()))

    def assertMadeWithRoom(self):
        self.make_room()
        self.await_mirror(self.add(large_pack()), large_pack())
        self.assertEqual(self.must("verify"), "")

    def test_a_mirror_that_does_not_fit_is_not_begun(self):
        self.must("prune")  # makes the cache
        self.fill()
        self.assertComplaint(self.mirrors("add", "--wait", large_pack()), "no room for a mirror", "set mirror-dir")
        self.assertNothingIsLeft()
        self.assertMadeWithRoom()

    def test_a_disk_that_becomes_full_meanwhile(self):
        command = [programs.RELOCCTL, "mirrors", "add", "--wait", large_pack()]
        with subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as adding:
            worker = self.await_worker()
            tmp = self.cache + "/tmp"
            self.assertTrue(daemon.wait_until(lambda: os.path.isdir(tmp) and os.listdir(tmp)))
            os.kill(worker, signal.SIGSTOP)
            self.fill()
            os.kill(worker, signal.SIGCONT)
            out, err = adding.communicate()
        self.assertEqual((adding.returncode, out), (1, ""))
        self.assertRegex(err, r"\Arelocctl: [^\n]+No space left on device: make room on the disk of [^\n]+\n\Z")
        self.assertNothingIsLeft()
        self.assertMadeWithRoom()


if __name__ == "__main__":
    session.main(needs_root=True)
