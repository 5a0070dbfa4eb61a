"""Runs a relocd for the test."""
import json
import os
import signal
import socket
import subprocess
import time

from support import programs, session


def wait_until(condition, seconds=10):
    """Waits until `condition()` is true. The limit is generous: it detects a hang and does not measure speed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def accepts(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        return probe.connect_ex(path) == 0


def process_name(pid):
    """Returns the kernel's name of the process; empty once it has ended."""
    try:
        with open(f"/proc/{pid}/comm") as comm:
            return comm.read().strip()
    except OSError:
        return ""


def joins_a_published_root(entry, env):
    """Returns True if a launch of `entry` (which should end by itself) joins a root that the daemon keeps."""
    debug = programs.run([entry], env={**env, "RELOC_DEBUG": "1"}).err
    return "way=published" in debug or "image=published" in debug


def jobs(env):
    """Returns the output of `relocctl ps -a`."""
    return json.loads(programs.must(programs.relocctl("ps", "-a", "--format", "json", env=env)).out)


def inspect(ref, env):
    """Returns the output of `relocctl inspect` for a job; a busy machine may need more than one attempt."""
    shown = []
    look = lambda: shown.append(json.loads(programs.must(programs.relocctl("inspect", str(ref), env=env)).out)[0])
    wait_until(lambda: look() or shown[-1]["processes"] is not None)
    return shown[-1]


def roots(env):
    """Returns the output of `relocctl roots ls`."""
    return json.loads(programs.must(programs.relocctl("roots", "ls", "--format", "json", env=env)).out)


class Daemon:
    """Starts relocd in `directory` and waits until it accepts launches. End it with stop() or kill()."""

    def __init__(self, directory, *arguments, env=None, program=programs.RELOCD):
        session.require(os.access(program, os.X_OK), "daemon", "relocd is not built", "build it")
        self.directory = directory
        self.log = directory.rstrip("/") + ".log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([program, "--dir", directory, *arguments], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL,
                                            env=programs.environment() if env is None else env)
        if not wait_until(lambda: self.process.poll() is not None or accepts(self.socket)):
            self.kill()
        if self.process.poll() is not None:
            raise AssertionError(f"relocd did not start, status {self.process.returncode}: {self.read_log()}")

    @property
    def socket(self):
        return os.path.join(self.directory, "launch.sock")

    @property
    def pid(self):
        return self.process.pid

    def children(self):
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as children:
            return [int(pid) for pid in children.read().split()]

    def keeper(self):
        """Returns the pid of the child that holds the roots. Waits for the end of short-lived ones, which build or
        mend."""
        def keepers():
            return [pid for pid in self.children() if process_name(pid) == "relocd-keeper"]
        if not wait_until(lambda: len(keepers()) == 1):
            raise AssertionError(f"relocd has the children {self.children()}: {self.read_log()}")
        return keepers()[0]

    def read_log(self):
        with open(self.log) as log:
            return log.read()

    def await_log(self, text):
        if not wait_until(lambda: text in self.read_log(), 20):
            raise AssertionError(f"{text!r} is not in relocd's log: {self.read_log()}")

    def environment(self, **more):
        return programs.environment(RELOCD_DIR=self.directory, **more)

    def stop(self):
        """Stops it cleanly; continues it first if a signal has stopped it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"relocd ignored SIGTERM: {self.read_log()}") from None

    def kill(self):
        self.process.kill()
        self.process.wait()
