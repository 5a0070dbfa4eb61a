"""Daemons that exist and do not answer: stopped, or with a full backlog. Programs run all the same."""
import os
import signal
import socket
import subprocess
import time
import unittest

from support import daemon, images, packs, programs, session

# A stopped daemon may cost a launch 100 ms, once. The rest is for a busy machine.
SOON = 1.0


def launch(pack, directory, engine="userns"):
    env = programs.environment(RELOCD_DIR=directory, RELOC_ENGINE=engine)
    began = time.monotonic()
    outcome = programs.run([pack + "/bin/sed", "s/a/b/"], env=env, input="a\n")
    return outcome, time.monotonic() - began


class SilentDaemons(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sed")

    def assertRuns(self, directory):
        outcome, took = launch(self.pack, directory)
        self.assertEqual(outcome, (0, "b\n", ""))
        self.assertLess(took, SOON)

    def test_a_full_backlog(self):
        directory = packs.new_path("full")
        os.mkdir(directory, 0o700)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(directory + "/launch.sock")
            listener.listen(1)
            waiting = []
            with self.assertRaises(BlockingIOError):
                while True:
                    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
                    waiting.append(client)
                    client.connect(directory + "/launch.sock")
            self.assertRuns(directory)
            for client in waiting:
                client.close()

    def test_a_key_that_completes(self):
        """It ends quietly, without the candidates that only the daemon knows."""
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        os.kill(relocd.pid, signal.SIGSTOP)
        for words in (["kill", ""], ["mirrors", "prune", ""], ["run", ""]):
            outcome = programs.relocctl("__complete", *words, env=programs.environment(RELOCD_DIR=relocd.directory))
            self.assertEqual((outcome.status, outcome.err), (0, ""), words)
            self.assertNotIn("\t", outcome.out.replace("\t\n", ""))

    def test_what_is_in_files_is_shown(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        env = relocd.environment(RELOC_ENGINE="userns")
        run = programs.must(programs.relocctl("run", "--detach", f"{self.pack}/bin/sed", "--version", env=env))
        job = run.out.strip()
        programs.relocctl("wait", job, env=env)
        self.assertTrue(daemon.wait_until(lambda: job in programs.relocctl("history", env=env).out))
        os.kill(relocd.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, relocd.pid, signal.SIGCONT)
        for command, text in ((["history"], job), (["logs", job], "sed")):
            outcome = programs.must(programs.relocctl(*command, env=env, timeout=30))
            self.assertIn(text, outcome.out)
        self.assertIn(f"kill -CONT {relocd.pid}", programs.relocctl("history", env=env).err)

    def test_a_stopped_daemon_that_published_nothing(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        os.kill(relocd.pid, signal.SIGSTOP)
        for _ in range(3):
            self.assertRuns(relocd.directory)

    def test_a_stopped_daemon_that_published_the_root(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        self.assertRuns(relocd.directory)
        os.kill(relocd.pid, signal.SIGSTOP)
        for _ in range(3):
            self.assertRuns(relocd.directory)

    def test_many_launches_at_a_stopped_daemon_and_its_return(self):
        """More launches than its backlog holds; once continued it serves again."""
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        os.kill(relocd.pid, signal.SIGSTOP)
        for _ in range(30):
            self.assertRuns(relocd.directory)
        os.kill(relocd.pid, signal.SIGCONT)
        env = relocd.environment(RELOC_ENGINE="userns")
        self.assertTrue(daemon.wait_until(lambda: daemon.joins_a_published_root(self.pack + "/bin/sed", env)))

    def test_launches_that_were_told_to_a_stopped_daemon_are_known_when_it_returns(self):
        """More than the queue of start.sock holds (net.unix.max_dgram_qlen): the others connect."""
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        self.assertRuns(relocd.directory)
        os.kill(relocd.pid, signal.SIGSTOP)
        with open("/proc/sys/net/unix/max_dgram_qlen") as file:
            count = int(file.read()) + 10
        for _ in range(count):
            self.assertRuns(relocd.directory)
        os.kill(relocd.pid, signal.SIGCONT)
        def known():
            return len(daemon.jobs(relocd.environment()))
        self.assertTrue(daemon.wait_until(lambda: known() == count + 1), known())


class StoppedImageServer(unittest.TestCase):
    def test_others_go_on(self):
        """Only the program that it serves waits."""
        images.require()
        image = os.path.join(session.make_dir("images"), "x.sqfs")
        programs.must(programs.relocctl("pack", "create", "-o", image, "--from-host", programs.host("sleep")))
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        env = relocd.environment(RELOC_ENGINE="userns")
        job = subprocess.Popen([programs.RELOCCTL, "run", f"{image}/bin/sleep", "1000"], env=env)
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        self.assertTrue(daemon.wait_until(lambda: images.servers(image) and daemon.jobs(env)))
        for server in images.servers(image):
            os.kill(server, signal.SIGSTOP)
            self.addCleanup(os.kill, server, signal.SIGCONT)
        outcome, took = launch(packs.from_host("sed"), relocd.directory)
        self.assertEqual(outcome, (0, "b\n", ""))
        self.assertLess(took, SOON)
        for command in (["ps"], ["inspect", str(job.pid)], ["stats", "--no-stream"], ["roots", "ls"],
                        ["kill", "-s", "CONT", str(job.pid)], ["history"], ["daemon", "status"]):
            with self.subTest(command=command):
                programs.must(programs.relocctl(*command, env=env, timeout=8))
        self.assertEqual(relocd.stop(), 0)


if __name__ == "__main__":
    session.main()
