"""The loader engine: what ld.so and the two modules make of a store that lies elsewhere.

The store has each library in an item of its own, so that every object needs several directories in its RUNPATH.
"""
import os
import shutil
import signal
import unittest

from support import packs, programs, session
from support.store import Store

BUILT = os.path.join(programs.TESTPROGS, "loader")
_UTF8 = "C.utf8"


def patch(path, *options):
    programs.must(programs.run(["patchelf", *options, path]))


class LoaderStore(Store):
    """The test's program and libraries, each in an item."""

    def put(self, item_name, file, directory, **patches):
        path = f"{self.item(item_name)}/{directory}/{file}"
        os.makedirs(os.path.dirname(self.real(path)), exist_ok=True)
        shutil.copy(os.path.join(BUILT, file), self.real(path))
        return path

    def add_probe(self, name, *rpath_option):
        libc = self._library("/lib64/ld-linux-x86-64.so.2")
        folders = [os.path.dirname(self.put(name, f"lib{name}.so", "lib")) for name in ("first", "second")]
        probe = self.put(name, "probe", "bin")
        patch(self.real(probe), *rpath_option, "--set-interpreter", libc, "--set-rpath",
              ":".join([*folders, os.path.dirname(libc), "$ORIGIN/../lib"]))
        return probe

    def add_plugin(self):
        needed = self.put("needed", "libneeded.so", "lib")
        plugin = self.put("plugin", "libplugin.so", "lib")
        patch(self.real(plugin), "--set-rpath", f"/nowhere:{self.prefix}/nothing:{os.path.dirname(needed)}")
        return plugin

    def add_gconv(self):
        """The host's converters, beside the libc where it looks for them by itself."""
        folder = self.real(os.path.dirname(self._library("/lib64/ld-linux-x86-64.so.2"))) + "/gconv"
        host = "/usr/lib/x86_64-linux-gnu/gconv"
        os.makedirs(f"{folder}/gconv-modules.d")
        for name in ("KOI8-R.so", "gconv-modules"):
            shutil.copy(f"{host}/{name}", folder)
        if os.path.isdir(f"{host}/gconv-modules.d"):
            shutil.copytree(f"{host}/gconv-modules.d", f"{folder}/gconv-modules.d", dirs_exist_ok=True)

    def add_locale(self):
        """The C.UTF-8 locale under a name that no libc has built in."""
        path = self.item("locales")
        shutil.copytree(f"/usr/lib/locale/{_UTF8}", f"{self.real(path)}/lib/locale/xx_XX.UTF-8")
        return f"{path}/lib/locale"


class LoaderTest(unittest.TestCase):
    PREFIX = "/gnu/store"

    @classmethod
    def setUpClass(cls):
        cls.store = store = LoaderStore(cls.PREFIX, packs.new_path("store"))
        cls.probe = store.add_probe("probe")
        cls.plugin = store.add_plugin()
        store.add_gconv()
        cls.locales = store.add_locale()
        cls.bash = store.add("bash-5.2", "bash") + "/bin/bash"
        static = store.put("static", "static", "bin")
        script = store.item("script") + "/bin/script"
        store.add_file(script, f"#!{cls.bash} -e\necho \"$0\" \"$@\"\n", 0o755)
        host_script = store.item("host-script") + "/bin/host-script"
        store.add_file(host_script, "#!/bin/sh\necho hello\n", 0o755)
        # What the probe finds at run time: a closure is found by references in files.
        store.add_file(f"{os.path.dirname(os.path.dirname(cls.probe))}/references", f"{cls.plugin} {cls.locales}")
        roots = [cls.probe, cls.bash, static, script, host_script]
        cls.items = [path.rsplit("/", 2)[0] for path in roots]
        cls.pack = cls.make_pack(packs.new_path())
        cls.env = programs.environment(RELOC_ENGINE="fakechroot", RELOC_DAEMON="off")
        tried = cls.run_entry("probe")
        session.require(tried.status == 0, "fakechroot", tried.err.strip(), "see relocctl engines")

    @classmethod
    def make_pack(cls, path):
        programs.must(programs.relocctl("pack", "create", "-o", path, "--from-store", *cls.items, "--store-prefix",
                                        cls.PREFIX, "--store-dir", cls.store.directory))
        return path

    @classmethod
    def run_entry(cls, name, *arguments, argv0=None, pack=None, **options):
        options["env"] = {**cls.env, **options.get("env", {})}
        program = os.path.join(pack or cls.pack, "bin", name)
        return programs.run([argv0 or name, *arguments], program=program, **options)

    def assertSays(self, text, *arguments, **options):
        self.assertEqual(self.run_entry("probe", *arguments, **options), (0, text + "\n", ""))


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
        script = next(item for item in self.items if item.endswith("-script") and "host" not in item) + "/bin/script"
        self.assertEqual(self.run_entry("script", "a", "b c"), (0, f"{script} a b c\n", ""))
        self.assertEqual(self.run_entry("bash", "-c", f"{script} a 'b c'"), (0, f"{script} a b c\n", ""))

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
