"""Clients that connect and send nothing, or nonsense, or never read: other launches do not wait for them."""
import os
import resource
import socket
import time
import unittest

import fake_daemon
from support import daemon, packs, programs, session

DRIBBLERS = 2000
LAUNCHES = 50
SOON = 1.0


class SlowClients(unittest.TestCase):
    def setUp(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        session.require(most > DRIBBLERS + 100, "nofile", f"at most {most} descriptors", "raise ulimit -Hn")
        self.pack = packs.from_host("sed")
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(self.relocd.stop)
        self.clients = []
        self.addCleanup(lambda: [client.close() for client in self.clients])

    def connect(self):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self.clients.append(client)
        try:
            client.connect(self.relocd.socket)
        except BlockingIOError:  # the backlog is full: this is a slow client, too
            return None
        return client

    def assertHonestLaunchesGoOn(self):
        env = self.relocd.environment(RELOC_ENGINE="userns")
        for _ in range(LAUNCHES):
            began = time.monotonic()
            self.assertEqual(programs.run([self.pack + "/bin/sed", "s/a/b/"], env=env, input="a\n"), (0, "b\n", ""))
            self.assertLess(time.monotonic() - began, SOON)
        self.assertIsNone(self.relocd.process.poll(), self.relocd.read_log())

    def test_two_thousand_that_say_nothing(self):
        for _ in range(DRIBBLERS):
            self.connect()
        self.assertHonestLaunchesGoOn()

    def test_nonsense_and_half_messages(self):
        launch = fake_daemon.message(1, os.urandom(200))
        for number in range(300):
            if client := self.connect():
                client.send((b"x", launch[:20], launch, os.urandom(500), bytes(90_000))[number % 5])
        self.assertHonestLaunchesGoOn()

    def test_clients_that_ask_and_never_read(self):
        for _ in range(300):
            if client := self.connect():
                with self.subTest():
                    try:
                        while True:
                            client.send(fake_daemon.message(1, b"", versions=(7, 9)))
                    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                        pass
        self.assertHonestLaunchesGoOn()

    def test_clients_that_send_many_descriptors(self):
        null = os.open("/dev/null", os.O_RDONLY)
        self.addCleanup(os.close, null)
        for _ in range(100):
            if client := self.connect():
                try:
                    socket.send_fds(client, [b"garbage"], [null] * 200)
                except (BrokenPipeError, ConnectionResetError, BlockingIOError):
                    pass
        self.assertHonestLaunchesGoOn()

    def test_the_daemon_serves_again_when_they_are_gone(self):
        for _ in range(DRIBBLERS):
            self.connect()
        for client in self.clients:
            client.close()
        env = self.relocd.environment(RELOC_ENGINE="userns")
        self.assertTrue(daemon.wait_until(lambda: daemon.joins_a_published_root(self.pack + "/bin/sed", env)))


if __name__ == "__main__":
    session.main()
