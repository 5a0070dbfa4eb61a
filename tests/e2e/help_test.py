"""The command line's description of itself: help of every command, mistakes, exit statuses, JSON, the manual."""
import json
import os
import re
import shutil
import subprocess
import unittest

from support import daemon, packs, programs, session

GROUPS = ("Run", "Watch", "Steer", "Packs", "Host")
BUILD = os.path.dirname(os.path.dirname(programs.RELOCCTL))
MANUAL = {page: os.path.join(BUILD, "man", page) for page in ("relocctl.1", "relocd.8", "relocd.conf.5")}


def help_of(*command):
    return programs.must(programs.relocctl(*command, "--help")).out


def listed(text, *sections):
    """Returns the terms of a help's sections: "-a, --all" from "  -a, --all    All"."""
    bodies = re.findall(r"^(\w+):\n((?:  .*\n)+)", text, re.M)
    return [re.split(r"\s{2,}", line.strip())[0] for title, body in bodies if title in sections
            for line in body.splitlines() if re.match(r"  \S", line)]


def commands():
    """Yields every command that does something, as a tuple of words."""
    for name in listed(help_of(), *GROUPS):
        below = listed(help_of(name), "Commands")
        yield from ((name, word) for word in below) if below else [(name,)]


def options(*command):
    return sorted({name for term in listed(help_of(*command), "Options") for name in re.findall(r"--[\w-]+", term)})


class Help(unittest.TestCase):
    def test_every_command_teaches_by_example(self):
        for command in commands():
            with self.subTest(command=command):
                text = help_of(*command)
                self.assertTrue(text.startswith(f"Usage: relocctl {' '.join(command)} "), text)
                self.assertRegex(text, r"\nExamples:\n  \S", "has no example")
                self.assertIn(f"relocctl {' '.join(command)}", text.split("Examples:")[1])

    def test_commands_are_grouped(self):
        self.assertEqual(listed(help_of(), "Commands", "Subcommands"), [], "commands without a group: client/overview.cc")
        self.assertLessEqual({"run", "ps", "logs", "pack", "daemon", "completion"}, set(listed(help_of(), *GROUPS)))

    def test_lines_are_filled(self):
        for command in [(), *commands()]:
            for line in help_of(*command).splitlines():
                self.assertTrue(len(line) <= 80 or line.startswith("  "), line)

    def test_run_knows_the_options_that_it_shows(self):
        for option in options("run"):
            with self.subTest(option=option):
                self.assertNotIn("no option", programs.relocctl("run", option).err)

    def test_version(self):
        self.assertEqual(programs.must(programs.relocctl("--version")).out, programs.relocctl("version").out)


class Mistakes(unittest.TestCase):
    def mistake(self, *arguments, status=125):
        outcome = programs.relocctl(*arguments)
        self.assertEqual((outcome.status, outcome.out), (status, ""))
        self.assertRegex(outcome.err, r"\Arelocctl: [^\n]+\n\Z")
        return outcome.err

    def test_one_line_with_what_was_probably_meant(self):
        for arguments, meant in ((["pss"], "ps"), (["--versio"], "--version"), (["ps", "--fromat", "json"], "--format"),
                                 (["ps", "--format", "jsn"], "json"), (["daemon", "strat"], "start"),
                                 (["pack", "craete"], "create")):
            with self.subTest(arguments=arguments):
                self.assertIn(f"did you mean '{meant}'?", self.mistake(*arguments))
        self.assertIn("did you mean '--engine'?", self.mistake("run", "--enigne", "x", status=125))

    def test_one_line_with_where_to_read_on(self):
        for arguments, where in (([], ""), (["frobnicate"], ""), (["ps", "-x"], "ps "), (["ps", "x"], "ps "),
                                 (["logs"], "logs "), (["ps", "--format"], "ps "),
                                 (["pack", "inspect"], "pack inspect ")):
            with self.subTest(arguments=arguments):
                self.assertIn(f"relocctl {where}--help", self.mistake(*arguments))
        self.assertIn("start, restart, stop, status", self.mistake("daemon"))
        self.mistake("run")

    def test_controls_do_not_reach_the_terminal(self):
        self.assertNotIn("\x1b", self.mistake("\x1b[2J"))

    def test_exit_statuses(self):
        self.assertEqual(programs.relocctl("pack", "inspect", "/nonexistent").status, 125)
        self.assertEqual(programs.relocctl("run", "/nonexistent/x").status, 127)
        for arguments in (["ps", "--filter", "x"], ["history", "--since", "soon"], ["kill", "-s", "TREM", "x"],
                          ["logs", "--tail", "-3", "x"]):
            with self.subTest(arguments=arguments):
                self.mistake(*arguments)
        self.assertEqual(programs.relocctl("ps", env=programs.environment(RELOCD_DIR=packs.new_path())).status, 1)

    def test_relocd(self):
        mistake = programs.run([programs.RELOCD, "--idle-exti", "1h"])
        self.assertEqual((mistake.status, mistake.out), (2, ""))
        self.assertEqual(mistake.err, "relocd: there is no option '--idle-exti'; did you mean '--idle-exit'?\n")


class Json(unittest.TestCase):
    def test_stdout_is_json_alone(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        pack = packs.from_host("cat")
        programs.must(programs.run([pack + "/bin/cat", "/dev/null"], env=relocd.environment()))
        arguments = {("pack", "inspect"): [pack], ("stats",): ["--no-stream"], ("inspect",): ["cat"]}
        self.assertIn("--format", options("inspect"))
        known = [command for command in commands() if "--format" in options(*command) and command != ("events",)]
        self.assertGreaterEqual(len(known), 5)
        for command in known:
            with self.subTest(command=command):
                outcome = programs.relocctl(*command, "--format", "json", *arguments.get(command, []),
                                            env=relocd.environment(RELOC_ENGINE="nonsense"))
                for document in [outcome.out] if command != ("stats",) else outcome.out.splitlines():
                    json.loads(document)


class Manual(unittest.TestCase):
    def page(self, name):
        with open(MANUAL[name]) as file:
            return file.read().replace("\\-", "-")

    def test_the_pages_are_well_formed(self):
        session.require(shutil.which("man"), "man", "there is no man", "install man-db")
        for page in MANUAL.values():
            formatted = subprocess.run(["man", "--warnings", "-l", page], check=False, capture_output=True, text=True,
                                       env=programs.environment(LC_ALL="C.UTF-8", MANPAGER="cat", MANWIDTH="80"))
            self.assertEqual((formatted.returncode, formatted.stderr), (0, ""))
            self.assertNotIn("@", formatted.stdout, "a part was not filled in")

    def test_every_command_and_option_is_there(self):
        text = self.page("relocctl.1")
        for command in commands():
            self.assertIn(f".SS relocctl {' '.join(command)} ", text)
            section = text.split(f".SS relocctl {' '.join(command)} ")[1].split("\n.S")[0]
            for option in set(options(*command)) - {"--help"}:
                self.assertIn(option, section, command)

    def test_every_option_of_relocd_is_there(self):
        shown = listed(programs.must(programs.run([programs.RELOCD, "--help"])).out, "Options")
        names = {name for term in shown for name in re.findall(r"--[\w-]+", term)} - {"--help"}
        for name in names:
            self.assertIn(name, self.page("relocd.8"))
        for name in ("idle-exit", "max-roots", "log-level", "log-file"):
            self.assertIn(f".B {name} = ", self.page("relocd.conf.5"))


if __name__ == "__main__":
    session.main()
