"""Another user has /tmp/relocd-<uid>, or may mount and rename what lies beside it. Run by root, which plays both.

Everything happens in a mount namespace of its own, whose /tmp is the test's.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from lying_fuse import LyingFuse
from support import daemon, programs, session

USER, ATTACKER = 4242, 4243
SOON = 3.0  # seconds, as promised for every command
DEFAULT = f"/tmp/relocd-{USER}"
ENTER = "mount --rbind \"$0\" /tmp && echo && read end"


class TakenPlace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="reloc-test-", dir="/var/tmp")  # /tmp is another one inside
        os.chmod(cls.base, 0o755)
        cls.addClassCleanup(shutil.rmtree, cls.base)
        cls.pack = cls.base + "/pack"
        made = programs.relocctl("pack", "create", "-o", cls.pack, "--from-host", programs.host("sed"),
                                 programs.host("sleep"), programs.host("true"))
        programs.must(made)

    def setUp(self):
        self.work = tempfile.mkdtemp(dir=self.base)
        os.chmod(self.work, 0o755)
        self.tmp, self.home = self.make("tmp", 0o1777), self.make("home", 0o700, USER)
        self.theirs = f"{self.tmp}/relocd-{USER}"
        self.second = f"{self.home}/.local/state/relocd/hosts/{os.uname().nodename}/main/run"
        self.namespace = None

    def make(self, name, mode=0o755, owner=0):
        path = f"{self.work}/{name}"
        os.mkdir(path)
        os.chown(path, owner, owner)
        os.chmod(path, mode)
        return path

    def squat(self, mode=0o755):
        os.mkdir(self.theirs)
        os.chown(self.theirs, ATTACKER, ATTACKER)
        os.chmod(self.theirs, mode)

    def mount(self, place, owners=()):
        os.makedirs(place, exist_ok=True)
        fuse = LyingFuse(place, ATTACKER, owners, self.work + "/requests")
        self.addCleanup(fuse.end)
        return fuse

    def enter(self):
        """The namespace in which all runs from now on. Mounts that are made later are not in it."""
        if self.namespace is not None:
            return
        holder = subprocess.Popen(["unshare", "-m", "sh", "-c", ENTER, self.tmp], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        holder.stdout.readline()
        self.namespace = holder.pid
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdin.close)
        self.addCleanup(holder.stdout.close)

    def command(self, *argv):
        self.enter()
        return ["nsenter", "-m", "-t", str(self.namespace), "setpriv", f"--reuid={USER}", f"--regid={USER}",
                "--clear-groups", *argv]

    def environment(self, **more):
        return {"PATH": programs.HOST_PATH, "HOME": self.home, "LC_ALL": "C.UTF-8", **more}

    def run_as_user(self, *argv, soon=SOON, **variables):
        began = time.monotonic()
        outcome = programs.run(self.command(*argv), env=self.environment(**variables), cwd="/", timeout=30)
        self.assertLess(time.monotonic() - began, soon, argv)
        return outcome

    def relocctl(self, *arguments, **variables):
        return self.run_as_user(programs.RELOCCTL, *arguments, **variables)

    def assertRuns(self, *prefix, **variables):
        outcome = self.run_as_user(*prefix, self.pack + "/bin/sed", "s/a/b/", "/etc/hostname", RELOC_ENGINE="userns",
                                   **variables)
        self.assertEqual((outcome.status, outcome.err), (0, ""))

    def stop_daemon(self):
        self.relocctl("daemon", "stop", soon=20)

    def start_daemon(self):
        self.enter()  # before the cleanup, which needs it
        self.addCleanup(self.stop_daemon)
        return programs.must(self.relocctl("daemon", "start", soon=20))

    def assertWorksInTheSecondPlace(self, reason):
        """relocctl and its daemon, with one line that says why."""
        started = self.start_daemon()
        self.assertIn(self.second, started.out)
        self.assertRegex(started.err, rf"\Arelocctl: warning: {DEFAULT} {reason}: [^\n]*entries[^\n]*\n\Z")
        self.assertEqual(os.stat(self.second).st_mode & 0o777, 0o700)
        status = programs.must(self.relocctl("daemon", "status", "--format", "json"))
        self.assertEqual(json.loads(status.out)["dir"], self.second)
        self.assertEqual(status.err, started.err)
        self.assertRuns()
        job = programs.must(self.relocctl("run", "--detach", self.pack + "/bin/sed", "s/^/seen /", "/etc/hostname",
                                          RELOC_ENGINE="userns"))
        waited = programs.must(self.relocctl("wait", job.out.strip()))
        self.assertEqual(waited.out, "0\n")
        self.assertIn("seen ", programs.must(self.relocctl("logs", job.out.strip())).out)
        listed = json.loads(programs.must(self.relocctl("ps", "-a", "--format", "json")).out)
        [known] = [row for row in listed if row["id"] == job.out.strip()]
        self.assertEqual((known["name"], known["engine"], known["argv"][1:], known["placement"]),
                         ("sed", "userns", ["s/^/seen /", "/etc/hostname"], "daemon"))
        self.assertIn(DEFAULT, self.relocctl("doctor", soon=20).out)
        stopped = programs.must(self.relocctl("daemon", "stop", soon=20))
        self.assertIn("stopped", stopped.out)
        return job.out.strip()

    def test_a_directory(self):
        self.squat()
        job = self.assertWorksInTheSecondPlace(f"belongs to uid {ATTACKER}")
        history = programs.must(self.relocctl("history", "--format", "json"))
        self.assertIn(job, [row["id"] for row in json.loads(history.out)])
        self.assertIn("seen ", programs.must(self.relocctl("logs", job)).out)
        self.assertEqual(os.listdir(self.theirs), [])

    def test_what_needs_no_daemon_needs_no_directory(self):
        self.squat(0o700)
        for words in (("history",), ("mirrors", "ls"), ("engines",), ("version",),
                      ("pack", "inspect", self.pack)):
            with self.subTest(command=words):
                programs.must(self.relocctl(*words, soon=20))
                programs.must(self.relocctl(*words, soon=20, RELOCD_DIR=DEFAULT))

    def test_a_chosen_directory_that_is_anothers_is_refused(self):
        self.squat()
        for words in (("ps",), ("daemon", "start"), ("daemon", "status")):
            with self.subTest(command=words):
                outcome = self.relocctl(*words, soon=20, RELOCD_DIR=DEFAULT)
                self.assertEqual(outcome.status, 1 if words != ("daemon", "status") else outcome.status)
                self.assertRegex(outcome.err, rf"\Arelocctl: {DEFAULT} belongs to uid {ATTACKER}[^\n]*\n\Z")

    def test_things_that_are_no_directory(self):
        def bind(path):
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)

        for name, make in {"file": lambda path: open(path, "w").close(), "pipe": os.mkfifo, "socket": bind,
                           "link": lambda path: os.symlink(self.home, path)}.items():
            with self.subTest(thing=name):
                make(self.theirs)
                os.lchown(self.theirs, ATTACKER, ATTACKER)
                try:
                    self.assertWorksInTheSecondPlace(f"belongs to uid {ATTACKER}")
                finally:
                    os.unlink(self.theirs)

    def test_a_mount_that_claims_the_user_as_its_owner(self):
        fuse = self.mount(self.theirs, [USER])
        self.assertWorksInTheSecondPlace("is a mount of its own")
        self.assertEqual(fuse.requests(), [])

    def test_a_mount_that_never_answers(self):
        fuse = self.mount(self.theirs)
        self.assertWorksInTheSecondPlace("is a mount of its own")
        self.assertEqual(fuse.requests(), [])

    def test_a_mount_whose_owner_changes(self):
        fuse = self.mount(self.theirs, [USER, ATTACKER])
        self.assertRuns()
        self.assertEqual(fuse.requests(), [])

    def test_a_kernel_without_openat2(self):
        session.require(shutil.which("strace"), "strace", "not on this host", "install strace")
        fuse = self.mount(self.theirs)
        for error in ("ENOSYS", "EPERM"):
            with self.subTest(error=error):
                self.assertRuns("strace", "-f", "-o", "/dev/null", "-e", "trace=openat2",
                                "-e", f"inject=openat2:error={error}")
        self.assertEqual(fuse.requests(), [])

    def test_a_mount_in_a_chosen_place(self):
        """The directory itself, one below it, and a runtime directory as after su."""
        fuse = self.mount(self.work + "/fuse", [USER])
        silent = LyingFuse(self.make("silent"), ATTACKER, [], self.work + "/silent-requests")
        self.addCleanup(silent.end)
        for place in (fuse, silent):
            for variables in ({"RELOCD_DIR": place.place}, {"RELOCD_DIR": place.place + "/relocd"},
                              {"XDG_RUNTIME_DIR": place.place}):
                with self.subTest(variables=variables):
                    self.assertRuns(**variables)
            for directory in (place.place, place.place + "/relocd"):
                outcome = self.relocctl("daemon", "status", RELOCD_DIR=directory)
                self.assertRegex(outcome.err, rf"\Arelocctl: {directory} is [^\n]*\n\Z")
                started = self.run_as_user(programs.RELOCD, "--dir", directory)
                self.assertEqual(started.status, 1)
                self.assertRegex(started.err, rf"\Arelocd: {directory} is [^\n]*\n\Z")
            self.assertEqual(place.requests(), [])

    def test_a_directory_on_another_file_system_will_do(self):
        """A tmpfs, as /run/user/<uid> is: the directory in it is no mount of its own."""
        place = self.make("tmpfs")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=700,uid={USER},gid={USER}", "none", place], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", place])
        for variables in ({"RELOCD_DIR": place + "/daemon"}, {"XDG_RUNTIME_DIR": place}):
            with self.subTest(variables=variables):
                started = self.relocctl("daemon", "start", soon=20, **variables)
                self.assertEqual((started.status, started.err), (0, ""))
                ended = self.relocctl("daemon", "stop", soon=20, **variables)
                self.assertIn("stopped", ended.out)
        outcome = self.relocctl("daemon", "start", soon=20, RELOCD_DIR=place)
        self.assertRegex(outcome.err, rf"\Arelocctl: {place} is a mount of its own[^\n]*\n\Z")

    def start_in_the_first_place(self):
        self.assertEqual(self.start_daemon().err, "")
        status = json.loads(programs.must(self.relocctl("daemon", "status", "--format", "json")).out)
        self.assertEqual(status["dir"], DEFAULT)
        return status["pid"]

    def serves_in(self, directory, pid):
        status = self.relocctl("daemon", "status", "--format", "json", soon=20)
        found = json.loads(status.out) if status.status == 0 else {}
        return (found.get("dir"), found.get("pid")) == (directory, pid)

    def test_the_name_is_taken_while_the_daemon_runs(self):
        """A cleaner has removed the directory. The daemon goes on in the second place, and back when it may."""
        pid = self.start_in_the_first_place()
        job = subprocess.Popen(self.command(self.pack + "/bin/sleep", "1000"),
                               env=self.environment(RELOC_ENGINE="userns"), cwd="/")
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        known = lambda: [row["pid"] for row in json.loads(self.relocctl("ps", "--format", "json").out or "[]")]
        self.assertTrue(daemon.wait_until(lambda: known() == [job.pid]))
        away = self.work + "/away"
        self.squat_at(away)
        os.rename(self.theirs, self.work + "/old")
        os.rename(away, self.theirs)
        shutil.rmtree(self.work + "/old")
        self.assertTrue(daemon.wait_until(lambda: self.serves_in(self.second, pid), 30))
        self.assertTrue(daemon.wait_until(lambda: known() == [job.pid]), "the job is forgotten")
        self.assertRuns()
        self.assertEqual(os.listdir(self.theirs), [])
        os.rmdir(self.theirs)
        self.assertTrue(daemon.wait_until(lambda: self.serves_in(DEFAULT, pid), 60))
        self.assertTrue(daemon.wait_until(lambda: known() == [job.pid]), "the job is forgotten")
        self.assertEqual(os.listdir(self.second), [])

    def squat_at(self, path):
        os.mkdir(path, 0o755)
        os.chown(path, ATTACKER, ATTACKER)

    def test_a_racing_rename_beside_the_directory(self):
        """What a launch tells goes to the directory that it has checked, whatever has its name by then."""
        parent = self.make("open", 0o777)
        directory, evil = parent + "/daemon", parent + "/evil"
        sockets = []
        for path, owner in ((directory, USER), (evil, ATTACKER)):
            os.mkdir(path, 0o700)
            receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.addCleanup(receiver.close)
            receiver.bind(path + "/start.sock")
            for name in (path, path + "/start.sock"):
                os.chown(name, owner, owner)
            os.chmod(path, 0o755)
            os.chmod(path + "/start.sock", 0o666)
            sockets.append(receiver)
        racer = subprocess.Popen(["/usr/bin/python3", "-c", RACE, directory, evil], user=ATTACKER, group=ATTACKER,
                                 extra_groups=[], cwd="/")
        self.addCleanup(racer.wait)
        self.addCleanup(racer.send_signal, signal.SIGKILL)
        received = [0, 0]
        for _ in range(40):  # each time fewer than a queue holds
            script = f"for i in 1 2 3 4 5 6 7 8 9 10; do {self.pack}/bin/true || exit 1; done"
            programs.must(self.run_as_user("sh", "-c", script, soon=60, RELOCD_DIR=directory, RELOC_ENGINE="userns"))
            for i, receiver in enumerate(sockets):
                received[i] += self.drain(receiver)
        self.assertIsNone(racer.poll(), "nobody raced")
        self.assertGreater(received[0], 0)
        self.assertEqual(received[1], 0)

    def drain(self, receiver):
        receiver.setblocking(False)
        count = 0
        while True:
            try:
                receiver.recv(1 << 17)
            except BlockingIOError:
                return count
            count += 1


RACE = """
import ctypes, sys
libc = ctypes.CDLL(None)
a, b = (path.encode() for path in sys.argv[1:])
while True:
    libc.renameat2(-100, a, -100, b, 2)  # AT_FDCWD, RENAME_EXCHANGE
"""

if __name__ == "__main__":
    session.main(needs_root=True)
