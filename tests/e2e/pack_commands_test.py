"""relocctl pack: what it makes, shows and checks, and its errors."""
import json
import os
import shutil
import unittest

from support import packs, programs, session
from support.outcomes import OneLineTest
from support.store import Store


class Inspect(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sed", "bash")

    def test_json_alone_on_standard_output(self):
        outcome = programs.must(programs.relocctl("pack", "inspect", self.pack, "--format", "json"))
        shown = json.loads(outcome.out)
        self.assertEqual(outcome.err, "")
        self.assertEqual(sorted(entry["name"] for entry in shown["entries"]), ["bash", "sed"])
        prefix = shown["store_prefix"]
        self.assertTrue(40 <= len(prefix) <= 56, prefix)
        self.assertTrue(os.path.isdir(self.pack + prefix))
        self.assertEqual(sorted(item["name"] for item in shown["items"]), sorted(os.listdir(self.pack + prefix)))

    def test_for_people(self):
        outcome = programs.must(programs.relocctl("pack", "inspect", self.pack))
        self.assertIn("bin/sed", outcome.out)

    def test_the_same_programs_make_the_same_items(self):
        other = packs.new_path("again")
        programs.must(programs.relocctl("pack", "create", "-o", other, "--from-host", programs.host("bash"),
                                        programs.host("sed")))
        digests = {json.loads(programs.relocctl("pack", "inspect", pack, "--format", "json").out)["digest"]
                   for pack in (self.pack, other)}
        self.assertEqual(len(digests), 1)


class Verify(unittest.TestCase):
    def setUp(self):
        self.pack = packs.new_path()
        shutil.copytree(packs.from_host("sed"), self.pack, symlinks=True)
        self.item = next(path for path, names, _ in os.walk(self.pack) if "bin" in names and "-sed" in path)

    def assertDiffers(self, *words):
        outcome = programs.relocctl("pack", "verify", self.pack)
        self.assertEqual((outcome.status, outcome.err), (1, ""))
        self.assertEqual(len(outcome.out.splitlines()), 1, outcome.out)
        for word in words:
            self.assertIn(word, outcome.out)

    def test_an_untouched_pack_is_as_it_should_be(self):
        self.assertEqual(programs.relocctl("pack", "verify", self.pack), (0, "", ""))

    def test_one_changed_byte(self):
        path = os.path.join(self.item, "bin/sed")
        os.chmod(path, 0o755)
        with open(path, "r+b") as file:
            file.seek(5000)
            byte = file.read(1)
            file.seek(5000)
            file.write(bytes([byte[0] ^ 1]))
        self.assertDiffers("bin/sed")

    def test_a_missing_file(self):
        os.unlink(os.path.join(self.item, "bin/sed"))
        self.assertDiffers("bin/sed", "missing")

    def test_a_file_too_many(self):
        with open(os.path.join(self.item, "bin/new"), "w"):
            pass
        self.assertDiffers("bin/new")

    def test_a_lost_executable_bit(self):
        os.chmod(os.path.join(self.item, "bin/sed"), 0o644)
        self.assertDiffers("bin/sed", "executable")

    def test_a_damaged_plan(self):
        with open(os.path.join(self.pack, ".reloc/plans/bin/sed"), "ab") as plan:
            plan.write(b"x")
        self.assertDiffers(".reloc/plans/bin/sed")


class Adopt(OneLineTest):
    def unpacked_tarball(self):
        """Makes what `guix pack -RR -S /bin=bin` leaves when unpacked: a store, and a link to the profile's bin."""
        tree = packs.new_path("tarball")
        store = Store("/gnu/store", tree + "/gnu/store")
        self.profile = store.add_profile(store.add("sed-4.9", "sed"), store.add("bash-5.2", "bash"))
        return tree

    def test_an_unpacked_tarball_becomes_a_pack(self):
        tree = self.unpacked_tarball()
        os.symlink(f"{self.profile[1:]}/bin", tree + "/bin")
        programs.must(programs.relocctl("pack", "adopt", tree))
        self.assertEqual(programs.run([tree + "/bin/sed", "s/a/b/"], input="a\n"), (0, "b\n", ""))
        self.assertEqual(programs.relocctl("pack", "verify", tree), (0, "", ""))

    def test_named_entries(self):
        tree = self.unpacked_tarball()
        programs.must(programs.relocctl("pack", "adopt", tree, "--entry", f"edit={self.profile}/bin/sed"))
        self.assertEqual(programs.run([tree + "/bin/edit", "s/a/b/"], input="a\n"), (0, "b\n", ""))

    def test_a_directory_without_a_store_is_left_alone(self):
        tree = packs.new_path("nothing")
        os.mkdir(tree)
        outcome = programs.relocctl("pack", "adopt", tree)
        self.assertOneLine(outcome)
        self.assertEqual(os.listdir(tree), [])


class Archives(unittest.TestCase):
    def test_each_suffix_unpacks_to_a_working_pack(self):
        for suffix in (".tar", ".tar.gz", ".tar.zst"):
            with self.subTest(suffix=suffix):
                archive = packs.new_path("archive") + suffix
                programs.must(programs.relocctl("pack", "create", "-o", archive, "--from-host", programs.host("sed")))
                tree = packs.new_path("unpacked")
                os.mkdir(tree)
                programs.must(programs.run(["tar", "-C", tree, "-xf", archive]))
                pack = tree if os.path.isdir(tree + "/bin") else os.path.join(tree, *os.listdir(tree))
                self.assertEqual(programs.run([pack + "/bin/sed", "s/a/b/"], input="a\n"), (0, "b\n", ""))
                self.assertEqual(programs.relocctl("pack", "verify", pack), (0, "", ""))


class Refusals(OneLineTest):
    """One line on stderr, nothing on standard output, and nothing made."""

    def assertRefused(self, *arguments, words=()):
        output = session.make_dir("output")
        outcome = programs.relocctl("pack", "create", "-o", output + "/pack", *arguments)
        self.assertOneLine(outcome, *words)
        self.assertEqual(os.listdir(output), [])

    def test_a_program_that_is_not_there(self):
        self.assertRefused("--from-host", "no-such-program-here", words=["no-such-program-here"])

    def test_a_file_that_is_no_program(self):
        self.assertRefused("--from-host", "/etc/passwd", words=["/etc/passwd"])

    def test_a_missing_reference_names_the_referrer(self):
        store = Store("/gnu/store", packs.new_path("store"))
        item = store.item("broken-1")
        missing = "/gnu/store/" + "0" * 32 + "-missing-2"
        store.add_file(f"{item}/bin/broken", f"#!/bin/sh\n{missing}/bin/x\n", 0o755)
        self.assertRefused("--from-store", item, "--store-prefix", "/gnu/store", "--store-dir", store.directory,
                           words=["broken-1", missing])

    def test_a_suffix_of_another_archive_format(self):
        for name in ("x.zip", "x.tgz", "x.tar.bz2", "X.TAR", "x.deb"):
            output = session.make_dir("suffixes")
            outcome = programs.relocctl("pack", "create", "-o", f"{output}/{name}", "--from-host", programs.host("true"))
            self.assertOneLine(outcome, name, ".tar, .tar.gz, .tar.zst or .sqfs")
            self.assertEqual(os.listdir(output), [])
        named = packs.new_path("python-3.11")
        programs.must(programs.relocctl("pack", "create", "-o", named, "--from-host", programs.host("true")))
        self.assertTrue(os.path.isdir(named))

    def test_an_archive_has_to_be_unpacked_first(self):
        for suffix in (".tar", ".tar.zst"):
            archive = packs.new_path("archive") + suffix
            created = programs.must(programs.relocctl("pack", "create", "-o", archive, "--from-host", programs.host("true")))
            self.assertIn(": 1 entry, ", created.out)
            for command in ("verify", "inspect"):
                self.assertOneLine(programs.relocctl("pack", command, archive), archive, "unpack", "tar -C DIR -xf")

    def test_an_output_that_exists_is_kept(self):
        path = packs.new_path("existing")
        os.mkdir(path)
        outcome = programs.relocctl("pack", "create", "-o", path, "--from-host", programs.host("sed"))
        self.assertNotEqual(outcome.status, 0)
        self.assertIn(path, outcome.err)
        self.assertEqual(os.listdir(path), [])


if __name__ == "__main__":
    session.main()
