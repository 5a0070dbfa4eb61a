"""A store that real Nix built, offline: the closure is Nix's own, and its programs run from the pack."""
import os
import shutil
import unittest

from support import nix, packs, programs, session

# Three derivations: a C library and a text that the program refers to, and one item that nothing refers to.
EXPRESSION = nix.PRELUDE + """    text = builtins.toFile "greeting" "Hello from Nix\\n";
    unused = make "unused" "echo unused > $out";
    cat = make "cat" ''
      : ${unused} is needed to build, not to run; mkdir -p $out/bin; cp /bin/cat $out/bin/cat
      patchelf --set-interpreter ${libc}/lib/ld-linux-x86-64.so.2 --set-rpath ${libc}/lib $out/bin/cat
    '';
in make "hello" ''
  mkdir -p $out/bin; ln -s ${cat}/bin/cat $out/bin/cat
  printf '#!/bin/sh\\nexec ${cat}/bin/cat ${text}\\n' > $out/bin/hello; chmod +x $out/bin/hello
''
"""


class NixStore(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        session.require(shutil.which("nix-store"), "nix", "Nix is not on this host", "install nix-bin")
        cls.root = packs.new_path("nix")
        cls.store = cls.root + "/store"
        cls.env = programs.environment(
            NIX_STORE_DIR=cls.store, NIX_STATE_DIR=cls.root + "/var", NIX_LOG_DIR=cls.root + "/log",
            NIX_CONF_DIR=cls.root + "/etc", NIX_REMOTE="", USER="tester",
            NIX_CONFIG="sandbox = false\nsubstitute = false\nbuild-users-group =\n")
        os.makedirs(cls.root)
        built = programs.run(["nix-build", "--no-out-link", "-E", EXPRESSION], env=cls.env)
        session.require(built.status == 0, "nix", built.err.strip().split("\n")[-1], "see nix.conf(5)")
        cls.hello = built.out.strip()
        cls.pack = packs.new_path()
        programs.must(programs.relocctl("pack", "create", "-o", cls.pack, "--from-store", cls.hello,
                                        "--store-prefix", cls.store))

    def test_the_closure_is_nixs(self):
        closure = programs.must(programs.run(["nix-store", "-qR", self.hello], env=self.env)).out.split()
        self.assertEqual(sorted(os.listdir(self.pack + self.store)), sorted(map(os.path.basename, closure)))
        self.assertEqual(len(closure), 4)

    def test_the_programs_run_without_the_store(self):
        os.rename(self.store, self.store + ".away")
        self.addCleanup(os.rename, self.store + ".away", self.store)
        self.assertEqual(programs.run([self.pack + "/bin/hello"]), (0, "Hello from Nix\n", ""))
        self.assertEqual(programs.run([self.pack + "/bin/cat"], input="x"), (0, "x", ""))


if __name__ == "__main__":
    session.main()
