"""The slow file system itself: what it shows, and that its figures are right."""
import os
import subprocess
import threading
import unittest

from support import session, slowfs


class Slow(unittest.TestCase):
    def setUp(self):
        self.files = slowfs.SlowFileSystem()
        self.addCleanup(self.files.close)
        self.name = self.id().rsplit(".", 1)[1]
        self.disk, self.slow = (os.path.join(top, self.name) for top in (self.files.disk, self.files.slow))
        os.makedirs(self.disk)

    def write(self, name, text):
        with open(os.path.join(self.disk, name), "w") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.slow, name)) as file:
            return file.read()

    def paths(self, kind):
        return {path: count for (each, path), count in self.files.counts().items() if each == kind}

    def test_shows_the_same_files(self):
        os.mkdir(os.path.join(self.disk, "many"))
        for number in range(1000):
            self.write(f"many/{number}", str(number))
        self.write("script", "#!/bin/sh\necho it runs\n")
        os.chmod(os.path.join(self.disk, "script"), 0o755)
        os.symlink("script", os.path.join(self.disk, "link"))
        subprocess.run(["diff", "-r", self.disk, self.slow], check=True)
        self.assertEqual(subprocess.check_output([os.path.join(self.slow, "link")], text=True), "it runs\n")
        self.assertEqual(os.readlink(os.path.join(self.slow, "link")), "script")
        with self.assertRaisesRegex(OSError, "Read-only"):
            open(os.path.join(self.slow, "new"), "w")

    def test_counts_each_operation_once(self):
        self.write("file", "text")
        self.files.make_cold()
        for _ in range(2):
            self.assertEqual(self.read("file"), "text")
            self.assertFalse(os.path.exists(os.path.join(self.slow, "absent")))
        self.assertEqual(self.paths("lookup"), {self.name: 1, f"{self.name}/file": 1})
        self.assertEqual(self.paths("lookup of nothing"), {f"{self.name}/absent": 1})
        self.assertEqual(self.paths("open"), {f"{self.name}/file": 2})
        self.assertEqual(self.paths("read"), {f"{self.name}/file": 1})

    def test_is_as_cold_each_time(self):
        self.write("file", "text")

        def look():
            self.files.make_cold()
            self.read("file")
            os.listdir(self.slow)
            return self.files.counts()
        first = look()
        # A directory in use stays in the kernel's memory, and is requested all the same.
        with open(os.path.join(self.slow, "file")):
            directory = os.open(self.slow, os.O_PATH)
            self.addCleanup(os.close, directory)
            self.assertEqual(look(), first)
        self.assertEqual(look(), first)

    def test_a_file_that_was_replaced_is_seen(self):
        self.write("file", "first")
        self.assertEqual(self.read("file"), "first")
        self.write("new", "second")
        os.rename(os.path.join(self.disk, "new"), os.path.join(self.disk, "file"))
        self.files.make_cold()
        self.assertEqual(self.read("file"), "second")

    def test_hangs_until_it_does_not(self):
        self.write("file", "text")
        self.files.block()
        read = []
        reader = threading.Thread(target=lambda: read.append(self.read("file")))
        reader.start()
        reader.join(0.2)
        self.assertEqual(read, [])
        self.files.unblock()
        reader.join()
        self.assertEqual(read, ["text"])


class Command(unittest.TestCase):
    def test_ends_as_the_command_does(self):
        slowfs.SlowFileSystem().close()
        for script, status in (("exit 3", 3), ("kill -9 $$", 128 + 9), ("ls $SLOWFS_DIR/slow >&2", 0)):
            self.assertEqual(subprocess.run([slowfs.PROGRAM, "sh", "-c", script]).returncode, status)

    def test_leaves_no_directory(self):
        slowfs.SlowFileSystem().close()
        made = subprocess.check_output([slowfs.PROGRAM, "sh", "-c", "mkdir -m 0 $SLOWFS_DIR/disk/closed; echo $SLOWFS_DIR"],
                                       text=True).strip()
        self.assertFalse(os.path.exists(made))


if __name__ == "__main__":
    slowfs.main()
