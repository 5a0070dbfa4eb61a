"""The engine graft: programs run natively in another place than their store, from a mirror that contains another
path. And the engines that use a plain mirror like the pack."""
import gzip
import os
import re
import shutil
import subprocess
import unittest

from support import daemon, mirrors, nix, packs, programs, session
from support.mirroring import MirrorsTest
from support.store import Store

EXPRESSION = nix.PRELUDE + """    text = builtins.toFile "greeting" "Hello from Nix\\n";
    bash = make "bash" ''
      mkdir -p $out/bin; for p in cat bash; do cp -L /bin/$p $out/bin/$p
      patchelf --set-interpreter ${libc}/lib/ld-linux-x86-64.so.2 --set-rpath ${libc}/lib:/lib/x86_64-linux-gnu $out/bin/$p; done
    '';
in make "hello" ''
  mkdir -p $out/bin
  printf '#!${bash}/bin/bash\\nexec -a you ${bash}/bin/cat ${text}\\n' > $out/bin/hello; chmod +x $out/bin/hello
''
"""


class HostPrograms(unittest.TestCase):
    """Our own prefix is long: the graft path is in the cache."""

    @classmethod
    def setUpClass(cls):
        cls.pack = packs.from_host("bash", "git", "perl", "python3", "probe", "static_probe")
        cls.graft = mirrors.Mirror("graft", cls.pack)
        cls.addClassCleanup(cls.graft.remove)
        cls.env = cls.graft.environment(RELOC_ENGINE="graft")

    def assertNative(self, name, *arguments):
        native = programs.run([name, *arguments], program=programs.host(name), env=self.env)
        packed = programs.run([name, *arguments], program=f"{self.pack}/bin/{name}", env=self.env)
        self.assertEqual(packed, native)
        return packed

    def test_programs_do_as_the_hosts(self):
        self.assertNative("python3", "-c", "import json, sqlite3, ctypes, sys; print(json.dumps(sys.argv))", "a b")
        self.assertNative("perl", "-MPOSIX", "-e", "print POSIX::floor(2.5), $0, \"\\n\"; exit 3")
        self.assertNative("git", "--version")
        self.assertNative("bash", "-c", "echo $0; kill -TERM $$")
        self.assertEqual(self.assertNative("static_probe", "ids").status, 0)

    def test_caller_and_environment_stay_as_they_are(self):
        self.assertNative("probe", "argv", "ids", "cwd", "umask", "env")
        self.assertNative("bash", "-c", "env -0 | sort -z")

    def test_it_is_the_mirror_that_runs(self):
        outcome = programs.run([self.pack + "/bin/bash", "-c", "cat /proc/$$/maps; exit"], env=self.env)
        self.assertIn(os.path.realpath(self.graft.path) + "/", outcome.out)
        self.assertNotIn(self.pack + "/", outcome.out)
        self.assertNotIn("preload.so", outcome.out)

    def test_no_library_is_searched(self):
        # Python's extensions need some that ld.so has to find: see reloc/pack/needed_paths.h.
        for name, *arguments in (("git", "--version"), ("perl", "-MPOSIX", "-e", "1"), ("python3", "-c", "import json")):
            outcome = programs.run([name, *arguments], program=f"{self.pack}/bin/{name}",
                                   env={**self.env, "LD_DEBUG": "libs"})
            self.assertEqual(outcome.status, 0)
            self.assertIn("calling init", outcome.err)
            self.assertEqual(re.findall("find library=(\\S+)", outcome.err), [])

    def test_the_same_libraries_are_loaded(self):
        script = ("import ctypes, lzma, os, sqlite3, ssl\n"
                  "print(sorted({os.path.basename(line.split()[-1]) for line in open('/proc/self/maps') if '.so' in line}))")
        grafted, in_root = (programs.must(programs.run([self.pack + "/bin/python3", "-c", script],
                                                       env=self.graft.environment(RELOC_ENGINE=engine))).out
                            for engine in ("graft", "userns"))
        self.assertEqual(grafted, in_root)
        self.assertIn("libssl", grafted)

    def test_a_chain_comes_to_it_after_userns(self):
        env = self.graft.environment(RELOC_DEBUG="1")
        for chain in ("default", "performance"):
            outcome = programs.run([programs.host("deny"), "mount", "unshare", "setns", "--", self.pack + "/bin/bash", "-c", ":"],
                                   env={**env, "RELOC_ENGINE": chain})
            self.assertEqual(outcome.status, 0)
            self.assertRegex(outcome.err, "(?s)userns: .*find graft .*: ok.*exec")

    def test_engines_tells_of_it(self):
        outcome = programs.must(programs.relocctl("engines", self.pack + "/bin/bash", env=self.graft.environment()))
        self.assertRegex(outcome.out, r"\ngraft +yes")
        other = programs.must(programs.relocctl("engines", packs.from_host("sed") + "/bin/sed", env=self.env))
        self.assertRegex(other.out, r"\ngraft +no +no grafted mirror of the pack is ready +relocctl mirrors add")

    def test_without_a_mirror_one_line_tells_the_cure(self):
        for more in ({}, {"RELOC_DAEMON": "off"}):
            outcome = programs.run([packs.from_host("sed") + "/bin/sed"], env={**self.env, **more})
            self.assertEqual((outcome.status, outcome.out), (125, ""))
            self.assertRegex(outcome.err, r"\Areloc: cannot run sed: .*graft: no grafted mirror of the pack is ready "
                                          r"\(relocctl mirrors add --kind graft PACK --wait\)\n\Z")

    def test_a_mirror_that_is_gone_is_none(self):
        gone = mirrors.Mirror("graft", packs.from_host("sed"))
        self.addCleanup(gone.remove)
        gone.relocd.stop()  # it would notice, and withdraw the mirror
        shutil.rmtree(gone.cache + "/mirrors")
        outcome = programs.run([packs.from_host("sed") + "/bin/sed", "--version"],
                               env=gone.environment(RELOC_ENGINE="graft"))
        self.assertEqual(outcome.status, 125)
        self.assertRegex(outcome.err, r"\A.*the graft path leads to nothing: .+ \(relocctl mirrors add.+\)\n\Z")
        tried = programs.run([packs.from_host("sed") + "/bin/sed", "--version"], env=gone.environment())
        self.assertEqual(tried.status, 0)

    def test_jobs_are_shown_with_the_engine(self):
        job = subprocess.Popen([self.pack + "/bin/bash", "-c", "read line"], env=self.env, stdin=subprocess.PIPE)
        self.addCleanup(job.wait)
        self.addCleanup(job.stdin.close)
        shown = lambda: [(each["engine"], each["state"]) for each in daemon.jobs(self.env) if each["pid"] == job.pid]
        self.assertTrue(daemon.wait_until(lambda: shown() == [("graft", "running")]))
        self.assertIn("0 removed, 1 in use", programs.must(self.graft.relocctl("prune", "--all")).out)


