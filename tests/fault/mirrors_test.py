"""Mirrors and failures: nothing incomplete is ever served, and programs run from their packs if there is no
mirror."""
import os
import re
import shutil
import signal
import stat
import subprocess
import unittest

from support import daemon, packs, programs, session
from support.mirroring import MirrorsTest, large_pack
from support.store import Store

SWAPS = 200


class Faults(MirrorsTest):
    def launch(self, env=None):
        outcome = programs.run([self.pack + "/bin/sh", "-c", "echo runs"], env=env or self.env)
        self.assertEqual(outcome, (0, "runs\n", ""), outcome.err)

    def runs_from_mirror(self):
        """Returns whether a launch that needs no root takes its files from a mirror."""
        outcome = programs.run([self.pack + "/bin/sh", "-c", "exit 0"],
                               env={**self.env, "RELOC_ENGINE": "fakechroot", "RELOC_DEBUG": "1"})
        self.assertEqual(outcome.status, 0, outcome)
        return " mirror=" in outcome.err


class Named(Faults):
    """reloc/fault/points.h"""

    def test_launches_that_cannot_be_told(self):
        self.start(RELOC_FAULTS="mirror.show=ENOSPC:times=2")
        self.add()
        self.relocd.await_log("cannot tell launches of mirrors: No space left on device")
        self.assertFalse(self.runs_from_mirror())
        self.launch()
        self.must("prune")  # looks at all mirrors again
        self.assertTrue(self.runs_from_mirror())

    def test_a_process_that_cannot_be_started(self):
        self.start(RELOC_FAULTS="mirror.spawn=EAGAIN:times=1")
        self.assertComplaint(self.mirrors("add", "--wait", self.pack), "cannot start a process for mirrors",
                             "Resource temporarily unavailable")
        self.launch()
        self.await_mirror(self.add())


