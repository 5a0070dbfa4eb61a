"""The ways in which a program of a pack is launched; scenarios run in each of them.

    @ways.every_way
    class Arguments(ways.LaunchTest):
        PROGRAMS = ["probe"]
        def test_...(self): self.assertSame("probe", "argv")

makes ArgumentsInProcess, ArgumentsByDaemon, ArgumentsByProot and ArgumentsByLoader of it.
"""
import collections
import os
import sys
import unittest

from support import daemon, packs, programs, session

Way = collections.namedtuple("Way", "engine daemon")
WAYS = {
    "InProcess": Way("userns", False), "ByDaemon": Way("userns", True),
    "ByLoader": Way("fakechroot", False), "ByLoaderAndDaemon": Way("fakechroot", True),
    "ByProot": Way("proot", False), "ByProotAndDaemon": Way("proot", True),
}
_SHORT_LIST = ("InProcess", "ByDaemon", "ByProot", "ByLoader")  # for tests of what the conformance suite has compared


class LaunchTest(unittest.TestCase):
    PROGRAMS = []  # of the pack: names of host programs and of test programs
    ADD = ()       # data for it
    way = None

    @classmethod
    def setUpClass(cls):
        if cls.way is None:
            raise unittest.SkipTest("a scenario; its ways run it")
        cls.pack = cls.make_pack()
        cls.env = programs.environment(RELOC_ENGINE=WAYS[cls.way].engine, RELOC_DAEMON="off")
        if WAYS[cls.way].daemon:
            cls._start_daemon()
        cls._require_engine()

    @classmethod
    def make_pack(cls):
        return packs.from_host(*cls.PROGRAMS, add=tuple(cls.ADD))

    @classmethod
    def _start_daemon(cls):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        cls.addClassCleanup(relocd.stop)
        del cls.env["RELOC_DAEMON"]
        cls.env["RELOCD_DIR"] = relocd.directory

    @classmethod
    def _require_engine(cls):
        tried = programs.run([cls.entry(cls.first())], env=cls.env)
        session.require(tried.status != 125, cls.env["RELOC_ENGINE"], tried.err.strip(), "see relocctl engines")
        if WAYS[cls.way].daemon:  # it is really used: no silent fallback makes these tests pass
            cls._require_daemon()

    @classmethod
    def _require_daemon(cls):
        engine = WAYS[cls.way].engine
        if engine == "userns" and not daemon.joins_a_published_root(cls.entry(cls.first()), cls.env):
            raise AssertionError("the daemon's root is not joined")
        if not daemon.wait_until(lambda: engine in [job["engine"] for job in daemon.jobs(cls.env)]):
            raise AssertionError("the daemon was not told of the launch")

    @classmethod
    def first(cls):
        return os.path.basename(cls.PROGRAMS[0])

    @classmethod
    def entry(cls, name):
        return os.path.join(cls.pack, "bin", name)

    def packed(self, name, *arguments, env=None, **options):
        return programs.run([name, *arguments], program=self.entry(name), env=env or self.env, **options)

    def native(self, name, *arguments, env=None, **options):
        return programs.run([name, *arguments], program=programs.host(name), env=env or self.env, **options)

    def known_limit(self, way, reason):
        """Skips the test in `way`, where the documentation names the limit that it would run into."""
        if self.way == way:
            self.skipTest(f"known limit: {reason}")

    def assertSame(self, name, *arguments, **options):
        """The packed program does as the host's: output, errors and exit status. Returns the outcome."""
        native = self.native(name, *arguments, **options)
        self.assertEqual(self.packed(name, *arguments, **options), native)
        return native


def every_way(scenario):
    module = sys.modules[scenario.__module__]
    for way in _SHORT_LIST:
        name = scenario.__name__ + way
        setattr(module, name, type(name, (scenario,), {"way": way, "__module__": scenario.__module__}))
    return None  # the scenario itself is no test
