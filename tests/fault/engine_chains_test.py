"""Chains of engines where engines are really refused: which engine runs the program, what the error says when none
does, and that `relocctl engines` says the same. Remembered results that are out of date never make a launch fail."""
import itertools
import json
import os
import shutil
import subprocess
import unittest

from support import images, packs, programs, session
from support.daemon import Daemon, jobs, wait_until

# In a user namespace of its own the limit can be set without touching the host's.
NO_NAMESPACES = ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c",
                 'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps -all "$@"', "sh"]


def deny(*calls):
    return [programs.host("deny"), *calls, "--"]


def engines(place, env=None, relocctl=programs.RELOCCTL, program=()):
    outcome = programs.must(programs.run([*place, relocctl, "engines", "--format", "json", *program],
                                         env=env or programs.environment()))
    return {record["engine"]: record for record in json.loads(outcome.out)}


class EngineChains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pack = packs.from_host("probe", "bash")

    def launch(self, place=(), *command, **env):
        command = command or (self.pack + "/bin/probe", "ids")
        return programs.run([*place, *command], env=programs.environment(**{"RELOC_DAEMON": "off", **env}))

    def assertLikeEngines(self, place):
        """Launches in `place` work and fail as `relocctl engines` says there, and the chain runs the program."""
        found = engines(place)
        for name in ("userns", "fakechroot"):
            outcome = self.launch(place, RELOC_ENGINE=name)
            self.assertEqual(outcome.status == 0, found[name]["works"], (name, found[name], outcome))
        if found["userns"]["works"] or found["fakechroot"]["works"]:
            native = self.launch(place, programs.host("probe"), "ids", "cwd")
            self.assertEqual(self.launch(place, self.pack + "/bin/probe", "ids", "cwd"), native)
        return found

    def test_refused_steps_are_named_with_a_cure(self):
        for place, obstacle, cure in (
                (deny("mount"), "mount ", "seccomp"),
                (deny("unshare"), "unshare: ", "seccomp"),
                (deny("setns"), "join namespaces: ", "seccomp"),
                (deny("chroot"), "chroot ", "seccomp"),
                (NO_NAMESPACES, "unshare: ", "sysctl user.max_user_namespaces=")):
            with self.subTest(place=place):
                userns = engines(place)["userns"]
                self.assertFalse(userns["works"])
                self.assertTrue(userns["obstacle"].startswith(obstacle), userns)
                self.assertIn(cure, userns["cure"])
                alone = self.launch(place, RELOC_ENGINE="userns")
                self.assertEqual(alone.status, 125)
                self.assertIn(userns["obstacle"], alone.err)

    def test_what_engines_says_is_what_a_launch_does(self):
        for place in ([], deny("mount"), deny("setns"), deny("ptrace"), deny("mount", "ptrace"), NO_NAMESPACES,
                      ["unshare", "-Urm"]):
            with self.subTest(place=place):
                self.assertLikeEngines(place)

    def test_without_ptrace_there_is_no_proot(self):
        session.require(shutil.which("proot"), "proot", "not on this host", "install proot")
        proot = engines(deny("ptrace"))["proot"]
        self.assertFalse(proot["works"])
        self.assertIn("ptrace", proot["obstacle"])
        self.assertIn("ptrace", proot["cure"])

    def test_under_proot(self):
        session.require(shutil.which("proot"), "proot", "not on this host", "install proot")
        userns = engines(["proot"])["userns"]
        self.assertFalse(userns["works"])
        self.assertIn("under proot", userns["obstacle"])
        self.assertIn("proot", userns["cure"])
        alone = self.launch(["proot"], RELOC_ENGINE="userns")
        self.assertEqual(alone.status, 125)
        self.assertIn(userns["obstacle"], alone.err)

    def test_a_damaged_installation(self):
        """Each file that an engine needs is really used."""
        session.require(shutil.which("proot"), "proot", "not on this host", "install proot")
        for name, engine, obstacle in (("audit.so", "fakechroot", "audit.so"),
                                       ("preload.so", "fakechroot", "preload.so"),
                                       ("tracee", "proot", "trace: ")):
            with self.subTest(name=name):
                report = engines([], programs.environment(), self.installation(without=name))[engine]
                self.assertFalse(report["works"])
                self.assertIn(obstacle, report["obstacle"])
                self.assertTrue(report["cure"])

    def installation(self, without):
        """Returns relocctl in a copy of the build's files, one of which is empty."""
        directory = packs.new_path("installation")
        os.makedirs(directory + "/bin")
        shutil.copy(programs.RELOCCTL, directory + "/bin")
        shutil.copytree(os.path.join(programs.BIN, "../libexec"), directory + "/libexec")
        with open(f"{directory}/libexec/{without}", "w"):
            return directory + "/bin/relocctl"

    def test_without_proc(self):
        session.require(shutil.which("bwrap"), "bwrap", "bubblewrap is not on this host", "install bubblewrap")
        found = self.assertLikeEngines(["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/proc"])
        self.assertIn("/proc", found["userns"]["cure"])
        self.assertIn("/proc", found["fakechroot"]["cure"])

    def test_without_proc_relocctl_finds_its_other_half(self):
        session.require(shutil.which("bwrap"), "bwrap", "bubblewrap is not on this host", "install bubblewrap")
        link = packs.new_path("link")
        os.symlink(os.path.realpath(programs.RELOCCTL), link)
        for name in ("./relocctl", link):
            outcome = programs.run(["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/proc", name, "version"],
                                   env=programs.environment(), cwd=programs.BIN)
            self.assertEqual((outcome.status, outcome.err), (0, ""), name)

    def test_in_a_chroot(self):
        directory = session.make_dir("chroot")
        place = ["unshare", "--user", "--mount", "--map-current-user", "--keep-caps", "sh", "-c",
                 'mount --rbind / "$0" && exec chroot "$0" setpriv --ambient-caps -all "$@"', directory]
        session.require(programs.run([*place, "true"]).status == 0, "userns", "refused", "see relocctl engines")
        userns = self.assertLikeEngines(place)["userns"]
        self.assertFalse(userns["works"])
        self.assertIn("chroot", userns["cure"])

    def test_engines_of_a_program(self):
        entry = packs.from_host("static_probe") + "/bin/static_probe"
        host, found = engines([]), engines([], program=[entry])
        self.assertFalse(found["fakechroot"]["works"])
        self.assertIn("static", found["fakechroot"]["obstacle"])
        self.assertIn(found["fakechroot"]["obstacle"], self.launch([], entry, RELOC_ENGINE="fakechroot").err)
        for name in ("userns", "proot", "graft"):
            self.assertEqual(found[name], host[name])
        dynamic = engines([], program=[self.pack + "/bin/probe"])
        self.assertEqual(dynamic, host)

    def test_engines_of_a_program_of_an_image(self):
        images.require()
        image = packs.from_host("probe", suffix=".sqfs")
        host, found = engines([]), engines([], program=[image + "/bin/probe"])
        self.assertEqual(found["userns"], host["userns"])
        for name in ("fakechroot", "proot", "graft"):
            self.assertFalse(found[name]["works"])
            self.assertEqual(found[name]["cure"], f"unsquashfs -d DIR {image}")
        outcome = programs.relocctl("engines", image + "/bin/none")
        self.assertEqual((outcome.status, outcome.out), (1, ""))
        self.assertRegex(outcome.err, rf"\Arelocctl: [^\n]*{image}/bin/none[^\n]*\n\Z")

    def test_engines_of_what_is_no_program(self):
        outcome = programs.relocctl("engines", "/nowhere/at/all")
        self.assertEqual((outcome.status, outcome.out), (1, ""))
        self.assertRegex(outcome.err, r"\Arelocctl: .*/nowhere/at/all.+\n\Z")

    def test_choice_from_the_environment(self):
        first = [engine for engine in ("userns", "fakechroot") if engines([])[engine]["works"]][0]
        for env, chosen in (({}, first), ({"RELOC_ENGINE": ""}, first), ({"RELOC_ENGINE": "performance"}, first),
                            ({"GUIX_EXECUTION_ENGINE": "fakechroot"}, "fakechroot"),
                            ({"RELOC_ENGINE": "", "GUIX_EXECUTION_ENGINE": "fakechroot"}, "fakechroot"),
                            ({"RELOC_ENGINE": "userns", "GUIX_EXECUTION_ENGINE": "fakechroot"}, "userns")):
            with self.subTest(env=env):
                found = engines([], programs.environment(**env))
                self.assertEqual([name for name in found if found[name]["chosen"]], [chosen])

    def test_unknown_names_are_warned_of_and_ignored(self):
        for command in ([self.pack + "/bin/probe", "ids"], [programs.RELOCCTL, "run", self.pack + "/bin/probe", "ids"],
                        [programs.RELOCCTL, "engines"]):
            with self.subTest(command=command):
                outcome = self.launch([], *command, RELOC_ENGINE="docker")
                self.assertEqual(outcome.status, 0)
                self.assertRegex(outcome.err, r"\Areloc(ctl)?: warning: unknown engine 'docker', ignoring\n\Z")

    def test_the_option_comes_before_the_environment(self):
        outcome = self.launch(deny("mount"), programs.RELOCCTL, "run", "--engine", "userns", self.pack + "/bin/probe",
                              "ids", RELOC_ENGINE="fakechroot")
        self.assertEqual(outcome.status, 125)
        self.assertIn("userns: ", outcome.err)
        self.assertNotIn("fakechroot: ", outcome.err)

    def test_old_memory_fails_no_launch(self):
        """proot is remembered as refused: it is skipped, and tried all the same before the launch fails."""
        env = {"RELOCD_DIR": session.make_dir("memory", 0o700), "RELOC_DAEMON": "on", "RELOC_ENGINE": "proot"}
        works = engines([], programs.environment(**env))["proot"]["works"]
        fresh = self.launch(**env)
        memory = os.path.join(env["RELOCD_DIR"], "probes")
        with open(memory) as file:
            text = file.read()
        self.assertIn("proot works" if works else "proot fails", text)
        with open(memory, "w") as file:
            file.write(text.replace("proot works", "proot fails"))
        self.assertEqual(self.launch(**env), fresh)
        self.assertIn("proot: skipped", self.launch(RELOC_DEBUG="1", **env).err)

    def test_no_directory_is_made_for_memory(self):
        directory = packs.new_path("never")
        engines([], programs.environment(RELOCD_DIR=directory))
        self.assertFalse(os.path.exists(directory))


