"""Launches from a pack on a slow file system send it as few requests as possible."""
import json
import os
import shutil
import unittest

from support import daemon, packs, programs, session, slowfs


class Launches(unittest.TestCase):
    def setUp(self):
        self.files = slowfs.SlowFileSystem()
        self.addCleanup(self.files.close)
        on_disk = os.path.join(self.files.disk, "pack")
        shutil.copytree(packs.from_host("true"), on_disk, symlinks=True)
        self.addCleanup(session.remove_tree, on_disk)
        self.entry = os.path.join(self.files.slow, "pack/bin/true")
        shown = programs.must(programs.relocctl("pack", "inspect", on_disk, "--format", "json")).out
        self.store = "pack" + json.loads(shown)["store_prefix"]
        relocd = daemon.Daemon(packs.new_path("daemon"), "--mirror-after", "0")  # otherwise it would read the pack
        self.addCleanup(relocd.stop)
        self.env = relocd.environment(RELOC_ENGINE="userns")
        tried = programs.run([self.entry], env=self.env)
        session.require(tried.status == 0, "userns", tried.err.strip(), "see relocctl engines")
        self.assertTrue(daemon.joins_a_published_root(self.entry, self.env))

    def launch(self):
        """Returns {(kind, path): number} of a cold launch's requests, except those for the store's items."""
        self.files.make_cold()
        programs.must(programs.run([self.entry], env=self.env))
        return {each: count for each, count in self.files.counts().items()
                if not each[1].startswith(self.store + "/")}

    def test_a_launch_looks_at_nothing_but_the_entry_and_the_store(self):
        asked = self.launch()
        self.assertEqual(asked.pop(("open", "pack/bin/true")), 1)
        self.assertLessEqual(asked.pop(("read", "pack/bin/true")), 2)
        asked.pop(("getattr", "."), None)
        paths = ["pack", "pack/bin", "pack/bin/true", self.store]
        self.assertEqual(asked, {("lookup", path): 1 for path in paths})


class Mirrors(unittest.TestCase):
    def test_doctor_warns_of_them(self):
        files = slowfs.SlowFileSystem()
        self.addCleanup(files.close)
        outcome = programs.relocctl("doctor", "--format", "json",
                                    env=programs.environment(RELOCD_DIR=packs.new_path("daemon"),
                                                             XDG_CACHE_HOME=files.slow))
        [mirrors] = [finding for finding in json.loads(outcome.out) if finding["check"] == "mirrors"]
        self.assertEqual((mirrors["health"], mirrors["found"]),
                         ("WARN", f"mirrors cannot lie in {files.slow}/relocd, which is on FUSE"))
        self.assertIn("set mirror-dir", mirrors["cure"])


if __name__ == "__main__":
    slowfs.main()
