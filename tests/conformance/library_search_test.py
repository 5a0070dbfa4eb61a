"""Libraries that are found without a search are those that ld.so would have found: compared by LD_DEBUG=files."""
import glob
import os
import re
import shutil
import unittest

from loader_pack import BUILT, LoaderStore, patch
from support import packs, programs, session

MODULES = ("_bz2", "_ctypes", "_curses", "_dbm", "_elementtree", "_hashlib", "_json", "_lzma", "_sqlite3", "_ssl",
           "_uuid", "readline")
LIBRARIES, DIRECTORIES = 200, 60


class SearchStore(LoaderStore):
    """Programs that are started natively from the store, at its prefix."""

    def __init__(self, path):
        super().__init__(path, path)
        self.roots = []
        self.runs = {}  # name: program and its arguments
        self.libc = os.path.dirname(self._library("/lib64/ld-linux-x86-64.so.2"))

    def add_run(self, name, program, *arguments, **env):
        self.roots.append(program.rsplit("/", 2)[0])
        self.runs[name] = ([program, *arguments], env)

    def add_host_programs(self):
        self.add_run("bash", self.add("bash", "bash") + "/bin/bash", "-c", "type cd", SHELL="/bin/sh")
        self.add_run("git", self.add("git", "git") + "/bin/git", "--version")
        self.add_run("perl", self.add("perl", "perl") + "/bin/perl", "-MPOSIX", "-MEncode", "-MSocket", "-e", "print 1")
        python = self.add("python", "python3")
        for module in MODULES:
            for source in glob.glob(f"/usr/lib/python3*/lib-dynload/{module}.cpython-*-linux-gnu.so"):
                os.makedirs(f"{python}/modules", exist_ok=True)
                self._copy(source, f"{python}/modules/{os.path.basename(source)}")
        self.add_run("python", f"{python}/bin/python3", "-S", "-c", f"import {', '.join(MODULES)}",
                     PYTHONPATH=f"{python}/modules")

    def library(self, item, name, *, needed=(), run_path=(), folder="lib"):
        """Makes a library with its own SONAME; returns its directory."""
        path = f"{self.item(item)}/{folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(f"{BUILT}/libfirst.so", path)
        patch(path, "--set-soname", name)
        self._link(path, needed, run_path)
        return os.path.dirname(path)

    def _link(self, path, needed, run_path):
        # One after the other: patchelf 0.14 mixes up the strings when it changes two.
        if needed:
            patch(path, *(word for each in needed for word in ("--add-needed", each)))
        patch(path, "--set-rpath", ":".join([*run_path, self.libc]))

    def program(self, name, *, needed, run_path):
        path = self.add(name, "true") + "/bin/true"
        self._link(path, needed, run_path)
        self.add_run(name, path)

    def add_many(self):
        names = [f"lib{number}.so" for number in range(LIBRARIES)]
        folders = [f"{self.item(f'many{number}')}/lib" for number in range(DIRECTORIES)]
        for number, name in enumerate(names):
            self.library(f"many{number % DIRECTORIES}", name, needed=names[number + 1:number + 2], run_path=folders)
        self.program("many", needed=names, run_path=folders)

    def add_same_soname(self):
        """The first request decides which of two files is loaded under a name."""
        same = [self.library(f"same{number}", "libsame.so") for number in range(2)]
        users = [self.library(f"user{number}", f"libuser{number}.so", needed=["libsame.so"], run_path=[same[number]])
                 for number in range(2)]
        self.program("same", needed=["libuser1.so", "libuser0.so"], run_path=users)

    def add_hardware_variant(self):
        folder = self.library("variant", "libvariant.so")
        self.library("variant", "libvariant.so", folder="lib/glibc-hwcaps/x86-64-v2")
        self.program("variant", needed=["libvariant.so"], run_path=[folder])

    def add_inherited_rpath(self):
        folder = self.library("heir", "libheir.so")
        user = self.library("heirs-user", "libheirs-user.so", needed=["libheir.so"])
        patch(f"{user}/libheirs-user.so", "--remove-rpath")
        self.program("rpath", needed=["libheirs-user.so"], run_path=[user])
        path = self.runs["rpath"][0][0]
        patch(path, "--force-rpath", "--set-rpath", f"{user}:{folder}:{self.libc}")

    def add_opened(self):
        probe = self.add_probe("probe")
        lib = f"{probe.rsplit('/', 2)[0]}/lib"
        os.makedirs(lib)
        shutil.copy(f"{self.add_plugin()}", lib)
        self.add_run("opened", probe, "open", "libplugin.so")


def ld_debug(argv, env, what):
    """Returns ld.so's messages while the program runs, and the program's output."""
    trace = packs.new_path("ld-debug")
    outcome = programs.run(argv, env=programs.environment(LD_DEBUG=what, LD_DEBUG_OUTPUT=trace, **env))
    said = ""
    for path in glob.glob(f"{trace}.*"):
        with open(path) as file:
            said += file.read()
    return said, outcome


