"""relocctl kill: which job, which signal, and that all processes of the job get it."""
import signal
import subprocess
import unittest

from support import daemon, jobs, session


class Kill(jobs.JobsTest):
    def test_a_job_by_everything_that_names_it(self):
        for name in (lambda job: job["id"], lambda job: job["id"][:8], lambda job: job["name"],
                     lambda job: str(job["pid"])):
            job = self.start("echo ready; exec cat")
            shown = self.await_job(job.pid, state="running")
            self.assertEqual(self.must("kill", name(shown)).strip(), shown["id"])
            self.assertEqual(job.wait(), -signal.SIGTERM)
            self.await_job(job.pid, state="killed")

    def test_a_job_by_the_pid_of_any_of_its_processes(self):
        job = self.start("sleep 1000 & echo ready; wait")
        self.await_job(job.pid, processes=2)
        child = [process["pid"] for process in self.inspect(job.pid)["process_list"] if process["pid"] != job.pid][0]
        self.must("kill", str(child))
        self.assertEqual(job.wait(), -signal.SIGTERM)
        self.await_job(job.pid, processes=0)

    def test_signals_by_name_and_number(self):
        for text, number in (("KILL", 9), ("SIGKILL", 9), ("kill", 9), ("9", 9), ("HUP", 1), ("RTMIN+3", 37)):
            job = self.start()
            self.must("kill", "-s", text, str(job.pid))
            self.assertEqual(job.wait(), -number, text)

    def test_signal_0_only_asks(self):
        job = self.start()
        self.must("kill", "-s", "0", str(job.pid))
        self.assertIsNone(job.poll())

    def test_an_unknown_signal(self):
        job = self.start()
        self.assertComplaint(self.relocctl("kill", "-s", "TREM", str(job.pid)), "did you mean", "TERM", status=125)
        self.assertComplaint(self.relocctl("kill", "-s", "99", str(job.pid)), "99", status=125)
        self.assertIsNone(job.poll())

    def test_an_unknown_job(self):
        self.start()
        self.assertComplaint(self.relocctl("kill", "bahs"), "there is no job 'bahs'", "did you mean 'bash'")
        self.assertComplaint(self.relocctl("kill", "nothing-like-it"), "there is no job")

    def test_an_ambiguous_name_lists_the_jobs(self):
        pids = [self.start().pid, self.start().pid]
        self.assertComplaint(self.relocctl("kill", "bash"), *[self.job(pid)["id"] for pid in pids])
        self.assertEqual([self.job(pid)["state"] for pid in pids], ["running", "running"])

    def test_a_job_that_has_ended(self):
        job = self.start()
        job.stdin.close()
        job.wait()
        shown = self.await_job(job.pid, processes=0)
        self.assertComplaint(self.relocctl("kill", shown["id"]), shown["id"], "has ended")

    def test_one_that_is_wrong_does_not_keep_the_others(self):
        job = self.start()
        self.assertComplaint(self.relocctl("kill", "nobody", str(job.pid)), "nobody")
        self.assertEqual(job.wait(), -signal.SIGTERM)

    def test_a_job_that_forks_all_the_time(self):
        job = self.start("fork() { while :; do sleep 0.01 & done; }; fork & fork & echo ready; wait")
        self.assertTrue(daemon.wait_until(lambda: self.job(job.pid)["processes"] > 4))
        self.must("kill", "-s", "KILL", str(job.pid))
        self.await_job(job.pid, processes=0)

    def test_the_program_gets_it_once(self):
        """Also under proot, where its first process passes signals on."""
        for engine in ("userns", "fakechroot", "proot"):
            with self.subTest(engine):
                job = self.start("trap 'echo got' USR1; echo ready; while read -t 1000 line || [ $? -gt 128 ]; "
                                 "do echo $line; done", engine)
                self.must("kill", "-s", "USR1", str(job.pid))
                self.assertEqual(job.stdout.readline(), b"got\n")
                job.stdin.write(b"next\n")
                job.stdin.flush()
                self.assertEqual(job.stdout.readline(), b"next\n")

    def test_a_bystander_is_left_alone(self):
        bystander = subprocess.Popen(["sleep", "1000"], start_new_session=False)
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        self.must("kill", str(self.start().pid))
        self.assertIsNone(bystander.poll())


if __name__ == "__main__":
    session.main()
