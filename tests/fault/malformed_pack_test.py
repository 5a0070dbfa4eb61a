"""Damaged and malicious manifests, plans and stores: one line that names the file, no crash, nothing changed."""
import json
import os
import random
import shutil

from support import packs, programs, session
from support.outcomes import OneLineTest
from support.store import Store


class Damaged(OneLineTest):
    def copy_pack(self):
        pack = packs.new_path()
        shutil.copytree(packs.from_host("sed"), pack, symlinks=True)
        return pack


class MaliciousManifest(Damaged):
    """Paths that lead out of the pack, and things that are no manifest."""

    def changes(self):
        yield "store prefix with ..", lambda m: m.update(store_prefix="/../../../etc")
        yield "relative store prefix", lambda m: m.update(store_prefix="gnu/store")
        yield "root as store prefix", lambda m: m.update(store_prefix="/")
        yield "newer major version", lambda m: m.update(format_major=99)
        yield "no version", lambda m: m.pop("format_major")
        yield "entry with slash", lambda m: m["entries"][0].update(name="../../evil")
        yield "entry named ..", lambda m: m["entries"][0].update(name="..")
        yield "empty entry name", lambda m: m["entries"][0].update(name="")
        yield "program outside", lambda m: m["entries"][0].update(program="/etc/passwd", resolved="/etc/passwd")
        yield "short digest", lambda m: m.update(digest="AAAA")
        yield "entries as text", lambda m: m.update(entries="sed")

    def test_manifests(self):
        canary = os.path.join(session.make_dir("outside"), "canary")
        with open(canary, "w") as file:
            file.write("untouched")
        for name, change in self.changes():
            with self.subTest(manifest=name):
                self.assertRefused(lambda text: self.changed(text, change))
        for name, text in {"empty": "", "truncated": '{"formatMajor": 1, "stor', "garbage": "\0\1\2",
                           "deep": "[" * 100_000, "a list": "[]"}.items():
            with self.subTest(manifest=name):
                self.assertRefused(lambda _, text=text: text)
        with open(canary) as file:
            self.assertEqual(file.read(), "untouched")

    def changed(self, text, change):
        manifest = json.loads(text)
        change(manifest)
        return json.dumps(manifest)

    def assertRefused(self, rewrite):
        pack = self.copy_pack()
        path = pack + "/.reloc/manifest.json"
        with open(path) as file:
            text = file.read()
        os.chmod(path, 0o644)
        with open(path, "w") as file:
            file.write(rewrite(text))
        for verb in ("inspect", "verify"):
            self.assertOneLine(programs.relocctl("pack", verb, pack), "manifest.json")


class DamagedPlans(Damaged):
    """The shim carries the plans of the entries; the files beside them are for relocctl."""

    def setUp(self):
        self.pack = self.copy_pack()
        with open(self.pack + "/.reloc/plans/bin/sed", "rb") as file:
            self.good = file.read()
        self.entry = self.pack + "/bin/sed"
        with open(self.entry, "rb") as file:
            self.shim = file.read()
        self.assertEqual(self.shim.count(self.good), 1)

    def run_with(self, plans):
        self.assertEqual(len(plans), len(self.good))
        self.replace_entry(self.shim.replace(self.good, plans))
        return programs.run([self.entry, "s/a/b/"], input="a\n")

    def replace_entry(self, program):
        os.unlink(self.entry)
        with open(self.entry, "wb") as file:
            file.write(program)
        os.chmod(self.entry, 0o755)

    def test_plans_that_are_none(self):
        size = len(self.good)
        for name, plans in {"cut": self.good[:50] + bytes(size - 50), "garbage": os.urandom(size), "zeros": bytes(size),
                            "newer": self.good[:4] + b"\x09\0" + self.good[6:]}.items():
            with self.subTest(plans=name):
                outcome = self.run_with(plans)
                self.assertOneLine(outcome)
                self.assertEqual(outcome.status, 125)

    def test_changed_bytes_never_crash_the_shim(self):
        rng = random.Random(3)
        for _ in range(100):
            plans = bytearray(self.good)
            plans[rng.randrange(len(plans))] ^= 1 << rng.randrange(8)
            outcome = self.run_with(bytes(plans))
            self.assertGreaterEqual(outcome.status, 0, bytes(plans))
            if outcome.status != 0:
                self.assertOneLine(outcome)

    def test_a_shim_without_plans_reads_the_files(self):
        """Like that of a pack from an earlier version."""
        with open(os.path.join(programs.BIN, "../libexec/shim"), "rb") as file:
            self.replace_entry(file.read())
        self.assertEqual(programs.run([self.entry, "s/a/b/"], input="a\n"), (0, "b\n", ""))
        path = self.pack + "/.reloc/plans/bin/sed"
        os.chmod(path, 0o644)
        for name, data in {"empty": b"", "cut": self.good[:50], "too long": self.good + bytes(100_000)}.items():
            with self.subTest(plan=name):
                with open(path, "wb") as file:
                    file.write(data)
                outcome = programs.run([self.entry, "q"])
                self.assertOneLine(outcome)
                self.assertEqual(outcome.status, 125)


class SymlinksThatLeave(Damaged):
    def test_a_store_that_is_a_link_to_elsewhere_is_not_adopted(self):
        tree, outside = packs.new_path("tree"), packs.new_path("outside")
        store = Store("/gnu/store", outside)
        store.add("sed-4.9", "sed")
        os.makedirs(tree + "/gnu")
        os.symlink(outside, tree + "/gnu/store")
        self.assertOneLine(programs.relocctl("pack", "adopt", tree), "gnu")
        self.assertEqual(os.listdir(tree), ["gnu"])

    def test_an_entry_that_leaves_the_store_is_refused(self):
        store = Store("/gnu/store", packs.new_path("store"))
        item = store.item("leaving-1")
        os.makedirs(store.real(item) + "/bin")
        os.symlink("../../../../../../../../bin/sh", store.real(item) + "/bin/sh")
        outcome = programs.relocctl("pack", "create", "-o", packs.new_path(), "--from-store", item, "--entry",
                                    "sh=bin/sh", "--store-dir", store.directory, "--store-prefix", "/gnu/store")
        self.assertOneLine(outcome, "bin/sh")


if __name__ == "__main__":
    session.main()
