"""relocctl doctor: things are broken one by one, and each is reported with its fix."""
import fcntl
import json
import os
import shutil
import signal
import stat
import unittest

from support import daemon, packs, programs, session


class Doctor(unittest.TestCase):
    def setUp(self):
        self.directory = packs.new_path("daemon")
        self.home = packs.new_path("home")
        os.mkdir(self.home)
        self.relocctl = programs.RELOCCTL
        self.env = programs.environment(RELOCD_DIR=self.directory, HOME=self.home,
                                        PATH=f"{programs.BIN}:{programs.HOST_PATH}")

    def examine(self, **env):
        """Returns all findings by their names, and the exit status."""
        command = [self.relocctl, "doctor", "--format", "json"]
        outcome = programs.run(command, env={**self.env, **env})
        self.assertEqual(outcome.err, "")
        findings = {finding["check"]: finding for finding in json.loads(outcome.out)}
        fails = any(finding["health"] == "FAIL" for finding in findings.values())
        self.assertEqual(outcome.status, 1 if fails else 0)
        return findings

    def check(self, name, health, found, cure, **env):
        finding = self.examine(**env)[name]
        self.assertEqual(finding["health"], health, finding)
        self.assertRegex(finding["found"], found)
        if cure is None:
            self.assertIsNone(finding["cure"])
        else:
            self.assertRegex(finding["cure"], cure)

    def start(self):
        relocd = daemon.Daemon(self.directory)
        self.addCleanup(relocd.stop)
        return relocd


