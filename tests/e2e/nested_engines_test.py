"""A program of one pack starts a program of another, under every pair of engines."""
import functools
import itertools
import os
import shutil
import unittest

from support import packs, programs, session
from support.store import Store


def for_each_pair(test):
    """Runs `test` with each pair of engines for the outer and the inner program."""
    @functools.wraps(test)
    def run(self):
        for outer, inner in itertools.product(self.engines, repeat=2):
            if (outer, inner) == ("proot", "userns"):
                continue  # refused: a tracer that changes paths does so for mounts as well
            with self.subTest(outer=outer, inner=inner):
                test(self, outer, inner)
    return run


class NestedEngines(unittest.TestCase):
    """Two packs of one store: both have bash and its libraries, each has a program of its own."""

    @classmethod
    def setUpClass(cls):
        store = Store("/gnu/store", packs.new_path("store"))
        cls.bash = store.add("bash-5.2", "bash")
        cls.first = cls.make_pack(store, cls.bash, store.add("sed-4.9", "sed"))
        cls.second = cls.make_pack(store, cls.bash, store.add("coreutils-9.1", "cat", "stat"))
        cls.twin = packs.new_path("twin")
        shutil.copytree(cls.first, cls.twin, symlinks=True)
        cls.engines = list(filter(cls.works, programs.ENGINES))

    @classmethod
    def make_pack(cls, store, *items):
        pack = packs.new_path()
        programs.must(programs.relocctl("pack", "create", "-o", pack, "--from-store", *items, "--store-prefix",
                                        store.prefix, "--store-dir", store.directory))
        return pack

    @classmethod
    def works(cls, engine):
        tried = programs.run([f"{cls.first}/bin/sed", "--version"], env=cls.environment(engine))
        try:
            session.require(tried.status == 0, engine, tried.err.strip(), "see relocctl engines")
        except unittest.SkipTest:
            return False
        return True

    @staticmethod
    def environment(engine, **more):
        return programs.environment(RELOC_ENGINE=engine, RELOC_DAEMON="off", **more)

    def in_first(self, outer, script, *arguments):
        return programs.run([f"{self.first}/bin/bash", "-c", script, "bash", *arguments], env=self.environment(outer))

    @for_each_pair
    def test_another_packs_program(self, outer, inner):
        outcome = self.in_first(outer, 'echo a | RELOC_ENGINE=$2 "$1"; exit $?', f"{self.second}/bin/cat", inner)
        self.assertEqual(outcome, (0, "a\n", ""))

    @for_each_pair
    def test_its_children_find_the_second_packs_store(self, outer, inner):
        item = next(name for name in os.listdir(self.second + "/gnu/store") if name.endswith("-coreutils-9.1"))
        script = 'RELOC_ENGINE=$2 "$1" -c "echo a | /gnu/store/$3/bin/cat; exit 7"'
        self.assertEqual(self.in_first(outer, script, f"{self.second}/bin/bash", inner, item), (7, "a\n", ""))

    @for_each_pair
    def test_the_same_item_of_another_pack_is_the_other_packs(self, outer, inner):
        """Seen in other software: inside pack A, pack B's entry silently ran A's copy."""
        script = 'RELOC_ENGINE=$2 "$1" -c "[ $3 -ef $4 ] && echo \\$BASH_VERSION"'
        inside = f"{self.bash}/bin/bash"
        outcome = self.in_first(outer, script, f"{self.twin}/bin/bash", inner, inside, self.twin + inside)
        self.assertEqual((outcome.status, outcome.err), (0, ""))

    @for_each_pair
    def test_there_and_back(self, outer, inner):
        if inner == "proot" and outer != "fakechroot":
            return  # refused: neither a root nor, with Debian's, a third proot can be made under two
        script = 'RELOC_ENGINE=$3 "$1" -c "echo a | RELOC_ENGINE=$4 $2 s/a/b/"'
        outcome = self.in_first(outer, script, f"{self.second}/bin/bash", f"{self.first}/bin/sed", inner, outer)
        self.assertEqual(outcome, (0, "b\n", ""))

    @for_each_pair
    def test_relocctl_run_inside(self, outer, inner):
        script = 'echo a | "$1" run --engine $3 "$2"'
        outcome = self.in_first(outer, script, programs.RELOCCTL, f"{self.second}/bin/cat", inner)
        self.assertEqual(outcome, (0, "a\n", ""))


if __name__ == "__main__":
    session.main()
