"""A cache of mirrors from which nothing can be executed: programs run from their packs. Root mounts it; a user uses it."""
import json
import os
import subprocess
import unittest

from support import daemon, packs, programs, session

ENGINES = ("userns", "fakechroot", "proot", "default", "performance")
KINDS = ("plain", "graft")


class Noexec(unittest.TestCase):
    OPTIONS = "noexec"

    def setUp(self):
        os.chmod(session.temp(), 0o755)
        self.packs = [packs.from_host("sh", "cat"), packs.from_host("sh", "true")]
        work = packs.new_path("work")
        os.mkdir(work, 0o700)
        self.cache = work + "/cache"
        os.makedirs(self.cache)
        os.makedirs(work + "/config/relocd")
        with open(work + "/config/relocd/relocd.conf", "w") as config:
            config.write(f"mirror-dir = {self.cache}\nmirror-after = 2\nmirror-all = true\n")
        for path in (work, self.cache, work + "/config", work + "/config/relocd"):
            os.chown(path, session.ORDINARY_USER, session.ORDINARY_USER)
        self.mount(f"uid={session.ORDINARY_USER},gid={session.ORDINARY_USER},mode=700,size=400M,{self.OPTIONS}", "-t", "tmpfs", "tmpfs")
        self.addCleanup(subprocess.run, ["umount", self.cache], check=True)
        self.state = work + "/state"
        self.env = programs.environment(RELOCD_DIR=work + "/daemon", XDG_CONFIG_HOME=work + "/config", HOME=work,
                                        XDG_STATE_HOME=work + "/state")
        programs.must(self.relocctl("daemon", "start"))
        self.addCleanup(self.relocctl, "daemon", "stop")

    def mount(self, options, *more):
        subprocess.run(["mount", "-o", options, *more, self.cache], check=True)

    def as_user(self, *command, **env):
        user = str(session.ORDINARY_USER)
        return programs.run(["setpriv", "--reuid", user, "--regid", user, "--clear-groups", *command],
                            env={**self.env, **env}, cwd="/")

    def relocctl(self, *arguments):
        return self.as_user(programs.RELOCCTL, *arguments)

    def list(self):
        return json.loads(programs.must(self.relocctl("mirrors", "ls", "--format", "json")).out)

    def events(self, kind):
        text = programs.must(self.relocctl("events", "--since", "1h", "--no-stream", "--format", "json")).out
        return [event for event in map(json.loads, text.splitlines()) if event["type"] == kind]

    def launch(self, pack, engine):
        """Also where the host refuses user namespaces, because there the other engines are used."""
        entry = [pack + "/bin/sh", "-c", "echo runs"]
        for command in (entry, [programs.host("deny"), "mount", "unshare", "setns", "--", *entry]):
            if engine == "userns" and command is not entry:
                continue
            outcome = self.as_user(*command, RELOC_ENGINE=engine)
            self.assertEqual(outcome, (0, "runs\n", ""), (engine, command))

    def launch_all(self):
        for pack in self.packs:
            for engine in ENGINES:
                self.launch(pack, engine)

    def read_log(self):
        return programs.must(self.as_user("find", self.state, "-name", "relocd.log", "-exec", "cat", "{}", "+")).out

    def assertTold(self):
        listed = self.relocctl("mirrors", "ls")
        self.assertRegex(listed.err, rf"no mirrors can be made: [^\n]*{self.cache}[^\n]*noexec[^\n]*set mirror-dir")
        [finding] = [each for each in json.loads(self.relocctl("doctor", "--format", "json").out) if each["check"] == "mirrors"]
        self.assertEqual(finding["health"], "WARN")
        self.assertRegex(finding["found"], f"{self.cache}.*noexec")
        self.assertIn("set mirror-dir", finding["cure"])


class FromTheStart(Noexec):
    def test_automatic_mirrors(self):
        for _ in range(2):
            self.launch(self.packs[0], "fakechroot")
        self.assertTrue(daemon.wait_until(lambda: "programs cannot run from" in self.read_log(), 20))
        for _ in range(3):
            self.launch_all()
        programs.must(self.relocctl("mirrors", "prune"))  # in the same queue
        self.launch_all()
        self.assertEqual((self.list(), self.events("mirror_create")), ([], []))
        self.assertTold()
        self.assertEqual(self.read_log().count("programs cannot run from"), 1, self.read_log())

    def test_mirrors_that_are_asked_for(self):
        for kind in KINDS:
            refused = self.relocctl("mirrors", "add", "--kind", kind, "--wait", self.packs[0])
            self.assertEqual((refused.status, refused.out), (1, ""))
            self.assertRegex(refused.err, rf"\Arelocctl: [^\n]*{self.cache}[^\n]*noexec[^\n]*set mirror-dir[^\n]*\n\Z")
        self.launch_all()
        self.assertTold()
        self.assertEqual(self.list(), [])
        self.mount("remount,exec")
        for kind in KINDS:
            programs.must(self.relocctl("mirrors", "add", "--kind", kind, "--wait", self.packs[0]))
        self.launch_all()
        made = [mirror["kind"] for mirror in self.list() if mirror["pack"] == self.packs[0]]
        self.assertEqual(sorted(made), ["graft", "plain"])
        self.assertEqual(self.relocctl("mirrors", "ls").err, "")


class Later(Noexec):
    OPTIONS = "exec"

    def setUp(self):
        super().setUp()
        for kind in KINDS:
            programs.must(self.relocctl("mirrors", "add", "--kind", kind, "--wait", self.packs[0]))
        self.launch_all()
        self.mount("remount,noexec")

    def evicted(self):
        events = [event for event in self.events("mirror_evict") if event["pack"] == self.packs[0]]
        return sorted((event["mirror"].split(".")[1], event["reason"]) for event in events)

    def test_launches_go_on_to_the_pack(self):
        self.launch_all()
        self.assertTrue(daemon.wait_until(lambda: self.evicted() == [("graft", "unusable"), ("plain", "unusable")], 20),
                        self.read_log())
        self.assertEqual(self.list(), [])
        self.assertTold()
        self.launch_all()

    def test_a_graft_that_is_asked_for_alone_says_why(self):
        outcome = self.as_user(self.packs[0] + "/bin/sh", "-c", ":", RELOC_ENGINE="graft")
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertRegex(outcome.err, r"\Areloc: [^\n]*graft: exec /[^\n]*: Permission denied\n\Z")
        self.assertTrue(daemon.wait_until(lambda: ("graft", "unusable") in self.evicted(), 20))

    def test_the_next_daemon_tries_them_first(self):
        programs.must(self.relocctl("daemon", "restart"))
        self.assertEqual(self.list(), [])
        self.assertTold()
        self.launch_all()


if __name__ == "__main__":
    session.main(needs_root=True)
