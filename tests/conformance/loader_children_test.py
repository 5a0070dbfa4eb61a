"""The loader engine's preload module: each of libc's functions with store paths, and each way to start a program."""
import os
import shutil

from loader_pack import LoaderTest
from support import session

_EXEC = ("execve", "execv", "execvp", "execvpe", "execveat", "fexecve", "posix_spawn", "posix_spawnp", "vfork")
_LISTS = ("execl", "execlp", "execle")
_SHELL = ("system", "popen-r")


class ChildrenTest(LoaderTest):
    def start(self, way, *command, **options):
        return self.run_entry("children", way, *command, **options)

    def bash(self, command, **options):
        return self.run_entry("bash", "-c", command, **options)

    def assertOutput(self, text, outcome):
        self.assertEqual(outcome, (0, text, ""))


class Functions(ChildrenTest):
    def test_every_function_takes_store_paths(self):
        folder = f"{self.PREFIX}/{'0' * 32}-data"
        real = self.pack + folder
        os.mkdir(real)
        self.addCleanup(shutil.rmtree, real)
        with open(f"{real}/file", "w") as file:
            file.write("text")
        os.symlink(f"{folder}/file", f"{real}/link")
        self.assertOutput("", self.run_entry("calls", f"{folder}/file", f"{real}/link", folder, cwd="/"))


class Ways(ChildrenTest):
    def test_programs_of_the_store(self):
        for way in (*_EXEC, *_LISTS, *_SHELL):
            with self.subTest(way):
                self.assertOutput("", self.start(way, self.probe, "exit", "0"))
                self.assertEqual(self.start(way, self.probe, "exit", "7").status, 7)

    def test_names_in_path(self):
        path = {"PATH": f"/nothing:{os.path.dirname(self.probe)}"}
        for way in ("execvp", "execvpe", "execlp", "posix_spawnp"):
            with self.subTest(way):
                self.assertOutput("1 2\n", self.start(way, "probe", "libraries", env=path))
        self.assertEqual(self.start("execvp", "nothing", env=path).out, "No such file or directory\n")
        self.assertEqual(self.start("posix_spawnp", "nothing", env=path).out, "No such file or directory\n")

    def test_programs_of_the_host(self):
        for way in (*_EXEC, *_LISTS, *_SHELL):
            with self.subTest(way):
                self.assertOutput("a b\n", self.start(way, "/bin/echo", "a", "b"))

    def test_what_is_written_to_a_child(self):
        self.assertOutput("written\n", self.start("popen-w", "/bin/cat", "-"))

    def test_an_emptied_environment(self):
        for way in ("cleared", "no-environment", "no-environ"):
            with self.subTest(way):
                self.assertOutput("1 2\n", self.start(way, self.probe, "libraries"))
                self.assertOutput("", self.start(way, "/usr/bin/env"))

    def test_threads_that_start_programs_at_once(self):
        self.assertOutput("", self.start("threads", self.probe, "exit", "0"))

    def test_a_small_stack(self):
        self.assertOutput("", self.start("small-stack", self.probe))

    def test_the_program_itself(self):
        self.assertOutput("1 2\n", self.start("self", "children", "execve", self.probe, "libraries"))

    def test_as_many_arguments_as_there_can_be(self):
        self.assertEqual(self.start("many", self.probe, "exit", "3").status, 3)
        self.assertEqual(self.start("too-many", self.probe).out, "Argument list too long\n")

    def test_an_environment_of_2_mb(self):
        big = {f"BIG_{number}": "x" * 100_000 for number in range(18)}
        self.assertOutput("1 2\n", self.start("execve", self.probe, "libraries", env=big))

    def test_what_cannot_be_executed(self):
        folder = session.make_dir("refused")
        for name, mode, text in (("text", 0o755, "no program\n"), ("closed", 0o644, "#!/bin/sh\n"),
                                 ("lost", 0o755, f"#!{self.PREFIX}/nothing\n")):
            with open(f"{folder}/{name}", "w") as file:
                file.write(text)
            os.chmod(f"{folder}/{name}", mode)
        for name, error in (("text", "Exec format error"), ("closed", "Permission denied"),
                            ("lost", "No such file or directory"), ("none", "No such file or directory"),
                            (".", "Permission denied")):
            for way in ("execve", "posix_spawn"):
                with self.subTest(name, way=way):
                    self.assertEqual(self.start(way, f"{folder}/{name}").out, error + "\n")
        self.assertEqual(self.start("execve", f"{self.PREFIX}/none").out, "No such file or directory\n")


