"""A daemon with jobs to inspect and to steer."""
import subprocess
import unittest

from support import daemon, packs, programs, session


class JobsTest(unittest.TestCase):
    PROGRAMS = ("bash", "cat", "setsid", "sleep")
    ENGINE = "userns"

    def setUp(self):
        self.pack = packs.from_host(*self.PROGRAMS)
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(lambda: self.relocd.stop())  # the one that runs by then
        self.env = self.relocd.environment(RELOC_ENGINE=self.ENGINE)

    def start(self, script="echo ready; read line", engine=None, **env):
        """Starts a job of bash, which must print "ready"; it ends with its input, which is closed at the end of the
        test."""
        env = {**self.env, **({"RELOC_ENGINE": engine} if engine else {}), **env}
        job = subprocess.Popen(["bash", "-c", script], executable=self.pack + "/bin/bash", env=env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, job)
        if job.stdout.readline() != b"ready\n":
            session.require(False, engine or self.ENGINE, job.stderr.read().decode().strip(), "see relocctl engines")
        return job

    @staticmethod
    def end(job):
        for stream in (job.stdin, job.stdout, job.stderr):
            stream.close()
        job.wait()

    def relocctl(self, *arguments, **options):
        return programs.relocctl(*arguments, env=self.env, **options)

    def must(self, *arguments, **options):
        return programs.must(self.relocctl(*arguments, **options)).out

    def job(self, pid):
        """Returns the last job with that pid, as `ps -a` shows it."""
        return [job for job in daemon.jobs(self.env) if job["pid"] == pid][-1]

    def inspect(self, ref):
        return daemon.inspect(ref, self.env)

    def await_job(self, pid, **wanted):
        found = daemon.wait_until(lambda: wanted.items() <= self.job(pid).items())
        self.assertTrue(found, self.job(pid))
        return self.job(pid)

    def assertComplaint(self, outcome, *words, status=1):
        self.assertEqual(outcome.status, status, outcome)
        self.assertRegex(outcome.err, r"\A(relocctl: [^\n]+\n)+\Z")
        for word in words:
            self.assertIn(word, outcome.err)
