"""Leftovers of a killed daemon, a crash or a reboot in the daemon's directory do no harm."""
import os
import socket
import struct
import time
import unittest

from support import daemon, packs, programs, session

REGISTRY_SIZE = 128 + 4096 * 56  # reloc/launch/root_registry.h
SOON = 1.0


class Leftovers(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sed", "readlink")
        self.directory = packs.new_path("daemon")
        os.mkdir(self.directory, 0o700)

    def assertRuns(self):
        """A launch works with the leftovers, and so does a new daemon."""
        self.assertLaunches()
        relocd = daemon.Daemon(self.directory)
        self.addCleanup(relocd.stop)
        self.assertLaunches()
        self.assertEqual(self.namespace(), self.namespace(), "the new daemon's root is not shared")

    def assertLaunches(self):
        env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns")
        began = time.monotonic()
        self.assertEqual(programs.run([self.pack + "/bin/sed", "s/a/b/"], env=env, input="a\n"), (0, "b\n", ""))
        self.assertLess(time.monotonic() - began, SOON)

    def namespace(self):
        env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns")
        return programs.must(programs.run([self.pack + "/bin/readlink", "/proc/self/ns/mnt"], env=env)).out

    def stale_socket(self, name):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
            dead.bind(os.path.join(self.directory, name))

    def write_registry(self, data):
        with open(self.directory + "/roots", "wb") as file:
            file.write(data)

    def registry(self, holder, version=1, magic=b"RLRR"):
        header = struct.pack("<4sIii", magic, version, holder, 3).ljust(128, b"\x01")
        return header + b"\x01" * (REGISTRY_SIZE - len(header))

    def test_stale_sockets(self):
        self.stale_socket("launch.sock")
        self.stale_socket("control.sock")
        self.assertRuns()

    def test_a_registry_of_a_dead_holder(self):
        self.write_registry(self.registry(holder=2**22 - 1))
        self.stale_socket("launch.sock")
        self.assertRuns()

    def test_a_registry_whose_holders_pid_is_another_process_now(self):
        self.write_registry(self.registry(holder=os.getpid()))
        self.stale_socket("launch.sock")
        self.assertRuns()

    def test_a_registry_whose_holders_pid_is_now_a_process_with_a_named_pipe_there(self):
        """Opening a named pipe without a writer blocks; what was published was a namespace."""
        relocd = daemon.Daemon(self.directory)
        self.namespace()
        with open(self.directory + "/roots", "rb") as file:
            published = file.read()
        relocd.kill()
        pipe = packs.new_path("pipe")
        os.mkfifo(pipe)
        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reading)
        self.write_registry(published[:8] + struct.pack("<ii", os.getpid(), reading) + published[16:])
        self.assertRuns()

    def test_registries_that_are_none(self):
        for name, data in {"empty": b"", "short": b"RLRR\1\0\0\0", "garbage": os.urandom(REGISTRY_SIZE),
                           "long": bytes(2 * REGISTRY_SIZE), "zeros": bytes(REGISTRY_SIZE),
                           "newer": self.registry(os.getpid(), version=9)}.items():
            with self.subTest(registry=name):
                self.write_registry(data)
                self.assertLaunches()
        self.assertRuns()

    def test_a_registry_that_is_no_file(self):
        for make in (os.mkdir, os.mkfifo, lambda path: os.symlink("/dev/zero", path)):
            with self.subTest(make=make):
                path = self.directory + "/roots"
                make(path)
                self.assertLaunches()
                os.rmdir(path) if os.path.isdir(path) else os.unlink(path)

    def test_a_daemon_that_was_killed(self):
        relocd = daemon.Daemon(self.directory)
        shared = self.namespace()
        relocd.kill()
        self.assertLaunches()
        self.assertTrue(daemon.wait_until(lambda: self.namespace() != shared), "a dead daemon's root lives on")
        self.assertRuns()

    def test_a_socket_that_nobody_accepts_on_is_removed_by_a_clean_stop(self):
        relocd = daemon.Daemon(self.directory)
        self.assertEqual(relocd.stop(), 0)
        self.assertFalse([name for name in os.listdir(self.directory) if name.endswith(".sock")])
        self.assertLaunches()


if __name__ == "__main__":
    session.main()