class Scripts(ChildrenTest):
    def write(self, name, line, body=""):
        path = f"{session.make_dir('scripts')}/{name}"
        with open(path, "w") as file:
            file.write(f"#!{line}\n{body}")
        os.chmod(path, 0o755)
        return path

    def test_one_argument_with_its_spaces(self):
        path = self.write("argument", "/bin/echo  two words  ")
        self.assertOutput(f"two words {path} a\n", self.bash(f"{path} a"))

    def test_the_scripts_path_is_as_it_was_called(self):
        path = self.write("called", self.shell + "  -e ", 'echo "$0" "$#" "$2"\n')
        self.assertOutput("./called 2 b c\n", self.bash("./called a 'b c'", cwd=os.path.dirname(path)))

    def test_scripts_for_scripts(self):
        first = self.write("first", self.shell, 'echo "$@"\n')
        second = self.write("second", f"{first} one argument")
        self.assertOutput(f"one argument {second} a\n", self.bash(f"{second} a"))
        for number in range(6):
            first = self.write(f"deep-{number}", first)
        self.assertEqual(self.start("execve", first).out, "Too many levels of symbolic links\n")

    def test_env(self):
        path = self.write("env-script", "/usr/bin/env bash", f'echo "$1"; {self.probe} libraries\n')
        self.assertOutput("a b\n1 2\n", self.bash(f"{path} 'a b'"))
        store = {"PATH": f"{os.path.dirname(self.shell)}:/usr/bin"}
        self.assertOutput("a b\n1 2\n", self.start("execve", path, "a b", env=store))

    def test_the_hosts_shell(self):
        path = self.write("sh-script", "/bin/sh", f'echo "$1"; exec {self.probe} libraries\n')
        self.assertOutput("a b\n1 2\n", self.start("execve", path, "a b"))

    def test_entries_for_the_hosts_shell(self):
        self.assertOutput("hello\n", self.run_entry("host-script"))


class HostPrograms(ChildrenTest):
    """They run natively, and find store paths that they are given."""

    def test_store_paths(self):
        text = f"{os.path.dirname(os.path.dirname(self.probe))}/references"
        self.assertOutput(f"{self.plugin} {self.locales}", self.bash(f"/bin/cat {text}"))
        self.assertOutput("1 2\n1 2\n", self.bash(f"/bin/sh -c '{self.probe} libraries; env -i {self.probe} libraries'"))

    def test_their_libraries_are_the_hosts(self):
        seen = self.bash("/bin/cat /proc/self/maps").out
        self.assertEqual({line.split()[-1] for line in seen.splitlines() if self.pack in line},
                         {f"{self.pack}/.reloc/lib/preload.so"})

    def test_the_environment_is_the_callers(self):
        for program in ("/usr/bin/env", "/bin/sh -c 'exec env'"):
            seen = self.bash(f"unset SHLVL PWD OLDPWD _; exec {program}").out.splitlines()
            ours = [line for line in seen if line.startswith(("RELOC_LOADER", "LD_", "GCONV_PATH"))]
            self.assertEqual(ours, [])

    def test_setuid_programs_are_left_alone(self):
        su = shutil.which("su", path="/bin:/usr/bin")
        session.require(su and os.stat(su).st_mode & 0o4000, "setuid", "no setuid su here", "install util-linux")
        outcome = self.start("execve", su, "--version")
        self.assertEqual((outcome.status, outcome.err), (0, ""))

    def test_python(self):
        code = (f"import os, subprocess as s\n"
                f"c = ['{self.probe}', 'libraries']\n"
                f"print(s.check_output(c), s.getoutput(' '.join(c)), os.popen(' '.join(c)).read().strip())")
        self.assertOutput("b'1 2\\n' 1 2 1 2\n", self.start("execve", "/usr/bin/python3", "-c", code))

    def test_perl(self):
        code = f'system("{self.probe}", "libraries"); print `{self.probe} libraries`; exec "{self.probe} libraries"'
        self.assertOutput("1 2\n1 2\n1 2\n", self.start("execve", "/usr/bin/perl", "-e", f"$| = 1; {code}"))


