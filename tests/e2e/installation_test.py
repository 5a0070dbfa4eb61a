"""What is installed: relocctl alone launches a pack's entries, and its other half does everything else."""
import os
import shutil
import unittest

from support import images, packs, programs, session


class Installation(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sed", "echo")
        self.prefix = packs.new_path("prefix")
        self.relocctl = self.install("bin/relocctl", programs.RELOCCTL)
        self.commands = self.prefix + "/libexec/relocd/relocctl"
        self.env = programs.environment(RELOC_ENGINE="userns", RELOC_DAEMON="off")

    def install(self, name, program):
        path = os.path.join(self.prefix, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return shutil.copy(program, path)

    def relocctl_with(self, *arguments, **options):
        return programs.run([self.relocctl, *arguments], env=self.env, **options)

    def assertRuns(self, *arguments, **options):
        self.assertEqual(self.relocctl_with("run", *arguments, "a  b", "-n", **options), (0, "a  b -n\n", ""))

    def assertIncomplete(self, *arguments):
        status, out, err = self.relocctl_with(*arguments)
        self.assertEqual((status, out), (125, ""))
        self.assertRegex(err, rf"\Arelocctl: cannot execute {self.prefix}/libexec/relocd/relocctl: No such file [^\n]*reinstall relocd\n\Z")

    def test_entries_need_no_other_file(self):
        link = packs.new_path("link")
        os.symlink(self.pack, link)
        self.assertRuns(self.pack + "/bin/echo")
        self.assertRuns("--", link + "/bin/echo")
        self.assertRuns("--engine", "fakechroot", self.pack + "/bin/echo")
        self.assertRuns("--engine=userns", "--", "bin/echo", cwd=self.pack)
        self.assertRuns("../pack/bin/../bin/echo", cwd=self.linked_as("pack"))

    def linked_as(self, name):
        """Returns a directory beside which the pack is called `name`."""
        place = packs.new_path("place")
        os.makedirs(place + "/inside")
        os.symlink(self.pack, f"{place}/{name}")
        return place + "/inside"

    def test_entries_of_images_need_their_server_alone(self):
        images.require()
        self.install("libexec/relocd/" + images.SERVER, os.path.join(programs.BIN, "../libexec", images.SERVER))
        image = packs.from_host("sed", "echo", suffix=".sqfs")
        self.assertRuns(image + "/bin/echo")

    def test_everything_else_says_what_is_missing(self):
        for arguments in ([], ["ps"], ["--help"], ["run"], ["run", "--help"], ["run", "--detach", self.pack + "/bin/echo"],
                          ["run", "--engine", "nonsense", self.pack + "/bin/echo"], ["run", "echo"],
                          ["run", self.pack + "/bin/none"]):
            with self.subTest(arguments=arguments):
                self.assertIncomplete(*arguments)

    def test_it_does_not_execute_itself_for_ever(self):
        os.makedirs(os.path.dirname(self.commands))
        os.symlink(self.relocctl, self.commands)
        status, out, err = self.relocctl_with("version")
        self.assertEqual((status, out), (125, ""))
        self.assertRegex(err, rf"\Arelocctl: cannot execute {self.commands}: [^\n]+; reinstall relocd\n\Z")

    def test_a_program_that_an_image_lacks(self):
        images.require()
        self.install("libexec/relocd/" + images.SERVER, os.path.join(programs.BIN, "../libexec", images.SERVER))
        missing = packs.from_host("sed", "echo", suffix=".sqfs") + "/bin/none"
        self.assertEqual(self.relocctl_with("run", missing),
                         (127, "", f"relocctl: {missing}: No such file or directory\n"))

    def test_everything_else_is_done_where_it_is_installed(self):
        self.install("libexec/relocd/relocctl", os.path.join(programs.BIN, "../libexec/relocctl"))
        link = packs.new_path("link")
        os.symlink(self.relocctl, link)
        self.relocctl = link
        self.assertEqual(self.relocctl_with("version").out, programs.relocctl("version").out)
        self.env["PATH"] = self.pack + "/bin:" + self.env["PATH"]
        self.assertRuns("echo")
        self.assertEqual(self.relocctl_with("run", self.pack + "/bin/none").status, 127)
        self.assertIn("install", self.relocctl_with("pack", "create", "-o", link + ".new", "--from-host", "sed").err)

    def test_a_job_of_the_loader_engine_runs_relocctl(self):
        """A static program gets no variables of its modules, and passes none on to the program of the other
        pack."""
        self.install("libexec/relocd/relocctl", os.path.join(programs.BIN, "../libexec/relocctl"))
        shell = packs.from_host("sh")
        script = f'exec "{self.relocctl}" run --engine userns "{self.pack}/bin/echo" "$RELOC_LOADER$LD_PRELOAD" ok'
        self.env["RELOC_ENGINE"] = "fakechroot"
        self.assertEqual(programs.run([shell + "/bin/sh", "-c", script], env=self.env), (0, " ok\n", ""))


if __name__ == "__main__":
    session.main()
