"""A client that connects at the very moment at which an idle daemon ends: it is served, or works without it, at
once."""
import json
import random
import subprocess
import time
import unittest

from support import daemon, packs, programs, session

TRIES = 60


class IdleExit(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("cat")
        self.directory = packs.new_path("daemon")
        self.env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns", RELOC_DEBUG="1")

    def start(self):
        """Starts a daemon that soon ends. On a busy machine it may end before it is seen to serve."""
        for _ in range(100):
            try:
                return daemon.Daemon(self.directory, "--idle-exit", "20ms")
            except AssertionError:
                pass
        self.fail("no daemon lives long enough")

    def launch(self):
        """Starts a job; returns it and what it printed about the daemon."""
        job = subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        before = time.monotonic()
        job.stdin.write("ready\n")
        job.stdin.flush()
        self.assertEqual(job.stdout.readline(), "ready\n")
        self.assertLess(time.monotonic() - before, 5, "it hung")
        return job

    def is_listed(self, job):
        listed = programs.relocctl("ps", "--format", "json", env=self.env)
        return listed.status == 0 and job.pid in [known["pid"] for known in json.loads(listed.out)]

    def test_no_launch_is_lost(self):
        for _ in range(TRIES):
            relocd = self.start()
            try:
                time.sleep(random.uniform(0.016, 0.022))
                job = self.launch()
                known = daemon.wait_until(lambda: relocd.process.poll() is not None or self.is_listed(job))
                self.assertTrue(known, "the daemon goes on and does not know the job")
                ended = relocd.process.poll() is not None
                _, debug = job.communicate()
                if ended:
                    self.assertRegex(debug, "could not be told|no daemon", "told, and forgotten")
            finally:
                relocd.stop()

    def test_ps_gets_a_clear_answer(self):
        for _ in range(TRIES // 2):
            relocd = self.start()
            time.sleep(random.uniform(0.005, 0.022))
            outcome = programs.relocctl("ps", "-q", env=self.env, timeout=10)
            if outcome.status != 0:
                self.assertRegex(outcome.err, r"\Arelocctl: [^\n]*\n\Z")
            self.assertTrue(daemon.wait_until(lambda: relocd.process.poll() is not None), "it does not end")


if __name__ == "__main__":
    session.main()
