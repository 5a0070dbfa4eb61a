"""Another user has /tmp/relocd-<uid>, or may mount and rename files beside it. Run by root, which acts as both.

Everything happens in a mount namespace whose /tmp is the test's.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import time

from lying_fuse import LyingFuse
from support import daemon, programs, session
from taken_place import ATTACKER, DEFAULT, USER, TakenPlaceCase


class TakenPlace(TakenPlaceCase):
    def mount(self, place, owners=()):
        os.makedirs(place, exist_ok=True)
        fuse = LyingFuse(place, ATTACKER, owners, self.work + "/requests")
        self.addCleanup(fuse.end)
        return fuse

    def assertWorksInTheSecondPlace(self, reason):
        """relocctl and its daemon work there, with one line that gives the reason."""
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

    def test_the_name_is_taken_while_the_daemon_runs(self):
        """A cleaner has removed the directory. The daemon moves to the second place, and back when it can."""
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

    def start_in_the_second_place(self):
        """Starts a relocd that has a detached job, and frees the name. Returns its pid and the job's id."""
        self.squat()
        self.start_daemon()
        pid = json.loads(programs.must(self.relocctl("daemon", "status", "--format", "json")).out)["pid"]
        job = programs.must(self.relocctl("run", "--detach", self.pack + "/bin/sleep", "1000", RELOC_ENGINE="userns"))
        os.rmdir(self.theirs)
        return pid, job.out.strip()

    def test_the_name_is_free_again_and_a_launcher_keeps_relocd(self):
        pid, job = self.start_in_the_second_place()
        listed = programs.must(self.relocctl("ps", "--format", "json"))
        self.assertEqual([row["id"] for row in json.loads(listed.out)], [job])
        self.assertRegex(listed.err, rf"\Arelocctl: warning: {DEFAULT} was another user's[^\n]* until its [^\n]*\n\Z")
        self.assertIn(f"pid {pid}\n", self.start_daemon().out)
        self.assertEqual(os.listdir(self.tmp), [], "a second relocd was started")
        outcome = self.run_as_user(programs.RELOCD)
        self.assertEqual((outcome.status, outcome.err), (1, f"relocd: already running in {self.second}\n"))
        more = programs.must(self.relocctl("run", "--detach", self.pack + "/bin/sed", "s/^/seen /", "/etc/hostname"))
        self.assertEqual(programs.must(self.relocctl("wait", more.out.strip())).out, "0\n")
        self.assertIn("seen ", programs.must(self.relocctl("logs", more.out.strip())).out)
        time.sleep(12)  # it checks whether it can move back
        self.assertTrue(self.serves_in(self.second, pid))
        programs.must(self.relocctl("kill", "-s", "KILL", job))
        self.assertTrue(daemon.wait_until(lambda: self.serves_in(DEFAULT, pid), 60))
        self.assertEqual(programs.must(self.relocctl("ps")).err, "")

    def test_the_name_is_free_again_and_relocd_is_stopped(self):
        pid, job = self.start_in_the_second_place()
        self.assertEqual(programs.must(self.relocctl("daemon", "stop", soon=20)).out, "relocd stopped\n")
        self.assertNotIn(pid, session.children())
        self.assertEqual(self.relocctl("daemon", "status").status, 3)
        [launched] = [int(name) for name in os.listdir("/proc") if name.isdigit() and self.sleeps(name)]
        os.kill(launched, signal.SIGKILL)

    def sleeps(self, pid):
        """Returns whether the process is our detached job."""
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                return file.read() == f"{self.pack}/bin/sleep\0001000\0"
        except OSError:
            return False

    def test_a_racing_rename_beside_the_directory(self):
        """A launch's report goes to the directory that it has checked, whatever has its name by then."""
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
        for _ in range(40):  # each time fewer than fit into a queue
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
