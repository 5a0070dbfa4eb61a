"""relocctl stats: the resource usage of jobs."""
import json
import subprocess
import unittest

from support import daemon, jobs, programs, session


class Stats(jobs.JobsTest):
    def test_a_busy_job_and_an_idle_one(self):
        busy = self.start("while :; do :; done & echo ready; read line; kill $!")
        idle = self.start()
        lines = [json.loads(line) for line in self.must("stats", "--no-stream", "--format", "json").splitlines()]
        by_pid = {line["pid"]: line for line in lines}
        self.assertEqual(set(by_pid), {busy.pid, idle.pid})
        self.assertGreater(by_pid[busy.pid]["cpu_percent"], by_pid[idle.pid]["cpu_percent"])
        self.assertEqual((by_pid[busy.pid]["processes"], by_pid[idle.pid]["processes"]), (2, 1))
        self.assertGreater(by_pid[idle.pid]["rss_bytes"], 100_000)

    def test_only_some(self):
        first, _ = self.start(), self.start()
        table = self.must("stats", "--no-stream", str(first.pid)).splitlines()
        self.assertEqual(len(table), 2)
        self.assertIn(self.job(first.pid)["id"], table[1])

    def test_a_stream_goes_on_until_its_jobs_have_ended(self):
        job = self.start()
        stream = subprocess.Popen([programs.RELOCCTL, "stats", "--format", "json", str(job.pid)], env=self.env,
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(stream.stdout.close)
        self.addCleanup(stream.wait)
        for _ in range(2):
            self.assertEqual(json.loads(stream.stdout.readline())["pid"], job.pid)
        job.kill()
        job.wait()
        self.assertTrue(daemon.wait_until(lambda: stream.poll() is not None))
        self.assertEqual(stream.returncode, 0)

    def test_it_ends_with_its_reader(self):
        """Also if there is nothing to write: no job runs."""
        stream = subprocess.Popen([programs.RELOCCTL, "stats", "--format", "json"], env=self.env, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        self.addCleanup(stream.stderr.close)
        self.addCleanup(stream.wait)
        self.addCleanup(stream.kill)
        stream.stdout.close()
        self.assertEqual(stream.wait(20), 0)
        self.assertEqual(stream.stderr.read(), b"")

    def test_one_that_has_ended(self):
        job = self.start("echo ready; exit 0")
        job.wait()
        shown = self.await_job(job.pid, processes=0)
        self.assertComplaint(self.relocctl("stats", "--no-stream", shown["id"]), "has ended")


if __name__ == "__main__":
    session.main()
