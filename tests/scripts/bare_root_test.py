#!/usr/bin/env python3
"""scripts/bare-root makes a system that is bare and works, and removes it completely. scripts/test bare runs this
as root."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

BARE_ROOT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "bare-root"
DEADLINE = 1500  # seconds: the system is unpacked each time, and made the first time


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_with(word):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return [pid for pid in found if is_alive(pid)]


def wait_for(condition):
    limit = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.1)
    return True


class BareRootTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.scratch.chmod(0o755)
        self.before = self.roots()

    def roots(self):
        return {path.name for path in pathlib.Path("/var/tmp").glob("relocd-bare.*")}

    def enter(self, *arguments):
        got = subprocess.run([BARE_ROOT, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=DEADLINE, check=False)
        return got.returncode, got.stdout, got.stderr

    def test_ordinary_user(self):
        (self.scratch / "shown").write_text("seen\n")
        bind = ["--bind", f"{self.scratch}:/shown:ro"]
        script = """id -u; cat /shown/shown; test ! -w /shown; test ! -e /var/tmp/relocd-bare.*
            hostname
            unshare --user --map-root-user --mount --pid --fork sh -c 'mount -t proc proc /proc && mount -t tmpfs none /mnt && echo mounted'
            (setsid sleep 600 &); exit 7"""
        status, out, err = self.enter(*bind, "--user", "bookworm", "--", "sh", "-c", script)
        self.assertEqual((status, out), (7, "4242\nseen\nbare\nmounted\n"), err)
        self.assertLessEqual(self.roots(), self.before)

    def test_it_is_bare_and_takes_packages(self):
        status, out, err = self.enter("--package", "tree", "bookworm", "sh", "-c",
                                      "for name in g++ ccache tree; do command -v $name; done; id -u")
        self.assertEqual((status, out), (0, "/usr/bin/tree\n0\n"), err)

    def test_mistakes(self):
        for arguments in ([], ["bookworm"], ["No/Suite", "true"], ["--bind"]):
            status, out, err = self.enter(*arguments)
            self.assertEqual((status, out, err.count("\n")), (125, "", 1), err)
            self.assertTrue(err.startswith("bare-root: "), err)

    def test_nothing_is_left_when_it_is_killed(self):
        for number in signal.SIGTERM, signal.SIGKILL:
            word = f"sleeper-{os.getpid()}-{number}"
            with subprocess.Popen([BARE_ROOT, "bookworm", "--", "bash", "-c", f"exec -a {word} sleep 600"],
                                  stdin=subprocess.DEVNULL) as process:
                self.assertTrue(wait_for(lambda: process.poll() is not None or processes_with(word)))
                process.send_signal(number)
                process.wait(DEADLINE)
            self.assertTrue(wait_for(lambda: not processes_with(word)))
            self.assertNotIn("relocd-bare", pathlib.Path("/proc/self/mountinfo").read_text())
        # After SIGKILL a directory remains, until the next one is made.
        self.enter("bookworm", "true")
        self.assertLessEqual(self.roots(), self.before)


if __name__ == "__main__":
    unittest.main()
