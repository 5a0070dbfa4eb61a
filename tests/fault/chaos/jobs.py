"""Jobs whose output and end are known before they start, and the ways to start them.

A job carries a token among its arguments, by which it is found again in what the daemon tells of it.
"""
import hashlib
import itertools
import os
import signal
import subprocess

from support import programs

_numbers = itertools.count()


class Job:
    """`script` for the pack's sh. `due` is how it ends (as in subprocess), `output` what it writes."""

    def __init__(self, script, due, output=b""):
        self.token = f"chaos-{os.getpid()}-{next(_numbers)}"
        self.arguments = ["-c", script, self.token]
        self.due = due
        self.output = output
        self.killed = False  # by the test, at some point of its life
        self.status = None

    def judge(self, status, output, errors):
        """What is wrong with how it ended, or None."""
        self.status = status
        if self.killed and status == -signal.SIGKILL:
            return None if self.output.startswith(output) else f"{self}: a killed job's output is none of it"
        if status != self.due:
            return f"{self}: status {status} instead of {self.due}: {errors!r}"
        if output != self.output:
            return f"{self}: {describe(output)} instead of {describe(self.output)}"
        return None if errors == b"" else f"{self}: complained {errors!r}"

    def __str__(self):
        return f"{self.token} ({self.arguments[1]})"


def describe(output):
    return f"{len(output)} bytes, {hashlib.sha256(output).hexdigest()[:12]}"


def draw(random):
    """One job of any kind."""
    return random.choice([exits, dies, writes_much, writes_slowly, has_children])(random)


def exits(random):
    status = random.randrange(0, 125)
    return Job(f"exit {status}", status)


def dies(random):
    number = random.choice([signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1, signal.SIGHUP])
    return Job(f"echo before; kill -{int(number)} $$; echo after", -number, b"before\n")


def writes_much(random):
    count = random.randrange(1, 20000)
    return Job(f"seq {count}", 0, b"".join(b"%d\n" % n for n in range(1, count + 1)))


def writes_slowly(random):
    pause = random.uniform(0.01, 0.5)
    return Job(f"echo begin; sleep {pause:.3f}; echo end; exit 7", 7, b"begin\nend\n")


def has_children(random):
    count = random.randrange(2, 6)
    return Job(f"for i in $(seq {count}); do seq $i | cat & wait $!; done", 0,
               b"".join(b"%d\n" % n for i in range(1, count + 1) for n in range(1, i + 1)))


# How to start the program at `entry` with `arguments`. A way whose jobs run elsewhere than in the process that is
# started here is added as a class with the same two methods.
class ByPath:
    def command(self, entry, arguments):
        return [entry, *arguments]

    def run(self, job, entry, env, started):
        """Runs it to its end; `started` is told of the process. Returns (status, output, errors)."""
        with subprocess.Popen(self.command(entry, job.arguments), env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            started(job, process)
            output, errors = process.communicate(timeout=60)
            return process.returncode, output, errors


class ByRun(ByPath):
    def command(self, entry, arguments):
        return [programs.RELOCCTL, "run", entry, *arguments]


WAYS = [ByPath(), ByPath(), ByRun()]
