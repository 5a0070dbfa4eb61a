"""`relocctl run` in an extracted store as Guix and Nix leave it: no shim, no manifest; and adopting it."""
import os
import shutil
import unittest

from support import nix, packs, programs, session
from support.store import Store

_NIX_EXPRESSION = nix.PRELUDE + """    program = name: make name ''
      mkdir -p $out/bin; cp -L /bin/${name} $out/bin/${name}
      patchelf --set-interpreter ${libc}/lib/ld-linux-x86-64.so.2 --set-rpath ${libc}/lib $out/bin/${name}
    '';
    package = name: { type = "derivation"; name = "${name}-1"; system = builtins.currentSystem; outputs = [ "out" ];
      meta = {}; out = program name; outPath = (program name).outPath; drvPath = (program name).drvPath; };
in map package [ "cat" "echo" ]
"""


class Tree(unittest.TestCase):
    """A directory with a store, and links into it."""

    tree = None
    env = programs.environment(RELOC_DAEMON="off")

    def run_in_tree(self, path, *arguments, engine="default", **options):
        options.setdefault("env", self.env)
        return programs.relocctl("run", "--engine", engine, os.path.join(self.tree, path), *arguments, **options)

    @classmethod
    def link(cls, target, name):
        os.symlink(target, os.path.join(cls.tree, name))

    def adopt_copy(self):
        """Copies the tree and makes the copy a pack; returns its path."""
        copy = packs.new_path("adopted")
        shutil.copytree(self.tree, copy, symlinks=True)
        programs.must(programs.relocctl("pack", "adopt", copy))
        self.addCleanup(session.remove_tree, copy)
        return copy


class GuixTree(Tree):
    """The result of `tar xf` of a plain `guix pack -S /bin=bin`, with a profile that contains another one."""

    @classmethod
    def setUpClass(cls):
        cls.tree = packs.new_path("guix")
        cls.store = store = Store("/gnu/store", cls.tree + "/gnu/store")
        cls.bash, cls.sed = store.add("bash-5.2", "bash"), store.add("sed-4.9", "sed")
        cls.hello = store.item("hello-1")
        store.add_file(f"{cls.hello}/bin/hello", f"#!{cls.bash}/bin/bash\necho hello \"$@\"\n", 0o755)
        store.add_file(f"{cls.hello}/text", "Hello, world!\n")
        cls.profile = store.add_profile(cls.bash, cls.sed, cls.hello)
        outer = store.item("outer-profile")
        os.symlink(f"{cls.profile}/bin", f"{store.real(outer)}/bin")
        cls.link(f"{cls.profile}/bin"[1:], "bin")
        cls.link(outer, "profile")

    def test_through_each_kind_of_link(self):
        for path in ("bin/sed", "profile/bin/sed", f"{self.sed[1:]}/bin/sed", f"{self.profile[1:]}/bin/sed"):
            with self.subTest(path=path):
                self.assertEqual(self.run_in_tree(path, "s/a/b/", input="a\n"), (0, "b\n", ""))
        self.assertEqual(sorted(os.listdir(self.tree)), ["bin", "gnu", "profile"])  # nothing was written

    def test_by_each_engine(self):
        script = f"echo a | {self.sed}/bin/sed s/a/b/; exit 7"
        for engine in programs.ENGINES:
            with self.subTest(engine=engine):
                self.assertEqual(self.run_in_tree("bin/bash", "-c", script, engine=engine), (7, "b\n", ""))
                self.assertEqual(self.run_in_tree("bin/hello", "x y", engine=engine), (0, "hello x y\n", ""))
                through_profile = f"{self.profile}/bin/hello z"  # a chain of absolute links
                self.assertEqual(self.run_in_tree("bin/bash", "-c", through_profile, engine=engine),
                                 (0, "hello z\n", ""))

    def test_through_links_from_elsewhere(self):
        elsewhere = session.make_dir("elsewhere")
        os.symlink(f"{self.tree}/profile/bin/sed", f"{elsewhere}/mine")
        os.symlink(f"{self.tree}/profile/bin", f"{elsewhere}/tools")
        for name in ("./mine", "tools/sed"):
            outcome = programs.relocctl("run", name, "s/a/b/", input="a\n", cwd=elsewhere, env=self.env)
            self.assertEqual(outcome, (0, "b\n", ""))

    def test_by_path_variable(self):
        env = {**self.env, "PATH": f"{self.tree}/bin:{programs.HOST_PATH}"}
        self.assertEqual(programs.relocctl("run", "sed", "s/a/b/", input="a\n", env=env), (0, "b\n", ""))

    def test_a_script_and_exit_statuses(self):
        self.assertEqual(self.run_in_tree("bin/hello", "a b"), (0, "hello a b\n", ""))
        self.assertEqual(self.run_in_tree("bin/bash", "-c", "exit 41").status, 41)

    def test_programs_see_the_store_through_the_profile(self):
        script = f"[ -e {self.profile}/bin/sed ] && echo a | {self.profile}/bin/sed s/a/b/"
        self.assertEqual(self.run_in_tree("bin/bash", "-c", script), (0, "b\n", ""))

    def test_not_found_and_not_executable(self):
        for path in ("bin/nothing", "profile/bin/nothing", "nothing/sed"):
            outcome = self.run_in_tree(path)
            self.assertEqual((outcome.status, outcome.out), (127, ""))
            self.assertRegex(outcome.err, r"\Arelocctl: .*nothing.*\n\Z")
        outcome = self.run_in_tree(f"{self.hello[1:]}/text")
        self.assertEqual((outcome.status, outcome.out), (126, ""))
        self.assertRegex(outcome.err, r"\Arelocctl: .*text.*\n\Z")

    def test_links_in_a_circle(self):
        self.link("circle", "circle")
        self.addCleanup(os.unlink, f"{self.tree}/circle")
        self.assertRegex(self.run_in_tree("circle/sed").err, r"\Arelocctl: .*circle.*Too many levels.*\n\Z")

    def test_adopted(self):
        pack = self.adopt_copy()
        self.assertEqual(sorted(os.listdir(pack + "/bin")), ["bash", "hello", "sed"])
        for engine in programs.ENGINES:
            with self.subTest(engine=engine):
                env = {**self.env, "RELOC_ENGINE": engine}
                self.assertEqual(programs.run([f"{pack}/bin/sed", "s/a/b/"], input="a\n", env=env), (0, "b\n", ""))
                self.assertEqual(programs.run([f"{pack}/bin/hello", "x"], env=env), (0, "hello x\n", ""))


