"""Descriptors that cannot be sent or received: a launch works without the daemon, and a daemon recovers."""
import os
import resource
import socket
import subprocess
import unittest

import fake_daemon
from support import daemon, packs, programs, session

IN_FLIGHT = 300


def lower_limit(limit):
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


class DescriptorLimits(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("probe")
        self.native = programs.run([programs.host("probe"), "ids", "cwd"], cwd="/usr")

    def probe(self, directory, **options):
        env = programs.environment(RELOCD_DIR=directory, RELOC_ENGINE="userns")
        return programs.run([self.pack + "/bin/probe", "ids", "cwd"], env=env, cwd="/usr", **options)

    def daemon(self, **options):
        relocd = daemon.Daemon(packs.new_path("daemon"), **options)
        self.addCleanup(relocd.stop)
        return relocd

    def fill_the_air(self):
        """Sends descriptors that are never received, more than a launcher's limit: its own then fail with
        ETOOMANYREFS."""
        left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(left.close)
        self.addCleanup(right.close)
        for _ in range(IN_FLIGHT // 100):
            socket.send_fds(left, [b"x"], [0] * 100)

    def test_too_many_descriptors_in_flight(self):
        self.fill_the_air()
        child = subprocess.run(["/usr/bin/python3", "-c", "import os, socket, resource as r\n"
                                "r.setrlimit(r.RLIMIT_NOFILE, (64, 64)); a, b = socket.socketpair()\n"
                                "try: socket.send_fds(a, [b'x'], [0])\nexcept OSError as e: print(e.errno)"],
                               capture_output=True, text=True)
        self.assertEqual(child.stdout, "109\n", "ETOOMANYREFS does not occur: the test tests nothing")
        relocd = self.daemon()
        for _ in range(3):
            self.assertEqual(self.probe(relocd.directory, preexec_fn=lambda: lower_limit(64)), self.native)

    def test_a_peer_that_never_reads(self):
        directory = packs.new_path("deaf")
        os.mkdir(directory, 0o700)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(directory + "/launch.sock")
            listener.listen(100)
            for _ in range(20):
                self.assertEqual(self.probe(directory), self.native)

    def test_a_launcher_without_room_for_the_answer(self):
        """Without room the kernel drops descriptors silently (MSG_CTRUNC): a launch joins a complete root, or
        none."""
        null = os.open("/dev/null", os.O_RDONLY)
        self.addCleanup(os.close, null)

        def answer(fake, connection):
            if not (data := fake.receive(connection)):
                return  # it had no descriptor for the store either
            asked = fake_daemon.parse_launch(data)
            socket.send_fds(connection, [fake_daemon.reply(fake_daemon.plan(asked["program"]))], [null, null])

        for limit in range(4, 24):
            with self.subTest(limit=limit), fake_daemon.FakeDaemon(packs.new_path("fake"), answer) as fake:
                outcome = self.probe(fake.directory, preexec_fn=lambda limit=limit: lower_limit(limit))
                if outcome != self.native:
                    self.assertLess(limit, 20, outcome)
                    self.assertIn(outcome.status, (125, 127), outcome)
                    self.assertEqual((outcome.out, len(outcome.err.splitlines())), ("", 1))

    def daemon_of_few_descriptors(self):
        """Returns the directory of a daemon that may have no more than 80 descriptors."""
        launcher = ["sh", "-c", 'ulimit -n 80; exec "$0" "$@"', programs.RELOCD]
        directory = packs.new_path("daemon")
        session.require(os.access(programs.RELOCD, os.X_OK), "daemon", "relocd is not built", "build it")
        relocd = subprocess.Popen([*launcher, "--dir", directory, "--log-level", "off"], env=programs.environment())
        self.addCleanup(relocd.wait)
        self.addCleanup(relocd.terminate)
        self.assertTrue(daemon.wait_until(lambda: daemon.accepts(directory + "/launch.sock")))
        return directory

    def take_all(self, directory):
        """Opens more connections than the daemon has descriptors; they must be closed within a second."""
        clients = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK) for _ in range(200)]
        for client in clients:
            self.addCleanup(client.close)
            client.connect_ex(directory + "/launch.sock")
        return clients

    def test_a_daemon_that_runs_out_of_descriptors(self):
        directory = self.daemon_of_few_descriptors()
        clients = self.take_all(directory)
        for _ in range(5):
            self.assertEqual(self.probe(directory), self.native)
        for client in clients:
            client.close()
        env = programs.environment(RELOCD_DIR=directory, RELOC_ENGINE="userns")
        recovered = lambda: daemon.joins_a_published_root(self.pack + "/bin/probe", env)
        self.assertTrue(daemon.wait_until(recovered), "the daemon does not recover")

    def be_refused(self, directory, ask):
        """Takes all descriptors, again if relocctl connects only after the daemon has closed the connections."""
        for _ in range(20):
            clients = self.take_all(directory)
            refused = ask()
            if refused.status != 0:
                self.assertEqual(refused.status, 1, refused)
                return clients, refused
            for client in clients:
                client.close()
        self.fail("no lack of descriptors: this tests nothing")

    def test_relocctl_is_served_again_once_there_are_descriptors(self):
        """gRPC would never accept again after a lack of descriptors (grpc#16058): here it does not have to
        accept."""
        directory = self.daemon_of_few_descriptors()
        env = programs.environment(RELOCD_DIR=directory)
        ask = lambda: programs.relocctl("ps", env=env, timeout=10)
        for running in (False, True):  # before gRPC is started; and after, from the last round
            with self.subTest(grpc_is_running=running):
                clients, refused = self.be_refused(directory, ask)
                self.assertRegex(refused.err, r"\Arelocctl: the daemon [^\n]*\n\Z")
                self.assertEqual(self.probe(directory), self.native)
                for client in clients:
                    client.close()
                self.assertTrue(daemon.wait_until(lambda: ask().status == 0), "relocctl is not served again")
                self.assertEqual(self.probe(directory), self.native)


if __name__ == "__main__":
    session.main()
