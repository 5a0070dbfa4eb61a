"""relocctl logs: the output that is kept of a job."""
import fcntl
import os
import struct
import subprocess
import unittest

from support import daemon, packs, programs, session


class WithoutADaemon(unittest.TestCase):
    """Output is read from files, which are named after a job's id."""

    def setUp(self):
        state = packs.new_path("state")
        self.dir = os.path.join(state, "relocd", "output")
        os.makedirs(self.dir, mode=0o700)
        self.env = programs.environment(RELOCD_DIR=packs.new_path("daemon"), XDG_STATE_HOME=state)

    def keep(self, name, content):
        with open(os.path.join(self.dir, name), "wb") as file:
            file.write(content)

    def logs(self, *arguments):
        return programs.relocctl("logs", *arguments, env=self.env)

    def test_all_or_the_last_lines(self):
        self.keep("7.1", b"one\ntwo\n")
        self.keep("7", b"three\nfour\n")
        self.assertEqual(programs.must(self.logs("7")).out, "one\ntwo\nthree\nfour\n")
        self.assertEqual(programs.must(self.logs("--tail", "3", "7")).out, "two\nthree\nfour\n")
        self.assertEqual(programs.must(self.logs("--tail=0", "7")).out, "")

    def test_following_what_nobody_writes_ends(self):
        self.keep("7", b"done\n")
        self.assertEqual(programs.must(self.logs("-f", "7")).out, "done\n")

    def test_follows_the_writer(self):
        with open(os.path.join(self.dir, "7"), "wb", buffering=0) as writer:
            fcntl.fcntl(writer, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
            writer.write(b"one\n")
            with subprocess.Popen([programs.RELOCCTL, "logs", "-f", "7"], env=self.env,
                                  stdout=subprocess.PIPE) as logs:
                self.assertEqual(logs.stdout.readline(), b"one\n")
                writer.write(b"two\n")
                self.assertEqual(logs.stdout.readline(), b"two\n")
                writer.write(b"end")
                writer.close()
                self.assertEqual(logs.stdout.read(), b"end")
        self.assertEqual(logs.returncode, 0)

    def test_ends_when_its_reader_goes(self):
        with open(os.path.join(self.dir, "7"), "wb", buffering=0) as writer:
            fcntl.fcntl(writer, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
            with subprocess.Popen([programs.RELOCCTL, "logs", "-f", "7"], env=self.env,
                                  stdout=subprocess.PIPE) as logs:
                logs.stdout.close()
                self.assertEqual(logs.wait(10), 0)

    def test_unknown_jobs(self):
        for job in ("8", "../output/7", ""):
            with self.subTest(job=job):
                outcome = self.logs(job)
                self.assertEqual((outcome.status, outcome.out), (1, ""))
                self.assertRegex(outcome.err, r"\Arelocctl: [^\n]*relocctl daemon start\n\Z")

    def test_bytes_as_they_are(self):
        content = bytes(range(256)) * 1000
        self.keep("7", content)
        self.assertEqual(subprocess.run([programs.RELOCCTL, "logs", "7"], env=self.env, check=True,
                                        stdout=subprocess.PIPE).stdout, content)

    def test_a_full_disk_is_an_error(self):
        self.keep("7", b"x\n")
        with open("/dev/full", "w") as full:
            logs = subprocess.run([programs.RELOCCTL, "logs", "7"], env=self.env, check=False, stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        self.assertEqual(logs.returncode, 1)
        self.assertEqual(logs.stderr, "relocctl: cannot write to standard output: No space left on device\n")


class OfJobs(unittest.TestCase):
    def setUp(self):
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(self.relocd.stop)
        self.env = self.relocd.environment(RELOC_ENGINE="userns")

    def test_a_job_in_its_callers_place_has_none(self):
        programs.must(programs.run([packs.from_host("cat") + "/bin/cat", "/dev/null"], env=self.env))
        self.assertTrue(daemon.wait_until(lambda: [job["state"] != "running" for job in daemon.jobs(self.env)] == [True]))
        for name in (daemon.jobs(self.env)[0]["id"], "cat"):
            outcome = programs.relocctl("logs", name, env=self.env)
            self.assertEqual((outcome.status, outcome.out), (1, ""))
            self.assertIn("in place of its caller", outcome.err)

    def test_a_detached_job_is_followed_to_its_end(self):
        bash = packs.from_host("bash") + "/bin/bash"
        command = ["run", "--detach", "--name", "talker", bash, "-c", "for i in 1 2 3; do echo line $i; done; printf end"]
        job = programs.must(programs.relocctl(*command, env=self.env)).out.strip()
        self.assertEqual(programs.must(programs.relocctl("logs", "-f", "talker", env=self.env)).out,
                         "line 1\nline 2\nline 3\nend")
        self.assertEqual(programs.must(programs.relocctl("logs", "--tail", "2", job, env=self.env)).out, "line 3\nend")

    def test_there_is_no_such_job(self):
        outcome = programs.relocctl("logs", "nonsense", env=self.env)
        self.assertEqual((outcome.status, outcome.out), (1, ""))
        self.assertRegex(outcome.err, r"\Arelocctl: [^\n]*nonsense[^\n]*\n\Z")


if __name__ == "__main__":
    session.main()
