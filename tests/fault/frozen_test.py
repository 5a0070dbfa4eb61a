"""File systems that stop answering and processes that are stopped: launches continue, and every command answers or
says what does not, in one line and in time."""
import contextlib
import glob
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
import unittest

from support import daemon, packs, programs, session, slowfs
from support.mirroring import large_pack

# A command has 3 s, a launch is 0.1 s late. The rest is for a busy machine; a hang lasts for ever, or for 10 s.
COMMAND_SECONDS = 8
LAUNCH_SECONDS = 2
CLEANUP_SECONDS = 60


class Frozen(unittest.TestCase):
    def setUp(self):
        self.files = slowfs.SlowFileSystem()
        self.addCleanup(self.files.close)
        self.addCleanup(self.empty_disk)
        self.pack = packs.from_host("sh", "sleep")
        self.sh = os.path.join(self.pack, "bin/sh")
        self.directory = packs.new_path("daemon")
        self.env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns", HOME=self.on_slow("home"))
        self.pids = []

    def empty_disk(self):
        for name in os.listdir(self.files.disk):
            session.remove_tree(os.path.join(self.files.disk, name))

    def on_slow(self, name):
        """Makes a directory of that name on the file system that will hang; returns it."""
        os.makedirs(os.path.join(self.files.disk, name), exist_ok=True)
        return os.path.join(self.files.slow, name)

    def relocctl(self, *arguments, timeout=CLEANUP_SECONDS):
        return programs.relocctl(*arguments, env=self.env, cwd="/", timeout=timeout)

    def start(self, *options):
        """Starts relocd like a user: in the background, with its log in the state directory."""
        programs.must(self.relocctl("daemon", "start", *options))
        self.addCleanup(self.stop)
        outcome, _ = self.launch()
        session.require(outcome.status == 0, "userns", outcome.err.strip(), "see relocctl engines")

    def pid(self):
        return json.loads(programs.must(self.relocctl("daemon", "status", "--format", "json")).out)["pid"]

    def stop(self):
        self.files.unblock()
        for pid in self.pids:
            with_suppressed_kill(pid, signal.SIGCONT)
        programs.must(self.relocctl("daemon", "stop"))

    def children(self, relocd, name):
        lists = [os.path.join(task, "children") for task in glob.glob(f"/proc/{relocd}/task/*")]
        pids = []
        for path in lists:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(path) as children:
                pids += map(int, children.read().split())
        return [pid for pid in pids if daemon.process_name(pid) == name]

    def child(self, relocd, name):
        self.assertTrue(daemon.wait_until(lambda: self.children(relocd, name)), f"relocd has no child {name}")
        return self.children(relocd, name)[0]

    def sigstop(self, pid):
        os.kill(pid, signal.SIGSTOP)
        self.pids.append(pid)

    def launch(self):
        began = time.monotonic()
        outcome = programs.run([self.sh, "-c", "echo ran"], env=self.env, cwd="/", timeout=CLEANUP_SECONDS)
        return outcome, time.monotonic() - began

    def start_job(self):
        """Starts a detached job that runs until it is killed, and has written something; returns its id."""
        job = programs.must(self.relocctl("run", "-d", self.sh, "-c", "echo hello; exec sleep 1000")).out.strip()
        [shown] = json.loads(programs.must(self.relocctl("inspect", job)).out)
        self.addCleanup(with_suppressed_kill, shown["pid"], signal.SIGKILL)
        self.addCleanup(self.files.unblock)
        self.assertTrue(daemon.wait_until(lambda: "hello" in self.relocctl("logs", job).out))
        return job

    def assertLaunches(self):
        for _ in range(3):
            outcome, took = self.launch()
            self.assertEqual((outcome.status, outcome.out), (0, "ran\n"), outcome)
            self.assertLess(took, LAUNCH_SECONDS)

    def assertAnswers(self, *command):
        """The command ends in time, and prints one line if it fails. Returns the outcome."""
        began = time.monotonic()
        try:
            outcome = self.relocctl(*command, timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            self.fail(f"relocctl {' '.join(command)} gives no answer")
        self.assertLess(time.monotonic() - began, COMMAND_SECONDS)
        if outcome.err or outcome.status not in (0, 3) and command[0] != "doctor":
            self.assertRegex(outcome.err, r"\A(relocctl|reloc): [^\n]+\n\Z", (command, outcome))
        return outcome

    def assertSaysAndEnds(self, *command, named):
        """In time it reports that `named` does not answer; then it waits, and ^C ends it."""
        process = subprocess.Popen([programs.RELOCCTL, *command], env=self.env, cwd="/", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        ready, _, _ = select.select([process.stderr], [], [], COMMAND_SECONDS)
        self.assertTrue(ready, f"relocctl {' '.join(command)} says nothing")
        line = process.stderr.readline()
        self.assertRegex(line, rf"\Arelocctl: {re.escape(named)} does not answer[^\n]*\n\Z")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(COMMAND_SECONDS), -signal.SIGINT)

    def assertAllAnswer(self, job, succeed=()):
        """`succeed`: the first words of commands that are not affected at all."""
        for command in (["ps"], ["ps", "-a"], ["roots", "ls"], ["stats", "--no-stream"], ["inspect", job], ["metrics"],
                        ["history"], ["events", "--since", "1h", "--no-stream"], ["logs", job], ["mirrors", "ls"],
                        ["kill", "-s", "CONT", job], ["engines"], ["doctor"], ["version"], ["daemon", "status"],
                        ["daemon", "start"], ["run", self.sh, "-c", "exit 0"],
                        ["run", "-d", self.sh, "-c", "exit 0"]):
            with self.subTest(command=command):
                outcome = self.assertAnswers(*command)
                if command[0] in succeed:
                    self.assertEqual(outcome.status, 0, outcome)

    def assertStopsAndStarts(self):
        self.assertEqual(self.assertAnswers("daemon", "stop").out, "relocd stopped\n")
        self.assertEqual(self.assertAnswers("daemon", "status").status, 3)
        self.assertRegex(self.assertAnswers("daemon", "start").out, r"\Arelocd runs in ")
        self.assertRegex(self.assertAnswers("daemon", "restart").out, r"\Arelocd runs in ")


def with_suppressed_kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


NOT_HELD_UP = ("ps", "roots", "stats", "inspect", "metrics", "kill", "engines", "version")


class FileSystems(Frozen):
    def test_home(self):
        self.start()
        job = self.start_job()
        self.files.block()
        self.assertLaunches()
        self.assertAllAnswer(job, succeed=NOT_HELD_UP)
        self.assertIn("history.db does not answer", self.assertAnswers("history").err)
        self.assertIn("does not answer", self.assertAnswers("logs", job).err)
        # A pack that is new to relocd gets a root.
        fresh = packs.new_path("fresh")
        shutil.copytree(self.pack, fresh, symlinks=True)
        entry = os.path.join(fresh, "bin/sh")
        joins = lambda: "way=published" in programs.run(
            [entry, "-c", "exit 0"], env={**self.env, "RELOC_DEBUG": "1"}, cwd="/").err
        self.assertTrue(daemon.wait_until(joins))
        self.assertStopsAndStarts()
        self.assertLaunches()
        # Without state relocd serves all the same, and knows the jobs.
        self.assertIn(job, self.assertAnswers("ps").out)
        self.files.unblock()
        programs.must(self.relocctl("daemon", "restart"))
        self.assertIn("hello", programs.must(self.relocctl("logs", job)).out)

    def test_home_before_relocd_is_there(self):
        self.files.block()
        for command in (["history"], ["logs", "abc"], ["ps"], ["mirrors", "ls"], ["doctor"], ["daemon", "status"]):
            with self.subTest(command=command):
                self.assertAnswers(*command)
        self.addCleanup(self.stop)
        self.assertRegex(self.assertAnswers("daemon", "start").out, r"\Arelocd runs in ")
        self.assertLaunches()
        self.assertEqual(self.assertAnswers("ps").status, 0)

    def test_what_ended_meanwhile_is_in_the_history(self):
        self.start()
        self.files.block()
        self.assertLaunches()
        self.assertIn("does not answer", self.assertAnswers("history").err)
        self.files.unblock()

        def listed():
            history = self.relocctl("history", "--format", "json")
            return history.status == 0 and history.err == "" and len(json.loads(history.out)) >= 4
        self.assertTrue(daemon.wait_until(listed, CLEANUP_SECONDS))

    def test_the_mirrors(self):
        cache = self.on_slow("cache")
        os.chmod(os.path.join(self.files.disk, "cache"), 0o700)
        config = packs.new_path("conf")
        with open(config, "w") as file:
            file.write(f"mirror-dir = {cache}\n")
        self.env["HOME"] = session.make_dir("home")
        self.files.block()
        self.start("--config", config)
        self.assertIn(f"{cache} does not answer", self.assertAnswers("mirrors", "ls").err)
        self.assertAllAnswer(self.start_job(), succeed=(*NOT_HELD_UP, "history", "events", "logs", "run"))
        self.assertStopsAndStarts()

    def test_the_log(self):
        self.env["HOME"] = session.make_dir("home")
        log = os.path.join(self.on_slow("logs"), "relocd.log")
        self.start("--log-file", log, "--log-level", "debug")
        job = self.start_job()
        self.files.block()
        for _ in range(20):
            self.assertLaunches()
        self.assertAllAnswer(job, succeed=(*NOT_HELD_UP, "history", "events", "logs", "run"))
        self.files.unblock()
        os.kill(self.pid(), signal.SIGHUP)
        with_disk = os.path.join(self.files.disk, "logs/relocd.log")

        def grows():
            size = os.path.getsize(with_disk)
            self.launch()
            return os.path.getsize(with_disk) > size
        self.assertTrue(daemon.wait_until(grows, CLEANUP_SECONDS))
        self.assertStopsAndStarts()

    def test_a_pack(self):
        self.env["HOME"] = session.make_dir("home")
        shutil.copytree(self.pack, os.path.join(self.files.disk, "pack"), symlinks=True)
        self.start()
        job = self.start_job()
        self.files.block()
        self.assertLaunches()
        frozen = os.path.join(self.files.slow, "pack")
        for command in (["pack", "inspect", frozen], ["pack", "verify", frozen], ["engines", frozen + "/bin/sh"]):
            with self.subTest(command=command):
                self.assertIn("does not answer", self.assertAnswers(*command).err)
        new = packs.new_path("new")
        for command, named in ((["mirrors", "add", frozen], frozen),
                               (["mirrors", "add", "--wait", frozen], frozen),
                               (["pack", "adopt", frozen], frozen),
                               (["pack", "create", "-o", new, "--store-prefix", "/gnu/store", "--store-dir", frozen, "--from-store",
                                 frozen], frozen),
                               (["pack", "create", "-o", new, "--from-host", "true", "--add", frozen], frozen),
                               (["pack", "create", "-o", frozen + "/new", "--from-host", "true"], frozen)):
            with self.subTest(command=command):
                self.assertSaysAndEnds(*command, named=named)
        self.assertAllAnswer(job, succeed=(*NOT_HELD_UP, "history", "events", "logs", "mirrors", "run"))
        self.assertStopsAndStarts()


class FrozenMirror(Frozen):
    """Only the mirrors are on the file system that hangs: none may be made there, so they are moved there."""

    def setUp(self):
        super().setUp()
        self.env["HOME"] = session.make_dir("home")
        self.cache = os.path.join(self.env["HOME"], ".cache/relocd")
        self.mirrors = os.path.join(self.cache, "mirrors")

    def start_with(self, kind):
        self.start()
        self.assertEqual(self.relocctl("mirrors", "add", "--wait", "--kind", kind, self.pack).status, 0)
        programs.must(self.relocctl("daemon", "stop"))
        moved = os.path.join(self.files.disk, "mirrors")
        programs.must(programs.run(["cp", "-a", self.mirrors, moved]))
        self.files.bind(os.path.join(self.files.slow, "mirrors"), self.mirrors)
        self.addCleanup(self.files.unbind, self.mirrors)
        programs.must(self.relocctl("daemon", "start"))
        self.await_use(True)

    def uses_mirror(self):
        told = programs.run([self.sh, "-c", "cat /proc/self/mountinfo /proc/self/maps"],
                            env={**self.env, "RELOC_DEBUG": "1"}, cwd="/", timeout=CLEANUP_SECONDS)
        self.assertEqual(told.status, 0, told)
        return "/mirrors/" in told.out or " mirror=" in told.err

    def await_use(self, used):
        self.assertTrue(daemon.wait_until(lambda: self.uses_mirror() == used, CLEANUP_SECONDS))

    def evictions(self):
        told = programs.must(self.relocctl("events", "--since", "1h", "--no-stream", "--format", "json")).out
        return [event for event in map(json.loads, told.splitlines()) if event["type"] == "mirror_evict"]

    def freeze(self):
        """Returns when relocd has noticed, which takes two seconds."""
        self.files.block()
        silent = lambda: "does not answer" in self.relocctl("mirrors", "ls").err
        self.assertTrue(daemon.wait_until(silent, CLEANUP_SECONDS))

    def check(self, engine, kind):
        self.env["RELOC_ENGINE"] = "userns"
        self.start_with(kind)
        self.env["RELOC_ENGINE"] = engine
        self.await_use(True)
        self.freeze()
        self.assertLaunches()
        self.assertAllAnswer(self.start_job(), succeed=(*NOT_HELD_UP, "history", "events", "logs", "mirrors", "run"))
        for command in (["add", self.pack], ["prune"], ["verify"]):
            with self.subTest(command=command):
                self.assertIn(f"{self.cache} does not answer", self.assertAnswers("mirrors", *command).err)
        self.assertEqual({event["reason"] for event in self.evictions()}, {"does not answer"})
        self.files.unblock()
        self.await_use(True)

    def test_under_userns(self):
        self.check("userns", "plain")

    def test_under_fakechroot(self):
        self.check("fakechroot", "plain")

    def test_while_the_probe_is_stopped_or_killed(self):
        self.start_with("plain")
        probe = self.child(self.pid(), "relocd-probe")
        os.kill(probe, signal.SIGSTOP)
        another = lambda: any(pid != probe for pid in self.children(self.pid(), "relocd-probe"))
        self.assertTrue(daemon.wait_until(another, CLEANUP_SECONDS))
        self.assertTrue(self.uses_mirror())
        os.kill(self.children(self.pid(), "relocd-probe")[-1], signal.SIGKILL)
        self.freeze()
        self.assertLaunches()
        self.assertStopsAndStarts()


class Stopped(Frozen):
    def setUp(self):
        super().setUp()
        self.env["HOME"] = session.make_dir("home")
        self.start()

    def test_the_keeper(self):
        job = self.start_job()
        self.sigstop(self.child(self.pid(), "relocd-keeper"))
        self.assertDoctorNames("relocd-keeper")
        self.assertLaunches()
        self.assertAllAnswer(job, succeed=(*NOT_HELD_UP, "history", "events", "logs", "mirrors", "run", "daemon"))
        self.assertStopsAndStarts()
        self.assertLaunches()
        self.assertIn(job, self.assertAnswers("ps").out)

    def test_the_process_for_the_log(self):
        self.sigstop(self.child(self.pid(), "relocd-log"))
        self.assertDoctorNames("relocd-log")
        self.assertLaunches()
        self.assertAllAnswer(self.start_job(), succeed=(*NOT_HELD_UP, "history", "events", "logs", "run", "daemon"))
        self.assertStopsAndStarts()

    def stop_all(self, name):
        """Stops the present helpers of relocd with that name. They start and end."""
        for pid in self.children(self.pid(), name):
            with contextlib.suppress(ProcessLookupError):
                self.sigstop(pid)

    def assertDoctorNames(self, name, use=lambda: None):
        """`use` makes relocd start the helper."""
        line = rf"(?m)^WARN  daemon processes +{name} \(pid (\d+)\) is stopped: .* => kill -CONT \1$"

        def named():
            use()
            self.stop_all(name)
            return re.search(line, self.assertAnswers("doctor").out)
        self.assertTrue(daemon.wait_until(named, CLEANUP_SECONDS))

    def test_the_process_for_files(self):
        self.assertDoctorNames("relocd-disk", use=self.launch)  # this is the writer of the history
        self.assertLaunches()

    def test_the_process_that_reads_other_processes(self):
        job = self.start_job()
        self.assertDoctorNames("relocd-reader", use=lambda: self.relocctl("ps"))

        def shown():
            [told] = json.loads(self.assertAnswers("ps", "--format", "json").out)
            return [told[key] for key in ("id", "processes", "cpu_seconds", "rss_bytes")]

        def unknown():
            self.stop_all("relocd-reader")
            return shown() == [job, None, None, None]  # and not zero
        self.assertTrue(daemon.wait_until(unknown, CLEANUP_SECONDS))
        self.assertTrue(daemon.wait_until(lambda: shown()[1] == 1, CLEANUP_SECONDS))

    def test_relocd(self):
        job = self.start_job()
        pid = self.pid()
        self.sigstop(pid)
        self.assertLaunches()
        self.assertAllAnswer(job, succeed=("version", "engines"))
        for command in (["wait", job], ["attach", job], ["daemon", "stop"], ["daemon", "restart"], ["ps"],
                        ["run", "-d", self.sh, "-c", "exit 0"]):
            with self.subTest(command=command):
                self.assertIn(f"the daemon (pid {pid}) does not answer", self.assertAnswers(*command).err)
        os.kill(pid, signal.SIGCONT)
        self.assertEqual(programs.must(self.relocctl("daemon", "stop")).out, "relocd stopped\n")
        programs.must(self.relocctl("daemon", "start"))
        self.assertIn(job, self.assertAnswers("ps").out)

    def stop_process_for_mirrors(self):
        """Stops it; returns its pid."""
        adding = subprocess.Popen([programs.RELOCCTL, "mirrors", "add", large_pack()], env=self.env, cwd="/",
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(adding.wait)
        self.addCleanup(adding.kill)
        worker = self.child(self.pid(), "relocd-mirrors")
        self.sigstop(worker)
        self.addCleanup(with_suppressed_kill, worker, signal.SIGKILL)
        return worker

    def test_their_sockets_are_inherited_by_nothing_that_they_execute(self):
        relocd = self.pid()
        self.start_job()
        self.assertAnswers("stats", "--no-stream")  # needs the process that reads /proc, which runs for 3 s more
        reader = self.child(relocd, "relocd-reader")
        self.sigstop(reader)
        self.addCleanup(with_suppressed_kill, reader, signal.SIGKILL)
        for name, pid in {"relocd-log": self.child(relocd, "relocd-log"), "relocd-reader": reader,
                          "relocd-mirrors": self.stop_process_for_mirrors()}.items():
            with self.subTest(process=name), open(f"/proc/{pid}/fdinfo/3") as file:
                flags = int(re.search(r"^flags:\s+([0-7]+)$", file.read(), re.M).group(1), 8)
                self.assertTrue(flags & os.O_CLOEXEC, oct(flags))

    def test_the_process_for_mirrors(self):
        job = self.start_job()
        self.stop_process_for_mirrors()
        self.assertLaunches()
        self.assertAllAnswer(job, succeed=(*NOT_HELD_UP, "history", "events", "logs", "mirrors", "run", "daemon"))
        self.assertStopsAndStarts()

    def test_a_launcher(self):
        job = self.start_job()
        [shown] = json.loads(programs.must(self.relocctl("inspect", job)).out)
        self.sigstop(shown["launcher_pid"])
        self.assertLaunches()
        self.assertAllAnswer(job, succeed=(*NOT_HELD_UP, "history", "events", "logs", "mirrors", "run", "daemon"))
        self.assertIn(f"the launcher of job {job} does not answer", self.assertAnswers("attach", job).err)
        self.assertStopsAndStarts()
        os.kill(shown["launcher_pid"], signal.SIGCONT)
        self.relocctl("kill", "-s", "KILL", job)
        self.assertEqual(programs.must(self.relocctl("wait", job)).out, "137\n")


if __name__ == "__main__":
    slowfs.main(cache=0, writable=True)
