"""A pack works wherever it is and however it was copied there."""
import os
import shutil
import subprocess

from support import packs, programs, session, ways


@ways.every_way
class MovedPacks(ways.LaunchTest):
    PROGRAMS = ["bash", "sed"]

    def assertWorks(self, pack):
        bin = os.path.join(pack, "bin")
        self.assertEqual(programs.run([bin + "/sed", "s/a/b/"], env=self.env, input="a\n"), (0, "b\n", ""))
        outcome = programs.run([bin + "/bash", "-c", "echo $0 $BASH_VERSION"], env=self.env)
        self.assertRegex(outcome.out, rf"^{bin}/bash \d+\.\d+")
        self.assertEqual((outcome.status, outcome.err), (0, ""))

    def assertVerifies(self, pack):
        self.assertEqual(programs.relocctl("pack", "verify", pack), (0, "", ""))

    def copy(self, *command, name="copy"):
        """Makes a copy with `command`, in which SRC and DST are replaced by the two paths."""
        target = packs.new_path(name)
        words = [{"SRC": self.pack, "DST": target}.get(word, word) for word in command]
        programs.must(programs.run(words))
        self.assertWorks(target)
        self.assertVerifies(target)
        return target

    def test_copied_by_cp_and_then_moved(self):
        copy = self.copy("cp", "-a", "SRC", "DST")
        moved = packs.new_path("a name with spaces and ü")
        os.rename(copy, moved)
        self.assertWorks(moved)

    def test_without_hard_links(self):
        copy = self.copy("cp", "-r", "--no-preserve=links", "SRC", "DST")
        self.assertEqual(os.stat(os.path.join(copy, "bin", "sed")).st_nlink, 1)

    def test_through_tar(self):
        archive = packs.new_path("archive")
        programs.must(programs.run(["tar", "-C", self.pack, "-cf", archive, "."]))
        target = session.make_dir("unpacked-" + self.way)
        programs.must(programs.run(["tar", "-C", target, "-xf", archive]))
        self.assertWorks(target)
        self.assertVerifies(target)

    def test_through_an_archive_that_drops_hard_links(self):
        archive = packs.new_path("archive")
        programs.must(programs.run(["tar", "-C", self.pack, "--hard-dereference", "-cf", archive, "."]))
        target = session.make_dir("dereferenced-" + self.way)
        programs.must(programs.run(["tar", "-C", target, "-xf", archive]))
        self.assertWorks(target)

    def test_an_entry_that_was_replaced_by_a_script(self):
        """The kernel executes the script's interpreter, another entry, by the script's path."""
        copy = self.copy("cp", "-a", "SRC", "DST")
        bin = os.path.join(copy, "bin")
        os.rename(bin + "/sed", bin + "/real-sed")
        with open(bin + "/sed", "w") as script:
            script.write(f"#!{bin}/bash --norc\necho wrapped \"$@\"\n")
        os.chmod(bin + "/sed", 0o755)
        self.assertEqual(programs.run([bin + "/sed", "a"], env=self.env), (0, "wrapped a\n", ""))

    def test_an_entry_that_was_copied_out_of_its_pack(self):
        directory = os.path.join(packs.new_path("lone"), "bin")
        os.makedirs(directory)
        shutil.copy(os.path.join(self.pack, "bin/sed"), directory)
        outcome = programs.run([directory + "/sed"], env=self.env)
        self.assertEqual(outcome.status, 125)
        self.assertEqual(outcome.err, f"reloc: no pack around {directory}/sed (this program works as <pack>/bin/NAME, "
                                      "beside <pack>/.reloc)\n")

    def test_an_argument_that_is_its_own_path(self):
        bash = os.path.join(self.pack, "bin", "bash")
        self.assertEqual(programs.run([bash, "-c", "echo $0", bash], env=self.env), (0, bash + "\n", ""))

    def test_read_only(self):
        copy = self.copy("cp", "-a", "SRC", "DST")
        programs.must(programs.run(["chmod", "-R", "a-w", copy]))
        self.assertWorks(copy)

    def test_on_a_deep_path(self):
        deep = os.path.join(packs.new_path("deep"), *["d" * 100] * 15)
        os.makedirs(deep)
        shutil.copytree(self.pack, os.path.join(deep, "pack"), symlinks=True)
        if self.way == "ByLoader":  # ld.so accepts no audit module with a path of 255 bytes
            outcome = programs.run([os.path.join(deep, "pack/bin/sed"), "s/a/b/"], env=self.env)
            self.assertEqual((outcome.status, outcome.out), (125, ""))
            self.assertIn("move the pack to a shorter path", outcome.err)
        else:
            self.assertWorks(os.path.join(deep, "pack"))

    def test_reached_through_symlinks(self):
        links = session.make_dir("links-" + self.way)
        os.symlink(self.pack, os.path.join(links, "pack"))
        os.symlink("pack/bin/sed", os.path.join(links, "relative"))
        os.symlink(os.path.join(links, "relative"), os.path.join(links, "twice"))
        self.assertWorks(os.path.join(links, "pack"))
        for name in ("relative", "twice"):
            outcome = programs.run([os.path.join(links, name), "s/a/b/"], env=self.env, input="a\n")
            self.assertEqual(outcome, (0, "b\n", ""))

    def test_found_by_name_in_path(self):
        env = {**self.env, "PATH": os.path.join(self.pack, "bin") + ":" + self.env["PATH"]}
        self.assertEqual(programs.run(["/usr/bin/env", "sed", "s/a/b/"], env=env, input="a\n"), (0, "b\n", ""))

    def test_called_by_a_relative_path(self):
        outcome = programs.run(["bin/sed", "s/a/b/"], env=self.env, input="a\n", cwd=self.pack)
        self.assertEqual(outcome, (0, "b\n", ""))

    def test_two_copies_at_once_do_not_mix(self):
        """Both show their own store at the same prefix, at the same time."""
        other = self.copy("cp", "-a", "SRC", "DST")
        script = "read line; cd /; exec 3<$BASH; readlink /proc/$$/fd/3; stat -L -c %i /proc/$$/fd/3"
        runs = [subprocess.Popen([os.path.join(pack, "bin", "bash"), "-c", script], env=self.env, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE) for pack in (self.pack, other)]
        inodes = [run.communicate("go\n", timeout=30)[0].split()[-1] for run in runs]
        self.assertNotEqual(inodes[0], inodes[1])


if __name__ == "__main__":
    session.main()
