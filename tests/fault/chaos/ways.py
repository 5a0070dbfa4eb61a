"""The ways to start a job. To add another, write a class with the same `run`, and list it in WAYS."""
import os
import re
import subprocess
import time

from support import programs

LONGEST = 60  # seconds; detects a hang


class ByPath:
    """The job is the process that is started here."""

    def command(self, entry, arguments):
        return [entry, *arguments]

    def run(self, job, entry, env, started):
        """Runs it to its end; passes the process to `started`. Returns (status, output, errors)."""
        with subprocess.Popen(self.command(entry, job.arguments), env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            started(job, process)
            output, errors = process.communicate(timeout=LONGEST)
            return process.returncode, output, errors


class ByRun(ByPath):
    def command(self, entry, arguments):
        return [programs.RELOCCTL, "run", entry, *arguments]


class Supervised(ByPath):
    """The job has a launcher, and the process that is started here shows its output."""
    OPTIONS = ("--supervised", "--no-pty")

    def command(self, entry, arguments):
        return [programs.RELOCCTL, "run", *self.OPTIONS, entry, *arguments]

    def run(self, job, entry, env, started):
        job.placed = True
        return super().run(job, entry, env, started)


class OnATerminal(Supervised):
    OPTIONS = ("--supervised", "--pty")

    def run(self, job, entry, env, started):
        status, output, errors = super().run(job, entry, env, started)
        return status, output.replace(b"\r\n", b"\n"), errors


class Detached(Supervised):
    """The process that is started here ends at once; `wait` and `logs` report the rest."""
    OPTIONS = ("--detach",)

    def run(self, job, entry, env, started):
        end = time.monotonic() + LONGEST
        while True:
            status, output, errors = super().run(job, entry, env, started)
            # Killed after it had printed the id: the job runs.
            if status == 0 or output:
                job.id = output.decode().strip()
                return self.await_status(job, env, end), self.read_output(job, env), errors
            # The daemon was killed while it was asked: the job is not started, and relocctl reports that.
            refused = status == 125 and output == b"" and re.fullmatch(rb"relocctl: [^\n]+\n", errors)
            if not refused or time.monotonic() > end:
                return status, output, errors
            time.sleep(0.05)

    @staticmethod
    def await_status(job, env, end):
        """Returns the status as in subprocess, or a text."""
        while True:
            told = programs.relocctl("wait", job.id, env=env)
            if told.status == 0:
                number = int(told.out)
                return 128 - number if number > 128 else number
            # `wait` needs a daemon at its start.
            known = told.out != "" or not re.search("no daemon|cannot connect|the daemon \\(pid", told.err)
            if known or time.monotonic() > end:
                return f"{told.out.strip()} {told.err}"

    @staticmethod
    def read_output(job, env):
        for _ in range(100):
            logs = subprocess.run([programs.RELOCCTL, "logs", "-f", job.id], env=env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LONGEST, check=False)
            if logs.returncode == 0:
                return logs.stdout
            time.sleep(0.05)
        return b"no output: " + logs.stderr


def find_launcher(job):
    """Returns the pid of the launcher of `job`, which is a fork of its client, or None."""
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as comm, open(f"/proc/{pid}/cmdline") as line:
                if comm.read() == "reloc-launcher\n" and job.token in line.read().split("\0"):
                    return int(pid)
        except OSError:
            continue
    return None


WAYS = [ByPath(), ByPath(), ByRun(), Detached(), Detached(), Supervised(), OnATerminal()]
