"""A pack for the tests of the loader engine, whose store has each library in an item of its own: every object needs
several directories in its RUNPATH."""
import os
import shutil
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

    def add_program(self, name):
        """Adds one of the test's programs, with the host's libraries."""
        path = f"{self.item(name)}/bin/{name}"
        os.makedirs(os.path.dirname(self.real(path)))
        self._copy(os.path.join(BUILT, name), path)
        return path

    def add_gconv(self):
        """Adds the host's converters, beside the libc, which looks for them there."""
        folder = self.real(os.path.dirname(self._library("/lib64/ld-linux-x86-64.so.2"))) + "/gconv"
        host = "/usr/lib/x86_64-linux-gnu/gconv"
        os.makedirs(f"{folder}/gconv-modules.d")
        for name in ("KOI8-R.so", "gconv-modules"):
            shutil.copy(f"{host}/{name}", folder)
        if os.path.isdir(f"{host}/gconv-modules.d"):
            shutil.copytree(f"{host}/gconv-modules.d", f"{folder}/gconv-modules.d", dirs_exist_ok=True)

    def add_locale(self):
        """Adds the C.UTF-8 locale under a name that no libc has built in."""
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
        cls.shell = store.add("bash-5.2", "bash") + "/bin/bash"
        static = store.put("static", "static", "bin")
        script = store.item("script") + "/bin/script"
        store.add_file(script, f"#!{cls.shell} -e\necho \"$0\" \"$@\"\n", 0o755)
        host_script = store.item("host-script") + "/bin/host-script"
        store.add_file(host_script, "#!/bin/sh\necho hello\n", 0o755)
        cls.children, cls.calls = (store.add_program(name) for name in ("children", "calls"))
        # Files that the probe finds at run time: a closure is found by references in files.
        store.add_file(f"{os.path.dirname(os.path.dirname(cls.probe))}/references", f"{cls.plugin} {cls.locales}")
        roots = [cls.probe, cls.shell, cls.children, cls.calls, static, script, host_script]
        cls.script, cls.host_script, cls.static = script, host_script, static
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
