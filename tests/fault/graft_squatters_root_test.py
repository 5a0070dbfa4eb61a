"""Another user holds a graft path: nothing of his is executed, and the next engine runs the program."""
import os
import shutil
import unittest

from support import packs, programs, session
from support.store import Store

OTHER_USER = 4243


class Squatters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        session.temp()
        os.chmod(session.temp(), 0o755)
        cls.store = Store("/gnu/store", packs.new_path("store"))
        cls.bash = cls.store.add("bash-5.2", "bash")
        cls.pack = packs.new_path()
        programs.must(programs.relocctl("pack", "create", "-o", cls.pack, "--from-store", cls.bash, "--store-prefix",
                                        "/gnu/store", "--store-dir", cls.store.directory))
        cls.work = session.make_dir("work")
        os.chown(cls.work, session.ORDINARY_USER, session.ORDINARY_USER)
        cls.directory, cls.cache = cls.work + "/daemon", cls.work + "/cache"
        cls.make_graft()
        cls.addClassCleanup(cls.remove)
        cls.real = os.path.realpath(cls.path)
        cls.make_trap()

    @classmethod
    def make_graft(cls):
        """By a daemon that runs no more: it would make a path that is gone anew."""
        env = programs.environment(RELOCD_DIR=cls.directory, XDG_CACHE_HOME=cls.cache, XDG_STATE_HOME=cls.work)
        for command in (("daemon", "start"), ("mirrors", "add", "--kind", "graft", "--wait", cls.pack), ("daemon", "stop")):
            programs.must(cls.as_user(programs.RELOCCTL, *command, env=env))
        [name] = os.listdir(cls.directory + "/mirrors")
        cls.path = os.readlink(f"{cls.directory}/mirrors/{name}")

    @classmethod
    def make_trap(cls):
        """The other user's own tree: each program in it tells that it was executed."""
        cls.trap = session.make_dir("trap") + "/mirrors/" + cls.real.split("/mirrors/")[1]
        cls.executed = session.make_dir("executed", 0o777) + "/mark"
        program = cls.trap + cls.bash.removeprefix("/gnu/store") + "/bin/bash"
        os.makedirs(os.path.dirname(program))
        with open(program, "w") as file:
            file.write(f"#!/bin/sh\n: >{cls.executed}\n")
        os.chmod(program, 0o755)
        for directory, names, files in os.walk(session.make_dir("trap")):
            for name in [directory] + [os.path.join(directory, file) for file in files]:
                os.chown(name, OTHER_USER, OTHER_USER)

    @classmethod
    def remove(cls):
        if os.path.islink(cls.path) or os.path.isfile(cls.path) or os.path.exists(cls.path) and not os.path.isdir(cls.path):
            os.unlink(cls.path)
        elif os.path.isdir(cls.path):
            shutil.rmtree(cls.path)

    @staticmethod
    def as_user(*command, user=session.ORDINARY_USER, env=None):
        return programs.run(["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", *command],
                            env=env or programs.environment())

    def launch(self, engine):
        env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE=engine, RELOC_DEBUG="1")
        return self.as_user(self.pack + "/bin/bash", "-c", "echo mine", env=env)

    def squat(self, *command):
        self.remove()
        programs.must(self.as_user(*command, user=OTHER_USER))

    def assertRefused(self, reason):
        alone = self.launch("graft")
        self.assertEqual((alone.status, alone.out), (125, ""))
        self.assertIn(reason, alone.err)
        for chain in ("default", "performance"):
            self.assertEqual(self.launch(chain)[:2], (0, "mine\n"))
        self.assertFalse(os.path.exists(self.executed))

    def test_the_users_own_path_is_used(self):
        self.remove()
        programs.must(self.as_user("ln", "-s", self.real, self.path))
        self.assertEqual(self.launch("graft")[:2], (0, "mine\n"))

    def test_whatever_another_user_puts_there_is_refused(self):
        for command in (("ln", "-s", self.trap, self.path), ("ln", "-s", self.real, self.path),
                        ("cp", "-r", self.trap, self.path), ("mkfifo", self.path), ("touch", self.path),
                        ("mkdir", "-m", "777", self.path)):
            with self.subTest(command=command[0]):
                self.squat(*command)
                self.assertRefused("the graft path belongs to another user: " + self.path)

    def test_the_users_path_to_another_users_tree_is_refused(self):
        self.remove()
        programs.must(self.as_user("ln", "-s", self.trap, self.path))
        self.assertRefused("the graft path leads to what others can write: " + self.path)

    def test_links_in_a_foreign_daemons_directory_are_not_looked_at(self):
        foreign = session.make_dir("foreign", 0o777) + "/daemon"
        self.remove()
        programs.must(self.as_user("ln", "-s", self.real, self.path))
        programs.must(self.as_user("mkdir", "-p", "-m", "755", foreign + "/mirrors", user=OTHER_USER))
        name = os.listdir(self.directory + "/mirrors")[0]
        programs.must(self.as_user("ln", "-s", self.path, f"{foreign}/mirrors/{name}", user=OTHER_USER))
        outcome = self.as_user(self.pack + "/bin/bash", "-c", "echo mine",
                               env=programs.environment(RELOCD_DIR=foreign, RELOC_ENGINE="graft"))
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertIn("no grafted mirror of the pack is ready", outcome.err)


if __name__ == "__main__":
    session.main(needs_root=True)
