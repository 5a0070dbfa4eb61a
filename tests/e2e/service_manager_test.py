"""relocd under a service manager: sockets passed to it, READY and the watchdog; and SIGHUP."""
import json
import os
import signal
import socket
import subprocess
import unittest

from support import daemon, packs, programs, session

# The sockets become 3 and 4, and LISTEN_PID is relocd's pid.
ACTIVATE = 'exec 23<&$1 24<&$2 3<&23 4<&24 23<&- 24<&-; shift 2; LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=relocd:relocd exec "$@"'


class Manager(unittest.TestCase):
    """Does for relocd what systemd does."""

    def setUp(self):
        session.require(os.access(programs.RELOCD, os.X_OK), "daemon", "relocd is not built", "build it")
        self.directory = packs.new_path("daemon")
        self.log = packs.new_path("log")
        self.env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns")

    def listen(self):
        os.mkdir(self.directory, 0o700)
        self.sockets = []
        for name, kind in (("launch.sock", socket.SOCK_SEQPACKET), ("control.sock", socket.SOCK_STREAM)):
            self.sockets.append(socket.socket(socket.AF_UNIX, kind))
            self.addCleanup(self.sockets[-1].close)
            self.sockets[-1].bind(f"{self.directory}/{name}")
            self.sockets[-1].listen(100)

    def start(self, *arguments, activate=True, **env):
        command = [programs.RELOCD, *arguments]
        numbers = [s.fileno() for s in self.sockets] if activate else []
        if activate:
            command = ["bash", "-c", ACTIVATE, "bash", *map(str, numbers), *command]
        with open(self.log, "ab") as log:
            relocd = subprocess.Popen(command, env={**programs.environment(), **env}, pass_fds=numbers,
                                      stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.addCleanup(relocd.wait, 10)
        self.addCleanup(lambda: relocd.poll() is None and relocd.terminate())
        return relocd

    def jobs(self):
        return json.loads(programs.must(programs.relocctl("ps", "-a", "--format", "json", env=self.env)).out)


class SocketActivation(Manager):
    def setUp(self):
        super().setUp()
        self.listen()

    def test_serves_by_the_sockets_and_leaves_them(self):
        relocd = self.start()
        pack = packs.from_host("true")
        programs.must(programs.run([pack + "/bin/true"], env=self.env))
        self.assertEqual(len(self.jobs()), 1)
        relocd.terminate()
        self.assertEqual(relocd.wait(10), 0)
        self.assertLessEqual({"launch.sock", "control.sock"}, set(os.listdir(self.directory)))

    def test_who_comes_between_two_daemons_is_served_by_the_second(self):
        first = self.start("--idle-exit", "50ms")
        self.assertEqual(first.wait(10), 0)
        pack = packs.from_host("true")
        programs.must(programs.run([pack + "/bin/true"], env=self.env))  # it waits for no client: the launch is
                                                                         # reported
        asking = subprocess.Popen([programs.RELOCCTL, "ps", "-a", "--format", "json"], env=self.env,
                                  stdout=subprocess.PIPE, text=True)
        self.start()
        listed, _ = asking.communicate(timeout=20)
        self.assertEqual(asking.returncode, 0)
        self.assertTrue(daemon.wait_until(lambda: len(self.jobs()) == 1), listed)

    def test_sockets_of_another_directory_are_refused(self):
        relocd = self.start("--dir", packs.new_path("other"))
        self.assertEqual(relocd.wait(10), 1)
        with open(self.log) as log:
            self.assertRegex(log.read(), rf"\Arelocd: [^\n]*{self.directory}[^\n]*leave --dir out\n\Z")

    def test_descriptors_for_another_process_are_not_ours(self):
        env = {"LISTEN_PID": "1", "LISTEN_FDS": "2", "RELOCD_DIR": self.directory}
        relocd = self.start(activate=False, **env)
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(self.directory + "/lock")))
        relocd.terminate()
        self.assertEqual(relocd.wait(10), 0)
        self.assertNotIn("launch.sock", os.listdir(self.directory), "it did not make its own socket")

    def test_what_is_no_such_socket_is_left_alone(self):
        with open("/dev/null", "rb") as null, socket.socket() as inet:
            self.sockets = [null, inet]
            relocd = self.start(RELOCD_DIR=self.directory)
            self.assertTrue(daemon.wait_until(lambda: programs.relocctl("daemon", "status", env=self.env).status == 0))
            relocd.terminate()
            self.assertEqual(relocd.wait(10), 0)


class Notification(Manager):
    def setUp(self):
        super().setUp()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.notify.close)
        self.notify.settimeout(10)

    def start_notifying(self, address, **env):
        self.notify.bind(address)
        shown = address.replace("\0", "@")
        return self.start("--dir", self.directory, activate=False, NOTIFY_SOCKET=shown, **env)

    def check(self, address):
        relocd = self.start_notifying(address)
        self.assertEqual(self.notify.recv(1000).decode(), f"READY=1\nSTATUS=Serves {self.directory}")
        self.assertTrue(daemon.accepts(self.directory + "/launch.sock"), "it was not ready")
        relocd.terminate()
        self.assertTrue(self.notify.recv(1000).decode().startswith("STOPPING=1\nSTATUS=Stops: Terminated"))
        self.assertEqual(relocd.wait(10), 0)

    def test_ready_and_stopping(self):
        self.check(packs.new_path("notify"))

    def test_an_abstract_address(self):
        self.check(f"\0reloc-test-{os.getpid()}-{id(self)}")

    def test_the_watchdog_hears_of_a_loop_that_turns(self):
        relocd = self.start_notifying(packs.new_path("notify"), WATCHDOG_USEC="200000")
        self.assertIn("READY=1", self.notify.recv(1000).decode())
        for _ in range(3):
            self.assertEqual(self.notify.recv(1000), b"WATCHDOG=1")
        relocd.send_signal(signal.SIGSTOP)
        self.addCleanup(relocd.send_signal, signal.SIGCONT)
        self.notify.settimeout(1)
        with self.assertRaises(TimeoutError):
            while True:
                self.notify.recv(1000)

    def test_another_process_s_watchdog_is_not_ours(self):
        self.start_notifying(packs.new_path("notify"), WATCHDOG_USEC="200000", WATCHDOG_PID="1")
        self.assertIn("READY=1", self.notify.recv(1000).decode())
        self.notify.settimeout(1)
        with self.assertRaises(TimeoutError):
            self.notify.recv(1000)

    def test_a_daemon_that_relocctl_starts_is_nobodys_service(self):
        self.notify.bind(packs.new_path("notify"))
        env = {**self.env, "NOTIFY_SOCKET": self.notify.getsockname()}
        programs.must(programs.relocctl("daemon", "start", env=env))
        self.addCleanup(programs.relocctl, "daemon", "stop", env=env)
        self.notify.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            self.notify.recv(1000)


class Hangup(Manager):
    def test_the_log_is_opened_anew(self):
        log = packs.new_path("relocd.log")
        relocd = self.start("--dir", self.directory, "--log-file", log, activate=False)
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 0))
        os.rename(log, log + ".1")
        relocd.send_signal(signal.SIGHUP)
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(log)))
        relocd.terminate()
        self.assertEqual(relocd.wait(10), 0)
        with open(log) as text:
            self.assertIn("stopping", text.read())

    def test_without_a_log_file_it_is_the_end_of_the_terminal(self):
        relocd = self.start("--dir", self.directory, activate=False)
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(self.directory + "/launch.sock")))
        relocd.send_signal(signal.SIGHUP)
        self.assertEqual(relocd.wait(10), 0)


if __name__ == "__main__":
    session.main()
