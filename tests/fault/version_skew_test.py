"""Shims, daemons and files of another version: programs run all the same, and what cannot work is reported.

The other versions are the present sources with other version numbers (other_version/CMakeLists.txt): `newer` has
none in common with the present one, `wider` speaks that one too.
"""
import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import unittest

import fake_daemon
from support import daemon, packs, programs, session
from support.outcomes import OneLineTest

OTHER = os.path.join(programs.BIN, "../other_version")
OTHERS = ("newer", "wider")
STARTED = 3
JOINS = "way=published"


class OtherVersions(OneLineTest):
    @classmethod
    def setUpClass(cls):
        cls.pack = packs.from_host("bash", "sleep")
        for other in OTHERS:  # entries beside bash, for the same program and store
            shutil.copy(f"{OTHER}/{other}/shim", f"{cls.pack}/bin/{other}")
            shutil.copy(f"{cls.pack}/.reloc/plans/bin/bash", f"{cls.pack}/.reloc/plans/bin/{other}")
        env = programs.environment(RELOC_ENGINE="userns")
        tried = programs.run([cls.pack + "/bin/bash", "-c", "exit 0"], env=env)
        session.require(tried.status == 0, "userns", tried.err.strip(), "allow user namespaces")

    def setUp(self):
        self.directory = packs.new_path("daemon")
        self.state = packs.new_path("state")
        os.mkdir(self.state)
        self.env = programs.environment(RELOCD_DIR=self.directory, XDG_STATE_HOME=self.state, RELOC_ENGINE="userns")
        self.env["PATH"] = f"{os.path.dirname(programs.RELOCCTL)}:{programs.HOST_PATH}"
        self.relocd = None

    def start(self, version, end=daemon.Daemon.stop):
        """Starts a daemon of `version`, replacing the previous one."""
        if self.relocd is not None:
            end(self.relocd)
        program = programs.RELOCD if version == "present" else f"{OTHER}/{version}/relocd"
        self.relocd = daemon.Daemon(self.directory, env=self.env, program=program)
        self.addCleanup(self.relocd.stop)
        self.relocctl("daemon", "status")

    def relocctl(self, *arguments):
        return programs.must(programs.relocctl(*arguments, env=self.env)).out

    def launch(self, entry, status=0):
        """Runs a program with a shim of that version; the program must notice nothing."""
        command = [f"{self.pack}/bin/{entry}", "-c", f"echo here; exit {status}"]
        self.assertEqual(programs.run(command, env=self.env), (status, "here\n", ""))

    def joins(self, entry):
        outcome = programs.run([f"{self.pack}/bin/{entry}", "-c", "exit 0"], env={**self.env, "RELOC_DEBUG": "1"})
        return JOINS in programs.must(outcome).err

    def counted(self, name):
        """Returns the value of `name`, a metric with its labels."""
        return next(int(line.split()[-1]) for line in self.relocctl("metrics").splitlines() if line.startswith(name + " "))

    def await_count(self, reason, wanted):
        name = f'relocd_fallbacks_total{{reason="{reason}"}}'
        self.assertTrue(daemon.wait_until(lambda: self.counted(name) == wanted), self.counted(name))

    def job_named(self, name):
        return next((job for job in daemon.jobs(self.env) if job["name"] == name), None)


class NoVersionInCommon(OtherVersions):
    def test_a_newer_shim_and_the_present_daemon(self):
        self.start("present")
        for status in (0, 7, 126):
            self.launch("newer", status)
        self.await_count("version", 3)
        self.assertEqual(json.loads(self.relocctl("roots", "ls", "--format", "json")), [])
        self.launch("bash")  # the daemon serves other shims as before
        self.assertTrue(daemon.wait_until(lambda: self.job_named("bash")))
        self.assertFalse(self.joins("newer"))

    def test_the_present_shim_and_a_newer_daemon(self):
        self.start("newer")
        for status in (0, 7, 126):
            self.launch("bash", status)
        self.await_count("version", 3)
        self.launch("newer")
        self.assertTrue(daemon.wait_until(lambda: self.job_named("newer")))

    def test_a_supervised_job_and_a_newer_daemon(self):
        self.start("newer")
        outcome = programs.relocctl("run", "--supervised", self.pack + "/bin/bash", "-c", "echo here; exit 7", env=self.env)
        self.assertEqual(outcome, (7, "here\n", ""))

    def test_roots_that_a_newer_daemon_published(self):
        self.start("newer")
        self.launch("newer")
        self.assertTrue(self.joins("newer"))
        self.assertFalse(self.joins("bash"))
        self.launch("bash", 7)


