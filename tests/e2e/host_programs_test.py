"""Packs of the host's own programs do what the host's programs do."""
import os

from support import packs, programs, session, ways

PYTHON_LIBRARY = "/usr/lib/python3.11"
TEXT = "über\nzebra\nApfel\nöl\n"


@ways.every_way
class HostPrograms(ways.LaunchTest):
    PROGRAMS = ["bash", "sed", "ls", "cat", "env", "sort", "tr", "id", "git", "perl",
                "iconv", "locale"]

    def test_bash(self):
        script = 'for i in {1..3}; do x+=$((i * i)); done; echo "$x" "$0" "$@"'
        script += '; [[ abc =~ b(.) ]] && echo ${BASH_REMATCH[1]}'
        self.assertSame("bash", "-c", script, "name", "one", "two words")
        self.assertSame("bash", "-c", "echo $BASH_VERSION; type -t cd; cat <(echo from a process substitution)")

    def test_bash_reads_a_script_from_its_input(self):
        self.assertSame("bash", "-s", "argument", input='echo "got $1"; read line; echo "$line"\nthe line\n')

    def test_sed_and_coreutils(self):
        self.assertSame("sed", "-n", "s/^\\(.\\)e/\\1E/p", input=TEXT)
        self.assertSame("sed", "--no-such-option")
        self.assertSame("ls", "-d", "/usr", "/etc/passwd")
        self.assertSame("ls", "/does/not/exist")
        self.assertSame("cat", "-A", input=TEXT)
        self.assertSame("tr", "a-z", "A-Z", input=TEXT)
        self.assertSame("env", "-i", "A=b", "/usr/bin/printenv", "A")

    def test_the_locale_is_the_callers(self):
        for locale in ("C", "C.UTF-8", "POSIX"):
            with self.subTest(locale=locale):
                env = {**self.env, "LC_ALL": locale}
                self.assertSame("sort", input=TEXT, env=env)
                self.assertSame("sed", "s/./x/g", input=TEXT, env=env)
                self.assertSame("locale", "charmap", env=env)

    def test_iconv_loads_its_converters(self):
        for charset in ("ISO-8859-1", "UTF-16LE", "IBM850", "CP1252"):
            with self.subTest(charset=charset):
                encode = ["iconv", "-f", "UTF-8", "-t", charset]
                packed, native = (run(*encode, input="öß\n") for run in (self.packed, self.native))
                self.assertEqual(packed, native)
                self.assertEqual(packed.status, 0)

    def test_users_are_looked_up(self):
        self.assertSame("id", "root")
        self.assertSame("id", "-un", "0")
        self.assertSame("bash", "-c", "echo ~root ~daemon")
        self.assertSame("perl", "-e", "print join(':', (getpwnam('daemon'))[0, 2, 7]), \"\\n\"")

    def test_git_makes_a_repository(self):
        env = {**self.env, "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
               "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
               "GIT_COMMITTER_EMAIL": "a@b"}
        ids = []
        for run in (self.native, self.packed):
            work = packs.new_path("repository")
            programs.must(run("git", "init", "-q", work, env=env))
            with open(os.path.join(work, "file"), "w") as file:
                file.write(TEXT)
            programs.must(run("git", "add", "file", cwd=work, env=env))
            programs.must(run("git", "commit", "-qm", "first", cwd=work, env=env))
            ids.append(programs.must(run("git", "log", "--format=%H %s", cwd=work, env=env)).out)
        self.assertEqual(ids[0], ids[1])

    def test_perl_loads_modules_with_native_code(self):
        self.assertSame("perl", "-MList::Util=sum", "-MPOSIX=floor", "-e",
                        "print sum(1 .. 10), floor(2.7), $0, \"\\n\"")
        self.assertSame("perl", "-e", "die qq(on purpose\\n)")

    def test_host_programs_run_from_inside(self):
        self.assertSame("bash", "-c", "/usr/bin/sed --version | head -1; /bin/sh -c 'echo $0'; uname")


@ways.every_way
class Python(ways.LaunchTest):
    PROGRAMS = ["python3"]
    ADD = [PYTHON_LIBRARY]

    def python(self, code, *arguments):
        """By its full path, where Python begins to look for its library."""
        return programs.must(programs.run([self.entry("python3"), "-c", code, *arguments], env=self.env)).out

    def test_python_uses_its_own_library(self):
        prefix, module = self.python("import sys, json; print(sys.prefix, json.__file__)").split()
        self.assertNotEqual(prefix, "/usr")
        self.assertTrue(module.startswith(prefix), (prefix, module))

    def test_python_loads_native_modules_threads_and_children(self):
        code = ("import hashlib, sqlite3, decimal, subprocess, sys, threading\n"
                "out = []\n"
                "t = threading.Thread(target=lambda: out.append(hashlib.sha256(b'x').hexdigest()))\n"
                "t.start(); t.join()\n"
                "print(out, sqlite3.connect(':memory:').execute('select 6*7').fetchone())\n"
                "print(decimal.Decimal('0.1') * 3)\n"
                "print(subprocess.run(['/bin/echo', 'child'], capture_output=True).stdout, sys.argv[1:])\n")
        self.assertSame("python3", "-c", code, "an", "argument")

    def test_python_ends_with_its_exception(self):
        outcome = self.assertSame("python3", "-c", "raise SystemExit(41)")
        self.assertEqual(outcome.status, 41)


@ways.every_way
class ScriptEntries(ways.LaunchTest):
    PROGRAMS = ["sh"]

    @classmethod
    def setUpClass(cls):
        cls.scripts = session.make_dir("scripts")
        texts = {"plain": "#!/bin/sh\necho plain $# \"$@\"; exit 3\n",
                 "option": "#!/bin/bash -u\necho \"${1:-none}\"; echo $undefined\n",
                 "through-env": "#!/usr/bin/env perl\nprint \"perl @ARGV\\n\"\n"}
        for name, text in texts.items():
            with open(os.path.join(cls.scripts, name), "w") as script:
                script.write(text)
            os.chmod(os.path.join(cls.scripts, name), 0o755)
        cls.PROGRAMS = ["sh", *(os.path.join(cls.scripts, name) for name in texts)]
        super().setUpClass()

    def test_scripts_run_with_their_interpreter_from_the_pack(self):
        for name in ("plain", "option", "through-env"):
            with self.subTest(script=name):
                script = os.path.join(self.scripts, name)
                native = programs.run([script, "one", "two words"], env=self.env)
                packed = programs.run([self.entry(name), "one", "two words"], env=self.env)
                self.assertEqual((packed.status, packed.out), (native.status, native.out))


if __name__ == "__main__":
    session.main()
