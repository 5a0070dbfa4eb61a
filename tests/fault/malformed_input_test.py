"""Damaged programs, manifests, plans and archives: one line that names the file, no crash, nothing changed."""
import json
import os
import random
import shutil
import unittest

from support import packs, programs, session
from support.store import Store

ONE_LINE = r"\A(relocctl|reloc): [^\n]+\n\Z"


class Damaged(unittest.TestCase):
    def assertOneLine(self, outcome, *words):
        self.assertGreater(outcome.status, 0, "a crash or a success")
        self.assertEqual(outcome.out, "")
        self.assertRegex(outcome.err, ONE_LINE)
        for word in words:
            self.assertIn(word, outcome.err)

    def copy_pack(self):
        pack = packs.new_path()
        shutil.copytree(packs.from_host("sed"), pack, symlinks=True)
        return pack


class MalformedElf(Damaged):
    """A corpus made of a real program: cut, and with bytes changed where the file says what lies where."""

    def variants(self):
        with open(programs.host("argc0"), "rb") as file:
            good = file.read()
        rng = random.Random(39)
        for size in (4, 16, 63, 64, 100, 500, 4096, len(good) // 2, len(good) - 1):
            yield f"cut at {size}", good[:size]
        for _ in range(40):
            data = bytearray(good)
            for _ in range(rng.choice([1, 1, 4])):
                data[rng.randrange(4, 64 + 13 * 56)] = rng.choice([0, 0xff, 0x7f, 0x80, rng.randrange(256)])
            yield "changed header", bytes(data)

    def test_from_host(self):
        directory = session.make_dir("malformed")
        for number, (what, data) in enumerate(self.variants()):
            path = os.path.join(directory, "program")
            with open(path, "wb") as file:
                file.write(data)
            os.chmod(path, 0o755)
            with self.subTest(number=number, variant=what):
                self.check(path)

    def check(self, path):
        """Many changes do no harm; then it is a pack. Else it is one line, and no pack."""
        before = sorted(os.listdir(session.temp()))
        out = packs.new_path()
        outcome = programs.relocctl("pack", "create", "-o", out, "--from-host", path)
        if outcome.status == 0:
            shutil.rmtree(out)
        else:
            self.assertOneLine(outcome, "program")
        self.assertEqual(sorted(os.listdir(session.temp())), before)

    def test_in_a_store(self):
        store = Store("/gnu/store", packs.new_path("store"))
        item = store.item("malformed-1")
        store.add_file(f"{item}/bin/program", "\x7fELF", 0o755)
        outcome = programs.relocctl("pack", "create", "-o", packs.new_path(), "--from-store", item, "--entry",
                                    "program=bin/program", "--store-dir", store.directory, "--store-prefix", "/gnu/store")
        self.assertOneLine(outcome, "bin/program")


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
