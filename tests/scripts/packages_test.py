#!/usr/bin/env python3
"""What the scripts print about packages and wrong usage; shell scripts replace apt, dpkg and sudo."""

import os
import pathlib
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"

SIMULATION = """Reading package lists...
Inst linux-libc-dev [6.1.187-1] (6.1.192-3 Debian-Security:12/oldstable-security [amd64])
Inst unrelated [1] (2 Debian:12.15/oldstable [amd64])
Inst libssl-dev [3.0.19-1~deb12u2] (3.0.22-1~deb12u2 Debian-Security:12/oldstable-security [amd64]) []
Inst libc6-dev (2.36 Debian:12.15/oldstable [amd64])
Conf linux-libc-dev (6.1.192-3 Debian-Security:12/oldstable-security [amd64])
"""
DEPENDS = "libssl-dev\n  Depends: libssl3\n |Depends: unrelated\nlinux-libc-dev\nlibc6-dev\n"


class ScriptsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bin = pathlib.Path(folder.name)

    def play(self, name, body):
        """Puts a program NAME in place of the real one."""
        (self.bin / name).write_text("#!/bin/bash\n" + body)
        (self.bin / name).chmod(0o755)

    def run_it(self, *command, path="/usr/bin:/bin"):
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "PATH": f"{self.bin}:{path}"}, check=False)

    def outdated(self):
        return self.run_it("bash", "-c", 'set -euo pipefail; . "$1/lib.sh"; . "$1/test.d/packages.sh"\n'
                           'warn_of_outdated libssl-dev g++; echo "[$package_warning]"', "-", str(SCRIPTS))

    def test_outdated_packages_are_named(self):
        self.play("apt-get", f"cat <<'END'\n{SIMULATION}END\n")
        self.play("apt-cache", f"cat <<'END'\n{DEPENDS}END\n")
        got = self.outdated()
        self.assertEqual(got.returncode, 0, got.stdout)
        warning = "Warning: 2 packages are older than what Debian serves: libssl-dev 3.0.19-1~deb12u2 -> 3.0.22-1~deb12u2, "
        self.assertIn(warning + "linux-libc-dev 6.1.187-1 -> 6.1.192-3. To update: ", got.stdout.splitlines()[-1])
        self.assertIn("\n   linux-libc-dev 6.1.187-1 -> 6.1.192-3\n", got.stdout)
        self.assertIn("\n   libssl-dev 3.0.19-1~deb12u2 -> 3.0.22-1~deb12u2\n", got.stdout)

    def test_nothing_to_compare_with_is_no_failure(self):
        for body in "cat </dev/null", "echo 'E: no lists' >&2; exit 100":
            self.play("apt-get", body)
            self.play("apt-cache", body)
            got = self.outdated()
            self.assertEqual((got.returncode, got.stdout), (0, "[]\n"))

    @unittest.skipIf(os.geteuid() == 0, "root needs no sudo")
    def test_user_without_sudo_is_told_what_to_ask_for(self):
        self.play("dpkg-query", 'for name; do :; done; [[ $name != @(musl-tools|patchelf) ]] && echo -n installed')
        self.play("apt-get", "echo 'apt-get was started' >&2")
        wanted = " ask an administrator for: apt-get update && apt-get install --no-install-recommends musl-tools patchelf"
        for refusal in "exit 1", "echo 'sudo: a password is required' >&2; exit 1":
            self.play("sudo", refusal)
            got = self.run_it(str(SCRIPTS / "deps"), "build")
            self.assertNotEqual(got.returncode, 0)
            self.assertTrue(got.stdout.splitlines()[-1].endswith(wanted), got.stdout)
            self.assertNotIn("was started", got.stdout)

    def test_help(self):
        for script in "quickstart", "deps", "test", "demo", "lint", "bare-root":
            for option in "--help", "-h":
                got = self.run_it(str(SCRIPTS / script), option)
                self.assertEqual(got.returncode, 0, got.stdout)
                self.assertIn(f"Usage: scripts/{script}", got.stdout)
                self.assertNotIn("set -euo", got.stdout)

    def test_unknown_options_are_refused_in_one_line(self):
        for script in "quickstart", "deps", "test", "demo", "lint", "bare-root":
            got = self.run_it(str(SCRIPTS / script), "--frobnicate")
            self.assertNotEqual(got.returncode, 0)
            self.assertEqual(got.stdout, f"{script}: unknown option '--frobnicate'; see {script} --help\n")


if __name__ == "__main__":
    unittest.main()