class ChainsWithDaemon(unittest.TestCase):
    """The daemon runs outside of the place where engines are refused, and has roots."""

    @classmethod
    def setUpClass(cls):
        cls.pack = packs.from_host("probe", "bash")
        cls.daemon = Daemon(session.make_dir("daemon", 0o700))
        cls.addClassCleanup(cls.daemon.stop)
        entry = cls.pack + "/bin/probe"
        cls.ways = {"shim": [entry], "run": [programs.RELOCCTL, "run", entry]}
        first = cls.launch("shim", [], RELOC_ENGINE="userns")
        session.require(first.status == 0, "userns", first.err.strip(), "see relocctl engines")

    @classmethod
    def launch(cls, way, place, **env):
        return programs.run([*place, *cls.ways[way], "ids", "cwd"], env=cls.daemon.environment(**env), cwd="/usr")

    def assertFails(self, way, place, reason):
        outcome = self.launch(way, place, RELOC_ENGINE="userns")
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertRegex(outcome.err, reason)
        self.assertEqual(len(outcome.err.splitlines()), 1)

    def test_the_chain_runs_the_program_wherever_it_is_refused_something(self):
        for place in (deny("mount"), deny("unshare"), deny("setns"), deny("chroot"), deny("setns", "ptrace"),
                      NO_NAMESPACES, ["unshare", "-Urm"]):
            native = programs.must(programs.run([*place, programs.host("probe"), "ids", "cwd"], cwd="/usr"))
            for way in self.ways:
                with self.subTest(place=place, way=way):
                    self.assertEqual(self.launch(way, place), native)

    def test_who_may_not_make_a_root_joins_the_daemons(self):
        for place, way in itertools.product((deny("mount"), deny("unshare"), deny("chroot")), self.ways):
            with self.subTest(place=place, way=way):
                outcome = self.launch(way, place, RELOC_ENGINE="userns", RELOC_DEBUG="1")
                self.assertEqual(outcome.status, 0)
                self.assertIn("way=published", outcome.err)

    def test_who_may_not_join_is_told_so(self):
        for way in self.ways:
            with self.subTest(way=way):
                self.assertFails(way, deny("setns"), "userns: join namespaces: ")

    def test_who_stands_elsewhere_gets_no_root_of_the_daemons(self):
        for way in self.ways:
            with self.subTest(way=way):
                self.assertFails(way, NO_NAMESPACES, "userns: unshare: ")

    def test_ps_shows_the_engine_that_the_chain_chose(self):
        env = self.daemon.environment()
        with subprocess.Popen([*deny("setns"), self.pack + "/bin/bash", "-c", "read line"], env=env,
                              stdin=subprocess.PIPE) as program:
            try:
                self.assertTrue(wait_until(lambda: {job["engine"] for job in jobs(env)} & {"proot", "fakechroot"}))
            finally:
                program.stdin.close()


if __name__ == "__main__":
    session.main()
