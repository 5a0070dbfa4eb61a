"""Damaged programs: one line that names the file, no crash, and nothing is made."""
import os
import random
import shutil

from support import packs, programs, session
from support.outcomes import OneLineTest
from support.store import Store


class MalformedElf(OneLineTest):
    """A corpus made from a real program: truncated, and with changed bytes in its tables."""

    def variants(self):
        with open(programs.host("deny"), "rb") as file:
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
        """Many changes do no harm; then the result is a pack. Otherwise it is one line, and no pack."""
        output = session.make_dir("output")
        outcome = programs.relocctl("pack", "create", "-o", output + "/pack", "--from-host", path)
        if outcome.status == 0:
            shutil.rmtree(output + "/pack")
        else:
            self.assertOneLine(outcome, "program")
        self.assertEqual(os.listdir(output), [])

    def test_in_a_store(self):
        store = Store("/gnu/store", packs.new_path("store"))
        item = store.item("malformed-1")
        store.add_file(f"{item}/bin/program", "\x7fELF", 0o755)
        outcome = programs.relocctl("pack", "create", "-o", packs.new_path(), "--from-store", item, "--store-prefix",
                                    store.prefix, "--store-dir", store.directory, "--entry", "program=bin/program")
        self.assertOneLine(outcome, "bin/program")


if __name__ == "__main__":
    session.main()
