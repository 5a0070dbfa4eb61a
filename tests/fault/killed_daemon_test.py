"""kill -9 of the daemon under load: every launch succeeds, every running job continues."""
import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest

from chaos import leaks
from support import daemon, packs, programs, session

KILLS = 10
LAUNCHERS = 4
JOBS = 8


class KilledDaemon(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sed", "cat")
        self.directory = packs.new_path("daemon")
        self.env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns")
        self.failures = []
        self.launches = 0
        self.done = threading.Event()

    def launch_again_and_again(self):
        while not self.done.is_set():
            outcome = programs.run([self.pack + "/bin/sed", "s/a/b/"], env=self.env, input="a\n")
            self.launches += 1
            if outcome != (0, "b\n", ""):
                self.failures.append(outcome)

    def start_job(self):
        job = subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
        self.assertEqual(self.echo(job, "first"), "first\n")
        return job

    def echo(self, job, text):
        job.stdin.write(text + "\n")
        job.stdin.flush()
        return job.stdout.readline()

    def test_launches_and_jobs_survive(self):
        relocd = daemon.Daemon(self.directory)
        jobs = [self.start_job() for _ in range(JOBS)]
        self.assertTrue(daemon.wait_until(lambda: len(daemon.jobs(self.env)) == JOBS))
        launchers = [threading.Thread(target=self.launch_again_and_again) for _ in range(LAUNCHERS)]
        for launcher in launchers:
            launcher.start()
        random.seed(9)
        for _ in range(KILLS):
            time.sleep(random.uniform(0.02, 0.2))
            relocd.kill()
            time.sleep(random.uniform(0, 0.05))
            relocd = daemon.Daemon(self.directory)
        self.done.set()
        for launcher in launchers:
            launcher.join()
        self.addCleanup(relocd.stop)
        self.assertEqual(self.failures, [])
        self.assertGreater(self.launches, 50)
        # The tenth daemon knows the jobs that started before the first kill.
        running = {job["pid"]: job["state"] for job in daemon.jobs(self.env) if job["name"] == "cat"}
        self.assertEqual(running, {job.pid: "running" for job in jobs})
        for job in jobs:
            self.assertEqual(self.echo(job, "still here"), "still here\n")
            job.communicate()
            self.assertEqual(job.returncode, 0)

    def launch(self, times):
        for _ in range(times):
            outcome = programs.run([self.pack + "/bin/sed", "s/a/b/"], env=self.env, input="a\n")
            self.assertEqual(outcome, (0, "b\n", ""))

    def test_the_keeper_of_the_roots_is_killed(self):
        """The daemon's child that holds the namespaces: they are gone with it, programs run all the same."""
        relocd = daemon.Daemon(self.directory)
        self.addCleanup(relocd.stop)
        job = self.start_job()
        self.launch(20)  # for a pack that is used so often relocd checks whether to mirror it
        before = leaks.open_descriptors(self.env)
        keeper = relocd.keeper()
        os.kill(keeper, signal.SIGKILL)
        self.launch(20)
        # The next keeper makes the roots again.
        self.assertTrue(daemon.wait_until(lambda: daemon.joins_a_published_root(self.pack + "/bin/sed", self.env)))
        self.assertNotEqual(relocd.keeper(), keeper)
        self.assertFalse(os.path.exists(f"/proc/{keeper}"))
        self.assertHasNothingButNamespaces(relocd.keeper())
        self.assertLessEqual(leaks.settled_descriptors(self.env, before), before)
        self.assertEqual(self.echo(job, "still here"), "still here\n")
        job.communicate()

    def test_one_keeper_after_the_other_is_killed(self):
        """Each is replaced, and logged once."""
        relocd = daemon.Daemon(self.directory)
        self.addCleanup(relocd.stop)
        for _ in range(5):
            keeper = relocd.keeper()
            os.kill(keeper, signal.SIGKILL)
            self.assertTrue(daemon.wait_until(lambda: not os.path.exists(f"/proc/{keeper}")))
            self.assertEqual(programs.run([self.pack + "/bin/sed", "s/a/b/"], env=self.env, input="a\n"), (0, "b\n", ""))
        self.assertTrue(daemon.wait_until(lambda: daemon.joins_a_published_root(self.pack + "/bin/sed", self.env)))
        self.assertEqual(relocd.read_log().count("warning: the keeper of the roots died"), 1, relocd.read_log())

    def assertHasNothingButNamespaces(self, keeper):
        links = [os.readlink(f"/proc/{keeper}/fd/{fd}") for fd in os.listdir(f"/proc/{keeper}/fd")]
        other = [link for link in links
                 if not re.match(r"/dev/null$|socket:|user:|mnt:|anon_inode:\[signalfd\]$", link)]
        self.assertEqual(other, [])


if __name__ == "__main__":
    session.main()
