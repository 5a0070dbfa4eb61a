"""Faults by name (reloc/fault/points.h): what users notice when one call to the kernel fails.

A program runs in any case; relocd reports in one line what it cannot do, and resumes as soon as it can.
"""
import os
import subprocess
import unittest

from support import daemon, packs, programs, session


class NamedFaults(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sed", "sh", "cat")
        self.directory = packs.new_path("daemon")
        self.env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns")

    def start(self, faults="", *arguments):
        self.relocd = daemon.Daemon(self.directory, *arguments, env=programs.environment(RELOC_FAULTS=faults))
        self.addCleanup(self.relocd.stop)
        return self.relocd

    def assertRefusesToStart(self, faults, *words, arguments=()):
        outcome = programs.run([programs.RELOCD, "--dir", self.directory, *arguments], timeout=20,
                               env=programs.environment(RELOC_FAULTS=faults))
        self.assertEqual((outcome.status, outcome.out), (1, ""))
        self.assertRegex(outcome.err, r"\Arelocd: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, outcome.err)
        self.start()  # once the fault is over, nothing is in the way
        self.assertLaunches()
        self.relocd.stop()

    def assertLaunches(self, count=1):
        for _ in range(count):
            outcome = programs.run([self.pack + "/bin/sed", "s/a/b/"], env=self.env, input="a\n")
            self.assertEqual(outcome, (0, "b\n", ""))

    def joins(self):
        outcome = programs.run([self.pack + "/bin/sed", "--version"], env={**self.env, "RELOC_DEBUG": "1"})
        return "way=published" in outcome.err

    def job_of_a_launch(self):
        """Returns the entry in ps of a program that runs and has answered; None if there is none."""
        with subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as job:
            job.stdin.write("here\n")
            job.stdin.flush()
            self.assertEqual(job.stdout.readline(), "here\n")
            known = next((known for known in daemon.jobs(self.env) if known["pid"] == job.pid), None)
            job.stdin.close()
            self.assertEqual(job.wait(), 0)
        return known

    def assertMissesOneJob(self, fault):
        """The launch that meets the fault is not known, and the next one is."""
        self.start(f"{fault}:times=1")
        self.assertIsNone(self.job_of_a_launch())
        self.assertTrue(daemon.wait_until(self.job_of_a_launch))

    # At the start

    def test_relocd_that_cannot_start_says_why(self):
        for fault, words in {
                "directory.open=EACCES": ["cannot open", self.directory, "Permission denied"],
                "directory.lock=EAGAIN": ["already running", self.directory],
                "directory.lock=ENOLCK": ["cannot lock", "No locks available"],
                "keeper.fork=EAGAIN": ["cannot start the keeper"],
                "socket.bind=EMFILE": ["cannot listen on start.sock", "Too many open files"],
                "socket.bind=EMFILE:after=1": ["cannot listen on control.sock", "Too many open files"],
                "socket.bind=EMFILE:after=2": ["cannot listen on launch.sock", "Too many open files"],
                "mounts.open=EMFILE": ["mountinfo"],
                "loop.watch=ENOSPC": ["cannot watch a descriptor", "No space left"],
        }.items():
            with self.subTest(fault):
                self.assertRefusesToStart(fault, *words)

    def test_a_log_that_cannot_be_opened(self):
        log = packs.new_path("log")
        self.assertRefusesToStart("log.open=EROFS", "cannot open log", log, "Read-only",
                                  arguments=["--log-file", log])

    def test_without_inotify_it_serves(self):
        self.start("place.watch=EMFILE")
        self.relocd.await_log("cannot watch our directory")
        self.assertTrue(self.job_of_a_launch())

    def test_mistakes_are_answered_with_what_there_is(self):
        for program, arguments, status in ((programs.RELOCD, ["--dir", self.directory], 2),
                                           (programs.RELOCCTL, ["ps"], 125)):
            outcome = programs.run([program, *arguments], timeout=20,
                                   env={**self.env, "RELOC_FAULTS": "root.creat=EIO"})
            self.assertEqual((outcome.status, outcome.out), (status, ""))
            self.assertRegex(outcome.err, r"\Areloc(d|ctl): RELOC_FAULTS: 'root.creat=EIO': no such fault; "
                                          r"there are [^\n]*\broot\.create\b[^\n]*\n\Z")

    def test_a_shim_takes_no_notice(self):
        self.env["RELOC_FAULTS"] = "nonsense"
        self.assertLaunches()

    # Roots

    def test_a_root_that_cannot_be_made_is_made_by_the_launch(self):
        self.start("root.create=ENOBUFS:times=1")
        self.assertLaunches()
        self.relocd.await_log("no root for")
        self.assertLaunches()
        self.assertTrue(daemon.wait_until(self.joins))

    def test_a_root_that_cannot_be_handed_over(self):
        self.start("root.open=EMFILE:times=1")
        self.assertLaunches(2)
        self.assertTrue(daemon.wait_until(self.joins))

    def test_without_a_registry_launches_ask(self):
        self.start("registry.write=ENOSPC")
        self.relocd.await_log("cannot publish roots")
        self.assertLaunches(3)
        self.assertFalse(self.joins())
        roots = programs.must(programs.relocctl("roots", "ls", env=self.env)).out
        self.assertIn(self.pack, roots)

    # Launches

    def test_a_connection_that_cannot_be_accepted(self):
        for error in ("EMFILE", "ECONNABORTED", "EPERM"):
            with self.subTest(error):
                self.start(f"launch.accept={error}:times=3")
                self.assertLaunches(5)
                self.assertTrue(daemon.wait_until(self.job_of_a_launch))
                self.relocd.stop()

    def test_a_message_that_cannot_be_read(self):
        self.start("launch.receive=ENOMEM:times=2")
        self.assertLaunches(2)
        self.assertTrue(daemon.wait_until(self.job_of_a_launch))

    def test_an_answer_that_cannot_be_sent(self):
        self.start("launch.send=EAGAIN:times=1")
        self.assertLaunches(2)
        self.assertTrue(daemon.wait_until(self.joins))

    def test_a_process_that_cannot_be_watched(self):
        self.assertMissesOneJob("job.watch=EMFILE")

    # What is written

    def test_processes_that_cannot_be_looked_at(self):
        """The job is listed without its resource usage."""
        relocd = self.start("reader.spawn=EAGAIN:times=1")
        self.assertIsNone(self.job_of_a_launch()["processes"])
        relocd.await_log("cannot start a process for /proc")
        self.assertEqual(self.job_of_a_launch()["processes"], 1)

    def test_a_journal_that_cannot_be_read(self):
        self.start()
        with subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE) as job:
            self.assertTrue(daemon.wait_until(lambda: daemon.jobs(self.env)))
            self.relocd.kill()
            self.start("journal.read=EIO")
            self.assertTrue(self.job_of_a_launch())
            self.relocd.await_log("the journal of jobs is damaged: Input/output error")
            job.stdin.close()
            self.assertEqual(job.wait(), 0)

    def test_a_journal_that_cannot_be_written(self):
        """Neither line by line nor as a whole: it is logged once, and again when it is over."""
        self.start("journal.write=ENOSPC:times=1,journal.replace=ENOSPC:after=1:times=1")
        self.assertLaunches(5)
        self.relocd.await_log("cannot write the journal of jobs (No space left")
        self.assertEqual(self.relocd.read_log().count("cannot write the journal of jobs (No space left"), 1)

        def is_up_to_date():
            self.assertLaunches()
            return "the journal of jobs is up to date again" in self.relocd.read_log()
        self.assertTrue(daemon.wait_until(is_up_to_date))
        known = self.job_of_a_launch()
        self.relocd.kill()
        self.start()
        self.assertIn(known["id"], [job["id"] for job in daemon.jobs(self.env)])

    def test_a_log_that_takes_nothing(self):
        self.start("log.write=ENOSPC", "--log-level", "debug")
        self.assertTrue(self.job_of_a_launch())
        self.assertEqual(self.relocd.read_log(), "")

    # relocctl

    def assertComplains(self, command, faults, *words):
        outcome = programs.relocctl(*command, env={**self.env, "RELOC_FAULTS": faults})
        self.assertEqual((outcome.status, outcome.out), (1, ""))
        self.assertRegex(outcome.err, r"\Arelocctl: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, outcome.err)

    def test_a_grpc_that_cannot_be_started(self):
        self.start("control.start=EMFILE:times=1")
        self.assertEqual(programs.relocctl("ps", env=self.env).status, 1)
        self.relocd.await_log("cannot start gRPC")
        self.assertTrue(self.job_of_a_launch())

    def test_a_daemon_that_cannot_be_reached(self):
        self.start()
        self.assertComplains(["ps"], "control.connect=EAGAIN", "cannot connect to", "control.sock")
        self.assertComplains(["ps"], "control.connect=ECONNREFUSED", "no daemon runs", "relocctl daemon start")

    def test_a_daemon_that_cannot_be_spawned(self):
        self.assertComplains(["daemon", "start"], "daemon.spawn=EAGAIN", "cannot start", "relocd")
        self.assertFalse(os.path.exists(self.directory))


if __name__ == "__main__":
    session.main()