class AVersionInCommon(OtherVersions):
    def test_shims_and_daemons_share_jobs_and_roots(self):
        for version, first, second in (("present", "wider", "bash"), ("wider", "bash", "wider")):
            with self.subTest(daemon=version):
                self.start(version)
                self.launch(first, 7)
                self.assertTrue(daemon.wait_until(lambda: self.job_named(first)))
                self.assertIsNone(self.job_named(first)["fallback_reason"])
                self.assertEqual(self.counted('relocd_fallbacks_total{reason="version"}'), 0)
                self.assertTrue(self.joins(second))
                self.relocctl("roots", "prune")

    def test_the_answer_names_the_highest_that_both_know(self):
        for version, spoken, chosen in (("present", (1, 1), 1), ("present", (1, 9), 1), ("wider", (1, 1), 1),
                                        ("wider", (1, 2), 2), ("wider", (2, 9), 2), ("newer", (1, 9), 2)):
            with self.subTest(daemon=version, spoken=spoken):
                self.start(version)
                self.assertEqual(self.versions_of_the_answer(spoken), (chosen, chosen))
        self.assertEqual(self.versions_of_the_answer((7, 9)), (2, 2))  # none in common: those that it speaks

    def versions_of_the_answer(self, spoken):
        """Returns the versions in the answer to a request for a job's id."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(10)
            client.connect(self.relocd.socket)
            client.send(fake_daemon.message(4, struct.pack("<I", 0) + fake_daemon.text(b""), versions=spoken))
            return struct.unpack_from("<HH", client.recv(fake_daemon.MAX_MESSAGE), 4)


class Relocctl(OtherVersions):
    def test_what_a_newer_daemon_cannot_do_for_it(self):
        self.start("newer")
        outcome = programs.relocctl("run", "--detach", self.pack + "/bin/bash", "-c", "exit 0", env=self.env)
        self.assertEqual(outcome.status, 125)
        self.assertOneLine(outcome, "another version", "relocctl daemon restart")
        outcome = programs.relocctl("roots", "prune", env=self.env)
        self.assertEqual(outcome.status, 1)
        self.assertOneLine(outcome, "another version", "relocctl daemon restart")

    def test_what_works_with_it_and_the_cure(self):
        self.start("newer")
        self.assertIn("relocd 2.0.0 runs", self.relocctl("daemon", "status"))
        self.assertEqual(daemon.jobs(self.env), [])
        finding, = (finding for finding in json.loads(programs.relocctl("doctor", "--format", "json", env=self.env).out)
                    if finding["check"] == "daemon")
        self.assertEqual((finding["health"], finding["cure"]), ("WARN", "relocctl daemon restart"))
        self.relocctl("daemon", "restart")
        self.addCleanup(self.relocctl, "daemon", "stop")
        job_id = self.relocctl("run", "--detach", self.pack + "/bin/bash", "-c", "exit 3").strip()
        self.assertEqual(self.relocctl("wait", job_id), "3\n")


class Files(OtherVersions):
    def test_a_journal_that_a_newer_daemon_left(self):
        self.start("present")
        script = "echo one; while [ ! -e $STATE/go ]; do sleep 0.05; done; echo two; exit 3"
        job_id = self.relocctl("run", "--detach", self.pack + "/bin/bash", "-c", script.replace("$STATE", self.state)).strip()
        pid = daemon.jobs(self.env)[0]["pid"]
        self.addCleanup(self.end, pid)
        self.start("newer", end=daemon.Daemon.kill)
        self.launch("newer")
        self.assertTrue(daemon.wait_until(lambda: self.job_named("newer")))
        before = self.read("journal")
        self.assertTrue(before.startswith(b"relocd journal 2 "))
        self.start("present", end=daemon.Daemon.kill)
        self.relocd.await_log("the journal of jobs is of another version of relocd")
        self.assertEqual(self.read("journal.other"), before)
        # Running jobs continue to their end, and are found by their ids.
        with subprocess.Popen([programs.RELOCCTL, "attach", job_id], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True) as attached:
            self.assertEqual(attached.stdout.readline(), "one\n")
            open(self.state + "/go", "w").close()
            self.assertEqual((attached.stdout.read(), attached.wait()), ("two\n", 3))
        self.assertEqual(self.relocctl("logs", job_id), "one\ntwo\n")
        self.launch("bash", 7)
        self.assertTrue(daemon.wait_until(lambda: self.job_named("bash")))

    def read(self, name):
        with open(f"{self.directory}/{name}", "rb") as file:
            return file.read()

    @staticmethod
    def end(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)

    def test_a_history_that_a_newer_daemon_keeps(self):
        path = self.state + "/relocd/history.db"
        self.start("newer")
        self.launch("newer")
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(path)))
        self.relocd.stop()
        with open(path, "rb") as file:
            before = file.read()
        self.start("present")
        self.launch("bash", 7)
        self.assertTrue(daemon.wait_until(lambda: "another version of relocd" in self.relocd.read_log()))
        self.relocd.stop()
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)
        outcome = programs.relocctl("history", env=self.env)
        self.assertEqual(outcome.status, 1)
        self.assertOneLine(outcome, "version 2")


if __name__ == "__main__":
    session.main()
