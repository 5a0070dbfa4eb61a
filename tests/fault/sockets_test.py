"""What the daemon leaves open to others: only sockets that only its user can reach."""
import os
import stat
import unittest

from support import daemon, packs, programs, session

SOCKETS = {"launch.sock", "start.sock", "control.sock"}


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
                for name in SOCKETS:
                    self.assertEqual(self.mode(name), 0o600, name)
                for entry in os.scandir(self.directory):
                    self.assertEqual(stat.S_IMODE(entry.stat().st_mode) & 0o077, 0, entry.name)
                relocd.stop()

    def test_no_abstract_and_no_network_sockets(self):
        """In a network namespace whose sockets are all the daemon's; `ps` starts gRPC."""
        script = ('"$1" --dir "$3" & until [ -S "$3/control.sock" ]; do sleep 0.01; done; RELOCD_DIR="$3" "$2" ps >&2;'
                  "cat /proc/net/unix; echo; cd /proc/net; cat tcp tcp6 udp udp6; kill $!; wait")
        outcome = programs.run(["unshare", "--user", "--map-current-user", "--net", "sh", "-c", script, "sh",
                                programs.RELOCD, programs.RELOCCTL, self.directory])
        unix, network = outcome.out.split("\n\n")
        names = [line.split()[7] for line in unix.splitlines()[1:] if len(line.split()) > 7]
        # A socket keeps the name that it was bound to, and is renamed once it listens.
        bound = {os.path.basename(name).removesuffix(".new") for name in names}
        self.assertEqual(bound, SOCKETS, outcome.err)
        self.assertFalse([name for name in names if name.startswith("@")])
        self.assertFalse([line for line in network.splitlines() if not line.lstrip().startswith("sl")])

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
