"""A pack's digest: the same for everything that a launch can use, and a different one if any of that differs."""
import json
import os
import shutil
import unittest

from support import packs, programs, session
from support.mirroring import MirrorsTest
from support.pack_lists import PackLists, replace

MODULES = ".reloc/lib/"


def digest_of(pack):
    return json.loads(programs.must(programs.relocctl("pack", "inspect", pack, "--format", "json")).out)["digest"]


def copy_of(pack):
    copy = packs.new_path("copy")
    shutil.copytree(pack, copy, symlinks=True)
    return copy


def flip(path, offset=-1):
    """Changes one byte of the file."""
    with open(path, "rb") as file:
        content = bytearray(file.read())
    content[offset] ^= 1
    replace(path, bytes(content))


class EqualPacks(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("bash", "sed")

    def test_made_twice_and_in_each_form(self):
        for suffix in ("", ".tar.gz"):
            again = packs.new_path("again") + suffix
            programs.must(programs.relocctl("pack", "create", "-o", again, "--from-host", programs.host("bash"),
                                            programs.host("sed")))
            if suffix:
                tree = packs.new_path("unpacked")
                os.mkdir(tree)
                programs.must(programs.run(["tar", "-C", tree, "-xf", again]))
                again = tree if os.path.isdir(tree + "/bin") else os.path.join(tree, *os.listdir(tree))
            self.assertEqual(digest_of(again), digest_of(self.pack))

    def test_copied(self):
        """Owners, times, hard links and all but one bit of the mode do not affect it."""
        for script in ('cp -a "$0" "$1"', 'umask 077; cp -r "$0" "$1"', 'cp -r --no-preserve=links,timestamps "$0" "$1"',
                       'mkdir "$1"; tar -C "$0" --hard-dereference -cf - . | tar -C "$1" -xf -'):
            with self.subTest(script):
                copy = packs.new_path("copy")
                programs.must(programs.run(["sh", "-ec", script, self.pack, copy]))
                self.assertEqual(programs.relocctl("pack", "verify", copy), (0, "", ""))
                self.assertEqual(digest_of(copy), digest_of(self.pack))

    def test_it_is_in_the_plans_and_as_documented(self):
        lists = PackLists(self.pack)
        digest = lists.digest
        self.assertEqual(digest.hex(), digest_of(self.pack))
        for path in ("bin/sed", ".reloc/shim", ".reloc/plans/bin/sed"):
            with open(f"{self.pack}/{path}", "rb") as file:
                self.assertIn(digest, file.read())
        copy = copy_of(self.pack)
        PackLists(copy).seal()  # written by another JSON printer
        self.assertEqual(programs.relocctl("pack", "verify", copy), (0, "", ""))


class ChangedPacks(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("bash", "sed")
        self.copy = copy_of(self.pack)

    def assertDiffers(self, path):
        outcome = programs.relocctl("pack", "verify", self.copy)
        self.assertEqual((outcome.status, outcome.err), (1, ""))
        self.assertRegex(outcome.out, rf"\A{path} [^\n]+\n\Z")

    def parts(self):
        """Lists the parts of the pack that are no items."""
        yield from (MODULES + name for name in os.listdir(f"{self.pack}/{MODULES}"))
        yield from (".reloc/libraries", ".reloc/shim", ".reloc/plans/bin/bash", ".reloc/plans/bin/sed", "bin/bash")

    def test_whatever_was_changed_is_named(self):
        self.assertIn(MODULES + "preload.so", self.parts())
        for path in self.parts():
            with self.subTest(path):
                self.copy = copy_of(self.pack)
                flip(f"{self.copy}/{path}")
                self.assertDiffers(path)

    def test_the_digest_in_an_entry(self):
        path = self.copy + "/bin/sed"
        with open(path, "rb") as file:
            content = file.read()
        replace(path, content.replace(PackLists(self.pack).digest, bytes(16)))
        self.assertDiffers("bin/sed")

    def test_an_executable_bit(self):
        os.chmod(f"{self.copy}/{MODULES}tracee", 0o644)
        self.assertDiffers(MODULES + "tracee")

    def test_a_file_too_many(self):
        shutil.copy(f"{self.copy}/{MODULES}preload.so", f"{self.copy}/{MODULES}proot")
        self.assertDiffers(MODULES + "proot")

    def test_a_list_that_names_what_was_changed(self):
        """With the manifest unchanged, byte by byte."""
        flip(f"{self.copy}/{MODULES}preload.so")
        lists = PackLists(self.copy)
        lists.describe(MODULES + "preload.so")
        lists.save_contents()
        self.assertDiffers(".reloc/contents.json")
        self.assertEqual(programs.relocctl("pack", "inspect", self.copy).status, 125)
        outcome = programs.relocctl("mirrors", "add", self.copy, env=programs.environment())
        self.assertNotEqual(outcome.status, 0)

    def test_a_manifest_with_the_digest_of_another(self):
        lists = PackLists(self.copy)
        lists.manifest["entries"][0].update(name="other")
        lists.save_manifest()
        self.assertDiffers(".reloc/manifest.json")

    def test_whoever_computes_all_anew_has_another_digest(self):
        for path in self.parts():
            with self.subTest(path):
                copy = copy_of(self.pack)
                lists = PackLists(copy)
                if lists.own_file(path).get("holds_digest"):
                    lists.own_file(path).update(sha256="A" * 43 + "=")
                else:
                    flip(f"{copy}/{path}")
                    lists.describe(path)
                lists.seal()
                self.assertNotEqual(digest_of(copy), digest_of(self.pack))


class OlderPacks(MirrorsTest):
    """Their digest covers only the store, so that engines which take more from a mirror do not use it."""
    PROGRAMS = ("bash", "cat")

    def setUp(self):
        super().setUp()
        self.pack = copy_of(self.pack)
        PackLists(self.pack).make_older()

    def links(self):
        directory = self.relocd.directory + "/mirrors"
        return os.listdir(directory) if os.path.isdir(directory) else []

    def maps(self, engine):
        env = {**self.env, "RELOC_ENGINE": engine}
        tried = programs.run([self.pack + "/bin/bash", "-c", ":"], env=env)
        session.require(tried.status == 0, engine, tried.err.strip(), "see relocctl engines")
        return programs.must(programs.run([self.pack + "/bin/bash", "-c", "cat /proc/$$/maps; exit"], env=env)).out

    def test_they_verify_and_run(self):
        self.assertEqual(programs.relocctl("pack", "verify", self.pack), (0, "", ""))
        shown = json.loads(programs.must(programs.relocctl("pack", "inspect", self.pack, "--format", "json")).out)
        self.assertEqual(shown["format"], "1.0")
        self.assertIn("covers the store alone", programs.must(programs.relocctl("pack", "inspect", self.pack)).out)
        self.start()
        self.assertIn(self.pack, self.maps("fakechroot"))

    def test_userns_uses_their_mirrors_and_others_do_not(self):
        self.start()
        name = self.add()
        self.await_mirror(name)
        self.assertEqual(self.must("verify"), "")
        self.assertEqual(self.links(), [])
        for engine in ("fakechroot", "proot"):
            with self.subTest(engine):
                self.assertNotIn(name, self.maps(engine))
        nested = f'"{self.pack}/bin/bash" -c "echo nested"; exit'
        self.assertEqual(programs.run([self.pack + "/bin/bash", "-c", nested], env=self.env), (0, "nested\n", ""))

    def test_a_link_that_an_earlier_relocd_left_goes(self):
        self.start()
        name = self.add()
        self.relocd.stop()
        os.makedirs(self.relocd.directory + "/mirrors", mode=0o700, exist_ok=True)
        os.symlink(f"{self.cache}/mirrors/{name}", f"{self.relocd.directory}/mirrors/{name}")
        self.start()
        self.await_mirror(name)
        self.assertEqual(self.links(), [])

    def test_grafts(self):
        self.KIND = "graft"
        self.start()
        name = self.add()
        path = os.readlink(f"{self.relocd.directory}/mirrors/{name}")
        self.addCleanup(lambda: os.path.islink(path) and os.unlink(path))
        self.assertIn(name, self.maps("graft"))


class Modules(MirrorsTest):
    PROGRAMS = ("bash", "cat")

    def test_they_come_from_the_pack(self):
        """Their counterparts in a mirror are neither loaded nor executed; the store's files are."""
        self.start()
        mirror = f"{self.cache}/mirrors/{self.add()}"
        for name in os.listdir(f"{mirror}/{MODULES}"):
            replace(f"{mirror}/{MODULES}{name}", b"no module")
        for engine in ("fakechroot", "proot"):
            with self.subTest(engine):
                env = {**self.env, "RELOC_ENGINE": engine}
                tried = programs.run([self.pack + "/bin/bash", "-c", ":"], env={**env, "RELOC_DAEMON": "off"})
                session.require(tried.status == 0, engine, tried.err.strip(), "see relocctl engines")
                outcome = programs.run([self.pack + "/bin/bash", "-c", "cat /proc/$$/maps; exit 3"], env=env)
                self.assertEqual((outcome.status, outcome.err), (3, ""))
                self.assertIn(mirror + "/", outcome.out)

    def test_a_copy_of_the_pack_does_not_replace_a_mirror(self):
        self.start()
        name = self.add()
        made = os.stat(f"{self.cache}/mirrors/{name}").st_ino
        self.assertEqual(self.add(copy_of(self.pack)), name)
        self.assertEqual(os.stat(f"{self.cache}/mirrors/{name}").st_ino, made)
        self.assertEqual([mirror["pack"] for mirror in self.list()], [self.pack])

    def test_one_that_was_damaged_is_made_again(self):
        self.start()
        name = self.add()
        replace(f"{self.cache}/mirrors/{name}/{MODULES}preload.so", b"no module")
        self.assertEqual(self.mirrors("verify").status, 1)
        self.assertEqual(self.add(), name)
        self.assertEqual(self.must("verify"), "")
        self.await_mirror(name)


if __name__ == "__main__":
    session.main()
