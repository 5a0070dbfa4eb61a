"""The ways in which a program of a pack is launched; scenarios run in each of them.

    @ways.every_way
    class Arguments(ways.LaunchTest):
        PROGRAMS = ["probe"]
        def test_...(self): self.assertSame("probe", "argv")

turns it into ArgumentsInProcess, ArgumentsByDaemon, ArgumentsByProot and ArgumentsByLoader.
"""
import collections
import os
import sys
import unittest

from support import daemon, images, mirrors, packs, programs, session


class Way(collections.namedtuple("Way", "name daemon")):
    """`name` is an engine, or what the engine userns launches from: a plain mirror, an image."""

    @property
    def engine(self):
        return "userns" if self.name in ("mirror", "image") else self.name

    @property
    def mirror(self):
        """Returns the kind of mirror that must be ready, or None."""
        return {"mirror": "plain", "graft": "graft"}.get(self.name)


WAYS = {
    "InProcess": Way("userns", False), "ByDaemon": Way("userns", True),
    "ByLoader": Way("fakechroot", False), "ByLoaderAndDaemon": Way("fakechroot", True),
    "ByProot": Way("proot", False), "ByProotAndDaemon": Way("proot", True),
    "ByGraft": Way("graft", True), "FromMirror": Way("mirror", True),
    "FromImage": Way("image", False), "FromImageAndDaemon": Way("image", True),
}
_SHORT_LIST = ("InProcess", "ByDaemon", "ByProot", "ByLoader")  # for tests of what the conformance suite compares


class LaunchTest(unittest.TestCase):
    PROGRAMS = []  # of the pack: names of host programs and test programs
    ADD = ()       # data for it
    way = None

    @classmethod
    def setUpClass(cls):
        if cls.way is None:
            raise unittest.SkipTest("a scenario; its ways run it")
        cls.pack = cls.make_pack()
        cls.entries = cls._image_entries() if WAYS[cls.way].name == "image" else os.path.join(cls.pack, "bin")
        cls.env = programs.environment(RELOC_ENGINE=WAYS[cls.way].engine, RELOC_DAEMON="off")
        if WAYS[cls.way].daemon:
            cls._start_daemon()
        cls._require_engine()

    @classmethod
    def make_pack(cls):
        return packs.from_host(*cls.PROGRAMS, add=tuple(cls.ADD))

    @classmethod
    def _image_entries(cls):
        images.require()
        cls.image = packs.from_host(*cls.PROGRAMS, add=tuple(cls.ADD), suffix=".sqfs")
        return images.entries(cls.image, *map(os.path.basename, cls.PROGRAMS))

    @classmethod
    def _start_daemon(cls):
        del cls.env["RELOC_DAEMON"]
        kind = WAYS[cls.way].mirror
        if kind:
            cls.mirror = mirrors.Mirror(kind, cls.pack)
            cls.addClassCleanup(cls.mirror.remove)
            cls.env["RELOCD_DIR"] = cls.mirror.directory
        else:
            relocd = daemon.Daemon(packs.new_path("daemon"))
            cls.addClassCleanup(relocd.stop)
            cls.env["RELOCD_DIR"] = relocd.directory

    @classmethod
    def _require_engine(cls):
        tried = programs.run([cls.entry(cls.first())], env=cls.env)
        session.require(tried.status != 125, cls.env["RELOC_ENGINE"], tried.err.strip(), "see relocctl engines")
        if WAYS[cls.way].daemon:  # checks that it is really used: no silent fallback makes these tests pass
            cls._require_daemon()

    @classmethod
    def _require_daemon(cls):
        engine = WAYS[cls.way].engine
        if engine == "userns" and not daemon.joins_a_published_root(cls.entry(cls.first()), cls.env):
            raise AssertionError("the daemon's root is not joined")
        if not daemon.wait_until(lambda: engine in [job["engine"] for job in daemon.jobs(cls.env)]):
            raise AssertionError("the daemon was not told of the launch")
        if WAYS[cls.way].name == "mirror" and not all(root["mirror"] for root in daemon.roots(cls.env)):
            raise AssertionError("the root does not show the mirror")

    @classmethod
    def first(cls):
        return os.path.basename(cls.PROGRAMS[0])

    @classmethod
    def entry(cls, name):
        return os.path.join(cls.entries, name)

    def packed(self, name, *arguments, env=None, **options):
        return programs.run([name, *arguments], program=self.entry(name), env=env or self.env, **options)

    def native(self, name, *arguments, env=None, **options):
        return programs.run([name, *arguments], program=programs.host(name), env=env or self.env, **options)

    def known_limit(self, way, reason):
        """Skips the test in `way`, for which the documentation names this limit."""
        if self.way == way:
            self.skipTest(f"known limit: {reason}")

    def assertSame(self, name, *arguments, **options):
        """Checks that the packed program does the same as the host's: output, errors and exit status. Returns the
        outcome."""
        native = self.native(name, *arguments, **options)
        self.assertEqual(self.packed(name, *arguments, **options), native)
        return native


def every_way(scenario):
    module = sys.modules[scenario.__module__]
    for way in _SHORT_LIST:
        name = scenario.__name__ + way
        setattr(module, name, type(name, (scenario,), {"way": way, "__module__": scenario.__module__}))
    return None  # the scenario itself is no test
