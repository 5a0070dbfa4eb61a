"""relocctl daemon start|stop|restart|status, and the answers to mistakes on the command line."""
import json
import os
import re
import subprocess
import unittest

from support import daemon, packs, programs, session


class DaemonCommands(unittest.TestCase):
    def setUp(self):
        session.require(os.access(programs.RELOCD, os.X_OK), "daemon", "relocd is not built", "build it")
        self.env = programs.environment(RELOCD_DIR=packs.new_path("daemon"), XDG_STATE_HOME=session.make_dir("state"))
        self.addCleanup(programs.relocctl, "daemon", "stop", env=self.env)

    def daemon(self, verb, *arguments):
        return programs.relocctl("daemon", verb, *arguments, env=self.env)

    def pid(self):
        return json.loads(programs.must(self.daemon("status", "--format", "json")).out)["pid"]

    def test_start_stop_restart(self):
        self.assertNotEqual(self.daemon("status").status, 0)
        programs.must(self.daemon("start"))
        first = self.pid()
        programs.must(self.daemon("start"))
        self.assertEqual(self.pid(), first, "a second start starts a second daemon")
        programs.must(self.daemon("restart"))
        self.assertNotEqual(self.pid(), first)
        programs.must(self.daemon("stop"))
        self.assertNotEqual(self.daemon("status").status, 0)
        programs.must(self.daemon("start"))
        self.assertNotEqual(self.pid(), first)

    def start_at_once(self, count, *arguments):
        """Returns the output of each, in the order started. All must succeed."""
        starts = [subprocess.Popen([programs.RELOCCTL, "daemon", "start", *arguments], env=self.env,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(count)]
        said = [start.communicate(timeout=60) for start in starts]
        self.assertEqual([start.returncode for start in starts], [0] * count, said)
        return said

    def test_many_starts_at_once(self):
        for name, content in (("launch.sock", "stale"), ("lock", ""), ("roots", "stale")):  # from an earlier boot
            os.makedirs(self.env["RELOCD_DIR"], 0o700, exist_ok=True)
            with open(os.path.join(self.env["RELOCD_DIR"], name), "w") as file:
                file.write(content)
        self.assertEqual(self.start_at_once(50, "-q"), [("", "")] * 50)
        pid = self.pid()
        self.assertEqual({out for out, _ in self.start_at_once(5)}, {f"relocd runs in {self.env['RELOCD_DIR']}, pid {pid}\n"})

    def test_starts_while_a_daemon_ends(self):
        """With idle exits all the time, every start finds a daemon that serves, ends or is gone."""
        for _ in range(20):
            self.start_at_once(3, "-q", "--idle-exit", "1ms")
            answer = programs.relocctl("ps", env=self.env)  # served, or one line that no daemon runs
            if answer.status != 0:
                self.assertRegex(answer.err, r"\Arelocctl: [^\n]*\n\Z")

    def test_idle_exit(self):
        programs.must(self.daemon("start", "--idle-exit", "100ms"))
        socket = os.path.join(self.env["RELOCD_DIR"], "launch.sock")  # asking for its status would keep it busy
        self.assertTrue(daemon.wait_until(lambda: not os.path.exists(socket)))

    def test_without_a_daemon_there_is_one_line_and_status_1(self):
        for command in (["ps"], ["ps", "--format", "json"], ["roots", "ls"]):
            with self.subTest(command=command):
                outcome = programs.relocctl(*command, env=self.env)
                self.assertEqual((outcome.status, outcome.out), (1, ""))
                self.assertRegex(outcome.err, r"\Arelocctl: [^\n]*relocctl daemon start[^\n]*\n\Z")


class CommandLine(unittest.TestCase):
    def test_version(self):
        outcome = programs.must(programs.relocctl("version"))
        self.assertRegex(outcome.out, re.compile(r"\d+\.\d+\.\d+"))

    def test_help_and_mistakes(self):
        self.assertEqual(programs.relocctl("--help").status, 0)
        for arguments in ([], ["no-such-command"], ["ps", "--no-such-option"], ["pack"], ["run"]):
            with self.subTest(arguments=arguments):
                outcome = programs.relocctl(*arguments)
                self.assertNotEqual(outcome.status, 0)
                self.assertEqual(outcome.out, "")
                self.assertNotEqual(outcome.err, "")


if __name__ == "__main__":
    session.main()
