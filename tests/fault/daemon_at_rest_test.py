"""The cost of relocd while nothing happens, and with many jobs."""
import os
import re
import subprocess
import time
import unittest

from support import daemon, packs, programs, session

JOBS = 1000
QUIET_SECONDS = 5


def status(pid, field):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(rf"^{field}:\s+(\d+)", file.read(), re.M).group(1))


class AtRest(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sleep")
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(self.relocd.stop)
        self.env = self.relocd.environment(RELOC_ENGINE="userns")

    def ps(self, *arguments):
        return programs.must(programs.relocctl("ps", "-q", *arguments, env=self.env)).out.split()

    def wake_ups(self):
        """Returns how often the daemon and its keeper have gone to sleep; they were idle if that does not
        change."""
        return [status(pid, "voluntary_ctxt_switches") for pid in (self.relocd.pid, *self.relocd.children())]

    def assertQuiet(self):
        self.assertTrue(daemon.wait_until(lambda: status(self.relocd.pid, "Threads") == 1, seconds=40),
                        "gRPC's threads stay")
        time.sleep(2)  # timers that were armed in the meantime
        before = self.wake_ups()
        time.sleep(QUIET_SECONDS)
        self.assertEqual(self.wake_ups(), before)
        self.assertLess(status(self.relocd.pid, "VmRSS"), 25 * 1024)

    def test_no_wake_ups(self):
        self.assertQuiet()

    def test_no_wake_ups_after_work(self):
        job = subprocess.Popen([self.pack + "/bin/sleep", "1000"], env=self.env)
        try:
            self.assertTrue(daemon.wait_until(lambda: len(self.ps()) == 1))
            self.assertQuiet()
        finally:
            job.kill()
            job.wait()
        self.assertEqual(self.ps(), [])
        self.assertQuiet()

    def test_a_thousand_jobs_add_less_than_two_megabytes(self):
        programs.must(programs.run([self.pack + "/bin/sleep", "0"], env=self.env))
        self.ps()  # loads gRPC's code, which remains
        self.assertTrue(daemon.wait_until(lambda: status(self.relocd.pid, "Threads") == 1, seconds=40))
        before = status(self.relocd.pid, "VmRSS")
        jobs = [subprocess.Popen([self.pack + "/bin/sleep", "1000"], env=self.env) for _ in range(JOBS)]
        try:
            # Launches that the daemon was too busy for run all the same, and are not listed.
            self.assertTrue(daemon.wait_until(lambda: len(self.ps()) >= JOBS * 0.99, seconds=30))
            self.assertTrue(daemon.wait_until(lambda: status(self.relocd.pid, "Threads") == 1, seconds=40))
            self.assertLess(status(self.relocd.pid, "VmRSS") - before, 2048)
        finally:
            for job in jobs:
                job.kill()
            for job in jobs:
                job.wait()
        self.assertTrue(daemon.wait_until(lambda: self.ps() == []))
        self.assertGreaterEqual(len(self.ps("-a")), JOBS * 0.99)


if __name__ == "__main__":
    session.main()
