"""The program starts where its caller stands, whatever becomes of that place."""
import os

from support import packs, session, ways


@ways.every_way
class WorkingDirectory(ways.LaunchTest):
    PROGRAMS = ["probe", "cat"]

    def directory(self):
        path = packs.new_path("directory")
        os.mkdir(path)
        return path

    def test_anywhere_on_the_host(self):
        self.assertSame("probe", "cwd", cwd="/")
        for path in ("/usr/bin", "/tmp", "/proc/1", "/dev/pts", session.temp(), self.pack):
            with self.subTest(cwd=path):
                self.assertSame("probe", "cwd", "cwd-file", cwd=path)

    def test_relative_paths_and_names_with_odd_bytes(self):
        path = os.path.join(self.directory(), "with space \udcff\nand newline")
        os.mkdir(path)
        with open(os.path.join(path, "file"), "w") as file:
            file.write("content\n")
        self.assertEqual(self.assertSame("cat", "file", cwd=path).out, "content\n")

    def test_inside_the_packs_store(self):
        store = next(path for path, names, _ in os.walk(self.pack) if any("-" in n and len(n) > 33 for n in names))
        self.assertIn("cwd device", self.assertSame("probe", "cwd", "cwd-file", cwd=store).out)

    def enter_deleted(self):
        path = packs.new_path("deleted")
        os.mkdir(path)
        os.chdir(path)
        os.rmdir(path)

    def test_a_deleted_directory(self):
        outcome = self.assertSame("probe", "cwd", preexec_fn=self.enter_deleted)
        self.assertEqual(outcome.out, "cwd No such file or directory\n")

    def test_a_deleted_directory_is_still_the_same_directory(self):
        self.known_limit("ByLoader", "libfakechroot makes relative paths absolute, which a deleted directory has not")
        path = packs.new_path("deleted")
        os.mkdir(path)
        directory = os.open(path, os.O_PATH)
        self.addCleanup(os.close, directory)
        inode = os.fstat(directory).st_ino
        os.rmdir(path)
        outcome = self.packed("probe", "cwd-file", preexec_fn=lambda: os.fchdir(directory))
        self.assertIn(f"inode {inode}\n", outcome.out)

    def test_a_directory_that_was_replaced(self):
        """The new directory of that name is not the caller's."""
        path = self.directory()
        old = path + ".old"

        def replace():
            os.rename(path, old)
            os.mkdir(path)

        outcome = self.packed("probe", "cwd", "cwd-file", cwd=path, preexec_fn=replace)
        self.assertIn(f"inode {os.stat(old).st_ino}\n", outcome.out)

    def test_below_a_parent_that_cannot_be_read(self):
        parent = self.directory()
        child = os.path.join(parent, "child")
        os.mkdir(child)
        os.chmod(parent, 0o111)
        self.assertIn(f"cwd {child}\n", self.assertSame("probe", "cwd", cwd=child).out)

    def test_below_a_parent_that_was_closed(self):
        """The caller is inside; no path leads there any more, and getcwd(3) still knows where it is."""
        parent = self.directory()
        child = os.path.join(parent, "child")
        os.mkdir(child)
        inode = os.stat(child).st_ino
        self.addCleanup(os.chmod, parent, 0o700)
        outcome = self.packed("probe", "cwd-file", cwd=child, preexec_fn=lambda: os.chmod(parent, 0))
        self.assertEqual(outcome.status, 0, outcome.err)
        self.assertIn(f"inode {inode}\n", outcome.out)


if __name__ == "__main__":
    session.main()