class Daemons(Doctor):
    def test_all_is_well(self):
        self.start()
        findings = self.examine()
        for name in ("relocd", "PATH", "shim", "daemon directory", "state directory", "history", "daemon",
                     "launch socket", "namespaces"):
            self.assertEqual((findings[name]["health"], findings[name]["cure"]), ("OK", None), findings[name])

    def test_lines_for_people(self):
        outcome = programs.must(programs.run([self.relocctl, "doctor"], env=self.env))
        *lines, empty, summary = outcome.out.splitlines()
        self.assertTrue(all(line.startswith(("OK    ", "WARN  ", "FAIL  ")) for line in lines), outcome.out)
        self.assertRegex(outcome.out, r"WARN  daemon +none runs [^\n]* => relocctl daemon start\n")
        self.assertEqual(empty, "")
        self.assertRegex(summary, r"^0 failures, (1 warning|(?!1 )\d+ warnings)$")

    def test_none_runs(self):
        self.check("daemon", "WARN", "none runs", "relocctl daemon start")

    def test_it_does_not_answer(self):
        relocd = self.start()
        relocd.process.send_signal(signal.SIGSTOP)
        self.addCleanup(relocd.process.send_signal, signal.SIGCONT)
        self.check("daemon", "FAIL", "does not answer", f"kill -9 {relocd.pid}")

    def test_a_configuration_that_relocd_refuses(self):
        home = session.make_dir("config")
        os.mkdir(home + "/relocd")
        with open(home + "/relocd/relocd.conf", "w") as file:
            file.write("mirror-limt = 3\n")
        self.check("configuration", "FAIL", f"{home}/relocd/relocd.conf:1: .*mirror-limit", "correct it", XDG_CONFIG_HOME=home)
        self.check("configuration", "OK", "print-config", None, XDG_CONFIG_HOME="/")

    def test_something_else_holds_the_lock(self):
        os.mkdir(self.directory, 0o700)
        with open(self.directory + "/lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.check("daemon", "FAIL", "holds .*/lock and does not serve", "fuser")

    def test_launch_socket_is_gone(self):
        relocd = self.start()
        relocd.process.send_signal(signal.SIGSTOP)  # otherwise it is soon restarted
        self.addCleanup(relocd.process.send_signal, signal.SIGCONT)
        os.unlink(relocd.socket)
        self.check("launch socket", "FAIL", "takes no connections", "relocctl daemon restart")

    def test_it_stands_elsewhere(self):
        self.start()
        command = ["unshare", "--user", "--map-current-user", "--mount", self.relocctl, "doctor", "--format", "json"]
        outcome = programs.run(command, env=self.env)
        session.require(outcome.out, "userns", outcome.err, "allow user namespaces")
        namespaces = [finding for finding in json.loads(outcome.out) if finding["check"] == "namespaces"]
        self.assertEqual([finding["health"] for finding in namespaces], ["WARN"])


class Directories(Doctor):
    def test_daemon_directory(self):
        os.mkdir(self.directory, 0o755)
        self.check("daemon directory", "FAIL", "mode 0755, not 0700", "RELOCD_DIR")
        os.rmdir(self.directory)
        os.symlink("/tmp", self.directory)
        self.check("daemon directory", "FAIL", "is a symlink", "RELOCD_DIR")
        os.unlink(self.directory)
        self.check("daemon directory", "FAIL", "belongs to uid 0", "RELOCD_DIR", RELOCD_DIR="/usr")

    def test_runtime_directory(self):
        stale = packs.new_path("runtime")
        self.check("XDG_RUNTIME_DIR", "WARN", "No such file", "unset", XDG_RUNTIME_DIR=stale)
        os.mkdir(stale, 0o755)
        self.check("XDG_RUNTIME_DIR", "WARN", "mode 0755", "unset", XDG_RUNTIME_DIR=stale)
        self.check("XDG_RUNTIME_DIR", "WARN", "belongs to uid 0", "unset", XDG_RUNTIME_DIR="/usr")
        self.check("XDG_RUNTIME_DIR", "WARN", "not absolute", "unset", XDG_RUNTIME_DIR="run")
        self.check("XDG_RUNTIME_DIR", "OK", "not set", None, XDG_RUNTIME_DIR="")

    def test_variables(self):
        self.check("TMPDIR", "WARN", "No such file", "unset TMPDIR", TMPDIR="/no/such")
        self.check("HOME", "WARN", "No such file", "export HOME", HOME="/no/such", XDG_STATE_HOME=self.home)
        self.check("HOME", "WARN", "not set", "export HOME", HOME="", XDG_STATE_HOME=self.home)
        self.check("RELOC_ENGINE", "WARN", "'usrns' is no engine", "relocctl engines", RELOC_ENGINE="usrns")
        self.check("RELOC_ENGINE", "FAIL", "no engine that is asked for works", "unset", RELOC_ENGINE="graft")
        self.check("Slurm", "OK", "in job 4711", None, SLURM_JOB_ID="4711")

    def test_state_directory(self):
        self.check("state directory", "WARN", "cannot be written", "XDG_STATE_HOME", XDG_STATE_HOME="/proc")

    def test_mirrors(self):
        cache = packs.new_path("cache")
        self.check("mirrors", "OK", f"{cache}/relocd, .* free", None, XDG_CACHE_HOME=cache)
        self.assertFalse(os.path.exists(cache))
        os.makedirs(cache + "/relocd")
        os.chmod(cache + "/relocd", 0o755)
        self.check("mirrors", "WARN", "others can enter", "set mirror-dir", XDG_CACHE_HOME=cache)
        os.rmdir(cache + "/relocd")
        os.chmod(cache, 0o500)
        self.check("mirrors", "WARN", f"cannot write to {cache}", "set mirror-dir", XDG_CACHE_HOME=cache)
        os.chmod(cache, 0o700)
        os.mkfifo(cache + "/relocd")
        self.check("mirrors", "WARN", "Not a directory", "set mirror-dir", XDG_CACHE_HOME=cache)

    def test_mirrors_where_the_daemon_keeps_them(self):
        relocd = daemon.Daemon(self.directory, "--mirror-dir", "/usr")
        self.addCleanup(relocd.stop)
        self.check("mirrors", "WARN", "^/usr is not yours$", "set mirror-dir")

    def test_mirrors_on_a_small_disk(self):
        disk = packs.new_path("disk")
        os.mkdir(disk)
        script = 'mount -t tmpfs -o size=1m,mode=700 tmpfs "$1" && exec "$2" doctor --format json'
        outcome = programs.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", disk,
                                self.relocctl], env={**self.env, "XDG_CACHE_HOME": disk})
        session.require(outcome.out, "userns", outcome.err, "allow user namespaces")
        [mirrors] = [finding for finding in json.loads(outcome.out) if finding["check"] == "mirrors"]
        self.assertEqual((mirrors["health"], mirrors["found"]), ("WARN", f"{disk}/relocd, 1.0 MiB free"))
        self.assertIn("make room", mirrors["cure"])

    def test_history(self):
        state = packs.new_path("state")
        os.makedirs(state + "/relocd")
        path = state + "/relocd/history.db"
        with open(path, "w") as file:
            file.write("this is no database at all")
        self.check("history", "WARN", "is damaged", f"mv {path}", XDG_STATE_HOME=state)
        os.chmod(path, 0)
        self.check("history", "WARN", "Permission denied", "chmod", XDG_STATE_HOME=state)

    def test_history_that_cannot_be_written(self):
        self.start_in_background()
        state = self.home + "/.local/state/relocd"
        [path] = [os.path.join(at, "history.db") for at, _, files in os.walk(state) if "history.db" in files]
        os.chmod(path, 0o400)
        self.check("history", "WARN", "history.db cannot be written: Permission denied", "chmod u\\+rw .*history.db")
        os.chmod(path, 0o600)

    def start_in_background(self):
        """Starts it with a history that has its first entry."""
        programs.must(programs.relocctl("daemon", "start", env=self.env))
        self.addCleanup(lambda: programs.must(programs.relocctl("daemon", "stop", env=self.env)))
        self.assertTrue(daemon.wait_until(lambda: programs.must(programs.relocctl("events", "--since", "1h", "--no-stream",
                                                                                  env=self.env)).out != ""))

    def test_path(self):
        self.check("PATH", "WARN", "leads to no relocctl", programs.BIN, PATH=programs.HOST_PATH)
        other = packs.new_path("other")
        os.mkdir(other)
        shutil.copy("/bin/true", other + "/relocctl")
        self.check("PATH", "WARN", f"another relocctl: {other}/relocctl", programs.BIN, PATH=f"{other}:{programs.BIN}")


