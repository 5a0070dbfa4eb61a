"""A file server that no longer answers: the packs on it hang, and nothing else does."""
import os
import shutil
import signal
import socket
import subprocess
import unittest

import daemon_wire_test
import fake_daemon
from support import daemon, packs, programs, session, slowfs
from support.mirroring import MirrorsTest, large_pack

# A launch may wait 0.1 s for a daemon; if it waited for the file system, that would take for ever.
PATIENCE = 20


class HungFileSystem(unittest.TestCase):
    def setUp(self):
        self.files = slowfs.SlowFileSystem()
        self.addCleanup(self.files.close)
        on_disk = os.path.join(self.files.disk, "pack")
        shutil.copytree(packs.from_host("waiter"), on_disk, symlinks=True)
        self.addCleanup(session.remove_tree, on_disk)
        self.waiter = os.path.join(self.files.slow, "pack/bin/waiter")
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(self.relocd.stop)
        self.env = self.relocd.environment(RELOC_ENGINE="userns")
        self.sed = os.path.join(packs.from_host("sed"), "bin/sed")
        tried = programs.run([self.sed, "--version"], env=self.env)
        session.require(tried.status == 0, "userns", tried.err.strip(), "see relocctl engines")
        self.assertTrue(daemon.joins_a_published_root(self.sed, self.env))

    def start(self):
        """Starts a program of the pack that may hang; returns a Popen. It prints when it is ready, and ends with
        its input."""
        # Executed by a shell: subprocess would wait for the end of the exec.
        launched = subprocess.Popen(["/bin/sh", "-c", 'exec "$0"', self.waiter], env=self.env, stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)
        self.addCleanup(launched.communicate)
        self.addCleanup(self.files.unblock)  # before that: a process that hangs cannot even be killed
        return launched

    def start_job(self):
        job = self.start()
        self.assertEqual(job.stdout.readline(), "ready\n")
        return job

    def ask(self, *arguments):
        return programs.must(programs.relocctl(*arguments, env=self.env, timeout=PATIENCE)).out

    def assertOthersGoOn(self):
        self.assertTrue(daemon.wait_until(lambda: daemon.joins_a_published_root(self.sed, self.env), PATIENCE))
        # A pack that is new to relocd gets a root, so makers of roots are not blocked.
        fresh = packs.new_path("fresh")
        shutil.copytree(os.path.dirname(os.path.dirname(self.sed)), fresh, symlinks=True)
        entry = os.path.join(fresh, "bin/sed")
        self.assertTrue(daemon.wait_until(lambda: daemon.joins_a_published_root(entry, self.env), PATIENCE))
        for command in (["ps", "-a"], ["roots", "ls"], ["stats", "--no-stream"], ["metrics"], ["daemon", "status"],
                        ["history"]):
            with self.subTest(command=command):
                self.ask(*command)

    def test_a_job_whose_pack_hangs_is_shown_and_killed(self):
        job = self.start_job()
        self.files.block()
        self.assertOthersGoOn()
        self.assertIn('"pid"', self.ask("inspect", str(job.pid)))
        self.ask("kill", "-s", "KILL", str(job.pid))
        self.assertEqual(job.wait(PATIENCE), -signal.SIGKILL)

    def test_a_launch_that_hangs_goes_on_when_the_server_answers(self):
        self.files.block()
        launched = self.start()
        self.assertOthersGoOn()
        self.assertIsNone(launched.poll())
        self.files.unblock()
        self.assertEqual(launched.communicate(timeout=PATIENCE)[0], "ready\n")
        self.assertEqual(launched.returncode, 0)

    def test_a_root_that_cannot_be_made_holds_up_no_other(self):
        """As if launches had reached relocd, each from another directory."""
        stores = [os.path.join(self.files.disk, f"store-{number}") for number in range(8)]
        for store in stores:
            os.mkdir(store)
            self.addCleanup(os.rmdir, store)
        hung = [os.path.join(self.files.slow, os.path.basename(store)) for store in stores]
        requests = [(fake_daemon.message(daemon_wire_test.LAUNCH, daemon_wire_test.body(store)),
                     os.open(store, os.O_PATH)) for store in hung]
        self.files.block()
        for request, fd in requests:
            client = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            client.connect(self.relocd.socket)
            socket.send_fds(client, [request], [fd])
            os.close(fd)
        self.assertOthersGoOn()

    def test_the_doctor_names_what_does_not_answer(self):
        home = os.path.join(self.files.slow, "home")
        os.mkdir(os.path.join(self.files.disk, "home"))
        self.addCleanup(session.remove_tree, os.path.join(self.files.disk, "home"))
        self.files.block()
        told = programs.relocctl("doctor", env={**self.env, "HOME": home}, timeout=PATIENCE)
        self.files.unblock()
        self.assertRegex(told.out, "(?m)^FAIL  HOME  .* does not answer => ")
        self.assertRegex(told.out, "(?m)^OK    daemon directory  ")
        self.assertEqual(told.status, 1)

    def test_relocd_ends_and_starts_meanwhile(self):
        job = self.start_job()
        self.files.block()
        self.relocd.stop()
        self.relocd = daemon.Daemon(self.relocd.directory)
        self.addCleanup(self.relocd.stop)
        self.assertTrue(daemon.wait_until(lambda: str(job.pid) in self.ask("ps", "--format", "json")))
        self.assertOthersGoOn()


class HungMirror(MirrorsTest):
    def setUp(self):
        super().setUp()
        self.files = slowfs.SlowFileSystem()
        self.addCleanup(self.files.close)
        on_disk = os.path.join(self.files.disk, "mirrored")
        shutil.copytree(packs.from_host("sh", "cat"), on_disk, symlinks=True)
        self.addCleanup(session.remove_tree, on_disk)
        self.hung = os.path.join(self.files.slow, "mirrored")

    def test_the_process_that_makes_it_is_given_up(self):
        self.start("--mirror-patience", "2s")
        self.must("add", large_pack())
        worker = self.await_worker()
        os.kill(worker, signal.SIGSTOP)  # until the next in the queue hangs
        self.must("add", self.hung)
        self.addCleanup(self.files.unblock)
        self.files.block()
        os.kill(worker, signal.SIGCONT)
        self.must("add", self.pack)
        self.assertTrue(daemon.wait_until(lambda: large_pack() in self.ready(), PATIENCE))
        self.assertIsNone(self.mirror_shown())
        self.assertTrue(daemon.wait_until(lambda: self.pack in self.ready(), PATIENCE), self.relocd.read_log())
        self.relocd.await_log(f"no mirror of {self.hung}: no progress for 2s")
        self.await_mirror(self.ready()[self.pack]["name"])
        self.files.unblock()
        self.await_mirror(self.add(self.hung), self.hung)


if __name__ == "__main__":
    slowfs.main(cache=0)
