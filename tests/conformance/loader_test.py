"""The loader engine: how ld.so and the two modules handle a store in another place."""
import os
import signal

from loader_pack import LoaderTest, patch
from support import packs, session


class Libraries(LoaderTest):
    def test_libraries_come_from_several_directories_of_the_runpath(self):
        self.assertSays("1 2", "libraries")

    def test_a_library_opened_by_its_store_path_finds_its_own(self):
        self.assertSays("42", "open", self.plugin)

    def test_ld_library_path_in_store_paths_comes_first(self):
        self.assertSays("42", "open", "libplugin.so",
                        env={"LD_LIBRARY_PATH": f"/nowhere:{os.path.dirname(self.plugin)}"})

    def test_libraries_of_another_machine_are_passed_over(self):
        wrong = session.make_dir("wrong")
        with open(f"{wrong}/libplugin.so", "wb") as file:
            file.write(b"\x7fELF\x01\x01\x01" + bytes(57))
        self.assertSays("42", "open", "libplugin.so",
                        env={"LD_LIBRARY_PATH": f"{wrong}:{os.path.dirname(self.plugin)}"})

    def test_what_does_not_exist_is_not_found(self):
        outcome = self.run_entry("probe", "open", "libnone.so")
        self.assertEqual((outcome.status, outcome.err), (1, ""))
        self.assertIn("libnone.so: cannot open shared object file", outcome.out)


class InheritedRpath(LoaderTest):
    """DT_RPATH of the program also serves the libraries that it opens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        patch(f"{cls.pack}{cls.probe}", "--force-rpath", "--add-rpath",
              ":".join([os.path.dirname(cls.plugin), os.path.dirname(cls.store.put("needed", "libneeded.so", "lib"))]))
        patch(f"{cls.pack}{cls.plugin}", "--remove-rpath")

    def test_the_programs_rpath_serves_its_libraries(self):
        self.assertSays("1 2", "libraries")
        self.assertSays("42", "open", "libplugin.so")


class Libc(LoaderTest):
    def test_names_of_users(self):
        self.assertSays("/root", "user", "root")

    def test_converters_of_the_store(self):
        self.assertSays("e1", "iconv", "KOI8-R")

    def test_converters_that_the_caller_chose(self):
        self.assertSays("e1", "iconv", "KOI8-R", env={"GCONV_PATH": f"{self.PREFIX}/nothing"})

    def test_locales_at_a_store_path(self):
        chosen = {"LC_ALL": "xx_XX.UTF-8"}
        self.assertSays("none", "locale", env=chosen)
        self.assertSays("UTF-8", "locale", env={**chosen, "LOCPATH": self.locales})

    def test_files_at_store_paths_and_of_the_host(self):
        shown = self.run_entry("probe", "show", f"{os.path.dirname(os.path.dirname(self.probe))}/references")
        self.assertEqual(shown.out, f"{self.plugin} {self.locales}")
        with open("/etc/hostname") as hostname:
            self.assertEqual(self.run_entry("probe", "show", "/etc/hostname").out, hostname.read())


class Process(LoaderTest):
    def test_argv0_is_the_callers(self):
        self.assertSays("some name", "argv0", argv0="some name")

    def test_the_process_goes_by_the_programs_name(self):
        self.assertSays("probe", "name")

    def test_exit_status_and_signals_are_the_programs(self):
        self.assertEqual(self.run_entry("probe", "exit", "7").status, 7)
        self.assertEqual(self.run_entry("probe", "signal", str(int(signal.SIGTERM))).status, -signal.SIGTERM)

    def test_the_working_directory_may_lie_in_the_pack(self):
        self.assertSays(f"{self.pack}/bin", "cwd", cwd=f"{self.pack}/bin")
        self.assertSays(self.pack, "cwd", cwd=self.pack)
        self.assertSays("/usr/lib", "cwd", cwd="/usr/lib")

    def test_nothing_is_written_anywhere(self):
        before = sorted(os.walk(session.temp()))
        self.assertSays("1 2", "libraries")
        self.assertEqual(sorted(os.walk(session.temp())), before)


class Children(LoaderTest):
    def test_children_by_store_path(self):
        outcome = self.run_entry("bash", "-c", f"{self.probe} libraries; {self.probe} exit 3")
        self.assertEqual(outcome, (3, "1 2\n", ""))

    def test_children_through_system(self):
        self.assertSays("1 2", "system", f"{self.probe} libraries")

    def test_scripts_keep_their_arguments(self):
        self.assertEqual(self.run_entry("script", "a", "b c"), (0, f"{self.script} a b c\n", ""))
        self.assertEqual(self.run_entry("bash", "-c", f"{self.script} a 'b c'"), (0, f"{self.script} a b c\n", ""))

    def test_programs_of_the_host(self):
        self.assertEqual(self.run_entry("bash", "-c", "/bin/echo hello; /bin/sh -c 'echo $0' name"),
                         (0, "hello\nname\n", ""))


class Places(LoaderTest):
    def test_a_pack_whose_path_has_spaces(self):
        path = packs.new_path("with some spaces")
        self.assertSays("1 2", "libraries", pack=self.make_pack(path))

    def test_a_pack_whose_path_has_a_colon_is_refused(self):
        outcome = self.run_entry("probe", pack=self.make_pack(packs.new_path("a:b")))
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertIn("move the pack to a path without ':'", outcome.err)

    def test_a_pack_without_the_audit_module_is_refused(self):
        pack = self.make_pack(packs.new_path())
        os.remove(f"{pack}/.reloc/lib/audit.so")
        outcome = self.run_entry("probe", pack=pack)
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertIn("audit.so: No such file or directory", outcome.err)


class Refusals(LoaderTest):
    def assertRefused(self, reason, name):
        outcome = self.run_entry(name)
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertIn(reason, outcome.err)

    def test_static_programs(self):
        self.assertRefused("the program is static", "static")


class BelowADirectoryOfTheHost(LoaderTest):
    PREFIX = "/srv/site/store"

    def test_the_store_and_the_hosts_files_are_both_there(self):
        self.assertSays("1 2", "libraries")
        self.assertEqual(self.run_entry("bash", "-c", "[ -d /srv/site/store ] && [ -e /usr/bin/env ]").status, 0)


del LoaderTest  # a base class is no test
if __name__ == "__main__":
    session.main()
