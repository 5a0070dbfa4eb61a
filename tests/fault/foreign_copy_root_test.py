"""Another user's copy of a pack, with different modules: whatever is done with the copy, the original runs the
same.

Run by root, which plays both users.
"""
import contextlib
import os
import shutil
import unittest

from support import packs, programs, session
from support.pack_lists import PackLists, replace
from support.store import Store

VICTIM, ATTACKER = session.ORDINARY_USER, 4243
ENGINES = ("userns", "graft", "fakechroot", "proot")
MODULES = ".reloc/lib/"


def as_user(*command, user=VICTIM, env=None):
    return programs.run(["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", *command],
                        env=env or programs.environment())


class ForeignCopies(unittest.TestCase):
    OLDER = False  # the original's format

    @classmethod
    def setUpClass(cls):
        session.temp()
        os.chmod(session.temp(), 0o755)
        store = Store("/gnu/store", packs.new_path("store"))
        cls.bash = store.add("bash-5.2", "bash")
        made = packs.new_path("made")
        programs.must(programs.relocctl("pack", "create", "-o", made, "--from-store", cls.bash, "--store-prefix",
                                        "/gnu/store", "--store-dir", store.directory))
        if cls.OLDER:
            PackLists(made).make_older()
        cls.pack = made

    def setUp(self):
        self.work = packs.new_path("work")
        os.mkdir(self.work)
        os.chown(self.work, VICTIM, VICTIM)
        self.executed = session.make_dir("executed", 0o777) + "/mark"
        self.env = programs.environment(RELOCD_DIR=self.work + "/daemon", XDG_CACHE_HOME=self.work + "/cache",
                                        XDG_STATE_HOME=self.work + "/state")
        programs.must(self.relocctl("daemon", "start"))
        self.addCleanup(self.end)

    def end(self):
        links = self.work + "/daemon/mirrors"
        paths = [os.readlink(f"{links}/{name}") for name in os.listdir(links) if name.endswith(".graft")] \
            if os.path.isdir(links) else []
        programs.must(self.relocctl("daemon", "stop"))
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def relocctl(self, *arguments):
        return as_user(programs.RELOCCTL, *arguments, env=self.env)

    def copy(self, change):
        """Returns the attacker's changed copy."""
        copy = packs.new_path("copy")
        shutil.copytree(self.pack, copy, symlinks=True)
        change(copy)
        for directory, names, files in os.walk(copy):
            for name in [directory, *(os.path.join(directory, name) for name in names + files)]:
                os.lchown(name, ATTACKER, ATTACKER)
        return copy

    def trap(self, path):
        """Replaces the file: executing it leaves a mark, and loading it prints an error."""
        replace(path, f"#!/bin/sh\n: >{self.executed}\n".encode())

    def trap_modules(self, copy):
        lists = PackLists(copy)
        for name in os.listdir(f"{copy}/{MODULES}"):
            self.trap(f"{copy}/{MODULES}{name}")
            lists.describe(MODULES + name)
        return lists

    def trap_program(self, copy):
        self.trap(copy + self.bash + "/bin/bash")

    def listed_modules(self, copy):
        """The manifest is unchanged, byte by byte."""
        self.trap_modules(copy).save_contents()

    def resealed_modules(self, copy):
        """Everything is computed again, except that the plans and the manifest still have the original's digest."""
        lists = self.trap_modules(copy)
        digest = lists.manifest["digest"]
        for file in lists.contents["own_files"]:
            file.pop("holds_digest", None)
        if not self.OLDER:
            lists.seal()
        lists.manifest["digest"] = digest
        lists.save_contents()
        lists.save_manifest()

    def unlisted_program(self, copy):
        self.trap_program(copy)

    def adds(self, pack):
        """Returns how `mirrors add` ended, for each kind."""
        return [self.relocctl("mirrors", "add", "--kind", kind, "--wait", pack).status for kind in ("plain", "graft")]

    def assertOriginalRuns(self, engines=ENGINES):
        for engine in engines:
            with self.subTest(engine):
                tried = as_user(self.pack + "/bin/bash", "-c", ":",
                                env=programs.environment(RELOC_ENGINE=engine, RELOC_DAEMON="off"))
                if engine != "graft":
                    session.require(tried.status == 0, engine, tried.err.strip(), "see relocctl engines")
                outcome = as_user(self.pack + "/bin/bash", "-c", "echo mine; exit 3", env={**self.env, "RELOC_ENGINE": engine})
                self.assertEqual(outcome, (3, "mine\n", ""))
        self.assertFalse(os.path.exists(self.executed))

    def changes(self):
        return self.listed_modules, self.resealed_modules, self.unlisted_program

    def test_copies_that_were_changed(self):
        for change in self.changes():
            with self.subTest(change.__name__):
                copy = self.copy(change)
                outcome = self.relocctl("pack", "verify", copy)
                self.assertEqual((outcome.status, outcome.err), (1, ""))
                self.assertEqual(len(outcome.out.splitlines()), 1)
                self.assertNotIn(0, self.adds(copy))
                self.assertOriginalRuns(("userns", "fakechroot", "proot"))
        self.assertEqual(self.adds(self.pack), [0, 0])
        self.assertOriginalRuns()

    def honest_traps(self, copy):
        """A complete pack of the attacker: executing its ld.so or its modules leaves a mark."""
        lists = self.trap_modules(copy)
        traps = [(item, file) for item in lists.contents["items"] for file in item["files"]
                 if os.path.basename(file.get("path", "")).startswith("ld-") and file.get("sha256")]
        self.assertTrue(traps)
        for item, file in traps:
            path = f"gnu/store/{item['name']}/{file['path']}"
            self.trap(f"{copy}/{path}")
            lists.describe(path, file)
        lists.seal()

    def test_nothing_of_a_pack_is_executed_to_mirror_it(self):
        copy = self.copy(self.honest_traps)
        self.assertEqual(self.relocctl("pack", "verify", copy), (0, "", ""))
        self.assertEqual(self.adds(copy), [0, 0])
        programs.must(self.relocctl("mirrors", "verify"))
        self.assertFalse(os.path.exists(self.executed))
        as_user(self.copy(lambda pack: self.trap_program(pack)) + self.bash + "/bin/bash")
        self.assertTrue(os.path.exists(self.executed), "the traps work")
        os.unlink(self.executed)

    def test_copies_that_are_changed_when_they_were_added(self):
        copy = self.copy(lambda copy: None)
        self.assertEqual(self.adds(copy), [0, 0])
        self.assertOriginalRuns()
        self.resealed_modules(copy)
        self.trap_program(copy)
        self.assertOriginalRuns()

    def test_mirrors_of_the_original_stay(self):
        self.assertEqual(self.adds(self.pack), [0, 0])
        places = {name: os.stat(f"{self.work}/cache/relocd/mirrors/{name}").st_ino
                  for name in os.listdir(self.work + "/cache/relocd/mirrors")}
        for change in (*self.changes(), lambda copy: None):
            self.adds(self.copy(change))
        for name, inode in places.items():
            self.assertEqual(os.stat(f"{self.work}/cache/relocd/mirrors/{name}").st_ino, inode)
        self.assertOriginalRuns()


class ForeignCopiesOfOlderPacks(ForeignCopies):
    """Their digest does not cover the modules, so that `verify` and mirrors accept those of the copy."""
    OLDER = True

    def test_copies_that_were_changed(self):
        for change in (self.listed_modules, self.resealed_modules):
            with self.subTest(change.__name__):
                self.assertEqual(self.adds(self.copy(change)), [0, 0])
                self.assertOriginalRuns()
        self.assertEqual(self.relocctl("pack", "verify", self.copy(self.unlisted_program)).status, 1)


if __name__ == "__main__":
    session.main(needs_root=True)
