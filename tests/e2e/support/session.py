"""One test process: the user it runs as, its files, and the check that it leaves nothing behind.

A test file ends with `session.main()`. As root that runs the file again as an ordinary user: uid 4242 and not
nobody, which is also the overflow uid, so that unmapped ids would look right. Files that need root say
`session.main(needs_root=True)`.

Every process that a test starts becomes a child of this one when its parent dies (PR_SET_CHILD_SUBREAPER); one that
is left at the end is a failure.
"""
import atexit
import contextlib
import ctypes
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ORDINARY_USER = 4242
SKIPPED = 77  # the exit status of a file whose tests were all skipped
_PR_SET_CHILD_SUBREAPER = 36

_temp = None


def temp():
    """Returns the directory for everything that this process writes; it is removed at the end."""
    global _temp
    if _temp is None:
        _temp = os.path.realpath(tempfile.mkdtemp(prefix="reloc-test-"))
        atexit.register(remove_tree, _temp, os.getpid())
        atexit.register(remove_graft_directories, _temp, os.getpid())
    return _temp


def make_dir(name, mode=0o755):
    path = os.path.join(temp(), name)
    os.makedirs(path, exist_ok=True)
    os.chmod(path, mode)
    return path


def remove_tree(path, owner_pid=None):
    """Removes `path`, even if directories are read-only. In a forked child of `owner_pid`: does nothing."""
    if owner_pid is not None and owner_pid != os.getpid():
        return
    os.chmod(path, 0o700)
    for directory, names, _ in os.walk(path):
        for name in names:
            if not os.path.islink(os.path.join(directory, name)):
                os.chmod(os.path.join(directory, name), 0o700)
    shutil.rmtree(path)


def remove_graft_directories(caches, owner_pid=None):
    """Removes the directories /tmp/XX that daemons with mirrors below `caches` have made: they never remove one."""
    if owner_pid is not None and owner_pid != os.getpid():
        return
    for marker in glob.glob("/tmp/??/.cache"):
        with contextlib.suppress(OSError):
            if os.readlink(marker).startswith(caches + "/"):
                shutil.rmtree(os.path.dirname(marker))


def require(works, feature, reason, cure):
    """Skips the test unless `works`. $RELOC_MUST_WORK=feature,... turns the skip into a failure."""
    if works:
        return
    if feature in os.environ.get("RELOC_MUST_WORK", "").split(","):
        raise AssertionError(f"{feature} must work: {reason}")
    raise unittest.SkipTest(f"{feature}: {reason}; {cure}")


def always_exit(body):
    """For a forked child: calls `body`, which executes a program; if that fails, exits so that no code of the
    caller runs."""
    try:
        body()
    finally:
        os._exit(99)


def children():
    """Returns the pids of this process's live children, including orphans that it adopted."""
    reap()
    with open(f"/proc/self/task/{os.getpid()}/children") as listing:
        return [int(pid) for pid in listing.read().split()]


def reap():
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def main(needs_root=False):
    if needs_root and os.geteuid() != 0:
        print("skipped: needs root; run it with sudo", file=sys.stderr)
        sys.exit(1 if "root" in os.environ.get("RELOC_MUST_WORK", "").split(",") else SKIPPED)
    if os.geteuid() == 0 and not needs_root:
        sys.exit(_run_as_ordinary_user())
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    result = unittest.main(exit=False, verbosity=2).result
    left = _end_children()
    if not result.wasSuccessful() or left:
        sys.exit(1)
    skipped_alone = sum(isinstance(test, unittest.TestCase) for test, _ in result.skipped)  # not whole classes
    sys.exit(SKIPPED if result.skipped and result.testsRun == skipped_alone else 0)


def _run_as_ordinary_user():
    home = tempfile.mkdtemp(prefix="reloc-test-home-")
    os.chown(home, ORDINARY_USER, ORDINARY_USER)
    try:
        command = [sys.executable, "-B", os.path.abspath(sys.argv[0]), *sys.argv[1:]]
        return subprocess.call(command, user=ORDINARY_USER, group=ORDINARY_USER, extra_groups=[], cwd="/",
                               env={**os.environ, "HOME": home})
    finally:
        remove_tree(home)


def _end_children():
    """Ends and returns processes that do not end by themselves soon, as a tracer does once it has nothing to
    trace."""
    deadline = time.monotonic() + 5
    while (left := children()) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in left:
        subprocess.run(["ps", "-o", "pid,ppid,stat,wchan:20,etime,args", "--pid", str(pid), "--ppid", str(pid)],
                       stdout=sys.stderr, check=False)
        subprocess.run(["ls", "-l", f"/proc/{pid}/fd"], stdout=sys.stderr, check=False)
        print(f"left running: {pid}", file=sys.stderr)
        os.kill(pid, signal.SIGKILL)
    return left
