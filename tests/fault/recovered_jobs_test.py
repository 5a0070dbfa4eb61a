"""The next daemon knows the jobs of the one before it, however that ended."""
import os
import signal
import subprocess
import unittest

from support import daemon, packs, programs, session


class RecoveredJobs(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sh", "sleep")
        self.directory = packs.new_path("daemon")
        self.env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns")
        self.relocd = None
        self.restart()

    def restart(self, end=daemon.Daemon.kill):
        if self.relocd is not None:
            end(self.relocd)
        self.relocd = daemon.Daemon(self.directory)
        self.addCleanup(self.relocd.stop)
        # It answers once it serves; its sockets are there before.
        programs.must(programs.relocctl("daemon", "status", env=self.env))

    def start(self, script):
        """Starts a job that does `script` when it gets a line. Returns its process and its entry in ps."""
        process = subprocess.Popen([self.pack + "/bin/sh", "-c", f"read x; {script}"], env=self.env,
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(self.end, process)
        self.assertTrue(daemon.wait_until(lambda: self.job_of(process)))
        return process, self.job_of(process)

    @staticmethod
    def end(process):
        process.kill()
        process.communicate()

    def job_of(self, process):
        return next((job for job in daemon.jobs(self.env) if job["pid"] == process.pid), None)

    def job(self, known):
        job, = (job for job in daemon.jobs(self.env) if job["id"] == known["id"])
        return job

    def await_end(self, known):
        daemon.wait_until(lambda: self.job(known)["state"] != "running")
        return self.job(known)

    def assertSameJob(self, job, known):
        changing = ("cpu_seconds", "rss_bytes", "processes")
        self.assertEqual({k: v for k, v in job.items() if k not in changing},
                         {k: v for k, v in known.items() if k not in changing})

    def journal(self):
        return os.path.join(self.directory, "journal")

    def test_a_running_job_is_known_after_a_kill_and_after_a_stop(self):
        process, known = self.start("exit 7")
        for end in (daemon.Daemon.kill, daemon.Daemon.stop):
            self.restart(end)
            self.assertSameJob(self.job(known), known)
            self.assertEqual(self.job(known)["processes"], 1)
        process.communicate(b"go\n")
        ended = self.await_end(known)
        self.assertEqual((ended["state"], ended["exit_code"]), ("exited", 7))
        self.restart()
        self.assertSameJob(self.job(known), ended)

    def test_the_status_of_one_that_nobody_has_waited_for_is_known(self):
        process, known = self.start("kill -9 $$")
        self.relocd.kill()
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        self.restart()
        ended = self.await_end(known)
        self.assertEqual((ended["state"], ended["signal"]), ("killed", signal.SIGKILL))

    def test_the_status_of_one_that_is_gone_is_unknown_and_not_0(self):
        process, known = self.start("exit 0")
        self.relocd.kill()
        process.communicate(b"go\n")
        self.restart()
        job = self.job(known)
        self.assertEqual((job["state"], job["exit_code"], job["signal"]), ("lost", None, None))
        self.restart()
        self.assertSameJob(self.job(known), job)

    def test_after_a_boot_no_job_runs(self):
        """Another boot id; the process numbers belong to others now."""
        _, known = self.start("exit 0")
        self.relocd.kill()
        with open(self.journal(), "r+b") as file:
            line = file.readline()
            file.seek(0)
            file.write(line[:-5] + (b"0000\n" if line[-5:] != b"0000\n" else b"1111\n"))
        self.restart()
        self.assertEqual(self.job(known)["state"], "lost")
        self.relocd.await_log("since the host was started anew")

    def test_a_damaged_journal_is_no_reason_not_to_start(self):
        _, known = self.start("exit 0")
        self.relocd.kill()
        with open(self.journal(), "rb") as file:
            whole = file.read()
        for name, data in {"torn": whole + whole[-40:], "cut": whole[:-3], "empty": b"", "line": whole[:20],
                           "garbage": os.urandom(5000), "zeros": bytes(5000)}.items():
            with self.subTest(journal=name):
                with open(self.journal(), "wb") as file:
                    file.write(data)
                self.restart()
                self.assertEqual([job["id"] for job in daemon.jobs(self.env)], [known["id"]] if name == "torn" else [])
                self.relocd.await_log("the journal of jobs is damaged")
                programs.must(programs.run([self.pack + "/bin/sh", "-c", "exit 0"], env=self.env))

    def test_a_journal_that_is_no_file(self):
        for make in (os.mkfifo, lambda path: os.symlink("/dev/zero", path), os.mkdir):
            with self.subTest(make=make):
                self.relocd.kill()
                os.unlink(self.journal())
                make(self.journal())
                self.restart()
                programs.must(programs.run([self.pack + "/bin/sh", "-c", "exit 0"], env=self.env))
        self.relocd.await_log("cannot write the journal of jobs")
        os.rmdir(self.journal())

    def test_a_launch_before_each_kill_is_not_forgotten(self):
        known = [self.start("exit 0")[1]]
        for _ in range(5):
            known.append(self.start("exit 0")[1])
            self.restart()
        ids = [job["id"] for job in daemon.jobs(self.env)]
        self.assertEqual(ids, [job["id"] for job in known])

    def test_without_room_for_the_journal(self):
        """`ulimit -f` simulates the full disk: one warning, and everything else works."""
        self.relocd.kill()
        with open(self.journal(), "rb") as file:
            size = len(file.read())
        command = ["prlimit", f"--fsize={size + 2000}", programs.RELOCD, "--dir", self.directory]
        log = self.directory + ".limited.log"
        with open(log, "wb") as file:
            limited = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=self.env)
        self.addCleanup(self.end, limited)
        self.assertTrue(daemon.wait_until(lambda: daemon.accepts(self.relocd.socket)))
        for _ in range(30):
            programs.must(programs.run([self.pack + "/bin/sh", "-c", "exit 0"], env=self.env))
        self.assertTrue(daemon.wait_until(lambda: len(daemon.jobs(self.env)) == 30))
        with open(log) as file:
            self.assertIn("cannot write the journal of jobs (File too large)", file.read())


if __name__ == "__main__":
    session.main()