def loaded(argv, env):
    """Returns the real paths of what is initialized, in order; and the program's output."""
    said, outcome = ld_debug(argv, env, "files")
    programs.must(outcome)
    return [os.path.realpath(path) for path in re.findall(r"calling init: (/\S+)", said)], outcome.out


def failed_opens(argv, env):
    """Returns the libraries that are searched for in the wrong directories."""
    trace = packs.new_path("strace")
    programs.must(programs.run(["strace", "-f", "-e", "trace=openat,open", "-o", trace, *argv],
                               env=programs.environment(**env)))
    with open(trace) as file:
        return sum(1 for line in file if re.search(r'\.so[.\d]*".* = -1 ENOENT', line))


class LibrarySearch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = store = SearchStore(packs.new_path("store"))
        store.add_host_programs()
        store.add_many()
        store.add_same_soname()
        store.add_hardware_variant()
        store.add_inherited_rpath()
        store.add_opened()
        session.require(shutil.which("strace", path=programs.HOST_PATH), "strace", "not on this host", "install strace")

    def assertSame(self, before, after):
        for name in before:
            with self.subTest(name):
                self.assertTrue(before[name][0])
                self.assertEqual(after[name], before[name])


class InObjects(LibrarySearch):
    """As in a grafted mirror: the objects themselves name the files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.before = {name: loaded(*run) for name, run in cls.store.runs.items()}
        cls.failed = {name: failed_opens(*run) for name, run in cls.store.runs.items()}
        programs.must(programs.run([f"{BUILT}/write_needed_paths", cls.store.prefix, cls.store.prefix]))

    def test_the_same_libraries_are_loaded_in_the_same_order(self):
        self.assertSame(self.before, {name: loaded(*run) for name, run in self.store.runs.items()})

    def test_no_search_is_left(self):
        failed = {name: failed_opens(*run) for name, run in self.store.runs.items()}
        self.assertGreater(self.failed["many"], 1000)
        for name in ("bash", "git", "perl", "python", "many"):
            self.assertEqual(failed[name], 0, name)

    def test_a_library_that_the_caller_preloads_serves_its_name(self):
        argv, env = self.store.runs["many"]
        preload = f"{self.store.item('many0')}/lib/lib0.so"
        paths, _ = loaded(argv, {**env, "LD_PRELOAD": preload})
        self.assertEqual(len(paths), len(set(paths)))


class ByIndex(LibrarySearch):
    """Under the loader engine: the audit module uses the pack's index."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pack = packs.new_path()
        entries = [word for name, (argv, _) in cls.store.runs.items() for word in ("--entry", f"{name}={argv[0]}")]
        programs.must(programs.relocctl("pack", "create", "-o", cls.pack, "--from-store", *cls.store.roots,
                                        "--store-prefix", cls.store.prefix, "--store-dir", cls.store.prefix, *entries))
        cls.old = packs.new_path()
        shutil.copytree(cls.pack, cls.old, symlinks=True)
        os.remove(f"{cls.old}/.reloc/libraries")

    def runs(self, pack, **more):
        """The same as in the store, with paths in the pack, and made comparable."""
        for name, (argv, env) in self.store.runs.items():
            yield name, [f"{pack}/bin/{name}", *argv[1:]], {**env, **more, "RELOC_ENGINE": "fakechroot",
                                                            "RELOC_DAEMON": "off"}

    def loaded(self, pack, **more):
        all_loaded = {}
        for name, argv, env in self.runs(pack, **more):
            paths, out = loaded(argv, env)
            all_loaded[name] = [path.removeprefix(pack) for path in paths], out
        return all_loaded

    def test_the_same_libraries_are_loaded_in_the_same_order(self):
        self.assertSame(self.loaded(self.old), self.loaded(self.pack))

    def test_no_search_is_left(self):
        failed = {name: failed_opens(argv, env) for name, argv, env in self.runs(self.pack)}
        for name in ("bash", "git", "perl", "python", "many", "same"):
            self.assertEqual(failed[name], 0, name)

    def test_ld_library_path_overrules_the_index(self):
        mine = session.make_dir("mine")
        shutil.copy(f"{self.store.item('many7')}/lib/lib7.so", mine)
        paths, _ = self.loaded(self.pack, LD_LIBRARY_PATH=mine)["many"]
        self.assertIn(f"{mine}/lib7.so", paths)

    def test_it_belongs_to_the_pack(self):
        self.assertEqual(programs.relocctl("pack", "verify", self.pack).status, 0)
        pack = packs.new_path()
        shutil.copytree(self.pack, pack, symlinks=True)
        with open(f"{pack}/.reloc/libraries", "ab") as file:
            file.write(b"x")
        outcome = programs.relocctl("pack", "verify", pack)
        self.assertEqual(outcome.status, 1)
        self.assertIn(".reloc/libraries", outcome.out + outcome.err)
        self.assertEqual(programs.run([f"{pack}/bin/bash", "-c", "echo still here"], env=programs.environment(
            RELOC_ENGINE="fakechroot", RELOC_DAEMON="off")).out, "still here\n")


del LibrarySearch  # a base class is no test
if __name__ == "__main__":
    session.main()
