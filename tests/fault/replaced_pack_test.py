"""A pack that is replaced while programs are launched from it: the replaced files are never run again."""
import os
import shutil
import unittest

from support import daemon, packs, programs, session

SWAPS = 1000


class ReplacedPack(unittest.TestCase):
    def setUp(self):
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(self.relocd.stop)
        self.env = self.relocd.environment(RELOC_ENGINE="userns")
        self.versions = [packs.versioned("first"), packs.versioned("second")]
        self.pack = packs.new_path("current")

    def show(self):
        return programs.must(programs.run([self.pack + "/bin/show"], env=self.env)).out.strip()

    def swap(self, path):
        """Swaps `path` with the other version's."""
        ours, other = self.pack + path, self.versions[1] + path
        os.rename(ours, ours + ".old")
        os.rename(other, ours)
        os.rename(ours + ".old", other)

    def assertNeverStale(self, path, swaps):
        os.rename(self.versions[0], self.pack)
        expected = ["first", "second"]
        for _ in range(swaps):
            self.assertEqual(self.show(), expected[0])
            self.swap(path)
            expected.reverse()

    def test_the_whole_pack_is_swapped(self):
        self.assertNeverStale("", SWAPS)

    def test_the_store_inside_is_swapped(self):
        self.assertNeverStale("/gnu/store", SWAPS // 10)

    def test_removed_and_unpacked_again(self):
        """Some file systems reuse inode numbers at once."""
        for turn in range(40):
            shutil.copytree(self.versions[turn % 2], self.pack, symlinks=True)
            self.assertEqual(self.show(), ("first", "second")[turn % 2])
            shutil.rmtree(self.pack)

    def test_a_file_is_replaced_in_place(self):
        os.rename(self.versions[0], self.pack)
        script = next(os.path.join(path, "show") for path, _, names in os.walk(self.pack + "/gnu") if "show" in names)
        with open(script) as file:
            text = file.read()
        for turn in range(20):
            with open(script + ".new", "w") as file:
                file.write(text.replace("first", f"turn {turn}"))
            os.chmod(script + ".new", 0o755)
            os.rename(script + ".new", script)
            self.assertEqual(self.show(), f"turn {turn}")


if __name__ == "__main__":
    session.main()
