"""Little memory, few processes: jobs and the daemon survive what one of them does, and the kernel chooses the
process to kill as without relocd."""
import os
import resource
import signal
import subprocess
import unittest

from support import daemon, jobs, programs, session


class ScarceResources(jobs.JobsTest):
    def test_a_job_has_its_callers_oom_score(self):
        for score in (0, 321):
            def adjust():
                with open("/proc/self/oom_score_adj", "w") as file:
                    file.write(str(score))
            for engine in programs.ENGINES:
                with self.subTest(engine=engine, score=score):
                    job = subprocess.Popen(["cat"], executable=self.pack + "/bin/cat", preexec_fn=adjust,
                                           env={**self.env, "RELOC_ENGINE": engine}, stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                    self.addCleanup(job.wait)
                    self.addCleanup(job.stdout.close)
                    self.addCleanup(job.stdin.close)
                    job.stdin.write(b"ready\n")
                    job.stdin.flush()
                    if job.stdout.readline() != b"ready\n":
                        continue  # the engine does not work here
                    processes = [process["pid"] for process in self.inspect(job.pid)["process_list"]]
                    scores = set()
                    for pid in processes:
                        with open(f"/proc/{pid}/oom_score_adj") as file:
                            scores.add(int(file.read()))
                    self.assertEqual(scores, {score})

    def test_a_fork_bomb_does_not_reach_others(self):
        bystander = self.start()
        # The limit counts all processes of the user: some more than exist.
        used = sum(os.stat(f"/proc/{pid}").st_uid == os.getuid() for pid in os.listdir("/proc") if pid.isdigit()
                   and os.path.exists(f"/proc/{pid}"))
        limit = lambda: resource.setrlimit(resource.RLIMIT_NPROC, (used + 60, used + 60))
        bomb = subprocess.Popen(["bash", "-c", "f() { f & f & wait; }; f 2>/dev/null"], env=self.env,
                                executable=self.pack + "/bin/bash", preexec_fn=limit, stderr=subprocess.DEVNULL)
        self.assertTrue(daemon.wait_until(lambda: self.job(bomb.pid)["processes"] > 20, 30))
        self.must("kill", "-s", "KILL", self.job(bomb.pid)["id"])
        self.assertEqual(bomb.wait(), -signal.SIGKILL)
        self.await_job(bomb.pid, processes=0)
        self.await_job(bystander.pid, state="running", processes=1)

    def test_a_job_without_memory_fails_alone(self):
        bystander = self.start()
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (64 << 20, 64 << 20))
        outcome = programs.run(["bash", "-c", "x=x; while :; do x=$x$x; done"], program=self.pack + "/bin/bash",
                               env=self.env, preexec_fn=limit)
        self.assertNotEqual(outcome.status, 0)
        self.await_job(bystander.pid, state="running")
        self.start()


if __name__ == "__main__":
    session.main()
