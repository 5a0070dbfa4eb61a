"""A daemon or a relocctl with hardly any descriptors or threads: it refuses in one line, and neither dies nor
hangs."""
import os
import resource
import subprocess
import unittest

from support import daemon, packs, programs, session


class Limits(unittest.TestCase):
    def test_ps_at_a_daemon_that_is_short_of_descriptors(self):
        """gRPC, which answers it, ends its process when it gets no descriptor."""
        outcomes = set()
        for limit in range(16, 96, 4):
            directory = packs.new_path("daemon")
            relocd = subprocess.Popen(["sh", "-c", f'ulimit -n {limit} && exec "$@"', "sh", programs.RELOCD, "--dir", directory],
                                      env=programs.environment(), stderr=subprocess.PIPE)
            try:
                serves = daemon.wait_until(lambda: relocd.poll() is not None or daemon.accepts(directory + "/launch.sock"))
                self.assertTrue(serves)
                if relocd.poll() is not None:  # too few even for the daemon itself: it reports that
                    self.assertEqual((relocd.returncode, relocd.stderr.read().count(b"\n")), (1, 1))
                    continue
                ps = programs.relocctl("ps", env=programs.environment(RELOCD_DIR=directory))
                self.assertIsNone(relocd.poll(), f"{limit} descriptors: {ps.err}")
                outcomes.add(ps.status)
            finally:
                relocd.terminate()
                relocd.wait()
                relocd.stderr.close()
        self.assertEqual(outcomes, {0, 1})  # refused with few, served with enough

    def limited(self, limit, *arguments, env):
        return programs.run(["prlimit", limit, programs.RELOCCTL, *arguments], env=env, timeout=20)

    def test_a_relocctl_that_can_start_no_thread(self):
        """gRPC would wait for one for ever."""
        session.require(os.geteuid() != 0, "userns", "root has no limit of processes", "run this as an ordinary user")
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        for command in (["ps"], ["daemon", "status"], ["kill", "1"], ["events", "--no-stream"], ["metrics"]):
            outcome = self.limited("--nproc=1", *command, env=relocd.environment())
            self.assertEqual((outcome.status != 0, outcome.out, outcome.err.count("\n")), (True, "", 1), outcome)
            self.assertIn("ulimit -u", outcome.err)

    def test_a_relocctl_that_gets_no_descriptor(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        outcome = self.limited("--nofile=6", "ps", env=relocd.environment())
        self.assertEqual((outcome.status, outcome.out, outcome.err.count("\n")), (1, "", 1), outcome)
        self.assertIn("ulimit -n", outcome.err)

    def test_a_daemon_that_can_start_no_thread(self):
        session.require(os.geteuid() != 0, "userns", "root has no limit of processes", "run this as an ordinary user")
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        limit = lambda most: resource.prlimit(relocd.pid, resource.RLIMIT_NPROC, (most, before[1]))
        before = resource.prlimit(relocd.pid, resource.RLIMIT_NPROC)
        limit(1)
        self.assertEqual(programs.relocctl("ps", env=relocd.environment()).status, 1)
        limit(before[0])
        programs.must(programs.relocctl("ps", env=relocd.environment()))
        self.assertIn("no threads left", relocd.read_log())

    def test_engines_where_no_file_can_be_written(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        outcome = self.limited("--fsize=0", "engines", env=relocd.environment())
        self.assertEqual((outcome.status, outcome.err), (0, ""))


if __name__ == "__main__":
    session.main()
