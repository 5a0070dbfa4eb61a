"""Jobs that end in unusual ways, and a daemon that waits for them before it ends."""
import os
import signal
import subprocess
import time
import unittest

from support import daemon, packs, programs, session


class Jobs(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sh", "sleep")
        self.second = packs.from_host("cat")

    def start(self, *arguments):
        self.relocd = daemon.Daemon(packs.new_path("daemon"), *arguments)
        self.addCleanup(self.relocd.stop)
        self.env = self.relocd.environment(RELOC_ENGINE="userns")

    def jobs(self):
        return daemon.jobs(self.env)

    def await_job(self, pid, **wanted):
        """Returns the job of `pid`, once its fields are `wanted`."""
        found = lambda: next((job for job in self.jobs() if job["pid"] == pid), {})
        daemon.wait_until(lambda: wanted.items() <= found().items())
        job = found()
        self.assertLessEqual(wanted.items(), job.items())
        return job

    def test_a_job_whose_parent_never_waits(self):
        """Its status is known although it stays a zombie, and the daemon may end."""
        self.start("--idle-exit", "3s")  # longer than ps takes on a busy machine
        job = subprocess.Popen([self.pack + "/bin/sh", "-c", "read x; exit 7"], env=self.env, stdin=subprocess.PIPE)
        self.await_job(job.pid, state="running")
        job.stdin.close()
        ended = self.await_job(job.pid, state="exited", exit_code=7)
        self.assertGreaterEqual(ended["cpu_seconds"], 0)
        self.assertEqual(self.relocd.process.wait(20), 0)
        self.assertEqual(job.wait(), 7)

    def test_a_program_that_becomes_another_packs_program_is_one_job(self):
        self.start()
        command = 'read x; exec "$1"'
        job = subprocess.Popen([self.pack + "/bin/sh", "-c", command, "sh", self.second + "/bin/cat"], env=self.env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        first = self.await_job(job.pid, name="sh", state="running")
        job.stdin.write(b"go on\n")
        job.stdin.flush()
        second = self.await_job(job.pid, name="cat", state="running")
        self.assertEqual(second["id"], first["id"])
        self.assertEqual(len(self.jobs()), 1)
        job.communicate()

    def test_the_daemon_waits_for_jobs_before_it_leaves(self):
        self.start("--idle-exit", "100ms")
        job = subprocess.Popen([self.pack + "/bin/sleep", "1000"], env=self.env)
        self.await_job(job.pid, state="running")
        time.sleep(1)
        self.assertIsNone(self.relocd.process.poll())
        job.kill()
        job.wait()
        self.assertEqual(self.relocd.process.wait(20), 0)
        self.relocd.await_log("idle")

    def test_jobs_do_not_notice_a_stop_or_a_kill_of_the_daemon(self):
        for end in (daemon.Daemon.stop, daemon.Daemon.kill):
            self.start()
            job = subprocess.Popen([self.pack + "/bin/sh", "-c", 'read x; echo "$x"; exit 3'], env=self.env,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.await_job(job.pid, state="running")
            end(self.relocd)
            self.assertEqual(job.communicate(b"here\n")[0], b"here\n")
            self.assertEqual(job.returncode, 3)

    def test_the_keeper_ends_with_the_daemon(self):
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            self.start()
            keeper = self.relocd.keeper()
            self.relocd.process.send_signal(sig)
            self.relocd.process.wait(20)
            self.assertTrue(daemon.wait_until(lambda: not self.is_live(keeper)), sig)

    @staticmethod
    def is_live(pid):
        session.reap()  # orphans are children of this process
        return os.path.exists(f"/proc/{pid}")


if __name__ == "__main__":
    session.main()
