"""relocctl history: the jobs that ended, with and without a daemon, and after restarts."""
import json
import os
import signal
import subprocess
import time
import unittest

from support import daemon, outcomes, packs, programs, session

FIELDS = {"id", "name", "pid", "uid", "user", "pack", "program", "argv", "engine", "placement", "started_at", "state",
          "exit_code", "signal", "cpu_seconds", "rss_bytes", "processes", "slurm_job", "ended_at"}


class History(outcomes.OneLineTest):
    def setUp(self):
        self.pack = packs.from_host("sh")
        self.state = packs.new_path("state")
        self.directory = packs.new_path("daemon")
        self.env = programs.environment(RELOCD_DIR=self.directory, XDG_STATE_HOME=self.state, RELOC_ENGINE="userns")
        self.relocd = None

    def start(self, *arguments):
        self.relocd = daemon.Daemon(self.directory, *arguments, env=self.env)
        self.addCleanup(self.relocd.stop)

    def launch(self, script, *arguments):
        return programs.run([self.pack + "/bin/sh", "-c", script, *arguments], env=self.env).status

    def history(self, *arguments):
        listed = programs.must(programs.relocctl("history", "--format", "json", *arguments, env=self.env))
        self.assertEqual(listed.err, "")
        return json.loads(listed.out)

    def await_count(self, count):
        self.assertTrue(daemon.wait_until(lambda: len(self.history()) == count), self.history())

    def test_ended_jobs_are_there_at_once_and_as_they_ended(self):
        self.start()
        self.assertEqual(self.history(), [])
        self.assertEqual(self.launch("exit 3", "an argument"), 3)
        self.assertEqual(self.launch("kill -9 $$"), -9)
        self.await_count(2)
        # A relocd that was busy may receive the second first, because that one was reported by datagram.
        first, second = sorted(self.history(), key=lambda job: job["state"])
        self.assertLessEqual(FIELDS, first.keys())
        self.assertEqual((first["state"], first["exit_code"], first["signal"]), ("exited", 3, None))
        self.assertEqual(first["argv"][-1], "an argument")
        self.assertEqual((second["state"], second["exit_code"], second["signal"]), ("killed", None, signal.SIGKILL))
        self.assertGreaterEqual(first["ended_at"], first["started_at"])
        self.assertEqual(self.history(), daemon.jobs(self.env))

    def test_it_outlives_the_daemon_and_needs_none(self):
        self.start()
        self.launch("exit 0")
        self.await_count(1)
        known = self.history()
        self.relocd.stop()
        self.assertEqual(self.history(), known)
        self.start()
        self.assertEqual(self.history(), known)

    def test_a_killed_daemon_loses_no_job(self):
        self.start()
        for _ in range(20):
            self.launch("exit 0")
        self.assertTrue(daemon.wait_until(lambda: len(daemon.jobs(self.env)) == 20))
        self.relocd.kill()
        self.start()
        self.await_count(20)
        self.assertEqual([job["id"] for job in self.history()], [job["id"] for job in daemon.jobs(self.env)])

    def test_a_job_whose_end_nobody_saw_is_lost(self):
        self.start()
        job = subprocess.Popen([self.pack + "/bin/sh", "-c", "read x"], env=self.env, stdin=subprocess.PIPE)
        self.assertTrue(daemon.wait_until(lambda: daemon.jobs(self.env)))
        self.relocd.kill()
        job.communicate()
        self.start()
        self.await_count(1)
        self.assertEqual((self.history()[0]["state"], self.history()[0]["exit_code"]), ("lost", None))

    def test_since_and_limit(self):
        self.start()
        for status in (1, 2, 3):
            self.launch(f"exit {status}")
        self.await_count(3)
        codes = lambda *arguments: [job["exit_code"] for job in self.history(*arguments)]
        self.assertEqual(codes("--limit", "2"), [2, 3])
        self.assertEqual(codes("-n", "0"), [])
        self.assertEqual(programs.relocctl("history", "-n", "0", env=self.env), (0, "", ""))
        self.assertEqual(codes("--since", "1h"), [1, 2, 3])
        self.assertEqual(codes("--since", str(int(time.time()) + 60)), [])
        self.assertEqual(codes("--since", self.history()[1]["ended_at"]), [2, 3])
        self.assertOneLine(programs.relocctl("history", "--since", "soon", env=self.env), "'soon' is no time")

    def test_the_table_is_for_people(self):
        self.start()
        self.launch("exit 3")
        self.await_count(1)
        header, row = programs.must(programs.relocctl("history", env=self.env)).out.splitlines()
        self.assertTrue(header.startswith("ID"))
        self.assertIn("exited 3", row)

    def test_it_is_bounded(self):
        self.start("--history-limit", "5")
        for _ in range(12):
            self.launch("exit 0")
        self.assertTrue(daemon.wait_until(lambda: len(daemon.jobs(self.env)) == 12))
        last = [job["id"] for job in daemon.jobs(self.env)][-5:]
        self.assertTrue(daemon.wait_until(lambda: [job["id"] for job in self.history()] == last))

    def test_the_file_is_the_users_alone(self):
        self.start()
        self.launch("exit 0")
        self.await_count(1)
        file = os.path.join(self.state, "relocd", "history.db")
        self.assertEqual(os.stat(file).st_mode & 0o77, 0)
        self.assertEqual(os.stat(os.path.dirname(file)).st_mode & 0o77, 0)


if __name__ == "__main__":
    session.main()
