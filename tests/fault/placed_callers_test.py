"""What a job that outlives its caller must not keep of it, and unusual callers."""
import fcntl
import os
import signal
import subprocess
import unittest

from support import daemon, programs, session
from support.placed import PlacedTest


class PlacedCallers(PlacedTest):
    def start(self, command, **options):
        """Runs `command` in a shell, in which relocctl starts a job; the running jobs end with the test."""
        outcome = subprocess.run(["bash", "-c", command], env=self.env, timeout=20, capture_output=True, text=True, **options)
        for job in daemon.jobs(self.env):
            if job["state"] == "running":
                self.addCleanup(self.end, job["pid"])
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        return outcome.stdout

    def test_a_pipe_ends_when_the_caller_does(self):
        for options in ("", "--pty"):
            self.assertRegex(self.start(f"relocctl run --detach {options} sleep 1000 | cat"), r"\A\w{12}\n\Z")
            self.assertRegex(self.start(f"x=$(relocctl run --detach {options} sleep 1000 2>&1 3>&1); echo $x"), r"\A\w{12}\n\Z")

    def test_a_lock_goes_with_the_caller(self):
        path = session.temp() + "/lock"
        self.start(f"exec 9>{path}; flock 9; relocctl run --detach sleep 1000")
        with open(path, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_the_launcher_of_a_supervised_job_keeps_nothing(self):
        reader, writer = os.pipe()
        with subprocess.Popen([programs.RELOCCTL, "run", "--supervised", "bash", "-c", f"exec {writer}>&-; echo ready; read"],
                              env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[writer]) as job:
            job.stdout.readline()
            pid = daemon.jobs(self.env)[0]["pid"]
            launcher = self.launcher(pid)
            self.assertTrue(daemon.wait_until(lambda: os.readlink(f"/proc/{launcher}/cwd") == "/"))
            os.close(writer)
            links = [os.readlink(f"/proc/{launcher}/fd/{fd}") for fd in os.listdir(f"/proc/{launcher}/fd")]
            self.assertNotIn(os.readlink(f"/proc/self/fd/{reader}"), links)
            self.assertNotIn(os.readlink(f"/proc/self/fd/{job.stdout.fileno()}"), links)
            os.close(reader)
            job.communicate(b"\n")

    def test_a_caller_with_children(self):
        # The shell becomes relocctl while it has a child, which then ends.
        out = self.start("sleep 0.2 & exec relocctl run --supervised bash -c 'sleep 0.5; ps -o stat= --ppid $(ps -o ppid= -p $PPID)'")
        self.assertNotIn("Z", out)
        out = self.start("sleep 0.2 & exec relocctl run --detach bash -c 'echo $$; ps -o pid= --ppid $$'")
        self.assertRegex(out, r"\A\w{12}\n\Z")

    def test_orphans_are_adopted_and_leave_no_zombies(self):
        script = "for i in 1 2 3; do (sleep 0.1 & sleep 0.2 & exit); done; sleep 0.6; ps -o stat=,comm= --ppid $PPID"
        job_id = self.detach("bash", "-c", script)
        self.await_end(job_id)
        self.assertNotIn("Z", self.output(job_id))

    def test_ignored_and_blocked_signals(self):
        def ignore():
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
        for placement in ("--detach", "--supervised"):
            outcome = self.run_placed(placement, "bash", "-c", "exit 3", preexec_fn=ignore, restore_signals=False)
            self.assertEqual(outcome.status, 0 if placement == "--detach" else 3, outcome.err)
        self.assertTrue(daemon.wait_until(lambda: all(job["exit_code"] == 3 for job in daemon.jobs(self.env))))

    def test_closed_standard_descriptors(self):
        for closed in ("0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"):
            with self.subTest(closed=closed):
                self.start(f"relocctl run --supervised bash -c 'exit 0' {closed}")
                outcome = subprocess.run(["bash", "-c", f"relocctl run --detach bash -c 'echo fine' {closed}"], env=self.env,
                                         timeout=20, capture_output=True)
                self.assertEqual(outcome.returncode, 125 if "1>" in closed else 0)
        self.assertTrue(daemon.wait_until(lambda: all(job["state"] == "exited" for job in daemon.jobs(self.env))))

    def test_a_restrictive_umask(self):
        job_id = self.detach("bash", "-c", "umask", preexec_fn=lambda: os.umask(0o777))
        self.await_end(job_id)
        self.assertEqual(self.output(job_id), "0777\n")


if __name__ == "__main__":
    session.main()
