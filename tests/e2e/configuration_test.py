"""relocd's configuration files, from the site's to the command line."""
import os
import unittest

from support import daemon, packs, programs, session

# Runs in a mount namespace whose /etc is the test's own.
WITH_ETC = 'mount --bind "$1" /etc && shift && exec "$@"'


class Configuration(unittest.TestCase):
    def setUp(self):
        session.require(os.access(programs.RELOCD, os.X_OK), "daemon", "relocd is not built", "build it")
        self.home = packs.new_path("home")
        self.env = programs.environment(HOME=self.home, RELOCD_DIR=packs.new_path("daemon"))
        self.user_file = self.write(self.home + "/.config/relocd/relocd.conf", "max-roots = 2\nidle-exit = 2h\n")

    def write(self, path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def print_config(self, *arguments, prefix=()):
        return programs.run([*prefix, programs.RELOCD, "--print-config", *arguments], env=self.env)

    def test_the_site_the_user_a_file_and_the_command_line(self):
        etc = packs.new_path("etc")
        self.write(etc + "/relocd/relocd.conf", "max-roots = 1\nidle-exit = 1h\nlog-level = error\nlog-file = /tmp/1\n")
        given = self.write(packs.new_path("given") + "/x.conf", "log-level = warning\nlog-file = /tmp/3\n")
        unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", WITH_ETC, "sh", etc]
        session.require(programs.run([*unshare, "true"]).status == 0, "userns", "no mounts", "allow user namespaces")
        printed = programs.must(self.print_config("--config", given, "--log-file=/tmp/4", prefix=unshare)).out
        for line in (f'max-roots = "2"  # {self.user_file}:1', f'idle-exit = "2h"  # {self.user_file}:2',
                     f'log-level = "warning"  # {given}:1', 'log-file = "/tmp/4"  # command line'):
            self.assertIn(line + "\n", printed)
        self.write(self.user_file, "")
        printed = programs.must(self.print_config(prefix=unshare)).out
        self.assertIn('max-roots = "1"  # /etc/relocd/relocd.conf:1\n', printed)

    def test_xdg_config_home_takes_the_place_of_the_home_directory(self):
        self.env["XDG_CONFIG_HOME"] = packs.new_path("config")
        self.assertIn('max-roots = "512"  # default\n', programs.must(self.print_config()).out)
        self.write(self.env["XDG_CONFIG_HOME"] + "/relocd/relocd.conf", "max-roots = 9\n")
        self.assertIn('max-roots = "9"  #', programs.must(self.print_config()).out)

    def test_every_option_is_shown_once(self):
        shown = [line.lstrip("#").split(" = ")[0] for line in self.print_config().out.splitlines() if " = " in line]
        self.assertEqual(len(shown), len(set(shown)))
        listed = programs.run([programs.RELOCD, "--help"]).out
        for name in shown:
            self.assertIn(f"--{name}", listed)

    def test_a_mistake_is_one_line_and_no_daemon(self):
        for text, told in (("max-rots = 1\n", "did you mean 'max-roots'"), ("max-roots = x\n", "x")):
            with self.subTest(text=text):
                self.write(self.user_file, text)
                for outcome in (self.print_config(), programs.run([programs.RELOCD], env=self.env, timeout=10)):
                    self.assertEqual((outcome.status, outcome.out), (2, ""))
                    self.assertRegex(outcome.err, rf"\Arelocd: {self.user_file}:1: [^\n]*{told}[^\n]*\n\Z")
                started = programs.relocctl("daemon", "start", env=self.env)
                self.assertEqual((started.status, started.out), (1, ""))
                self.assertRegex(started.err, rf"\Arelocctl: {self.user_file}:1: [^\n]*{told}[^\n]*\n\Z")

    def test_a_file_that_is_not_there_or_cannot_be_read(self):
        os.chmod(self.user_file, 0)
        if os.geteuid() != 0:
            self.assertRegex(self.print_config().err, rf"\Arelocd: [^\n]*{self.user_file}: Permission denied[^\n]*\n\Z")
        os.unlink(self.user_file)
        programs.must(self.print_config())
        missing = self.print_config("--config", "/no/such")
        self.assertEqual(missing.status, 2)
        self.assertRegex(missing.err, r"\Arelocd: [^\n]*/no/such[^\n]*\n\Z")

    def test_relocctl_hands_a_file_over_and_a_log_file_counts(self):
        log = packs.new_path("relocd.log")
        given = self.write(packs.new_path("given") + "/x.conf", f"log-file = {log}\n")
        self.addCleanup(programs.relocctl, "daemon", "stop", env=self.env)
        programs.must(programs.relocctl("daemon", "start", "--config", given, env=self.env))
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(log)))


if __name__ == "__main__":
    session.main()
