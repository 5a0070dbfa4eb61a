"""relocctl wait: how jobs ended, one number per line."""
import os
import signal
import subprocess
import time
import unittest

from support import daemon, jobs, programs, session


class Wait(jobs.JobsTest):
    def wait_for(self, *refs):
        waiter = subprocess.Popen([programs.RELOCCTL, "wait", *map(str, refs)], env=self.env, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.drop, waiter)
        return waiter

    def begin_to_wait(self, *refs):
        """Does the same, and returns once it watches the job: its following request to the daemon takes a moment
        more."""
        def target(fd):
            try:
                return os.readlink(f"/proc/{waiter.pid}/fd/{fd}")
            except OSError:
                return ""  # closed in the meantime
        def watches():
            return any("pidfd" in target(fd) for fd in os.listdir(f"/proc/{waiter.pid}/fd"))
        waiter = self.wait_for(*refs)
        self.assertTrue(daemon.wait_until(watches))
        time.sleep(0.5)
        return waiter

    @staticmethod
    def drop(waiter):
        waiter.kill()
        waiter.communicate()

    def require_statuses(self, pid):
        if self.job(pid)["state"] == "lost":
            self.skipTest("this kernel does not tell how a process ended (PIDFD_GET_INFO, Linux 6.15)")

    def test_exit_codes_and_signals_in_the_order_given(self):
        exits = self.start("echo ready; read line; exit 7")
        killed = self.start()
        waiter = self.wait_for(exits.pid, killed.pid)
        time.sleep(0.2)
        self.assertIsNone(waiter.poll())
        killed.kill()
        killed.wait()
        exits.stdin.close()
        exits.wait()
        out, err = waiter.communicate(timeout=30)
        self.require_statuses(exits.pid)
        self.assertEqual((out, err, waiter.returncode), ("7\n137\n", "", 0))

    def test_a_job_that_has_ended_already(self):
        job = self.start("echo ready; exit 3")
        job.wait()
        shown = self.await_job(job.pid, processes=0)
        self.require_statuses(job.pid)
        self.assertEqual(self.must("wait", shown["id"]), "3\n")

    def test_an_unknown_job_does_not_keep_the_others(self):
        job = self.start("echo ready; exit 0")
        job.wait()
        shown = self.await_job(job.pid, processes=0)
        self.require_statuses(job.pid)
        outcome = self.relocctl("wait", "nobody", shown["id"])
        self.assertComplaint(outcome, "nobody")
        self.assertEqual(outcome.out, "0\n")

    def test_through_a_restart_of_the_daemon(self):
        for end in (daemon.Daemon.stop, daemon.Daemon.kill):
            job = self.start("echo ready; read line; exit 9")
            waiter = self.begin_to_wait(job.pid)
            end(self.relocd)
            time.sleep(0.3)
            self.relocd = daemon.Daemon(self.relocd.directory)
            time.sleep(0.3)
            self.assertIsNone(waiter.poll())
            job.stdin.close()
            job.wait()
            out, err = waiter.communicate(timeout=30)
            self.require_statuses(job.pid)
            self.assertEqual((out, err, waiter.returncode), ("9\n", "", 0))

    def test_an_ending_that_nobody_saw(self):
        job = self.start()
        waiter = self.begin_to_wait(job.pid)
        self.relocd.kill()
        job.kill()
        job.wait()
        self.relocd = daemon.Daemon(self.relocd.directory)
        out, _ = waiter.communicate(timeout=60)
        self.assertEqual((out, waiter.returncode), ("unknown\n", 1))

    def test_interrupted(self):
        job = self.start()
        waiter = self.begin_to_wait(job.pid)
        waiter.send_signal(signal.SIGINT)
        self.assertEqual(waiter.wait(10), -signal.SIGINT)
        self.assertEqual(self.job(job.pid)["state"], "running")

    def test_the_daemon_stops_while_someone_waits(self):
        job = self.start()
        self.begin_to_wait(job.pid)
        started = time.monotonic()
        self.assertEqual(self.relocd.stop(), 0)
        self.assertLess(time.monotonic() - started, 5)
        self.relocd = daemon.Daemon(self.relocd.directory)


if __name__ == "__main__":
    session.main()