class Installation(Doctor):
    def setUp(self):
        super().setUp()
        self.prefix = packs.new_path("prefix")
        os.makedirs(self.prefix + "/bin")
        for name in ("relocctl", "relocd"):
            shutil.copy(os.path.join(programs.BIN, name), self.prefix + "/bin")
        self.modules = self.prefix + "/libexec/relocd"
        os.mkdir(self.prefix + "/libexec")
        shutil.copytree(programs.BIN + "/../libexec", self.modules)
        self.relocctl = self.prefix + "/bin/relocctl"

    def test_what_is_missing_is_named(self):
        for name in ("audit.so", "preload.so", "tracee", "shim"):
            os.unlink(f"{self.modules}/{name}")
            self.check(name, "FAIL", name, "reinstall")

    def test_relocd(self):
        path = self.prefix + "/bin/relocd"
        os.chmod(path, stat.S_IRUSR)
        self.check("relocd", "FAIL", "Permission denied", "reinstall")
        os.unlink(path)
        self.check("relocd", "FAIL", "No such file", "reinstall")
        with open(path, "w") as file:
            file.write("#!/bin/sh\necho relocd 0.0.1\n")
        os.chmod(path, 0o755)
        self.check("relocd", "FAIL", "is relocd 0.0.1, and this is relocctl", "reinstall")

    def test_engines_that_do_not_work(self):
        os.unlink(self.modules + "/tracee")
        findings = self.examine()
        self.assertIn(findings["engine proot"]["health"], ("WARN", "FAIL"))
        self.assertTrue(findings["engine proot"]["cure"])


if __name__ == "__main__":
    session.main()