class NixTree(Tree):
    """The store of a real Nix with a user environment, which consists of absolute links into /nix/store."""

    @classmethod
    def setUpClass(cls):
        session.require(shutil.which("nix-env"), "nix", "Nix is not on this host", "install nix-bin")
        cls.tree = packs.new_path("nix")
        env = programs.environment(USER="tester", NIX_CONFIG="sandbox = true\nsandbox-paths = /bin /lib /lib64 /usr\n"
                                   "substitute = false\nbuild-users-group =\n")
        with open(packs.new_path("expression") + ".nix", "w") as file:
            file.write(_NIX_EXPRESSION)
        profile = packs.new_path("profile")
        made = programs.run(["nix-env", "--store", cls.tree, "-p", profile, "-f", file.name, "-i"], env=env)
        session.require(made.status == 0, "nix", made.err.strip().split("\n")[-1], "see nix.conf(5)")
        cls.environment = os.readlink(f"{os.path.dirname(profile)}/{os.readlink(profile)}")
        cls.link(cls.environment, "profile")

    def test_programs_of_the_user_environment(self):
        for path in ("profile/bin/cat", f"{self.environment[1:]}/bin/cat"):
            self.assertEqual(self.run_in_tree(path, input="x"), (0, "x", ""))
        self.assertEqual(self.run_in_tree("profile/bin/echo", "a b"), (0, "a b\n", ""))

    def test_adopted(self):
        pack = packs.new_path("adopted")
        shutil.copytree(self.tree, pack, symlinks=True)
        programs.must(programs.relocctl("pack", "adopt", pack))
        self.addCleanup(session.remove_tree, pack)
        self.assertEqual(sorted(os.listdir(pack + "/bin")), ["cat", "echo"])
        for engine in programs.ENGINES:
            with self.subTest(engine=engine):
                outcome = programs.run([f"{pack}/bin/echo", "hi"], env={**self.env, "RELOC_ENGINE": engine})
                self.assertEqual(outcome, (0, "hi\n", ""))
        self.assertEqual(programs.relocctl("pack", "verify", pack).status, 0)


del Tree  # a base class is no test
if __name__ == "__main__":
    session.main()
