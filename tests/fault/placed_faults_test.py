"""Faults by name of jobs with a launcher, and of later reports about jobs: history, output, metrics, events."""
import json
import os
import subprocess
import unittest

from support import daemon, packs, programs, session


class PlacedFaults(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sh", "sleep")
        self.directory = packs.new_path("daemon")
        self.state = packs.new_path("state")
        self.env = programs.environment(RELOCD_DIR=self.directory, XDG_STATE_HOME=self.state, RELOC_ENGINE="userns")

    def start(self, faults="", *arguments):
        self.relocd = daemon.Daemon(self.directory, *arguments,
                                    env=programs.environment(XDG_STATE_HOME=self.state, RELOC_FAULTS=faults))
        self.addCleanup(self.relocd.stop)

    def run_placed(self, option, script, faults=""):
        return programs.relocctl("run", *option.split(), self.pack + "/bin/sh", "-c", script,
                                 env={**self.env, "RELOC_FAULTS": faults})

    def detach(self, script, faults=""):
        return programs.must(self.run_placed("--detach", script, faults)).out.strip()

    def relocctl(self, *arguments):
        return programs.must(programs.relocctl(*arguments, env=self.env)).out

    def files(self, *path):
        directory = os.path.join(*path)
        return os.listdir(directory) if os.path.exists(directory) else []

    def assertNotStarted(self, option, fault, *words):
        """One line, the program is not run, and nothing is left of the attempt."""
        canary = packs.new_path("canary")
        outcome = self.run_placed(option, f"echo >{canary}", fault)
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertRegex(outcome.err, r"\Arelocctl: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, outcome.err)
        self.assertTrue(daemon.wait_until(lambda: session.children() == [self.relocd.pid]))
        self.assertFalse(os.path.exists(canary))
        self.assertEqual(self.files(self.directory, "jobs"), [])
        self.assertEqual(self.files(self.state, "relocd", "output"), [])
        self.assertEqual(daemon.jobs(self.env), [])

    def test_a_launcher_that_cannot_start_its_job(self):
        self.start()
        for option, fault, *words in (
                ("--detach", "job.reserve=ETIMEDOUT", "does not answer", "kill -CONT"),
                ("--detach", "job.bind=ETIMEDOUT", "does not answer"),
                ("--detach", "launcher.fork=EAGAIN", "fork", "Resource temporarily unavailable"),
                ("--supervised", "launcher.fork=EAGAIN", "fork"),
                ("--detach", "job.fork=EAGAIN", "fork"),
                ("--supervised", "job.fork=EAGAIN", "fork"),
                ("--detach --pty", "job.pty=ENOSPC", "cannot make a terminal", "No space left"),
                ("--detach", "output.open=EDQUOT", "cannot keep output in", "Disk quota exceeded"),
        ):
            with self.subTest(fault=fault, option=option):
                self.assertNotStarted(option, fault, *words)
        self.assertEqual(self.relocctl("wait", self.detach("exit 3")), "3\n")

    def test_a_supervised_job_needs_no_daemon(self):
        self.start()
        for fault in ("job.reserve=ETIMEDOUT", "job.bind=ETIMEDOUT", "output.open=EDQUOT"):
            with self.subTest(fault):
                outcome = self.run_placed("--supervised", "echo here; exit 5", fault)
                self.assertEqual(outcome, (5, "here\n", ""))
        self.assertEqual(self.run_placed("--supervised --pty", "echo here", "job.bind=ETIMEDOUT").out, "here\n")
        self.assertTrue(daemon.wait_until(lambda: session.children() == [self.relocd.pid]))
        self.assertEqual(self.files(self.directory, "jobs"), [])
        self.assertEqual(self.files(self.state, "relocd", "output"), [])

    def test_a_mistake_in_the_faults(self):
        self.start()
        self.assertNotStarted("--detach", "job.frok=EAGAIN", "no such fault")

    def test_output_that_cannot_be_written(self):
        """A line in its place reports it; the job does not notice."""
        self.start()
        job = self.detach("echo one; sleep 0.3; echo two; exit 4", "output.write=ENOSPC:times=1")
        output = self.relocctl("logs", "-f", job)
        self.assertRegex(output, r"\A\[relocd: \d+ bytes of output could not be kept: No space left on device\]\n")
        self.assertEqual(self.relocctl("wait", job), "4\n")

    def test_an_ending_that_nobody_could_note(self):
        """Without a daemon, and with no room for the launcher's status file: unknown, and never 0."""
        self.start()
        job = self.detach("sleep 0.5; exit 0", "job.status=ENOSPC")
        self.relocd.kill()
        self.assertTrue(daemon.wait_until(lambda: session.children() == []), session.children())
        self.start()
        known, = (known for known in daemon.jobs(self.env) if known["id"] == job)
        self.assertEqual((known["state"], known["exit_code"]), ("lost", None))
        self.assertEqual(self.files(self.directory, "jobs"), [])

    def test_a_history_that_cannot_be_written_for_a_while(self):
        for fault in ("history.open=EMFILE:times=2", "history.write=ENOSPC:times=2"):
            with self.subTest(fault):
                self.start(fault)
                jobs = [self.detach("exit 1") for _ in range(3)]
                self.relocd.await_log("the history is not written")

                def has_them():
                    jobs.append(self.detach("exit 1"))
                    told = json.loads(self.relocctl("history", "--format", "json"))
                    return set(jobs[:3]) <= {job["id"] for job in told}
                self.assertTrue(daemon.wait_until(has_them))
                self.relocd.await_log("the history is written again; 0 entries are lost")
                self.assertEqual(self.relocd.read_log().count("the history is not written"), 1)
                self.relocd.stop()
                os.unlink(self.relocd.log)

    def test_metrics_that_cannot_be_written_for_a_while(self):
        path = packs.new_path("metrics") + ".prom"
        self.start("metrics.write=ENOSPC:times=1", "--metrics-textfile", path, "--metrics-interval", "10ms")
        self.relocd.await_log(f"cannot write {path}")
        self.assertFalse(os.path.exists(path))

        def is_written():
            self.detach("exit 0")
            return os.path.exists(path)
        self.assertTrue(daemon.wait_until(is_written))
        self.relocd.await_log("again")

    def test_a_client_that_is_too_slow_for_the_events(self):
        """It receives the number of missed events, and the next ones."""
        self.start("events.queue=ENOBUFS:times=1")
        path = packs.new_path("events")
        with open(path, "wb") as file:
            events = subprocess.Popen([programs.RELOCCTL, "events"], env=self.env, stdout=file)
        self.addCleanup(events.wait)
        self.addCleanup(events.kill)

        def shown():
            self.detach("exit 0")
            with open(path) as file:
                return file.read()
        self.assertTrue(daemon.wait_until(lambda: "1 events are missing here" in shown()), shown())
        self.assertTrue(daemon.wait_until(lambda: " exit " in shown().split("missing here")[1]), shown())


if __name__ == "__main__":
    session.main()
