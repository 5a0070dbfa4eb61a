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
    def test_plans_that_are_none(self):
        pack = self.copy_pack()
        path = pack + "/.reloc/plans/bin/sed"
        with open(path, "rb") as file:
            good = file.read()
        os.chmod(path, 0o644)
        for name, data in {"empty": b"", "cut": good[:50], "garbage": os.urandom(300), "zeros": bytes(300),
                           "too long": good + bytes(100_000), "newer": good[:4] + b"\x09\0" + good[6:]}.items():
            with self.subTest(plan=name):
                with open(path, "wb") as file:
                    file.write(data)
                outcome = programs.run([pack + "/bin/sed", "q"])
                self.assertOneLine(outcome)
                self.assertEqual(outcome.status, 125)

    def test_changed_bytes_never_crash_the_shim(self):
        pack = self.copy_pack()
        path = pack + "/.reloc/plans/bin/sed"
        with open(path, "rb") as file:
            good = file.read()
        os.chmod(path, 0o644)
        rng = random.Random(3)
        for _ in range(100):
            data = bytearray(good)
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            with open(path, "wb") as file:
                file.write(data)
            outcome = programs.run([pack + "/bin/sed", "s/a/b/"], input="a\n")
            self.assertGreaterEqual(outcome.status, 0, bytes(data))
            if outcome.status != 0:
                self.assertOneLine(outcome)


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
