"""Processes belong to the job that started them, including daemons: forked twice, in a session of their own, after
the end of their parents and of the job's main process."""
import os
import signal
import subprocess
import unittest

from support import daemon, jobs, session

# A daemon: a grandchild in a session of its own, whose parents have ended.
DAEMONISE = "(setsid sleep 1000 </dev/null >/dev/null 2>&1 &); "


class Descendants(jobs.JobsTest):
    def daemons(self, pid):
        """Returns the pids of the daemons that the job has left."""
        return [process["pid"] for process in self.inspect(self.job(pid)["id"])["process_list"]
                if process["argv"][-1:] == ["1000"] and "bash" not in process["argv"][0]]

    def check(self, engine):
        job = self.start(DAEMONISE + DAEMONISE + "echo ready; read line; exit 0", engine)
        self.assertTrue(daemon.wait_until(lambda: len(self.daemons(job.pid)) == 2), self.inspect(job.pid))
        self.assertGreaterEqual(self.job(job.pid)["processes"], 3)
        job.stdin.close()
        self.assertEqual(job.wait(), 0)
        # Its state is that of the main process; the daemons still belong to the job, and can be ended.
        self.await_job(job.pid, state="exited", exit_code=0)
        left = self.daemons(job.pid)
        self.assertEqual(len(left), 2)
        self.must("kill", self.job(job.pid)["id"])
        self.assertTrue(daemon.wait_until(lambda: self.gone(left)))
        self.await_job(job.pid, processes=0)

    @staticmethod
    def gone(pids):
        session.reap()
        return not any(os.path.exists(f"/proc/{pid}") for pid in pids)

    def test_userns(self):
        self.check("userns")

    def test_fakechroot(self):
        self.check("fakechroot")

    def test_proot(self):
        self.check("proot")

    def test_without_a_root_of_the_daemon(self):
        """A launch that makes its own root has a mount namespace of its own."""
        self.relocd.stop()
        self.relocd = daemon.Daemon(self.relocd.directory, "--max-roots", "1")
        holder = self.start()  # it has the only root
        self.pack = jobs.packs.from_host("bash", "setsid", "sleep", "tail")
        self.check("userns")
        self.end(holder)

    def test_jobs_that_share_a_root_are_told_apart(self):
        first = self.start(DAEMONISE + "echo ready; read line")
        second = self.start()
        self.await_job(first.pid, processes=2)
        self.assertEqual(self.job(second.pid)["processes"], 1)
        self.must("kill", "-s", "KILL", str(first.pid))
        self.await_job(first.pid, processes=0, state="killed")
        self.await_job(second.pid, processes=1, state="running")

    def test_a_main_process_that_ends_at_once(self):
        job = subprocess.Popen([self.pack + "/bin/bash", "-c", DAEMONISE], env=self.env)
        self.assertEqual(job.wait(), 0)
        self.await_job(job.pid, processes=1)
        self.must("kill", self.job(job.pid)["id"])
        self.await_job(job.pid, processes=0)

    def test_a_main_process_that_ends_before_the_daemon_hears_of_it(self):
        self.relocd.process.send_signal(signal.SIGSTOP)
        job = subprocess.Popen([self.pack + "/bin/bash", "-c", DAEMONISE], env=self.env)
        self.assertEqual(job.wait(), 0)
        self.relocd.process.send_signal(signal.SIGCONT)
        self.await_job(job.pid, processes=1)
        self.must("kill", self.job(job.pid)["id"])
        self.await_job(job.pid, processes=0)

    def test_the_next_daemon_knows_them(self):
        job = self.start(DAEMONISE + "echo ready; read line")
        job.stdin.close()
        job.wait()
        self.await_job(job.pid, processes=1)
        self.relocd.kill()
        self.relocd = daemon.Daemon(self.relocd.directory)
        self.await_job(job.pid, processes=1)
        self.must("kill", self.job(job.pid)["id"])
        self.await_job(job.pid, processes=0)

    def test_a_program_of_the_pack_that_a_job_starts_is_part_of_both(self):
        """It is a job of its own, and its daemons belong to the job whose mark they have."""
        entry = self.pack + "/bin/bash"
        outer = self.start(f"{entry} -c '{DAEMONISE}'; echo ready; read line")
        self.await_job(outer.pid, processes=2)
        self.must("kill", "-s", "KILL", str(outer.pid))
        self.await_job(outer.pid, processes=0)


if __name__ == "__main__":
    session.main()
