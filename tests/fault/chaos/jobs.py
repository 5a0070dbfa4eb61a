"""Jobs whose output and end are known before they start.

A job has a token among its arguments, by which it is found in the daemon's reports.
"""
import hashlib
import itertools
import os
import signal

# How the shell of a job may end that loses its launcher, or its client while no daemon knows it: the reader of its
# output, or its terminal.
HUNG_UP = (-signal.SIGPIPE, -signal.SIGHUP, 128 + signal.SIGPIPE, 128 + signal.SIGHUP)

_numbers = itertools.count()


class Job:
    """`script` for the pack's sh. `due` is how it ends (as in subprocess), `output` what it writes."""

    def __init__(self, script, due, output=b""):
        self.token = f"chaos-{os.getpid()}-{next(_numbers)}"
        self.arguments = ["-c", script, self.token]
        self.due = due
        self.output = output
        self.killed = False  # by the test, at any point of its life: the process that was started for it
        self.launcher_killed = False
        self.placed = False  # has a launcher
        self.id = None  # of a detached job, once it is known to run
        self.status = None

    def judge(self, status, output, errors):
        """Returns what is wrong with how it ended, or None."""
        self.status = status
        if (self.killed and status == -signal.SIGKILL) or self.launcher_killed:
            return None if self.output.startswith(output) else f"{self}: a killed job's output is none of it"
        if status != self.due:
            return f"{self}: status {status} instead of {self.due}: {errors!r}"
        if output != self.output:
            return f"{self}: {describe(output)} instead of {describe(self.output)}"
        return None if errors == b"" else f"{self}: complained {errors!r}"

    def may_have_ended(self, status):
        """Returns whether the daemon may report this. For a job with a launcher, the end of its client means
        nothing."""
        if not self.placed:
            return status == self.status
        hung_up = self.killed or self.launcher_killed
        # The caller ended before the job was launched.
        given_up = self.killed and status == -signal.SIGKILL
        return status == self.due or (hung_up and status in HUNG_UP) or given_up

    def __str__(self):
        return f"{self.token} ({self.arguments[1]})"


def describe(output):
    return f"{len(output)} bytes, {hashlib.sha256(output).hexdigest()[:12]}"


def draw(random):
    """Returns a random job."""
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
