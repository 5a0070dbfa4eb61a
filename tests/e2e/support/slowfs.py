"""A slow file system, which can hang: see tests/slowfs/main.cc. A test that needs it ends with `slowfs.main()`."""
import os
import re
import socket
import subprocess
import sys

from support import programs, session

PROGRAM = os.path.join(programs.TESTPROGS, "slowfs")


def main(cache=3600, writable=False):
    """Runs session.main() beside a slow file system if there can be one.

    `cache`: for how many seconds the kernel may cache answers. By default a launch asks for nothing twice; with 0
    the kernel always asks. `writable`: files can be changed through it.
    """
    if os.geteuid() != 0 and "SLOWFS_DIR" not in os.environ and _trouble() is None:
        options = ["--cache", str(cache), *(["--writable"] if writable else [])]
        os.execv(PROGRAM, [PROGRAM, *options, sys.executable, "-B", *sys.argv])
    session.main()


def _trouble():
    """Returns why there can be none, and the fix; or None."""
    if not os.access(PROGRAM, os.X_OK):
        return "not built", "install libfuse3-dev, and build"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "this user cannot open /dev/fuse", "chmod 666 /dev/fuse"
    # Not with programs.run(): its files would remain when this process executes another program.
    if subprocess.run([PROGRAM, "true"], capture_output=True).returncode != 0:
        return "no user namespaces, or no mounts in them", "see relocctl doctor"
    return None


class SlowFileSystem:
    """`disk` and `slow` are the same directory. Skips the test if there is none."""

    def __init__(self):
        there = "SLOWFS_DIR" in os.environ
        session.require(there, "slowfs", *(("", "") if there else _trouble()))
        self.disk = os.path.join(os.environ["SLOWFS_DIR"], "disk")
        self.slow = os.path.join(os.environ["SLOWFS_DIR"], "slow")
        # A duplicate: others need the number too.
        with socket.socket(fileno=os.dup(int(os.environ["SLOWFS_CONTROL"]))) as control:
            self._control = control.makefile("rw")

    def close(self):
        self.unblock()
        self._control.close()

    def _ask(self, line):
        self._control.write(line + "\n")
        self._control.flush()
        return [answer.rstrip("\n") for answer in iter(self._control.readline, "\n")]

    def counts(self):
        """Returns {(kind, path): number} of the operations since make_cold()."""
        lines = (re.fullmatch("([0-9]+) ([^\t]*)\t(.*)", line) for line in self._ask("counts"))
        return {(line[2], line[3]): int(line[1]) for line in lines}

    def make_cold(self):
        self._ask("cold")

    def block(self, seconds=0):
        """Makes operations hang for so long; 0: until unblock()."""
        self._ask(f"block {seconds}")

    def unblock(self):
        self._ask("unblock")

    def bind(self, source, target):
        """Shows the directory `source` at `target` as well, until unbind()."""
        assert (answer := self._ask(f"bind {source}\t{target}")) == [], answer

    def unbind(self, target):
        assert (answer := self._ask(f"unbind {target}")) == [], answer
