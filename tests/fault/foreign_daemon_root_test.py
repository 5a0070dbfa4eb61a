"""Another user was first: their directory, link, pipe or socket is where the daemon's should be.

Nothing is sent to it, and the program runs. Run by root, which acts as both users.
"""
import contextlib
import multiprocessing
import os
import socket
import subprocess
import time
import unittest

from support import packs, programs, session

USER, FOREIGNER = 4242, 4343
SOON = 1.0
FORK = multiprocessing.get_context("fork")


def as_user(uid, work, *arguments):
    """Runs `work` in a child that is `uid`; returns the child."""
    def body():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        work(*arguments)

    child = FORK.Process(target=body)
    child.start()
    return child


def listen(path, ready, received, mode):
    """Another user's daemon: counts connections' bytes and descriptors until `ready` is cleared."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(path)
        os.chmod(path, mode)
        listener.listen(8)
        listener.settimeout(0.05)
        ready.set()
        while ready.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(0.3)
            with connection, contextlib.suppress(TimeoutError, ConnectionError):
                data, fds, _, _ = socket.recv_fds(connection, 1 << 17, 16)
                received.value += len(data) + len(fds)


class ForeignDaemon(unittest.TestCase):
    def setUp(self):
        os.chmod(session.temp(), 0o755)
        self.pack = packs.from_host("sed")
        self.open_dir = session.make_dir("open", 0o1777)  # like /tmp

    def run_as_user(self, **variables):
        env = {"PATH": programs.HOST_PATH, "RELOC_ENGINE": "userns", **variables}
        began = time.monotonic()
        outcome = programs.run([self.pack + "/bin/sed", "s/a/b/"], env=env, input="a\n", user=USER, group=USER,
                               extra_groups=[], cwd="/")
        self.assertEqual(outcome, (0, "b\n", ""))
        self.assertLess(time.monotonic() - began, SOON)

    def squat(self, directory, mode=0o755, socket_mode=0o666):
        """Starts another user's daemon in `directory`; returns a function that ends it and returns what it has
        received."""
        ready, received = FORK.Event(), FORK.Value("q", 0)
        os.makedirs(directory, exist_ok=True)
        os.chown(directory, FOREIGNER, FOREIGNER)
        os.chmod(directory, mode)
        child = as_user(FOREIGNER, listen, directory + "/launch.sock", ready, received, socket_mode)
        self.assertTrue(ready.wait(10))

        def end():
            ready.clear()
            child.join()
            return received.value

        return end

    def test_a_foreigners_directory_with_a_foreigners_daemon(self):
        directory = self.open_dir + "/foreign"
        end = self.squat(directory)
        self.run_as_user(RELOCD_DIR=directory)
        self.assertEqual(end(), 0)

    def test_a_foreigners_socket_in_the_users_own_directory(self):
        """By accident or through a rename: then the peer's uid decides."""
        foreign, own = self.open_dir + "/elsewhere", self.open_dir + "/own"
        end = self.squat(foreign)
        os.mkdir(own, 0o755)
        os.chown(own, USER, USER)
        os.rename(foreign + "/launch.sock", own + "/launch.sock")
        self.run_as_user(RELOCD_DIR=own)
        self.assertEqual(end(), 0)

    def test_a_link_to_a_foreigners_directory(self):
        directory, link = self.open_dir + "/target", self.open_dir + "/link"
        end = self.squat(directory)
        os.symlink(directory, link)
        os.lchown(link, FOREIGNER, FOREIGNER)
        self.run_as_user(RELOCD_DIR=link)
        self.assertEqual(end(), 0)

    def test_the_default_directory_in_tmp_is_squatted(self):
        """In a mount namespace whose /tmp is the test's."""
        private = session.make_dir("private-tmp", 0o1777)
        end = self.squat(f"{private}/relocd-{USER}", mode=0o777)
        script = f'mount --bind {private} /tmp && exec setpriv --reuid {USER} --regid {USER} --clear-groups "$@"'
        pack = "/var/tmp/" + os.path.basename(session.temp())
        os.rename(self.pack, pack)
        self.addCleanup(os.rename, pack, self.pack)
        outcome = programs.run(["unshare", "-m", "sh", "-c", script, "sh", pack + "/bin/sed", "s/a/b/"],
                               env={"PATH": programs.HOST_PATH, "RELOC_ENGINE": "userns"}, input="a\n")
        self.assertEqual(outcome, (0, "b\n", ""))
        self.assertEqual(end(), 0)

    def test_things_that_are_no_directory(self):
        for name, make in {"file": lambda path: open(path, "w").close(), "pipe": os.mkfifo,
                           "dangling link": lambda path: os.symlink("/nowhere", path)}.items():
            with self.subTest(thing=name):
                path = self.open_dir + "/" + name
                make(path)
                os.lchown(path, FOREIGNER, FOREIGNER)
                self.run_as_user(RELOCD_DIR=path)

    def test_a_foreigners_runtime_directory(self):
        """XDG_RUNTIME_DIR of another user, as after su."""
        runtime = self.open_dir + "/runtime"
        os.mkdir(runtime, 0o755)
        os.chown(runtime, FOREIGNER, FOREIGNER)
        end = self.squat(runtime + "/relocd")
        self.run_as_user(XDG_RUNTIME_DIR=runtime)
        self.assertEqual(end(), 0)

    def test_a_daemon_will_not_start_in_a_foreigners_directory(self):
        directory = self.open_dir + "/theirs"
        os.mkdir(directory)
        os.chown(directory, FOREIGNER, FOREIGNER)
        os.chmod(directory, 0o777)
        session.require(os.access(programs.RELOCD, os.X_OK), "daemon", "relocd is not built", "build it")
        outcome = subprocess.run([programs.RELOCD, "--dir", directory], user=USER, group=USER, extra_groups=[],
                                 capture_output=True, timeout=10)
        self.assertNotEqual(outcome.returncode, 0)
        self.assertEqual(os.listdir(directory), [])


if __name__ == "__main__":
    session.main(needs_root=True)
