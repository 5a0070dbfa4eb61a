"""What tests of another user's /tmp/relocd-<uid> share. Run by root, which acts as both users.

Everything happens in a mount namespace whose /tmp is the test's.
"""
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from support import programs

USER, ATTACKER = 4242, 4243
SOON = 3.0  # seconds, as promised for every command
DEFAULT = f"/tmp/relocd-{USER}"
ENTER = "mount --rbind \"$0\" /tmp && echo && read end"


class TakenPlaceCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="reloc-test-", dir="/var/tmp")  # /tmp is a different one inside
        os.chmod(cls.base, 0o755)
        cls.addClassCleanup(shutil.rmtree, cls.base)
        cls.pack = cls.base + "/pack"
        made = programs.relocctl("pack", "create", "-o", cls.pack, "--from-host", programs.host("sed"),
                                 programs.host("sleep"), programs.host("true"))
        programs.must(made)

    def setUp(self):
        self.work = tempfile.mkdtemp(dir=self.base)
        os.chmod(self.work, 0o755)
        self.tmp, self.home = self.make("tmp", 0o1777), self.make("home", 0o700, USER)
        self.theirs = f"{self.tmp}/relocd-{USER}"
        self.second = f"{self.home}/.local/state/relocd/hosts/{os.uname().nodename}/main/run"
        self.namespace = None

    def make(self, name, mode=0o755, owner=0):
        path = f"{self.work}/{name}"
        os.mkdir(path)
        os.chown(path, owner, owner)
        os.chmod(path, mode)
        return path

    def squat(self, mode=0o755):
        os.mkdir(self.theirs)
        os.chown(self.theirs, ATTACKER, ATTACKER)
        os.chmod(self.theirs, mode)

    def enter(self):
        """Makes the namespace in which everything runs from now on. Later mounts are not in it."""
        if self.namespace is not None:
            return
        holder = subprocess.Popen(["unshare", "-m", "sh", "-c", ENTER, self.tmp], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        holder.stdout.readline()
        self.namespace = holder.pid
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdin.close)
        self.addCleanup(holder.stdout.close)

    def command(self, *argv):
        self.enter()
        return ["nsenter", "-m", "-t", str(self.namespace), "setpriv", f"--reuid={USER}", f"--regid={USER}",
                "--clear-groups", *argv]

    def environment(self, **more):
        return {"PATH": programs.HOST_PATH, "HOME": self.home, "LC_ALL": "C.UTF-8", **more}

    def run_as_user(self, *argv, soon=SOON, **variables):
        began = time.monotonic()
        outcome = programs.run(self.command(*argv), env=self.environment(**variables), cwd="/", timeout=30)
        self.assertLess(time.monotonic() - began, soon, argv)
        return outcome

    def relocctl(self, *arguments, **variables):
        return self.run_as_user(programs.RELOCCTL, *arguments, **variables)

    def assertRuns(self, *prefix, **variables):
        outcome = self.run_as_user(*prefix, self.pack + "/bin/sed", "s/a/b/", "/etc/hostname", RELOC_ENGINE="userns",
                                   **variables)
        self.assertEqual((outcome.status, outcome.err), (0, ""))

    def stop_daemon(self):
        self.relocctl("daemon", "stop", soon=20)

    def start_daemon(self):
        self.enter()  # before the cleanup, which needs it
        self.addCleanup(self.stop_daemon)
        return programs.must(self.relocctl("daemon", "start", soon=20))

    def serves_in(self, directory, pid):
        status = self.relocctl("daemon", "status", "--format", "json", soon=20)
        found = json.loads(status.out) if status.status == 0 else {}
        return (found.get("dir"), found.get("pid")) == (directory, pid)

    def squat_at(self, path):
        os.mkdir(path, 0o755)
        os.chown(path, ATTACKER, ATTACKER)
