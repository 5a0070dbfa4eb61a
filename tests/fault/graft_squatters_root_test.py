"""Another user wants the paths of grafts: they get none that was ever used, and none of their files is executed."""
import os
import shutil
import subprocess
import unittest

from support import packs, programs, session
from support.store import Store

OTHER_USER = 4243


class Squatters(unittest.TestCase):
    inside = []  # commands that enter the mount namespace of the test

    @classmethod
    def setUpClass(cls):
        session.temp()
        os.chmod(session.temp(), 0o755)
        cls.store = Store("/gnu/store", packs.new_path("store"))
        cls.bash = cls.store.add("bash-5.2", "bash")
        cls.pack = packs.new_path()
        programs.must(programs.relocctl("pack", "create", "-o", cls.pack, "--from-store", cls.bash, "--store-prefix",
                                        "/gnu/store", "--store-dir", cls.store.directory))

    def setUp(self):
        self.work = packs.new_path("work")
        os.mkdir(self.work)
        os.chown(self.work, session.ORDINARY_USER, session.ORDINARY_USER)
        self.env = programs.environment(RELOCD_DIR=self.work + "/daemon", XDG_CACHE_HOME=self.work + "/cache",
                                        XDG_STATE_HOME=self.work, HOME=self.work)
        self.addCleanup(self.relocctl, "daemon", "stop")
        programs.must(self.relocctl("daemon", "start"))
        self.add()
        self.path = self.graft_path()
        self.directory = os.path.dirname(self.path)
        self.addCleanup(self.remove)

    def as_user(self, *command, user=session.ORDINARY_USER, env=None):
        return programs.run([*self.inside, "setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", *command],
                            env=env or programs.environment(), cwd="/")

    def relocctl(self, *arguments):
        return self.as_user(programs.RELOCCTL, *arguments, env=self.env)

    def add(self):
        programs.must(self.relocctl("mirrors", "add", "--kind", "graft", "--wait", self.pack))

    def graft_path(self):
        [name] = os.listdir(self.work + "/daemon/mirrors")
        return os.readlink(f"{self.work}/daemon/mirrors/{name}")

    def launch(self, engine="graft"):
        env = {**self.env, "RELOC_ENGINE": engine, "RELOC_DEBUG": "1"}
        return self.as_user(self.pack + "/bin/bash", "-c", "echo mine", env=env)

    def remove(self):
        """Removes the directory in /tmp, like a cleaner that runs as root."""
        if os.path.ismount(self.directory):
            subprocess.run(["umount", self.directory], check=True)
        if os.path.isdir(self.directory) and not os.path.islink(self.directory):
            shutil.rmtree(self.directory)
        elif os.path.lexists(self.directory):
            os.unlink(self.directory)

    def make_trap(self, real):
        """Makes the other user's tree at `real`: each program in it leaves a mark when it is executed."""
        trap = packs.new_path("trap") + "/mirrors/" + real.split("/mirrors/")[1]
        executed = session.make_dir("executed", 0o777) + "/mark"
        program = trap + self.bash.removeprefix("/gnu/store") + "/bin/bash"
        os.makedirs(os.path.dirname(program))
        with open(program, "w") as file:
            file.write(f"#!/bin/sh\n: >{executed}\n")
        os.chmod(program, 0o755)
        top = trap.split("/mirrors/")[0]
        for directory, _, files in os.walk(top):
            for name in [directory] + [os.path.join(directory, file) for file in files]:
                os.chown(name, OTHER_USER, OTHER_USER)
        return trap, executed

    def test_the_names_of_grafts_that_are_gone_cannot_be_taken(self):
        self.assertIn("1 removed", programs.must(self.relocctl("mirrors", "prune", "--all")).out)
        self.assertFalse(os.path.exists(self.path))
        for command in (("ln", "-s", "/tmp", self.path), ("ln", "-sfn", "/tmp", self.path), ("mkdir", self.path),
                        ("rmdir", self.directory), ("mv", self.directory, self.directory + "-away"),
                        ("ls", self.directory)):
            self.assertNotEqual(self.as_user(*command, user=OTHER_USER).status, 0, command)
        self.add()
        self.assertEqual(self.graft_path(), self.path)
        self.assertEqual(self.launch()[:2], (0, "mine\n"))

    def test_whatever_another_user_puts_there_is_refused(self):
        programs.must(self.relocctl("daemon", "stop"))  # otherwise it would make the directory again
        real = os.path.realpath(self.path)
        trap, executed = self.make_trap(real)
        name = os.path.basename(self.path)
        inside = lambda mode, target: ("sh", "-c", f"mkdir -m {mode} {self.directory} && ln -s {target} {self.directory}/{name}")
        for command in (inside("700", trap), inside("777", trap), inside("755", real), ("ln", "-s", trap, self.directory),
                        ("ln", "-s", os.path.dirname(trap), self.directory), ("mkfifo", self.directory),
                        ("touch", self.directory)):
            with self.subTest(command=command):
                self.remove()
                programs.must(self.as_user(*command, user=OTHER_USER))
                alone = self.launch()
                self.assertEqual((alone.status, alone.out), (125, ""))
                self.assertIn("the graft path belongs to another user: " + self.path, alone.err)
                for chain in ("default", "performance"):
                    self.assertEqual(self.launch(chain)[:2], (0, "mine\n"))
                self.assertFalse(os.path.exists(executed))
        self.assertMadeElsewhere()

    def assertMadeElsewhere(self):
        programs.must(self.relocctl("daemon", "start"))
        self.assertEqual(programs.must(self.relocctl("mirrors", "ls", "--format", "json")).out.strip(), "[]")
        self.add()
        self.assertNotEqual(os.path.dirname(self.graft_path()), self.directory)
        self.assertEqual(self.launch()[:2], (0, "mine\n"))

    def test_a_file_system_that_claims_to_be_the_users_is_refused(self):
        """As FUSE can if others may enter its mounts."""
        programs.must(self.relocctl("daemon", "stop"))
        user = session.ORDINARY_USER
        real = os.path.realpath(self.path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"uid={user},gid={user},mode=700", "tmpfs", self.directory], check=True)
        programs.must(self.as_user("ln", "-s", real, self.path))
        alone = self.launch()
        self.assertEqual((alone.status, alone.out), (125, ""))
        self.assertIn("the directory of the graft path is a mount: " + self.path, alone.err)
        self.assertMadeElsewhere()

    def test_the_users_path_to_another_users_tree_is_refused(self):
        programs.must(self.relocctl("daemon", "stop"))
        trap, executed = self.make_trap(os.path.realpath(self.path))
        programs.must(self.as_user("ln", "-sfn", trap, self.path))
        alone = self.launch()
        self.assertEqual((alone.status, alone.out), (125, ""))
        self.assertIn("the graft path leads to what others can write: " + self.path, alone.err)
        self.assertFalse(os.path.exists(executed))

    def test_a_cleaner_removed_it(self):
        for what in ("the path", "the directory"):
            with self.subTest(what):
                os.unlink(self.path) if what == "the path" else self.remove()
                for command in (("daemon", "stop"), ("daemon", "start"), ("mirrors", "ls")):
                    programs.must(self.relocctl(*command))
                self.assertEqual(self.graft_path(), self.path)
                self.assertEqual(self.launch()[:2], (0, "mine\n"))

    def test_no_name_is_free(self):
        programs.must(self.relocctl("mirrors", "prune", "--all"))
        programs.must(self.relocctl("daemon", "stop"))
        self.remove()
        self.enter_another_tmp()
        script = ("import itertools, os, string, sys\n"
                  "for name in itertools.product(string.ascii_letters + string.digits + '-_', repeat=2):\n"
                  "    try: os.mkdir('/tmp/' + ''.join(name))\n"
                  "    except FileExistsError: continue\n")
        programs.must(self.as_user("/usr/bin/python3", "-c", script, user=OTHER_USER))
        programs.must(self.relocctl("daemon", "start"))
        refused = self.relocctl("mirrors", "add", "--kind", "graft", "--wait", self.pack)
        self.assertEqual((refused.status, refused.out), (1, ""))
        self.assertRegex(refused.err, r"\Arelocctl: [^\n]*no name of two characters is free in /tmp[^\n]*another engine[^\n]*\n\Z")
        self.assertEqual(self.launch("performance")[:2], (0, "mine\n"))
        programs.must(self.relocctl("daemon", "stop"))

    def enter_another_tmp(self):
        """All names in it can be taken without harm to others. The tests' files in /tmp are visible there, too."""
        kept = packs.new_path("kept")
        script = (f"mkdir {kept} && mount --bind {session.temp()} {kept} && exec 3<{kept} && mount -t tmpfs -o mode=1777 tmpfs /tmp && "
                  f"mkdir -p {session.temp()} && mount --bind /proc/self/fd/3 {session.temp()} && exec 3<&- && echo && exec cat")
        holder = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(holder.communicate)
        self.assertEqual(holder.stdout.readline(), b"\n")
        self.inside = ["nsenter", "--mount", "--target", str(holder.pid), "--"]

    def test_grafts_of_an_older_version_go_when_they_are_free(self):
        """Their paths were in /tmp itself. Such a name is never removed."""
        programs.must(self.relocctl("daemon", "stop"))
        mirror = os.path.realpath(self.path).removesuffix("/gnu/store")
        old = "/tmp/" + os.urandom(3).hex()[:5]
        for command in (("ln", "-s", mirror + "/gnu/store", old), ("ln", "-sfn", old, mirror + "/.reloc/graft"),
                        ("touch", "--no-dereference", "--date", "2001-01-01", old)):
            programs.must(self.as_user(*command))
        self.addCleanup(os.unlink, old)
        user = session.ORDINARY_USER
        job = subprocess.Popen(["sh", "-c", f"cd {mirror}/gnu; echo; read line; ls {old}/ >/dev/null && echo went on"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=user, group=user, extra_groups=[], text=True)
        self.addCleanup(job.kill)
        self.assertEqual(job.stdout.readline(), "\n")
        programs.must(self.relocctl("daemon", "start"))
        listed = lambda: programs.must(self.relocctl("mirrors", "ls", "--format", "json")).out.strip()
        self.assertEqual(listed(), "[]")
        self.assertEqual(self.launch("performance")[:2], (0, "mine\n"))
        self.assertEqual(job.communicate("\n")[0], "went on\n")
        programs.must(self.relocctl("mirrors", "prune"))
        self.assertFalse(os.path.exists(mirror))
        self.assertEqual(os.readlink(old), mirror + "/gnu/store")
        self.assertGreater(os.lstat(old).st_mtime, 1_500_000_000)
        self.add()
        self.assertEqual(os.path.dirname(self.graft_path()), self.directory)
        self.assertEqual(self.launch()[:2], (0, "mine\n"))

    def test_links_in_a_foreign_daemons_directory_are_not_looked_at(self):
        foreign = session.make_dir("foreign", 0o777) + "/daemon"
        programs.must(self.as_user("mkdir", "-p", "-m", "755", foreign + "/mirrors", user=OTHER_USER))
        [name] = os.listdir(self.work + "/daemon/mirrors")
        programs.must(self.as_user("ln", "-s", self.path, f"{foreign}/mirrors/{name}", user=OTHER_USER))
        outcome = self.as_user(self.pack + "/bin/bash", "-c", "echo mine",
                               env=programs.environment(RELOCD_DIR=foreign, RELOC_ENGINE="graft"))
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertIn("no grafted mirror of the pack is ready", outcome.err)


if __name__ == "__main__":
    session.main(needs_root=True)
