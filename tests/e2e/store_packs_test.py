"""Packs of a store's closure run like the host's programs that the store was made from."""
import os
import shutil

from support import packs, programs, session, ways
from support.store import Store

PYTHON_LIBRARY = "/usr/lib/python3.11"
_made = {}


def make_store(prefix):
    """Makes a store with a profile of bash, coreutils, sed and a script, once for each prefix; python in
    /gnu/store."""
    if prefix not in _made:
        store = Store(prefix, packs.new_path("store"))
        bash = store.add("bash-5.2", "bash")
        coreutils = store.add("coreutils-9.1", "ls", "cat", "env", "sort", "pwd", "stat")
        sed = store.add("sed-4.9", "sed")
        hello = store.item("hello-1")
        script = f"#!{bash}/bin/bash\n{coreutils}/bin/cat {hello}/text; echo \"$0\" \"$@\"\n"
        store.add_file(f"{hello}/bin/hello", script, 0o755)
        store.add_file(f"{hello}/text", "Hello, world!\n")
        more = [add_python(store)] if prefix == "/gnu/store" else []
        _made[prefix] = store, store.add_profile(bash, coreutils, sed, hello, *more)
    return _made[prefix]


def add_python(store):
    python = store.add("python-3.11", "python3.11")
    os.symlink("python3.11", f"{store.real(python)}/bin/python3")
    library = f"{store.real(python)}/lib/python3.11"
    os.makedirs(library)
    for name in os.listdir(PYTHON_LIBRARY):  # the modules that are single files, and these packages: enough to
                                             # start
        if name.endswith(".py"):
            shutil.copy(f"{PYTHON_LIBRARY}/{name}", library)
    for name in ("json", "encodings", "collections", "re", "importlib"):
        shutil.copytree(f"{PYTHON_LIBRARY}/{name}", f"{library}/{name}", ignore=shutil.ignore_patterns("__pycache__"))
    return python


class StorePack(ways.LaunchTest):
    PREFIX = "/gnu/store"
    PROGRAMS = ["sed"]

    @classmethod
    def make_pack(cls):
        store, profile = make_store(cls.PREFIX)
        pack = packs.new_path()
        programs.must(programs.relocctl("pack", "create", "-o", pack, "--from-store", profile,
                                        "--store-prefix", cls.PREFIX, "--store-dir", store.directory))
        return pack


@ways.every_way
class GnuStorePack(StorePack):
    def test_the_entries_are_the_profiles_programs(self):
        self.assertEqual(sorted(os.listdir(os.path.join(self.pack, "bin"))),
                         ["bash", "cat", "env", "hello", "ls", "pwd", "python3", "python3.11", "sed", "sort", "stat"])

    def test_programs_do_as_the_hosts(self):
        self.assertSame("sed", "s/b/x/;q", input="abc\ndef\n")
        self.assertSame("sort", "-r", input="a\nb\n")
        self.assertSame("bash", "-c", "echo $BASH_VERSION ~daemon; exit 3")
        self.assertSame("pwd", cwd="/usr/lib")
        self.assertSame("sed", "s/./x/", input="ü\n", env={**self.env, "LC_ALL": "C.UTF-8"})

    def test_a_script_and_its_children_find_the_store(self):
        outcome = programs.run([self.entry("hello"), "one", "two words"], env=self.env)
        self.assertEqual((outcome.status, outcome.err), (0, ""))
        greeting, script = outcome.out.splitlines()
        self.assertEqual(greeting, "Hello, world!")
        self.assertRegex(script, r"^/gnu/store/.*-hello-1/bin/hello one two words$")

    def test_python_finds_its_library_in_the_store(self):
        item = next(name for name in os.listdir(self.pack + self.PREFIX) if name.endswith("python-3.11"))
        python = f"{self.PREFIX}/{item}/bin/python3"
        outcome = self.packed("bash", "-c", f"{python} -c 'import sys, json; print(sys.prefix, json.__file__)'")
        # The loader engine runs the same file under its real path.
        shown = outcome.out if self.way != "ByLoader" else outcome.out.replace(self.pack, "")
        self.assertEqual(shown, f"{self.PREFIX}/{item} {self.PREFIX}/{item}/lib/python3.11/json/__init__.py\n")

    def test_moved_and_without_the_store_that_it_was_made_of(self):
        moved = packs.new_path("moved")
        shutil.copytree(self.pack, moved, symlinks=True)
        store, _ = make_store(self.PREFIX)
        os.rename(store.directory, store.directory + ".away")
        self.addCleanup(os.rename, store.directory + ".away", store.directory)
        outcome = programs.run([os.path.join(moved, "bin", "hello")], env=self.env)
        self.assertEqual((outcome.status, outcome.out.splitlines()[0]), (0, "Hello, world!"))


class StoreIsReadOnly(StorePack):
    way = "InProcess"

    def test_nothing_can_be_written_into_the_store(self):
        outcome = self.packed("bash", "-c", f"echo x > {self.PREFIX}/new")
        self.assertEqual((outcome.status, outcome.out), (1, ""))
        self.assertIn("Read-only file system", outcome.err)

    def test_the_rest_of_the_host_is_as_writable_as_before(self):
        path = packs.new_path("written")
        programs.must(self.packed("bash", "-c", f"echo x > {path}"))
        self.assertTrue(os.path.exists(path))


@ways.every_way
class BelowADirectoryOfTheHost(StorePack):
    """/opt is the host's, and the user cannot write to it: the levels above the prefix are bound into the root."""
    PREFIX = "/opt/site/store"

    def setUp(self):
        if os.path.exists("/opt/site"):
            self.skipTest("/opt/site exists on this host")

    def test_programs_run_and_stand_where_the_caller_stands(self):
        self.assertSame("sed", "s/b/x/", input="abc\n")
        self.assertSame("pwd", cwd="/opt")

    def test_the_hosts_files_beside_the_store_are_there(self):
        for name in os.listdir("/opt"):
            self.assertSame("stat", "-c", "%i", f"/opt/{name}")

    def test_the_hosts_directory_is_listed(self):
        self.assertSame("bash", "-c", "cd /opt && for f in *; do [ $f = site ] || echo $f; done")


@ways.every_way
class BelowADirectoryThatTheHostLacks(StorePack):
    PREFIX = "/no-such-directory-here/deep/store"

    def test_programs_run(self):
        self.assertSame("sed", "s/b/x/", input="abc\n")
        self.assertSame("bash", "-c", "echo $BASH_VERSION")


if __name__ == "__main__":
    session.main()
