"""Where user namespaces, or the mounts in them, are refused: the next engine runs the program, or the error names
every engine with its reason. The caller's identity is never lost on the way."""
import shutil
import unittest

from support import packs, programs, session

# In a user namespace of its own the limit can be set without touching the host's.
NO_NAMESPACES = ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c",
                 'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps -all "$@"', "sh"]
BWRAP = ["bwrap", "--dev-bind", "/", "/"]


class NoUserNamespaces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pack = packs.from_host("probe", "bash")
        deny = programs.host("deny")
        cls.places = {
            "limit of zero": NO_NAMESPACES,
            "mount refused": [deny, "mount", "--"],
            "unshare refused": [deny, "unshare", "--"],
            "unshare and mount refused": [deny, "unshare", "mount", "--"],
            "setns refused": [deny, "setns", "--"],
            "chroot refused": [deny, "chroot", "--"],
        }

    def launch(self, place, *command, **env):
        env = programs.environment(RELOC_DAEMON="off", **env)
        return programs.run([*place, *command], env=env, cwd="/usr")

    def test_alone_userns_fails_with_one_line_that_has_reason_and_cure(self):
        for name, place in self.places.items():
            with self.subTest(place=name):
                outcome = self.launch(place, self.pack + "/bin/probe", "ids", RELOC_ENGINE="userns")
                self.assertEqual((outcome.status, outcome.out), (125, ""))
                self.assertRegex(outcome.err, r"\Areloc: cannot run probe: .*userns: .+: .+ \(.+\)\n\Z")

    def test_the_error_of_a_chain_lists_every_engine(self):
        """Without the loader engine's files nothing is left."""
        pack = packs.new_path()
        shutil.copytree(self.pack, pack, symlinks=True)
        shutil.rmtree(pack + "/.reloc/lib", ignore_errors=True)
        outcome = self.launch(self.places["mount refused"], pack + "/bin/probe", "ids")
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertEqual(len(outcome.err.splitlines()), 1)
        for engine in ("userns: ", "graft: ", "proot: ", "fakechroot: "):
            self.assertIn(engine, outcome.err)

    def test_the_next_engine_runs_it_as_the_caller(self):
        tried = self.launch([], self.pack + "/bin/probe", RELOC_ENGINE="fakechroot")
        session.require(tried.status == 0, "fakechroot", tried.err.strip(), "see relocctl engines")
        for name, place in self.places.items():
            with self.subTest(place=name):
                packed = self.launch(place, self.pack + "/bin/probe", "ids", "cwd", "umask")
                native = self.launch(place, programs.host("probe"), "ids", "cwd", "umask")
                self.assertEqual(packed, native)

    def test_inside_bubblewrap(self):
        session.require(shutil.which("bwrap"), "bwrap", "bubblewrap is not on this host", "install bubblewrap")
        tried = programs.run([*BWRAP, "true"])
        session.require(tried.status == 0, "bwrap", tried.err.strip(), "allow user namespaces")
        for options in ([], ["--unshare-user"], ["--unshare-pid", "--proc", "/proc"],
                        ["--unshare-all", "--tmpfs", "/mnt", "--remount-ro", "/"]):
            with self.subTest(options=options):
                place = [*BWRAP, *options]
                packed = self.launch(place, self.pack + "/bin/probe", "ids", "cwd", RELOC_ENGINE="userns")
                native = self.launch(place, programs.host("probe"), "ids", "cwd")
                self.assertEqual(packed, native)


if __name__ == "__main__":
    session.main()