class Killed(Faults):
    """While a mirror is made."""

    def begin(self):
        """Returns the pid of a worker that has begun, and is stopped."""
        self.start()
        self.must("add", large_pack())
        worker = self.await_worker()
        tmp = self.cache + "/tmp"
        self.assertTrue(daemon.wait_until(lambda: os.path.isdir(tmp) and os.listdir(tmp)))
        os.kill(worker, signal.SIGSTOP)
        self.assertEqual(os.listdir(self.cache + "/mirrors"), [])
        return worker

    def assertMadeAfterAll(self):
        self.assertNothingHalfMade()
        self.assertIsNone(self.mirror_shown(large_pack()))
        self.assertEqual((self.list(), os.listdir(self.cache + "/mirrors")), ([], []))
        self.await_mirror(self.add(large_pack()), large_pack())
        self.assertEqual(self.must("verify"), "")

    def test_the_worker(self):
        worker = self.begin()
        os.kill(worker, signal.SIGKILL)
        self.relocd.await_log("was killed by signal 9")
        self.assertTrue(daemon.wait_until(lambda: self.worker() is None))
        self.must("prune")
        self.assertMadeAfterAll()

    def test_somebody_waits_for_it(self):
        self.start()
        add = subprocess.Popen([programs.RELOCCTL, "mirrors", "add", "--wait", large_pack()], env=self.env,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.kill(self.await_worker(), signal.SIGKILL)
        out, err = add.communicate()
        self.assertEqual((add.returncode, out), (1, ""))
        self.assertRegex(err, r"\Arelocctl: [^\n]+: the process for mirrors was killed by signal 9 [^\n]+\n\Z")

    def test_relocd(self):
        worker = self.begin()
        self.relocd.kill()
        self.assertTrue(daemon.wait_until(lambda: worker not in session.children()))  # though it was stopped
        self.assertNotEqual(os.listdir(self.cache + "/tmp"), [])
        self.start()
        self.assertMadeAfterAll()


class Squatted(Faults):
    """Another file has the name of a directory that relocd needs."""

    def squat(self, path):
        """Puts each obstacle at `path` in turn; yields what must not change."""
        canary = packs.new_path("canary")
        os.mkdir(canary, 0o700)
        os.symlink("/etc/passwd", os.path.join(canary, "precious.plain"))
        for make in (lambda: os.symlink(canary, path), lambda: os.mkfifo(path), lambda: open(path, "w").close()):
            make()
            kind = stat.S_IFMT(os.lstat(path).st_mode)
            with self.subTest(oct(kind)):
                yield
                self.assertEqual(stat.S_IFMT(os.lstat(path).st_mode), kind)
            os.unlink(path)
            self.assertEqual(os.listdir(canary), ["precious.plain"])

    def test_the_directory_that_tells_launches(self):
        directory = packs.new_path("daemon")
        os.mkdir(directory, 0o700)
        self.relocd = None
        for _ in self.squat(directory + "/mirrors"):
            self.relocd = daemon.Daemon(directory, env=programs.environment(XDG_CACHE_HOME=self.cache_home))
            self.env = self.relocd.environment(RELOC_ENGINE="userns")
            self.add()
            self.relocd.await_log("cannot tell launches of mirrors")
            self.assertFalse(self.runs_from_mirror())
            self.launch()
            self.relocd.stop()

    def test_the_cache(self):
        self.start()
        for path in (self.cache, self.cache + "/mirrors", self.cache + "/tmp"):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            for _ in self.squat(path):
                if path == self.cache and os.path.islink(path):
                    continue  # a symlink made by the user, to a disk with more room, is accepted
                self.assertComplaint(self.mirrors("add", "--wait", self.pack), path)
                self.launch()
                self.assertFalse(self.runs_from_mirror())
        self.await_mirror(self.add())

    def test_a_cache_that_others_can_enter(self):
        os.makedirs(self.cache)
        os.chmod(self.cache, 0o755)
        self.start()
        self.assertComplaint(self.mirrors("add", "--wait", self.pack), f"others can enter {self.cache}", "chmod 700")
        self.launch()
        os.chmod(self.cache, 0o700)
        self.await_mirror(self.add())

    def test_a_cache_of_another_user(self):
        self.start("--mirror-dir", "/usr")
        self.assertComplaint(self.mirrors("add", "--wait", self.pack), "/usr is not yours", "mirror-dir")
        self.launch()


class Replaced(Faults):
    """A pack that is replaced in place: the mirror of the old content is not used for the new."""

    def assertNeverStale(self, engine):
        self.start()
        versions = [packs.versioned("first"), packs.versioned("second")]
        pack = packs.new_path("current")
        os.rename(versions[0], pack)
        other = versions[1]
        expected = ["first", "second"]
        names = []
        for turn in range(SWAPS):
            show = programs.run([pack + "/bin/show"], env={**self.env, "RELOC_ENGINE": engine})
            self.assertEqual(show, (0, expected[0] + "\n", ""))
            if turn in (20, 61):  # a mirror of each, after launches without one
                names.append(self.add(pack))
            os.rename(pack, pack + ".old")
            os.rename(other, pack)
            os.rename(pack + ".old", other)
            expected.reverse()
        self.assertEqual(len(set(names)), 2)
        self.assertEqual(sorted(mirror["name"] for mirror in self.list()), sorted(names))

    def test_in_roots(self):
        self.assertNeverStale("userns")

    def test_without_roots(self):
        self.assertNeverStale("fakechroot")


class Exchanged(Faults):
    """Another process exchanges directories of the cache for symlinks while mirrors are removed."""

    def test_nothing_outside_is_removed(self):
        self.start()
        canary = packs.new_path("canary")
        shutil.copytree(self.pack, canary, symlinks=True)
        listed = programs.must(programs.run(["find", canary, "-ls"])).out
        for _ in range(10):
            name = self.add()
            place = f"{self.cache}/mirrors/{name}"
            with Exchanger(place, packs.new_path("links"), canary):
                self.mirrors("prune", "--all")
            self.remove_cache()
            self.assertEqual(programs.must(programs.run(["find", canary, "-ls"])).out, listed)
            self.launch()


class Removed(Faults):
    """The cache is removed while relocd runs."""

    def setUp(self):
        super().setUp()
        self.start()
        self.await_mirror(self.add())

    def assertRunsFromThePack(self):
        for engine in ("userns", "fakechroot"):
            with self.subTest(engine):
                self.launch({**self.env, "RELOC_ENGINE": engine})
        self.assertIsNone(self.mirror_shown())
        self.assertFalse(self.runs_from_mirror())

    def test_relocd_notices(self):
        self.remove_cache()
        self.assertRunsFromThePack()
        self.relocd.await_log("someone removes mirror")
        self.assertEqual(self.list(), [])
        self.assertTrue(daemon.wait_until(lambda: daemon.joins_a_published_root(self.pack + "/bin/sh", self.env)))
        self.await_mirror(self.add())

    def test_in_part(self):
        """Like an interrupted cleaner: the removed part does not come back, and the rest is removed."""
        mirror = self.cache + "/mirrors/" + self.list()[0]["name"]
        items = next(path for path, directories, _ in os.walk(mirror) if len(directories) > 3)
        shutil.rmtree(os.path.join(items, sorted(os.listdir(items))[0]))
        self.relocd.await_log("someone removes mirror")
        self.must("prune")  # checks all mirrors
        self.assertEqual(self.list(), [])
        self.assertRunsFromThePack()
        self.assertTrue(daemon.wait_until(lambda: not os.path.exists(mirror)))
        self.await_mirror(self.add())

    def test_one_library(self):
        """A file that the launch itself does not access."""
        mirror = self.cache + "/mirrors/" + self.list()[0]["name"]
        for file in programs.must(programs.run(["find", mirror, "-name", "libc.so.6"])).out.split():
            os.unlink(file)
        self.relocd.await_log("someone removes mirror")
        self.assertRunsFromThePack()
        self.must("prune")
        self.assertEqual(self.list(), [])

    def test_in_part_while_it_is_used(self):
        mirror = self.cache + "/mirrors/" + self.list()[0]["name"]
        job = subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(job.communicate)
        self.assertTrue(daemon.wait_until(lambda: [each["jobs"] for each in self.list()] == [1]))
        items = next(path for path, directories, _ in os.walk(mirror) if len(directories) > 3)
        shutil.rmtree(os.path.join(items, sorted(os.listdir(items))[0]))
        self.relocd.await_log("someone removes mirror")
        self.assertComplaint(self.mirrors("add", "--wait", self.pack), "is damaged", "try again")
        self.assertRunsFromThePack()
        self.assertTrue(os.path.exists(mirror))

    def test_launches_notice_when_relocd_does_not(self):
        self.relocd.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.relocd.process.send_signal, signal.SIGCONT)
        self.remove_cache()
        self.assertRunsFromThePack()

    def test_jobs_that_use_it_can_start_others(self):
        job = subprocess.Popen([self.pack + "/bin/sh", "-c", "echo; read line; exec \"$0\" -c 'echo runs'",
                                self.pack + "/bin/sh"], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
        self.assertEqual(job.stdout.readline(), "\n")
        self.remove_cache()
        self.assertEqual(job.communicate("\n")[0], "runs\n")
        self.assertEqual(job.returncode, 0)


class Damaged(Faults):
    """The mirror exists, but a file in it that a launch executes has changed."""

    def setUp(self):
        super().setUp()
        self.start()

    def make(self, kind):
        """One kind at a time: they share files."""
        added = self.must("add", "--kind", kind, "--wait", self.pack)
        self.name = re.search(r"mirror (\S+) of", added).group(1)
        if kind == "plain":
            self.await_mirror(self.name)

    def files(self, name):
        """Returns all files of that name in the mirror."""
        return programs.must(programs.run(["find", f"{self.cache}/mirrors/{self.name}", "-name", name, "-type", "f"])).out.split()

    def damage(self, how):
        for file in self.files("dash") + self.files("sh") + self.files("ld-linux*"):
            how(file)

    def evicted(self):
        return {event["mirror"]: event["reason"] for event in self.events() if event["type"] == "mirror_evict"}

    def assertWithdrawn(self, kind, engine):
        others = lambda: self.evicted().keys() - {self.name}
        before = others()
        command = [self.pack + "/bin/sh", "-c", "echo runs"]
        if kind == "graft":  # a chain reaches it only where there are no user namespaces
            command = [programs.host("deny"), "mount", "unshare", "setns", "--", *command]
        outcome = programs.run(command, env={**self.env, "RELOC_ENGINE": engine})
        self.assertEqual(outcome, (0, "runs\n", ""))
        self.assertTrue(daemon.wait_until(lambda: self.evicted().get(self.name) in ("unusable", "removed"), 20), self.relocd.read_log())
        self.assertEqual(others(), before)
        self.assertNotIn(self.name, [mirror["name"] for mirror in self.list()])

    def assertHealed(self, kind):
        """After the rest was removed."""
        again = lambda: self.mirrors("add", "--kind", kind, "--wait", self.pack).status == 0
        self.assertTrue(daemon.wait_until(again, 20), self.relocd.read_log())
        self.launch()
        self.must("verify")

    HOW = {"removed": os.unlink, "made not executable": lambda path: os.chmod(path, 0o644),
           "emptied": lambda path: os.truncate(path, 0)}

    def test_in_a_root(self):
        self.make("plain")
        self.damage(os.unlink)
        self.assertWithdrawn("plain", "userns")
        self.assertHealed("plain")

    def test_in_a_root_that_a_program_is_inside_of_already(self):
        self.make("plain")
        script = f'read line; exec "{self.pack}/bin/sh" -c "echo runs"'
        job = subprocess.Popen([self.pack + "/bin/sh", "-c", script], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
        self.assertTrue(daemon.wait_until(lambda: [each["jobs"] for each in self.list() if each["kind"] == "plain"] == [1]))
        for file in self.files("dash") + self.files("sh"):
            os.rename(file, file + ".away")
        self.assertEqual(job.communicate("\n")[0], "runs\n")
        self.assertEqual(job.returncode, 0)

    def test_by_engines_without_roots(self):
        for what, how in self.HOW.items():
            for engine in ("fakechroot", "proot"):
                with self.subTest(what, engine=engine):
                    self.make("plain")
                    self.damage(how)
                    self.assertWithdrawn("plain", engine)
                    self.assertHealed("plain")
                    self.forget_evicted()

    def forget_evicted(self):
        self.relocd.stop()
        shutil.rmtree(self.state_home)
        self.start()

    def test_grafted(self):
        for what, how in self.HOW.items():
            with self.subTest(what):
                self.make("graft")
                self.damage(how)
                self.assertWithdrawn("graft", "performance")
                self.assertHealed("graft")
                self.forget_evicted()


class NotExecutable(Faults):
    """A program that cannot be executed: it ends as without a mirror, and the mirror is kept."""

    def setUp(self):
        super().setUp()
        store = Store("/gnu/store", packs.new_path("store"))
        bash = store.add("bash-5.2", "bash")
        item = store.item("broken")
        store.add_file(item + "/bin/lost", "#!/nowhere/interpreter\n", 0o755)
        store.add_file(item + "/bin/works", f"#!{bash}/bin/bash\necho runs\n", 0o755)
        self.pack = packs.new_path("broken")
        programs.must(programs.relocctl("pack", "create", "-o", self.pack, "--from-store", item, "--store-dir", store.directory,
                                        "--store-prefix", "/gnu/store"))

    def test_it_ends_as_without_one(self):
        without = {engine: programs.run([self.pack + "/bin/lost"], env=programs.environment(RELOC_ENGINE=engine)).status
                   for engine in ("userns", "fakechroot", "proot")}
        self.assertEqual(without["userns"], 127)
        self.start()
        for kind in ("plain", "graft"):
            self.must("add", "--kind", kind, "--wait", self.pack)
        for engine, status in [*without.items(), ("graft", 127)]:
            env = {**self.env, "RELOC_ENGINE": engine}
            for _ in range(2):
                self.assertEqual(programs.run([self.pack + "/bin/lost"], env=env).status, status, engine)
        self.must("prune")  # after they were tried
        self.assertEqual(sorted(mirror["kind"] for mirror in self.list()), ["graft", "plain"])
        for engine in ("userns", "fakechroot", "graft"):
            outcome = programs.run([self.pack + "/bin/works"], env={**self.env, "RELOC_ENGINE": engine})
            self.assertEqual(outcome, (0, "runs\n", ""), engine)
        self.assertEqual([event for event in self.events() if event["type"] == "mirror_evict"], [])


class Exchanger:
    """Repeatedly exchanges all directories on the way into a mirror for symlinks to `canary`, and back."""
    SCRIPT = """
import ctypes, itertools, os, sys
place, links, canary = sys.argv[1:]
libc = ctypes.CDLL(None)
top = os.path.dirname(os.path.dirname(place))
paths = [place, place + "/.reloc", place + "/bin", top + "/tmp", os.path.dirname(place)]
os.mkdir(links)
pairs = []
for number, path in enumerate(paths):
    link = f"{links}/{number}"
    os.symlink(canary, link)
    pairs.append((path.encode(), link.encode()))
print("ready", flush=True)
for path, link in itertools.cycle(pairs):
    for _ in range(2):
        libc.renameat2(-100, path, -100, link, 2)
"""

    def __init__(self, place, links, canary):
        self.arguments = ["/usr/bin/python3", "-c", self.SCRIPT, place, links, canary]

    def __enter__(self):
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    session.main()
