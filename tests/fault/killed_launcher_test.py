"""kill -9 of the launcher of a detached job: how the job ended is known all the same, and `wait` returns.

The jobs' new parent is this test, which does not wait for them. The daemon has not received their launch, as if it
had been killed just then (`job.watch`), so that it expects the launcher to report whether they were jobs at all.
"""
import os
import signal
import subprocess
import unittest

from support import daemon, programs, session
from support.placed import PlacedTest


class KilledLauncher(PlacedTest):
    def start_daemon(self, directory):
        # The first process that it watches binds itself to the job; the second time it launches.
        self.relocd = daemon.Daemon(directory, env=programs.environment(
            XDG_STATE_HOME=self.state, RELOC_FAULTS="job.watch=EMFILE:after=1:times=1"))

    def start(self):
        """Starts a job that waits. Returns its id, pid and launcher."""
        job_id = self.detach("sleep", "1000")
        job = self.job(job_id)
        self.assertEqual((job["state"], job["argv"]), ("running", []))
        self.addCleanup(self.reap, job["pid"])
        self.addCleanup(self.end, job["pid"])
        return job_id, job["pid"], self.launcher(job["pid"])

    @staticmethod
    def reap(pid):
        daemon.wait_until(lambda: pid not in session.children())

    def begin_to_wait(self, job_id):
        wait = subprocess.Popen([programs.RELOCCTL, "wait", job_id], env=self.env, stdout=subprocess.PIPE, text=True)
        self.addCleanup(wait.communicate)
        self.addCleanup(wait.kill)
        return wait

    def assertTold(self, wait, job_id):
        self.assertEqual(wait.communicate(timeout=20)[0], f"{128 + signal.SIGTERM}\n")
        job = self.job(job_id)
        self.assertEqual((job["state"], job["signal"]), ("killed", signal.SIGTERM))

    def test_before_its_job_ends(self):
        for replace in (False, True):
            with self.subTest(replace=replace):
                job_id, pid, launcher = self.start()
                wait = self.begin_to_wait(job_id)
                os.kill(launcher, signal.SIGKILL)
                self.assertTrue(daemon.wait_until(lambda: self.launcher(pid) == os.getpid()))
                if replace:
                    wait.kill()
                    self.replace_daemon()
                    wait = self.begin_to_wait(job_id)
                os.kill(pid, signal.SIGTERM)
                self.assertTold(wait, job_id)
                self.replace_daemon()

    def test_before_it_can_tell_how_its_job_ended(self):
        for replace in (False, True):
            with self.subTest(replace=replace):
                job_id, pid, launcher = self.start()
                os.kill(launcher, signal.SIGSTOP)
                os.kill(pid, signal.SIGTERM)
                if replace:
                    self.replace_daemon()
                wait = self.begin_to_wait(job_id)
                self.assertEqual(self.job(job_id)["state"], "running")
                os.kill(launcher, signal.SIGKILL)
                self.assertTold(wait, job_id)
                self.replace_daemon()


if __name__ == "__main__":
    session.main()
