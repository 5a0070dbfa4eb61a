"""What another user has put in place of root's log receives nothing, and blocks nothing. See also
foreign_home_root_test.py."""
import os
import time
import unittest

from support import packs, programs, session

USER, OTHER = 4242, 4243
SECONDS = 8  # a start has 3 s; a FIFO without a reader would hang for ever


class LogFile(unittest.TestCase):
    def setUp(self):
        os.chmod(session.temp(), 0o755)
        self.home = packs.new_path("home")
        self.state = os.path.join(self.home, ".local/state/relocd")
        os.makedirs(self.state)
        self.log = os.path.join(self.state, "relocd.log")
        self.canary = packs.new_path("canary")
        with open(self.canary, "w") as file:
            file.write("root's own\n")
        self.env = programs.environment(HOME=self.home, RELOCD_DIR=packs.new_path("daemon"))
        self.user = {}
        self.addCleanup(lambda: programs.relocctl("daemon", "stop", env=self.env, **self.user))

    def give_away(self, path):
        os.chown(path, USER, USER, follow_symlinks=False)

    def assertServes(self):
        """relocd continues without that file, and logs to the default place."""
        programs.must(programs.relocctl("daemon", "status", env=self.env))
        with open(self.log) as file:
            self.assertRegex(file.read(), f"warning: cannot log to .* belongs to uid {USER}")
        programs.must(programs.relocctl("daemon", "stop", env=self.env))

    def test_a_fifo_of_another_user(self):
        """An ordinary user configured a name in a directory like /tmp; another user has made that file, reads it
        and waits."""
        shared = packs.new_path("shared")
        os.mkdir(shared)
        os.chmod(shared, 0o1777)
        os.makedirs(self.home + "/daemon")
        for directory, _, _ in os.walk(self.home):
            self.give_away(directory)
        self.env["RELOCD_DIR"] = self.home + "/daemon"
        os.chmod(self.env["RELOCD_DIR"], 0o700)
        self.user = dict(user=USER, group=USER, extra_groups=[])
        for mode, make in (("fifo", os.mkfifo), ("file", os.mknod)):
            with self.subTest(mode):
                named = os.path.join(shared, mode)
                make(named)
                os.chmod(named, 0o666)
                os.chown(named, OTHER, OTHER)
                reader = os.open(named, os.O_RDONLY | os.O_NONBLOCK)
                self.addCleanup(os.close, reader)
                self.assertIn(f"cannot log to {named}: it belongs to uid {OTHER}", self.start("--log-file", named).err)
                programs.must(programs.relocctl("daemon", "status", env=self.env, **self.user))
                self.assertEqual(os.read(reader, 100), b"")
                programs.must(programs.relocctl("daemon", "stop", env=self.env, **self.user))

    def start(self, *arguments):
        """It does not matter whether relocd starts without its log."""
        began = time.monotonic()
        outcome = programs.relocctl("daemon", "start", *arguments, env=self.env, timeout=SECONDS, **self.user)
        self.assertLess(time.monotonic() - began, SECONDS)
        if outcome.status != 0:
            self.assertRegex(outcome.err, r"\Arelocctl: [^\n]+\n\Z")
        return outcome

    def test_a_symlink(self):
        os.symlink(self.canary, self.log)
        self.give_away(self.log)
        self.start()
        with open(self.canary) as file:
            self.assertEqual(file.read(), "root's own\n")

    def test_a_file_of_the_users(self):
        open(self.log, "w").close()
        self.give_away(self.log)
        self.start()
        self.assertEqual(os.path.getsize(self.log), 0)

    def test_a_fifo(self):
        os.mkfifo(self.log)
        reader = os.open(self.log, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.give_away(self.log)
        self.start()
        self.assertEqual(os.read(reader, 100), b"")

    def test_a_file_that_was_named(self):
        named = packs.new_path("named")
        open(named, "w").close()
        self.give_away(named)
        self.assertIn(f"belongs to uid {USER}", self.start("--log-file", named).err)
        self.assertEqual(os.path.getsize(named), 0)
        self.assertServes()
        os.symlink(self.canary, named + ".link")
        self.assertIn("it is a symlink", self.start("--log-file", named + ".link").err)

    def test_a_configuration_of_the_users(self):
        os.makedirs(os.path.join(self.home, ".config/relocd"))
        target = packs.new_path("target")
        path = os.path.join(self.home, ".config/relocd/relocd.conf")
        with open(path, "w") as file:
            file.write(f"log-file = {target}\n")
        self.give_away(path)
        self.assertIn(f"belongs to uid {USER}", self.start().err)
        self.assertIn(f"belongs to uid {USER}", self.start("--config", path).err)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(os.path.dirname(path))
        outcome = programs.run([programs.RELOCD, "--config", "relocd.conf", "--print-config"], env={**self.env, "HOME": "/root"})
        self.assertIn(f"belongs to uid {USER}", outcome.err)
        self.assertFalse(os.path.exists(target))


if __name__ == "__main__":
    session.main(needs_root=True)