class Keeping(MirrorsTest):
    """From the first launch that requests a graft to its end."""
    ENGINE = "graft"
    KIND = "graft"

    def launch(self, script="echo runs"):
        return programs.run([self.pack + "/bin/sh", "-c", script], env=self.env)

    def await_graft(self):
        self.assertTrue(daemon.wait_until(lambda: self.launch() == (0, "runs\n", "")), self.launch())

    def graft_path(self):
        [name] = os.listdir(self.relocd.directory + "/mirrors")
        return os.readlink(f"{self.relocd.directory}/mirrors/{name}")

    def test_the_launch_that_lacks_one_has_it_made(self):
        self.start()
        refused = self.launch()
        self.assertEqual((refused.status, refused.out), (125, ""))
        self.assertIn("(relocctl mirrors add --kind graft PACK --wait)", refused.err)
        self.await_graft()
        self.assertEqual([(each["kind"], each["pack"]) for each in self.list()], [("graft", self.pack)])

    def test_a_chain_has_none_made(self):
        self.start()
        self.env["RELOC_ENGINE"] = "performance"
        self.assertEqual(self.launch().out, "runs\n")
        self.must("prune")  # in the same queue
        self.assertEqual(self.list(), [])

    def test_one_that_was_removed_is_made_again_when_it_is_wanted(self):
        self.start()
        self.add()
        path = self.graft_path()
        self.assertIn("1 removed", self.must("prune", "--all"))
        self.assertEqual((os.path.exists(path), os.listdir(self.cache + "/mirrors")), (False, []))
        self.assertEqual(self.launch().status, 125)
        self.await_graft()
        self.assertEqual(self.graft_path(), path)  # files copied out of the first one refer to it

    def test_why_there_is_none_is_in_the_log(self):
        self.start()
        with open(packs.new_path("wide"), "wb") as file:
            file.write("/relocd-store-of-programs-imported-from-the-host/x".encode("utf-16-le"))
        self.pack = packs.from_host("sh", add=(file.name,))
        self.assertEqual(self.launch().status, 125)
        self.assertTrue(daemon.wait_until(lambda: "names the store in UTF-16" in self.relocd.read_log()))
        self.assertEqual(self.list(), [])

    def test_it_outlives_the_daemon(self):
        self.start()
        name = self.add()
        for end in ("stop", "kill"):
            getattr(self.relocd, end)()
            self.assertEqual(self.launch().out, "runs\n")
            self.start()
            self.assertEqual([mirror["name"] for mirror in self.list()], [name])
            self.assertEqual(self.launch().out, "runs\n")

    def test_a_path_that_was_cleaned_away_is_there_again_after_a_restart(self):
        self.start()
        self.add()
        path = self.graft_path()
        os.unlink(path)
        self.assertIn("the graft path is gone: " + path, self.launch().err)
        self.await_graft()  # that launch has reported it
        self.assertEqual(self.graft_path(), path)
        os.unlink(path)
        self.restart()
        self.list()
        self.assertEqual(self.launch().out, "runs\n")
        self.assertEqual(self.graft_path(), path)

    def test_a_job_keeps_it(self):
        self.start()
        self.add()
        job = subprocess.Popen([self.pack + "/bin/sh", "-c", "echo ready; read line; echo runs"], env=self.env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(job.stdout.readline(), "ready\n")
        self.assertIn("0 removed, 1 in use", self.must("prune", "--all"))
        self.assertEqual(job.communicate("\n")[0], "runs\n")
        self.assertTrue(daemon.wait_until(lambda: "1 removed" in self.must("prune", "--all")))


class ShortPrefix(unittest.TestCase):
    """/gnu/store is so short that only a name in a directory of the user in /tmp can replace it."""

    @classmethod
    def setUpClass(cls):
        cls.store = Store("/gnu/store", packs.new_path("store"))
        cls.bash = cls.store.add("bash-5.2", "bash", "cat", "env")
        cls.tool = cls.store.item("tool")
        cls.store.add_file(cls.tool + "/bin/tool", f"#!{cls.bash}/bin/bash\nexec {cls.bash}/bin/cat {cls.tool}/text\n",
                           0o755)
        cls.store.add_file(cls.tool + "/text", "a text in /gnu/store, not in /gnu/store2\n")
        cls.pack = cls.make_pack(cls.store.add_profile(cls.bash, cls.tool))
        cls.graft = mirrors.Mirror("graft", cls.pack)
        cls.addClassCleanup(cls.graft.remove)
        cls.env = cls.graft.environment(RELOC_ENGINE="graft")

    @classmethod
    def make_pack(cls, *items):
        pack = packs.new_path()
        programs.must(programs.relocctl("pack", "create", "-o", pack, "--from-store", *items, "--store-prefix",
                                        "/gnu/store", "--store-dir", cls.store.directory))
        return pack

    def test_scripts_and_their_children_run(self):
        self.assertRegex(self.graft.path, r"\A/tmp/../..\Z")
        self.assertEqual(os.lstat(os.path.dirname(self.graft.path)).st_mode & 0o7777, 0o700)
        outcome = programs.run([self.pack + "/bin/tool"], env=self.env)
        self.assertEqual(outcome, (0, f"a text in {self.graft.path}, not in /gnu/store2\n", ""))

    def test_what_cannot_be_rewritten_is_refused_by_name(self):
        item = self.store.item("ungraftable")
        self.store.add_file(item + "/bin/x", f"#!{self.bash}/bin/bash\n", 0o755)
        self.store.add_file(item + "/share/doc/x", "")
        for path, reason in (("/share/doc/x.gz", None), ("/share/x.gz", "names the store inside a gzip file")):
            with open(self.store.real(item) + path, "wb") as file:
                file.write(gzip.compress(f"see {self.bash}\n".encode()))
            outcome = self.graft.add("graft", self.make_pack(item))
            if reason is None:
                self.assertEqual(outcome.status, 0, outcome.err)
            else:
                self.assertEqual((outcome.status, outcome.out), (1, ""))
                self.assertIn(f"{item}{path} {reason}", outcome.err)
        self.assertEqual(len(os.listdir(self.graft.cache + "/mirrors")), 2)
        self.assertIn("1 removed", programs.must(self.graft.relocctl("prune", self.other_than_the_packs())).out)

    def other_than_the_packs(self):
        [name] = set(os.listdir(self.graft.cache + "/mirrors")) - {self.graft.name}
        return name

    def test_a_refused_graft_leaves_no_path(self):
        item = self.store.item("wide")
        self.store.add_file(item + "/bin/x", f"#!{self.bash}/bin/bash\n", 0o755)
        with open(self.store.real(item) + "/wide", "wb") as file:
            file.write(f"{self.bash}\n".encode("utf-16-be"))
        directory = os.path.dirname(self.graft.path)
        before = set(os.listdir(directory))
        outcome = self.graft.add("graft", self.make_pack(item))
        self.assertIn("names the store in UTF-16", outcome.err)
        self.assertEqual(set(os.listdir(directory)), before)


class RealNix(unittest.TestCase):
    def test_a_closure_runs_grafted(self):
        session.require(shutil.which("nix-store"), "nix", "Nix is not on this host", "install nix-bin")
        root = packs.new_path("nix")
        store = root + "/store"
        env = programs.environment(
            NIX_STORE_DIR=store, NIX_STATE_DIR=root + "/var", NIX_LOG_DIR=root + "/log", NIX_CONF_DIR=root + "/etc",
            NIX_REMOTE="", USER="tester", NIX_CONFIG="sandbox = false\nsubstitute = false\nbuild-users-group =\n")
        os.makedirs(root)
        built = programs.run(["nix-build", "--no-out-link", "-E", EXPRESSION], env=env)
        session.require(built.status == 0, "nix", built.err.strip().split("\n")[-1], "see nix.conf(5)")
        pack = packs.new_path()
        programs.must(programs.relocctl("pack", "create", "-o", pack, "--from-store", built.out.strip(),
                                        "--store-prefix", store))
        os.rename(store, store + ".away")
        graft = mirrors.Mirror("graft", pack)
        self.addCleanup(graft.remove)
        self.assertEqual(len(graft.path), len(store))
        outcome = programs.run([pack + "/bin/hello"], env=graft.environment(RELOC_ENGINE="graft"))
        self.assertEqual(outcome, (0, "Hello from Nix\n", ""))


class PlainMirrors(unittest.TestCase):
    def test_engines_without_roots_run_from_them(self):
        pack = packs.from_host("bash")
        mirror = mirrors.Mirror("plain", pack)
        self.addCleanup(mirror.remove)
        for engine in ("fakechroot", "proot"):
            with self.subTest(engine=engine):
                env = mirror.environment(RELOC_ENGINE=engine)
                tried = programs.run([pack + "/bin/bash", "-c", ":"], env=programs.environment(RELOC_ENGINE=engine))
                session.require(tried.status == 0, engine, tried.err.strip(), "see relocctl engines")
                outcome = programs.run([pack + "/bin/bash", "-c", "cat /proc/$$/maps; exit"], env=env)
                self.assertIn(mirror.path + "/", outcome.out)
                self.assertNotIn(pack + "/relocd-store", outcome.out)
                outcome = programs.run([pack + "/bin/bash", "-c", ":"], env={**env, "RELOC_DEBUG": "1"})
                self.assertIn(f" mirror={mirror.path}\n", outcome.err)

    def test_one_that_is_gone_is_none(self):
        pack = packs.from_host("bash")
        mirror = mirrors.Mirror("plain", pack)
        self.addCleanup(mirror.remove)
        shutil.rmtree(mirror.path)
        outcome = programs.run([pack + "/bin/bash", "-c", "exit 5"], env=mirror.environment(RELOC_ENGINE="fakechroot"))
        self.assertEqual((outcome.status, outcome.err), (5, ""))


if __name__ == "__main__":
    session.main()
