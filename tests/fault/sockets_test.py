"""What the daemon leaves open to others: nothing but two sockets that only its user can reach."""
import os
import socket
import stat
import unittest

from support import daemon, packs, programs, session


class Sockets(unittest.TestCase):
    def setUp(self):
        self.directory = packs.new_path("daemon")

    def start(self):
        relocd = daemon.Daemon(self.directory)
        self.addCleanup(relocd.stop)
        return relocd

    def mode(self, name=""):
        return stat.S_IMODE(os.stat(os.path.join(self.directory, name)).st_mode)

    def test_modes_whatever_the_umask(self):
        for umask in (0o022, 0o000, 0o077):
            with self.subTest(umask=umask):
                old = os.umask(umask)
                try:
                    relocd = self.start()
                finally:
                    os.umask(old)
                self.assertEqual(self.mode(), 0o700)
                self.assertEqual((self.mode("launch.sock"), self.mode("control.sock")), (0o600, 0o600))
                for entry in os.scandir(self.directory):
                    self.assertEqual(stat.S_IMODE(entry.stat().st_mode) & 0o077, 0, entry.name)
                relocd.stop()

    def test_no_abstract_and_no_network_sockets(self):
        relocd = self.start()
        programs.relocctl("ps", env=relocd.environment())  # gRPC is up now
        inodes = self.socket_inodes(relocd.pid)
        self.assertTrue(inodes)
        with open("/proc/net/unix") as table:
            for line in table:
                words = line.split()
                if len(words) > 7 and words[6] in inodes:
                    self.assertTrue(words[7].startswith(self.directory), line)
        for name in ("tcp", "tcp6", "udp", "udp6"):
            with open(f"/proc/net/{name}") as table:
                self.assertFalse(inodes & {line.split()[9] for line in list(table)[1:]})

    def socket_inodes(self, pid):
        """By bind path: the descriptors of a process that is not dumpable cannot be read."""
        with open("/proc/net/unix") as table:
            return {line.split()[6] for line in table if line.rstrip().endswith(".sock") and self.directory in line}

    def test_the_daemons_descriptors_and_memory_are_closed_to_others(self):
        relocd = self.start()
        if os.getuid() == 0:
            self.skipTest("root may look into every process")
        for name in ("fd", "environ", "maps"):
            with self.assertRaises(PermissionError):
                path = f"/proc/{relocd.pid}/{name}"
                os.listdir(path) if name == "fd" else open(path).read()

    def test_a_directory_that_others_can_write_is_refused(self):
        for mode in (0o777, 0o770, 0o1777):
            with self.subTest(mode=oct(mode)):
                os.makedirs(self.directory, exist_ok=True)
                os.chmod(self.directory, mode)
                outcome = programs.run([programs.RELOCD, "--dir", self.directory], timeout=10)
                self.assertNotEqual(outcome.status, 0)
                self.assertRegex(outcome.err, rf"\A[^\n]*{self.directory}[^\n]*\n\Z")

    def test_a_symlink_to_a_directory_is_refused(self):
        target = packs.new_path("target")
        os.mkdir(target, 0o700)
        os.symlink(target, self.directory)
        outcome = programs.run([programs.RELOCD, "--dir", self.directory], timeout=10)
        self.assertNotEqual(outcome.status, 0)
        self.assertEqual(os.listdir(target), [])

    def test_a_second_daemon_does_not_take_the_place_of_the_first(self):
        relocd = self.start()
        second = programs.run([programs.RELOCD, "--dir", self.directory], timeout=10)
        self.assertIn("already", second.err)
        self.assertTrue(daemon.accepts(relocd.socket))


if __name__ == "__main__":
    session.main()
