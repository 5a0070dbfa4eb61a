"""Names, arguments and paths that others have chosen reach no terminal, log or script unescaped.

Each command that can meet one is run, with its output into a pipe and on a terminal. A job's own output is raw on
purpose, and no part of this.
"""
import json
import os
import re
import shutil
import subprocess
import unittest

from support import daemon, packs, programs, session
from support.terminal import Terminal

# A title for the terminal, C1 as UTF-8 and as a byte, a change of direction, a mark without width, invalid UTF-8, a
# second line.
HOSTILE = "\x1b]0;owned\x07\u009b31m\udc9b31m\u202e\u2066\u200b\ufeff\u2028\udcff\x7f\rx\nforged".encode(errors="surrogateescape")
NAME = os.fsdecode(HOSTILE)
FORBIDDEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\udc80-\udcff]")
# Sequences that our own programs send to a terminal: those of ncurses and of the progress bar.
SEQUENCES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78])|\x0f|\x0e")


class HostileNames(unittest.TestCase):
    def setUp(self):
        self.place = packs.new_path("place")
        os.mkdir(self.place)
        self.directory = f"{self.place}/{NAME}"
        os.mkdir(self.directory)
        self.pack = self.directory + "/pack"
        shutil.copytree(packs.from_host("sleep", "sh"), self.pack, symlinks=True)
        self.state = session.make_dir("state-" + self.id().rsplit(".", 1)[1], 0o700)
        self.relocd = None
        self.addCleanup(lambda: self.relocd is not None and self.relocd.stop())

    def start(self, *arguments):
        self.relocd = daemon.Daemon(packs.new_path("daemon"), "--log-level", "debug", *arguments,
                                    env=programs.environment(XDG_STATE_HOME=self.state, XDG_CACHE_HOME=self.place + "/cache"))
        self.env = self.relocd.environment(XDG_STATE_HOME=self.state, XDG_CACHE_HOME=self.place + "/cache")

    def assertClean(self, text, what):
        found = FORBIDDEN.search(text)
        self.assertIsNone(found, f"{what}: {text!r}")
        self.assertNotRegex(text, r"(?m)^forged", what)

    def assertOutcomeClean(self, argv, *, hostile=True, env=None, terminal=True):
        """`hostile`: the name must be shown, in one of its two spellings."""
        env = env or self.env
        outcome = programs.run(argv, env=env)
        with self.subTest(argv=argv):
            for text in (outcome.out, outcome.err):
                self.assertClean(text, "into a pipe")
            if hostile:
                self.assertRegex(outcome.out + outcome.err, r"\\(x1b|u001b)\]0;owned", outcome)
            if "json" in argv and outcome.status == 0:
                for value in outcome.out.splitlines() if argv[1] in ("events", "stats") else [outcome.out]:
                    json.loads(value)
        if terminal:
            with self.subTest(argv=argv, terminal=True), Terminal(lambda: os.execve(argv[0], argv, env)) as shown:
                self.assertClean(SEQUENCES.sub("", shown.rest()).replace("\r\n", "\n").replace("\r", ""), "on a terminal")
        return outcome

    def relocctl(self, *arguments, **options):
        return self.assertOutcomeClean([programs.RELOCCTL, *arguments], **options)

    def job(self):
        """Starts a job whose program was found by a hostile path, with hostile arguments, in a hostile
        directory."""
        job = subprocess.Popen([NAME, "-c", "read line", NAME], executable=self.pack + "/bin/sh", env=self.env,
                               stdin=subprocess.PIPE)
        self.addCleanup(lambda: self.end(job))
        self.assertTrue(daemon.wait_until(lambda: job.pid in [job["pid"] for job in daemon.jobs(self.env)]))
        return job

    def end(self, job):
        job.kill()
        job.wait()
        job.stdin.close()

    def test_jobs(self):
        self.start()
        os.chdir(self.directory)
        self.addCleanup(os.chdir, "/")
        job = self.job()
        pid = job.pid
        for arguments in (["ps"], ["ps", "-a"], ["ps", "--all-users"], ["ps", "--format", "json"], ["inspect", str(pid)],
                          ["roots", "ls"], ["roots", "ls", "--format", "json"],
                          ["events", "--since", "1h", "--no-stream", "--format", "json"]):
            self.relocctl(*arguments)
        for arguments in (["stats", "--no-stream"], ["stats", "--no-stream", "--format", "json"], ["metrics"], ["doctor"],
                          ["events", "--since", "1h", "--no-stream"], ["daemon", "status"], ["__complete", "inspect", ""],
                          ["logs", str(pid)], ["attach", str(pid)]):
            self.relocctl(*arguments, hostile=False)
        self.end(job)
        self.assertTrue(daemon.wait_until(lambda: daemon.jobs(self.env)[-1]["state"] != "running"))
        for arguments in (["ps", "-a"], ["history"], ["history", "--format", "json"]):
            self.relocctl(*arguments)

    def test_top(self):
        self.start()
        self.job()
        with Terminal(lambda: os.execve(programs.RELOCCTL, ["relocctl", "top"], {**self.env, "TERM": "xterm"})) as top:
            shown = top.expect("read line")
            top.send("q")
            shown += top.rest()
        self.assertClean(SEQUENCES.sub("", shown).replace("\r", ""), "top")

    def test_json_keeps_the_text(self):
        """Escaped as JSON requires, so that scripts get the original; only invalid UTF-8 is lost."""
        self.start()
        self.job()
        told = daemon.jobs(self.env)[0]
        expected = HOSTILE.decode(errors="surrogateescape").replace("\udc9b", "\ufffd").replace("\udcff", "\ufffd")
        self.assertEqual(told["argv"][0], expected)
        self.assertEqual(told["pack"], f"{self.place}/{expected}/pack")

    def test_mirrors_and_the_log(self):
        self.start()
        self.relocctl("mirrors", "add", "--kind", "plain", "--wait", self.pack, terminal=False)
        self.relocctl("mirrors", "ls")
        self.relocctl("mirrors", "ls", "--format", "json")
        self.relocctl("mirrors", "verify", hostile=False)
        self.relocctl("mirrors", "add", "--wait", self.directory + "/nothing")
        self.relocctl("__complete", "mirrors", "verify", "", hostile=False)
        self.relocd.stop()
        with open(self.relocd.log, encoding="utf-8", errors="surrogateescape") as log:
            self.assertClean(log.read(), "the log")

    def test_packs(self):
        self.env = programs.environment()
        with open(f"{self.pack}/bin/{NAME}", "w"):
            pass
        os.chmod(self.pack, 0o755)
        for arguments in (["pack", "inspect", self.pack], ["pack", "verify", self.pack], ["pack", "inspect", self.directory],
                          ["pack", "create", "-o", self.directory + "/new", "--from-host", "/bin/true"],
                          ["pack", "create", "-o", self.place + "/new", "--from-host", NAME],
                          ["pack", "adopt", self.directory], ["pack", NAME]):
            self.relocctl(*arguments, terminal="create" not in arguments)
        self.relocctl("pack", "inspect", "--format", "json", self.pack, hostile=False)  # "%1B", as in a list of files

    def test_manifests(self):
        """What `pack inspect` prints about a pack that another user made."""
        self.env = programs.environment()
        changes = {"prefix": lambda m: m.update(store_prefix="/gnu/" + "\x1b]0;owned\x07\nDigest:  forged"),
                   "C1": lambda m: m.update(store_prefix="/gnu/\u009bstore"),
                   "entry": lambda m: m["entries"][0].update(name="\u202esed"),
                   "resolved": lambda m: m["entries"][0].update(resolved=m["store_prefix"] + "/\x1b[31m"),
                   "unknown": lambda m: m.update({"\x1b]0;owned\x07": 1})}
        path = self.pack + "/.reloc/manifest.json"
        with open(path) as file:
            text = file.read()
        os.chmod(path, 0o644)
        for name, change in changes.items():
            with self.subTest(manifest=name):
                manifest = json.loads(text)
                change(manifest)
                with open(path, "w") as file:
                    json.dump(manifest, file)
                for arguments in (["inspect", self.pack], ["inspect", "--format", "json", self.pack], ["verify", self.pack]):
                    outcome = self.relocctl("pack", *arguments, hostile=False)
                    self.assertNotEqual(outcome.status, 0)

    def test_errors(self):
        self.start()
        for arguments in (["run", NAME], ["run", "--engine", NAME, "x"], ["run", "--" + NAME], ["run", self.directory],
                          ["kill", NAME], ["wait", NAME],
                          ["inspect", NAME], ["attach", NAME], ["logs", NAME], ["stats", NAME], [NAME], ["ps", "--" + NAME],
                          ["ps", "--filter", NAME], ["ps", "--format", NAME], ["history", "--since", NAME], ["engines", NAME],
                          ["kill", "-s", NAME, "1"], ["completion", NAME]):
            self.relocctl(*arguments)
        self.relocctl("run", "--detach", "--name", NAME, self.pack + "/bin/sh", hostile=False)
        env = {**self.env, "RELOC_ENGINE": NAME}
        self.relocctl("engines", env=env)
        self.relocctl("ps", env={**self.env, "RELOCD_DIR": self.directory}, hostile=False)
        env = {**self.env, "RELOCD_DIR": self.directory + "/daemon"}
        self.addCleanup(lambda: programs.must(programs.relocctl("daemon", "stop", env=env)))
        self.relocctl("daemon", "start", "--config", self.directory + "/no", env=env)
        for arguments in (["daemon", "start"], ["daemon", "status"], ["daemon", "status", "--format", "json"]):
            self.relocctl(*arguments, env=env)

    def test_relocd(self):
        self.env = programs.environment()
        config = self.place + "/relocd.conf"
        for line in (NAME.replace("\n", "") + " = 1", "max-roots = " + NAME, "log-level = \x1b[31m", "\x1b[31m"):
            with open(config, "w", errors="surrogateescape") as file:
                file.write(line)
            self.assertOutcomeClean([programs.RELOCD, "--config", config, "--print-config"], hostile=False)
        with open(config, "w", errors="surrogateescape") as file:
            file.write("mirror-dir = /" + NAME.replace("\n", ""))
        self.assertOutcomeClean([programs.RELOCD, "--config", config, "--print-config"])
        self.assertOutcomeClean([programs.RELOCD, "--" + NAME])
        self.assertOutcomeClean([programs.RELOCD, "--dir", self.directory])

    def test_launches(self):
        """The lines of the shim and of the front itself."""
        self.env = programs.environment(RELOC_DEBUG="1")
        for engine in programs.ENGINES:
            env = {**self.env, "RELOC_ENGINE": engine}
            self.assertOutcomeClean([self.pack + "/bin/sh", "-c", "exit 0"], env=env, hostile=False)
            self.relocctl("run", self.pack + "/bin/sh", "-c", "exit 0", env=env, hostile=False)
        self.assertOutcomeClean([self.pack + "/bin/sh", "-c", "exit 0"], env={**self.env, "RELOC_ENGINE": NAME})
        shutil.rmtree(self.pack + "/gnu", ignore_errors=True)
        os.chmod(self.pack, 0o755)
        for name in os.listdir(self.pack):
            if name not in ("bin", ".reloc"):
                shutil.rmtree(f"{self.pack}/{name}", ignore_errors=True)
        outcome = self.assertOutcomeClean([self.pack + "/bin/sh"], env=programs.environment(), hostile=False)
        self.assertNotEqual(outcome.status, 0)


if __name__ == "__main__":
    session.main()
