"""Callers with what only root can give: supplementary groups, a nice value below 0, a cgroup of their own.

Jobs have all of these, however they are started, and the daemon, which has none, gives them nothing of its own.
They are read from outside, where a user namespace hides nothing.
"""
import json
import os
import subprocess
import unittest

from support import daemon, packs, programs, session

GROUPS = [4250, 4251, 4252]
NICE = -5
PLACEMENTS = {"direct": [], "run": ["run"], "supervised": ["run", "--supervised"], "pty": ["run", "--supervised", "--pty"],
              "detach": ["run", "--detach"]}


def become(uid, groups=()):
    os.setgroups(groups)
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def attributes(pid):
    """Returns the kernel's attributes of a process, as lines."""
    with open(f"/proc/{pid}/status") as file:
        lines = [line.strip() for line in file if line.startswith(("Uid:", "Gid:", "Groups:", "Cpus_allowed:"))]
    with open(f"/proc/{pid}/cgroup") as file:
        lines += file.read().splitlines()
    return lines + [f"nice {os.getpriority(os.PRIO_PROCESS, pid)}"]


def hierarchies():
    """Yields mount points below which a cgroup may be made: of version 2, and one of version 1 that needs no
    settings."""
    with open("/proc/self/mounts") as mounts:
        for _, path, kind, options, *_ in map(str.split, mounts):
            if kind == "cgroup2" or kind == "cgroup" and "pids" in options.split(","):
                yield path


class PrivilegedCallers(unittest.TestCase):
    def setUp(self):
        os.chmod(session.temp(), 0o755)
        self.pack = packs.from_host("sleep")
        place = session.make_dir("place", 0o700)
        os.chown(place, session.ORDINARY_USER, session.ORDINARY_USER)
        self.env = programs.environment(HOME=place, RELOCD_DIR=place + "/daemon", XDG_STATE_HOME=place,
                                        XDG_RUNTIME_DIR=place)
        self.cgroups = []
        self.callers = []
        self.addCleanup(self.remove_cgroups)
        self.relocd = subprocess.Popen([programs.RELOCD], env=self.env, stderr=subprocess.DEVNULL,
                                  preexec_fn=lambda: become(session.ORDINARY_USER))
        self.addCleanup(self.relocd.wait)
        self.addCleanup(self.relocd.terminate)
        self.assertTrue(daemon.wait_until(lambda: daemon.accepts(place + "/daemon/launch.sock")))
        self.addCleanup(self.end_jobs)

    def make_cgroups(self):
        for path in hierarchies():
            cgroup = f"{path}/relocd-test-{os.getpid()}"
            try:
                os.mkdir(cgroup)
            except OSError:
                continue  # read-only, as in most containers
            self.cgroups.append(cgroup)
        session.require(self.cgroups, "cgroups", "no hierarchy of version 2 or of pids is mounted writable here",
                        "mount one, or run the test outside of a container")

    def remove_cgroups(self):
        for cgroup in self.cgroups:
            with open(cgroup + "/cgroup.procs") as file:
                self.assertTrue(daemon.wait_until(lambda: file.seek(0) == 0 and not file.read()))
            os.rmdir(cgroup)

    def start(self, *argv, **env):
        """Starts a caller that does `argv`."""
        def prepare():
            for cgroup in self.cgroups:
                with open(cgroup + "/cgroup.procs", "w") as file:
                    file.write("0")
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
            become(session.ORDINARY_USER, GROUPS)
        caller = subprocess.Popen(argv, env={**self.env, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, preexec_fn=prepare)
        self.callers.append(caller)
        return caller.pid

    def jobs(self):
        """Returns running jobs; asked as their user, because root has a daemon of its own."""
        user = session.ORDINARY_USER
        told = programs.must(programs.relocctl("ps", "--format", "json", env=self.env, user=user, group=user, extra_groups=[]))
        return json.loads(told.out)

    def end_jobs(self):
        """Ends callers, launchers and jobs: processes that lose their parent become our children."""
        def end():
            left = [pid for pid in session.children() if pid != self.relocd.pid]
            for pid in left:
                os.kill(pid, 9)
            return not left
        self.assertTrue(daemon.wait_until(end))
        while self.callers:
            self.callers.pop().wait()  # already reaped
        self.assertTrue(daemon.wait_until(lambda: not self.jobs()))

    def native(self):
        return attributes(self.start("/bin/sleep", "1000"))

    def assertJobsAreTheSame(self):
        native = self.native()
        self.assertIn(f"nice {NICE}", native)
        self.assertTrue(any(line.split() == ["Groups:", *map(str, GROUPS)] for line in native), native)
        for engine in programs.ENGINES:
            for name, command in PLACEMENTS.items():
                with self.subTest(engine=engine, placement=name):
                    argv = [programs.RELOCCTL, *command] if command else []
                    self.start(*argv, self.pack + "/bin/sleep", "1000", RELOC_ENGINE=engine)
                    self.assertTrue(daemon.wait_until(lambda: [job["engine"] for job in self.jobs()] == [engine]))
                    self.assertEqual(attributes(self.jobs()[0]["pid"]), native)
                self.end_jobs()

    def test_groups_and_nice_value(self):
        self.assertJobsAreTheSame()

    def test_cgroup(self):
        self.make_cgroups()
        name = f"/relocd-test-{os.getpid()}"
        self.assertEqual(sum(line.endswith(name) for line in self.native()), len(self.cgroups))
        self.end_jobs()
        self.assertJobsAreTheSame()


if __name__ == "__main__":
    session.main(needs_root=True)
