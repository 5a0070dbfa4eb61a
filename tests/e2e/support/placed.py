"""Jobs with a launcher, in a daemon for the test."""
import os
import unittest

from support import daemon, packs, programs, session
from support.terminal import PROMPT, SHELL_OPTIONS, Terminal

PROGRAMS = ("bash", "cat", "sed", "sleep", "stty", "probe", "waiter")
INTERRUPT, QUIT, SUSPEND, END_OF_FILE = "\x03", "\x1c", "\x1a", "\x04"
DETACH = "\x10\x11"


class PlacedTest(unittest.TestCase):
    """`self.env` finds the daemon; `relocctl`, the pack's programs and the host's are in its PATH."""

    def setUp(self):
        self.pack = packs.from_host(*PROGRAMS)
        self.state = session.make_dir("state")
        self.relocd = None
        self.addCleanup(lambda: self.relocd.stop())
        self.start_daemon(packs.new_path("daemon"))
        self.env = self.relocd.environment(XDG_STATE_HOME=self.state, PS1=PROMPT, TERM="dumb", HISTFILE="")
        self.env["PATH"] = f"{self.pack}/bin:{os.path.dirname(programs.RELOCCTL)}:{programs.HOST_PATH}"

    def start_daemon(self, directory):
        self.relocd = daemon.Daemon(directory, env=programs.environment(XDG_STATE_HOME=self.state))

    def replace_daemon(self):
        """Kills the daemon, and starts the next one."""
        self.relocd.kill()
        self.start_daemon(self.relocd.directory)

    def run_placed(self, *arguments, env=None, **options):
        return programs.relocctl("run", *arguments, env=env or self.env, **options)

    def detach(self, *arguments, **options):
        """Starts a job with --detach; returns its id."""
        outcome = programs.must(self.run_placed("--detach", *arguments, **options))
        self.assertEqual(outcome.err, "")
        self.assertRegex(outcome.out, r"\A[0-9a-z]{12}\n\Z")
        return outcome.out.strip()

    def job(self, job_id):
        return next((job for job in daemon.jobs(self.env) if job["id"] == job_id), None)

    def await_end(self, job_id):
        daemon.wait_until(lambda: self.job(job_id)["state"] != "running")
        return self.job(job_id)

    def output(self, job_id):
        with open(f"{self.state}/relocd/output/{job_id}", errors="replace") as file:
            return file.read()

    def await_output(self, job_id, text):
        self.assertTrue(daemon.wait_until(lambda: text in self.output(job_id)), self.output(job_id))

    def launcher(self, pid):
        """Returns the pid of the launcher of the job `pid`."""
        return int(self.stat(pid)[1])

    def stat(self, pid):
        """Returns the state (R, S, T...), the parent, and the rest of /proc/PID/stat after the name."""
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()

    def end(self, pid):
        """Ends what a test would leave behind."""
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass

    def terminal(self, *argv, env=None):
        """Runs `relocctl ARGV...` as the leader of a terminal's session."""
        return Terminal(lambda: os.execve(programs.RELOCCTL, ["relocctl", *argv], env or self.env))

    def shell(self, program="/bin/bash"):
        """Starts an interactive shell of the host on a terminal."""
        terminal = Terminal(lambda: os.execve(program, ["bash", *SHELL_OPTIONS], self.env))
        terminal.expect(PROMPT)
        return terminal
