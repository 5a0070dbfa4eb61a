"""relocd's answers to messages that are wrong in one thing (reloc/launch/wire.h)."""
import os
import signal
import socket
import struct
import unittest

import fake_daemon
from support import daemon, packs, programs, session

LAUNCH, STARTED = 1, 3
VERSION, CONTEXT, REFUSED = 4, 6, 7  # Reason


def inode(path):
    return os.stat(path).st_ino


def mount_id(path):
    fd = os.open(path, os.O_PATH)
    try:
        with open(f"/proc/self/fdinfo/{fd}") as info:
            return next(int(line.split()[1]) for line in info if line.startswith("mnt_id:"))
    finally:
        os.close(fd)


def context():
    root = os.stat("/")
    device = os.major(root.st_dev) << 32 | os.minor(root.st_dev)
    return [inode("/proc/self/ns/user"), inode("/proc/self/ns/mnt"), inode("/proc/self/ns/pid"), device, root.st_ino,
            mount_id("/"), root.st_mtime_ns]


def body(store, engine=fake_daemon.USERNS, where=None, prefix=b"/gnu/store", program=b"/gnu/store/x/bin/sed"):
    st = os.stat(store)
    texts = [prefix, b"/some/pack", b"sed", program, b"sed\0", b""]
    return (struct.pack("<HH7Q2Q16s", engine, 0, *(where or context()), st.st_dev, st.st_ino, bytes(16)) +
            b"".join(fake_daemon.text(text) for text in texts))


class Wire(unittest.TestCase):
    def setUp(self):
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(self.relocd.stop)
        self.store = packs.new_path("store")
        os.mkdir(self.store)
        self.store_fd = os.open(self.store, os.O_PATH)
        self.addCleanup(os.close, self.store_fd)

    def exchange(self, message, fds=()):
        """Returns the reply's reason, text, plan and the number of its descriptors; None if the connection is
        closed."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(10)
            client.connect(self.relocd.socket)
            socket.send_fds(client, [message], list(fds))
            try:
                data, received, _, _ = socket.recv_fds(client, fake_daemon.MAX_MESSAGE, 8)
            except ConnectionResetError:
                return None
        for fd in received:
            os.close(fd)
        if not data:
            return None
        reason, size = struct.unpack_from("<HI", data, 16)
        text = data[22:22 + size].decode()
        return reason, text, data[26 + size:], len(received)

    def launch(self, *, fds=None, versions=(1, 1), kind=LAUNCH, **parts):
        message = fake_daemon.message(kind, body(parts.pop("store", self.store), **parts), versions=versions)
        return self.exchange(message, [self.store_fd] if fds is None else fds)

    def assertRefused(self, reason, text, reply):
        self.assertIsNotNone(reply)
        self.assertEqual((reply[0], reply[2], reply[3]), (reason, b"", 0))
        self.assertIn(text, reply[1])

    def test_a_correct_launch_gets_a_plan_and_namespaces(self):
        reason, text, plan, fds = self.launch()
        session.require(reason == 0, "userns", text, "see user.max_user_namespaces")
        self.assertEqual(plan[:4], b"RLPL")
        self.assertIn(b"/gnu/store/x/bin/sed\0", plan)
        self.assertEqual(fds, 2)

    def test_another_version_is_told(self):
        self.assertRefused(VERSION, "version 1", self.launch(versions=(2, 9)))
        self.assertIn(self.launch(versions=(1, 9))[0], (0, REFUSED))  # one in common is enough

    def test_another_place_is_told(self):
        for field in range(7):
            with self.subTest(field=field):
                where = context()
                where[field] += 1
                self.assertRefused(CONTEXT, "namespaces", self.launch(where=where))

    def test_a_store_that_is_not_what_it_is_said_to_be(self):
        self.assertRefused(REFUSED, "not the directory", self.launch(store="/"))
        with open(self.store + "/file", "w") as file:
            self.assertRefused(REFUSED, "not the directory", self.launch(store=file.name, fds=[file.fileno()]))

    def test_paths_that_lead_elsewhere(self):
        for path in (b"gnu", b"/gnu/../etc", b"/gnu//store", b"/"):
            self.assertRefused(REFUSED, "absolute", self.launch(prefix=path))
            self.assertRefused(REFUSED, "absolute", self.launch(program=path))
        self.assertRefused(REFUSED, "absolute", self.launch(program=b""))

    def test_a_directory_is_no_image(self):
        self.assertRefused(REFUSED, "image", self.launch(prefix=b""))

    def test_another_engine(self):
        self.assertRefused(REFUSED, "userns", self.launch(engine=2))

    def test_wrong_numbers_of_descriptors_end_the_connection(self):
        for count in (0, 2, 4, 5, 200):
            self.assertIsNone(self.launch(fds=[self.store_fd] * count), count)
        self.assertIsNone(self.launch(kind=STARTED))

    def test_what_does_not_parse_ends_the_connection(self):
        whole = fake_daemon.message(LAUNCH, body(self.store))
        for message in (b"x", whole[:-1], whole + b"x", whole[:16], fake_daemon.message(2, b""),
                        fake_daemon.message(9, body(self.store)), fake_daemon.message(LAUNCH, b"", versions=(0, 1)),
                        fake_daemon.message(LAUNCH, body(self.store, engine=99)), bytes(100)):
            self.assertIsNone(self.exchange(message, [self.store_fd]), message[:40])

    def test_what_does_not_parse_is_no_start_of_a_program(self):
        """There are no answers on start.sock: relocd continues, and knows only the one valid job."""
        whole = fake_daemon.message(STARTED, body(self.store))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect(os.path.join(self.relocd.directory, "start.sock"))
            for message in (b"x", whole[:-1], whole + b"x", bytes(100), fake_daemon.message(LAUNCH, body(self.store)),
                            fake_daemon.message(STARTED, body(self.store), versions=(2, 9))):
                client.send(message)
            socket.send_fds(client, [whole], [self.store_fd] * 3)
            self.assertEqual(self.jobs(), [])
            client.send(whole)
            self.assertTrue(daemon.wait_until(lambda: self.jobs() == [os.getpid()]))

    def test_what_was_told_first_is_heard_first(self):
        """One process that becomes three programs; the queue of start.sock was full for the third."""
        def started(name):
            program = b"/gnu/store/x/bin/" + name
            return fake_daemon.message(STARTED, body(self.store, program=program))
        os.kill(self.relocd.pid, signal.SIGSTOP)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
            datagrams.connect(os.path.join(self.relocd.directory, "start.sock"))
            datagrams.send(started(b"first"))
            datagrams.send(started(b"second"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(self.relocd.socket)
            connection.send(started(b"third"))
            os.kill(self.relocd.pid, signal.SIGCONT)
            self.assertTrue(daemon.wait_until(lambda: self.jobs() == [os.getpid()]))
        job, = daemon.jobs(self.relocd.environment())
        self.assertEqual(job["program"], "/gnu/store/x/bin/third")

    def jobs(self):
        return [job["pid"] for job in daemon.jobs(self.relocd.environment())]

    def test_nothing_is_leaked(self):
        self.launch()
        before = len(self.keepers_descriptors())
        for _ in range(50):
            self.launch(fds=[self.store_fd] * 200)
            self.launch(store="/")
            self.launch()
        self.assertEqual(len(self.keepers_descriptors()), before)
        self.assertIsNone(self.relocd.process.poll())

    def keepers_descriptors(self):
        return os.listdir(f"/proc/{self.relocd.keeper()}/fd")


if __name__ == "__main__":
    session.main()
