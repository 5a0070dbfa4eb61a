"""A daemon that has next to no descriptors: it may refuse, and it does not die."""
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
                if relocd.poll() is not None:  # too few even for the daemon itself: it says so
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


if __name__ == "__main__":
    session.main()
