"""Completion in the common shells: each loads the script that relocctl prints, and completes."""
import os
import pty
import shutil
import signal
import subprocess
import unittest

from support import daemon, images, packs, programs, session

# Does what TAB does, called by hand: bash has no other way without a terminal.
BASH = r"""
source <(relocctl completion bash)
COMP_LINE=$1
read -ra words <<< "${COMP_LINE//=/ = }"
COMP_WORDS=("${words[@]}")
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_relocctl
printf '%s\n' "${COMPREPLY[@]}"
"""

# zsh completes only on a terminal. What it would add is written to a file, before it is drawn.
ZSHRC = r"""
PS1= zle_bracketed_paste=()
autoload -Uz compinit && compinit -D -u
source <(relocctl completion zsh)
compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    local -a __matches
    builtin compadd -O __matches "$@"
    print -rl -- $__matches >> $FOUND
  fi
  builtin compadd "$@"
}
complete-and-tell() { zle complete-word; print > $FOUND.done }
zle -N complete-and-tell
bindkey '^I' complete-and-tell
zle-line-init() { print > $FOUND.ready }
zle -N zle-line-init
"""


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = packs.new_path("completion")
        os.makedirs(os.path.join(cls.dir, "here", "inner"))
        with open(os.path.join(cls.dir, "here", "in.txt"), "w"):
            pass
        cls.env = programs.environment(
            PATH=os.path.dirname(programs.RELOCCTL) + ":/usr/bin:/bin", HOME=cls.dir, XDG_CONFIG_HOME=cls.dir,
            XDG_DATA_HOME=cls.dir, XDG_CACHE_HOME=cls.dir, RELOCD_DIR=packs.new_path("daemon"), TERM="xterm", LC_ALL="C.UTF-8")

    def shell(self, *command, **env):
        session.require(shutil.which(command[0]), command[0], f"there is no {command[0]}", f"install {command[0]}")
        done = subprocess.run(command, env={**self.env, **env}, cwd=os.path.join(self.dir, "here"), check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def bash(self, line, **env):
        done = self.shell("bash", "--norc", "-c", BASH, "bash", line, **env)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def zsh(self, line, **env):
        session.require(shutil.which("zsh"), "zsh", "there is no zsh", "install zsh")
        found = os.path.join(packs.new_path("zsh"))
        open(found, "w").close()
        with open(os.path.join(self.dir, ".zshrc"), "w") as file:
            file.write(ZSHRC)
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(os.path.join(self.dir, "here"))
            os.execvpe("zsh", ["zsh", "-i"], {**self.env, **env, "FOUND": found, "ZDOTDIR": self.dir})
        try:
            os.set_blocking(terminal, False)
            self.wait_for(found + ".ready", terminal)
            os.write(terminal, line.encode() + b"\t")
            self.wait_for(found + ".done", terminal)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)
        with open(found) as file:
            return file.read().split()

    def wait_for(self, path, terminal):
        def there():
            try:
                os.read(terminal, 4096)  # so that zsh can continue to draw
            except BlockingIOError:
                pass
            return os.path.exists(path)
        self.assertTrue(daemon.wait_until(there), path)

    def fish(self, line, **env):
        done = self.shell("fish", "--no-config", "-c", "relocctl completion fish | source; complete -C $argv[1]", line,
                          **env)
        self.assertEqual(done.stderr, "")
        return [candidate.split("\t")[0] for candidate in done.stdout.splitlines()]

    def each(self, check):
        for shell in (self.bash, self.zsh, self.fish):
            with self.subTest(shell=shell.__name__):
                check(shell)

    def test_commands(self):
        def check(shell):
            self.assertEqual(set(shell("relocctl p")) & {"ps", "pack", "run"}, {"ps", "pack"})
            self.assertEqual(sorted(shell("relocctl daemon st")), ["start", "status", "stop"])
        self.each(check)

    def test_options_and_their_values(self):
        def check(shell):
            self.assertEqual(shell("relocctl ps --fo"), ["--format"])
            self.assertEqual(sorted(shell("relocctl ps --format ")), ["json", "table"])
            self.assertEqual(shell("relocctl inspect --format "), ["json"])
            self.assertIn("userns", shell("relocctl run --engine u"))
        self.each(check)
        # zsh and fish have the whole word, bash what follows the =.
        self.assertEqual(self.bash("relocctl ps --format=j"), ["json"])
        self.assertEqual(self.bash("relocctl ps --filter state"), ["state="])
        self.assertEqual(self.zsh("relocctl ps --format=j"), ["--format=json"])
        self.assertEqual(self.fish("relocctl ps --format=j"), ["--format=json"])

    def test_files_and_directories(self):
        def check(shell):
            self.assertEqual({name.rstrip("/") for name in shell("relocctl run in")}, {"in.txt", "inner"})
            self.assertEqual({name.rstrip("/") for name in shell("relocctl pack verify in")}, {"in.txt", "inner"})
            self.assertEqual({name.rstrip("/") for name in shell("relocctl pack adopt in")}, {"inner"})
            self.assertEqual({name.rstrip("/") for name in shell("relocctl run cat --opt in")}, {"in.txt", "inner"})
        self.each(check)

    def test_entries_of_an_image(self):
        images.require()
        shutil.copy(packs.from_host("sed", "cat", suffix=".sqfs"), os.path.join(self.dir, "here", "tools.sqfs"))
        def check(shell):
            # Completion stops after a second, which can be short on a busy machine.
            def await_candidates(line, *names):
                self.assertTrue(daemon.wait_until(lambda: sorted(shell(line)) == list(names)), shell(line))
            await_candidates("relocctl run tools.sqfs/", "tools.sqfs/bin/cat", "tools.sqfs/bin/sed")
            await_candidates("relocctl engines tools.sqfs/bin/s", "tools.sqfs/bin/sed")
            self.assertEqual(shell("relocctl run in.txt/"), [])
        self.each(check)

    def test_nothing_where_nothing_can_follow(self):
        def check(shell):
            self.assertEqual(shell("relocctl version "), [])
            self.assertEqual(shell("relocctl no-such-command "), [])
        self.each(check)

    def test_silent_without_a_daemon(self):
        def check(shell):
            self.assertEqual(shell("relocctl logs "), [])
        self.each(check)

    def test_jobs(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        programs.must(programs.run([packs.from_host("cat") + "/bin/cat", "/dev/null"], env=relocd.environment()))
        job = daemon.jobs(relocd.environment())[0]
        def check(shell):
            names = shell("relocctl logs ", RELOCD_DIR=relocd.directory)
            self.assertLessEqual({job["id"], "cat"}, set(names))
        self.each(check)
        self.assertEqual(self.fish("relocctl logs ca", RELOCD_DIR=relocd.directory), ["cat"])

    def test_a_daemon_that_does_not_answer_does_not_hold_up_for_long(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        os.kill(relocd.pid, signal.SIGSTOP)
        self.assertEqual(self.fish("relocctl logs ", RELOCD_DIR=relocd.directory), [])


if __name__ == "__main__":
    session.main()
