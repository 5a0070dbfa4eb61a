"""A daemon with mirrors in a cache for the test."""
import functools
import contextlib
import json
import os
import re
import unittest

from support import daemon, packs, programs

MIRROR = re.compile(r"/mirrors/([0-9a-f]{32}\.\w+)/")
LARGE = 256 << 20  # bytes: making a mirror of such a pack takes a noticeable time


@functools.lru_cache(maxsize=None)
def large_pack():
    """Returns a pack of cat and sh with a large file."""
    path = packs.new_path("large")
    with open(path, "wb") as file:
        for number in range(LARGE >> 20):
            file.write(number.to_bytes(4, "little") * (1 << 18))
    pack = packs.from_host("cat", "sh", add=(path,))
    return pack


class MirrorsTest(unittest.TestCase):
    PROGRAMS = ("cat", "sh", "setsid", "sleep")
    ENGINE = "userns"
    KIND = "plain"

    def setUp(self):
        self.pack = packs.from_host(*self.PROGRAMS)
        self.cache_home = packs.new_path("cache")
        self.cache = self.cache_home + "/relocd"
        self.state_home = packs.new_path("state")
        self.relocd = None
        self.addCleanup(lambda: self.relocd is not None and self.relocd.stop())

    def start(self, *arguments, **env):
        directory = self.relocd.directory if self.relocd else packs.new_path("daemon")
        self.relocd = daemon.Daemon(directory, *arguments,
                                    env=programs.environment(XDG_CACHE_HOME=self.cache_home,
                                                             XDG_STATE_HOME=self.state_home, **env))
        self.env = self.relocd.environment(RELOC_ENGINE=self.ENGINE, XDG_STATE_HOME=self.state_home)

    def restart(self, *arguments, **env):
        self.relocd.stop()
        self.start(*arguments, **env)

    def mirrors(self, *arguments, **options):
        return programs.relocctl("mirrors", *arguments, env=self.env, **options)

    def must(self, *arguments):
        return programs.must(self.mirrors(*arguments)).out

    def list(self):
        return json.loads(self.must("ls", "--format", "json"))

    def ready(self):
        return {mirror["pack"]: mirror for mirror in self.list() if mirror["state"] == "ready"}

    def add(self, pack=None):
        """Makes the mirror; returns its name."""
        return re.search(MIRROR.pattern[len("/mirrors/"):-1], self.must("add", "--kind", self.KIND, "--wait",
                                                                      pack or self.pack)).group(1)

    def mirror_shown(self, pack=None):
        """Returns the mirror whose store a program of the pack sees; None: the pack's own."""
        table = programs.must(programs.run([(pack or self.pack) + "/bin/cat", "/proc/self/mountinfo"], env=self.env)).out
        found = MIRROR.search(table)
        return found.group(1) if found else None

    def await_mirror(self, name, pack=None):
        daemon.wait_until(lambda: self.mirror_shown(pack) == name)
        self.assertEqual(self.mirror_shown(pack), name)

    def events(self):
        text = programs.must(programs.relocctl("events", "--since", "1h", "--no-stream", "--format", "json",
                                               env=self.env)).out
        return [json.loads(line) for line in text.splitlines()]

    def worker(self):
        """Returns the pid of the process that works on mirrors, or None."""
        for pid in self.relocd.children():
            with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/comm") as comm:
                if comm.read() == "relocd-mirrors\n":
                    return pid
        return None

    def remove_cache(self):
        """Removes it as a cleaner does: it is no error if something disappears in the meantime."""
        programs.must(programs.run(["rm", "-rf", "--", self.cache]))

    def await_worker(self):
        self.assertTrue(daemon.wait_until(lambda: self.worker() is not None))
        return self.worker()

    def assertNothingHalfMade(self):
        self.assertTrue(daemon.wait_until(lambda: os.listdir(self.cache + "/tmp") == []), os.listdir(self.cache + "/tmp"))

    def assertComplaint(self, outcome, *words, status=1):
        self.assertEqual((outcome.status, outcome.out), (status, ""), outcome)
        self.assertRegex(outcome.err, r"\Arelocctl: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, outcome.err)