class Sight(ChildrenTest):
    """How a program sees itself."""

    def test_proc_self_exe(self):
        self.assertSays(self.probe, "exe")
        # For a host program it is the kernel's.
        self.assertOutput(os.path.realpath("/bin/readlink") + "\n", self.bash("/bin/readlink /proc/self/exe"))

    def test_argv0_of_children(self):
        self.assertOutput("a name\n", self.bash(f"exec -a 'a name' {self.probe} argv0"))

    def test_the_environment_is_the_callers(self):
        self.assertOutput("", self.bash("echo -n $LD_AUDIT$LD_PRELOAD$RELOC_LOADER"))

    def test_the_callers_own_modules(self):
        seen = self.bash("echo $LD_PRELOAD", env={"LD_PRELOAD": "libc.so.6"})
        self.assertOutput("libc.so.6\n", seen)

    def test_lists_that_are_empty(self):
        names = ("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "TZDIR")
        empty = "".join(f"{name}= " for name in names)
        show = "".join(f"[${{{name}-none}}]" for name in names)
        command = f"{empty} {self.shell} -c 'echo \"{show}\"; {self.probe} libraries; /bin/sh -c {self.probe}\\ argv0'"
        self.assertOutput("[]" * len(names) + f"\n1 2\n{self.probe}\n", self.bash(command))
        self.assertOutput("[]" * len(names) + "\n", self.bash(f'echo "{show}"', env=dict.fromkeys(names, "")))

    def test_converters_and_locales_of_children(self):
        self.assertOutput("e1\n", self.start("cleared", self.probe, "iconv", "KOI8-R"))
        self.assertOutput("UTF-8\n", self.bash(
            f"exec env LOCPATH={self.locales} LC_ALL=xx_XX.UTF-8 {self.probe} locale"))

    def test_a_plain_tree_with_absolute_links(self):
        profile = f"{self.pack}{self.PREFIX}/{'1' * 32}-profile"
        os.mkdir(profile)
        self.addCleanup(shutil.rmtree, profile)
        os.symlink(os.path.dirname(self.probe), f"{profile}/bin")
        self.assertOutput("1 2\n", self.bash(f"{profile.removeprefix(self.pack)}/bin/probe libraries"))
        self.assertOutput("1 2\n", self.bash(f"cd {profile}/bin 2>/dev/null; {profile}/bin/probe libraries"))

    def test_what_is_no_directory_has_no_parent(self):
        folder = session.make_dir("parents")
        os.symlink(self.probe, f"{folder}/file")
        os.symlink(os.path.dirname(self.probe), f"{folder}/folder")
        for path, there in (("file/..", False), ("file/../file", False), ("nothing/../file", False),
                            ("folder/..", True), ("folder/../bin/probe", True)):
            with self.subTest(path):
                self.assertEqual(self.bash(f"test -e {folder}/{path}").status, 0 if there else 1)


del ChildrenTest, LoaderTest  # base classes are no tests
if __name__ == "__main__":
    session.main()
