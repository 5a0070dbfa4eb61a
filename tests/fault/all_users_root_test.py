"""`ps --all-users` for root: every user's daemon, and none that only claims to be a user's."""
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from support import daemon, packs, programs, session

OTHER = 4243
FLOOD = 90000  # names: checking each of them would use up the time for the answers


def of_these_users(out):
    """Returns the listed jobs without those of other users of this host."""
    return [job for job in json.loads(out or "[]") if job["uid"] in (session.ORDINARY_USER, OTHER)]


class AllUsers(unittest.TestCase):
    def start(self, uid, directory):
        relocd = subprocess.Popen([programs.RELOCD, "--dir", directory], user=uid, group=uid, extra_groups=[],
                                  stderr=subprocess.DEVNULL, env={"PATH": programs.HOST_PATH, "HOME": self.home})
        self.addCleanup(relocd.wait)
        self.addCleanup(relocd.terminate)
        self.assertTrue(daemon.wait_until(lambda: daemon.accepts(f"{directory}/launch.sock")))

    def setUp(self):
        os.chmod(session.temp(), 0o755)
        self.home = tempfile.mkdtemp(dir=session.temp())
        os.chmod(self.home, 0o777)
        self.pack = packs.from_host("sleep")

    def claim(self, name):
        path = "/tmp/" + name
        if os.path.lexists(path):
            self.skipTest(f"{path} is in use")
        self.addCleanup(lambda: shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path))
        return path

    def place(self, uid, owner, suffix=""):
        directory = f"/tmp/relocd-{uid}{suffix}"
        if os.path.exists(directory):
            self.skipTest(f"{directory} is in use")
        os.mkdir(directory, 0o700)
        os.chown(directory, owner, owner)
        self.addCleanup(shutil.rmtree, directory)
        return directory

    def job(self, uid, directory):
        job = subprocess.Popen([f"{self.pack}/bin/sleep", "1000"], user=uid, group=uid, extra_groups=[],
                               env={"RELOCD_DIR": directory})
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        return job

    def listed(self, **options):
        outcome = programs.relocctl("ps", "--all-users", "--format", "json", **options)
        return json.loads(outcome.out or "[]"), outcome

    def test_each_users_jobs(self):
        own = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(own.stop)
        theirs = self.place(OTHER, OTHER)
        self.start(OTHER, theirs)
        pids = {self.job(0, own.directory).pid: 0, self.job(OTHER, theirs).pid: OTHER}
        seen = lambda: {job["pid"]: job["uid"] for job in self.listed(env=own.environment())[0]}
        self.assertTrue(daemon.wait_until(lambda: pids.items() <= seen().items()), seen())
        table = programs.must(programs.relocctl("ps", "--all-users", env=own.environment())).out
        self.assertIn("USER", table.splitlines()[0])

    def test_a_directory_of_someone_else_is_not_believed(self):
        """uid 4242 has made the directory of uid 4243, and serves there."""
        false = self.place(OTHER, session.ORDINARY_USER)
        self.start(session.ORDINARY_USER, false)
        job = self.job(session.ORDINARY_USER, false)
        jobs, outcome = self.listed()
        self.assertNotIn(job.pid, [job["pid"] for job in jobs])
        self.assertIn(false, outcome.err)

    def serve_silence(self, directory, owner):
        """Accepts connections to control.sock and sends nothing. Returns the peers' uids, as they come."""
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(directory + "/control.sock")
        os.chown(directory + "/control.sock", owner, owner)
        # For a listener, the kernel reports the process that called listen(2).
        os.seteuid(owner)
        listener.listen()
        os.seteuid(0)
        peers, connections = [], []

        def accept():
            try:
                while True:
                    connection, _ = listener.accept()
                    peers.append(struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
                    connections.append(connection)
            except OSError:
                return  # closed
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        self.addCleanup(lambda: [connection.close() for connection in connections])
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        return peers

    def test_silence_costs_its_own_rows(self):
        """uid 4242 serves silence, in several places; processes with that uid and no other rights connect to it."""
        peers = self.serve_silence(self.place(session.ORDINARY_USER, session.ORDINARY_USER), session.ORDINARY_USER)
        for number in range(3):
            self.serve_silence(self.place(session.ORDINARY_USER, session.ORDINARY_USER, f".job-{number}"), session.ORDINARY_USER)
        theirs = self.place(OTHER, OTHER)
        self.start(OTHER, theirs)
        job = self.job(OTHER, theirs)
        own = self.listed(user=OTHER, group=OTHER, extra_groups=[], env=programs.environment(RELOCD_DIR=theirs))
        self.assertEqual([job["pid"] for job in own[0]], [job.pid])
        asking = subprocess.Popen([programs.RELOCCTL, "ps", "--all-users", "--format", "json"], env=programs.environment(),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(asking.wait)
        self.addCleanup(asking.kill)
        self.assertTrue(daemon.wait_until(lambda: self.helpers(session.ORDINARY_USER) and peers))
        for pid in self.helpers(session.ORDINARY_USER):
            self.assertHasNothing(pid)
        start = time.monotonic()
        out, err = asking.communicate(timeout=30)
        self.assertLess(time.monotonic() - start, 10)
        self.assertEqual([(job["pid"], job["uid"]) for job in of_these_users(out)], [(job.pid, OTHER)])
        self.assertRegex(err, rf"(?m)^relocctl: warning: jobs of uid {session.ORDINARY_USER}: ")
        self.assertEqual(set(peers), {session.ORDINARY_USER})
        self.assertTrue(daemon.wait_until(lambda: not self.helpers(session.ORDINARY_USER)))

    def helpers(self, uid):
        def is_helper(pid):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    return file.read().split(b"\0")[1:3] == [b"__list_jobs", str(uid).encode()] and self.uid(pid) == uid
            except FileNotFoundError:
                return False
        return [pid for pid in os.listdir("/proc") if pid.isdigit() and is_helper(pid)]

    def status(self, pid):
        with open(f"/proc/{pid}/status") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def uid(self, pid):
        return int(self.status(pid)["Uid"].split()[0])

    def assertHasNothing(self, pid):
        status = self.status(pid)
        self.assertEqual(set(status["Uid"].split()), {str(session.ORDINARY_USER)})
        self.assertNotIn("0", status["Gid"].split())
        self.assertEqual(status["Groups"].strip(), "")
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual(status["NoNewPrivs"], "1")
        with open(f"/proc/{pid}/stat") as file:
            self.assertEqual(file.read().rsplit(")", 1)[1].split()[4], "0")  # no terminal
        with open(f"/proc/{pid}/environ", "rb") as file:
            self.assertEqual(file.read(), b"")
        files = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        allowed = ("/dev/null", "pipe:", "socket:", "anon_inode:", "/tmp/relocd-", "/tmp")
        self.assertEqual([file for file in files if not file.startswith(allowed)], [])

    def test_only_names_that_are_users_places(self):
        """Names with another spelling, files, FIFOs, and a link to the directory of another server of root's."""
        served = session.make_dir("served", 0o700)
        peers = self.serve_silence(served, 0)
        for name in ("relocd-04243", "relocd-+4243", "relocd-4243x", "relocd-4243.job-", "relocd-4243.job-07", "relocd-4294967295"):
            path = self.claim(name)
            os.mkdir(path, 0o700)
            os.chown(path, OTHER, OTHER)
            self.serve_silence(path, OTHER)
        os.symlink(served, self.claim("relocd-4244"))
        os.mkfifo(self.claim("relocd-4245"))
        with open(self.claim("relocd-4246"), "w"):
            pass
        start = time.monotonic()
        outcome = programs.relocctl("ps", "--all-users", "--format", "json")
        self.assertLess(time.monotonic() - start, 10)
        self.assertEqual((of_these_users(outcome.out), peers), ([], []))
        self.assertNotIn("4243", outcome.err)
        for name in ("relocd-4244", "relocd-4245", "relocd-4246"):
            self.assertIn(f"/tmp/{name} is not a directory", outcome.err)

    def test_a_crowd_of_false_names(self):
        for number in range(200):
            path = self.claim(f"relocd-{10000 + number}")
            os.mkdir(path, 0o700)
            os.chown(path, session.ORDINARY_USER, session.ORDINARY_USER)
        outcome = programs.relocctl("ps", "--all-users", "--format", "json")
        self.assertEqual(of_these_users(outcome.out), [])
        self.assertLess(len(outcome.err.splitlines()), 20)


class Flood(unittest.TestCase):
    """uid 4242 makes names like those of uid 4243's daemons, until /tmp takes long to read."""

    # A /tmp in memory, where so many directories are made and removed quickly, with our own files in it.
    PRIVATE_TMP = """set -e
        mount --make-rprivate /
        mkdir "$0/new"
        mount -t tmpfs -o mode=1777 none "$0/new"
        case "$0" in /tmp/*) mkdir -p "$0/new/${0#/tmp/}"; mount --bind "$0" "$0/new/${0#/tmp/}";; esac
        mount --move "$0/new" /tmp
        echo ready
        exec sleep 1000"""
    MAKE = "import os\nfor n in range(1000, 1000 + {}): os.mkdir('/tmp/relocd-{}.job-' + str(n), 0o700)"

    def setUp(self):
        os.chmod(session.temp(), 0o755)
        self.pack = packs.from_host("sleep")
        self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", self.PRIVATE_TMP, session.temp()],
                                       stdout=subprocess.PIPE)
        self.addCleanup(os.rmdir, session.temp() + "/new")
        self.addCleanup(self.end, self.holder)
        self.assertEqual(self.holder.stdout.readline(), b"ready\n")

    def end(self, process):
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()

    def inside(self, uid, *command):
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"] if uid else []
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--", *become, *command]

    def start(self, uid, *command):
        process = subprocess.Popen(self.inside(uid, *command), env={"PATH": programs.HOST_PATH, "HOME": "/tmp/home"},
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, process)
        return process

    def listed(self, uid=0):
        outcome = programs.run(self.inside(uid, programs.RELOCCTL, "ps", "--all-users", "--format", "json"),
                               env={"PATH": programs.HOST_PATH})
        return [(job["pid"], job["uid"]) for job in json.loads(outcome.out or "[]")], outcome.err

    def test_a_user_is_found_by_name(self):
        jobs = []
        for suffix in ("", ".job-7"):
            directory = f"/tmp/relocd-{OTHER}{suffix}"
            self.start(OTHER, programs.RELOCD, "--dir", directory)
            jobs.append(self.start(OTHER, "sh", "-c", f"until test -S {directory}/launch.sock; do sleep 0.1; done; "
                                   f"RELOCD_DIR={directory} exec {self.pack}/bin/sleep 1000").pid)
        expected = [(pid, OTHER) for pid in jobs]
        self.assertTrue(daemon.wait_until(lambda: sorted(self.listed()[0]) == sorted(expected)))
        programs.must(programs.run(self.inside(session.ORDINARY_USER, "/usr/bin/python3", "-c", self.MAKE.format(FLOOD, OTHER)),
                                   timeout=120))
        start = time.monotonic()
        rows, err = self.listed()
        self.assertLess(time.monotonic() - start, 10)
        self.assertIn(expected[0], rows, err)
        self.assertIn(f" belongs to uid {session.ORDINARY_USER}", err)
        self.assertLess(len(err.splitlines()), 20)
        # A batch job's daemon has a name that root cannot know.
        if expected[1] not in rows:
            self.assertIn("there are too many names in /tmp to look at all of them", err)


if __name__ == "__main__":
    session.main(needs_root=True)
