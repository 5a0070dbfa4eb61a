"""Well-known programs at their usual work."""
import os

from suite import main, scenario
from support import programs

TITLE = "Well-known programs"
PROGRAMS = ["bash", "sed", "ls", "cat", "tr", "env", "git", "perl", "gcc", "make", "tar", "gzip", "grep", "awk", "diff",
            "find", "tee", "wc", "seq"]
TEXT = "über\nzebra\nApfel\nöl\n"


@scenario("bash: arrays, arithmetic, regular expressions, process substitution, here documents")
def bash(side):
    script = ('for i in {1..3}; do x+=$((i * i)); done; echo "$x" "$0" "$@"; '
              '[[ abc =~ b(.) ]] && echo ${BASH_REMATCH[1]}; '
              'declare -A map=([a]=1 [b]=2); echo ${#map[@]}; cat <(echo from a substitution) - <<<"here"; '
              'echo $BASH_VERSION; printf "%(%Y)T\\n" 0; coproc { read l; echo "co $l"; }; echo x >&${COPROC[1]}; '
              'read -u ${COPROC[0]} line; echo $line; type -t cd; ulimit -c')
    return side.run("bash", "-c", script, "name", "one", "two words")


@scenario("bash reads a script from its input", natively=(0, "got argument\nthe line\n", ""))
def bash_from_input(side):
    return side.run("bash", "-s", "argument", input='echo "got $1"; read line; echo "$line"\nthe line\n')


@scenario("coreutils, sed, grep, awk, diff: results, messages and statuses")
def text_tools(side):
    calls = [["sed", "-n", "s/^\\(.\\)e/\\1E/p"], ["sed", "--no-such-option"], ["cat", "-A"], ["tr", "a-z", "A-Z"],
             ["ls", "-d", "/usr", "/etc/passwd"], ["ls", "/does/not/exist"], ["wc"], ["grep", "-c", "e"],
             ["grep", "-P", "(?<=e)b"], ["awk", "{ n += length($0) } END { print n, NR }"],
             ["diff", "/etc/passwd", "-"], ["env", "-i", "A=b", "/usr/bin/printenv", "A"], ["seq", "3"]]
    return [side.run(*call, input=TEXT) for call in calls]


@scenario("sed edits a file in place", natively=(0, "b\n"))
def edit_in_place(side):
    path = side.file("file", "a\n")
    status = side.run("sed", "-i", "s/a/b/", path).status
    with open(path) as file:
        return status, file.read()


@scenario("find, tar and gzip: a tree packed and unpacked is the same")
def archive(side):
    tree = side.directory("tree")
    for number in range(20):
        side.file(os.path.join(tree, f"file{number}"), "x" * number, 0o600 + number % 8)
    os.symlink("file1", os.path.join(tree, "symlink"))
    script = ('cd "$1" && tar -cf - tree | gzip | tee a.tgz | gzip -d | (mkdir copy && tar -xf - -C copy) && '
              'diff -r tree copy/tree && find copy -printf "%P %m %y %l\\n" | LC_ALL=C sort')
    env = {**side.env, "PATH": side.path("tar")}
    return side.run("bash", "-c", script, "bash", side.scratch, env=env)


@scenario("git: a repository, commits, a branch, a merge, a clone")
def git(side):
    work = side.directory("repository")
    identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
                (("NAME", "a"), ("EMAIL", "a@b"), ("DATE", "2026-01-01T00:00:00Z"))}
    env = {**side.env, **identity, "GIT_CONFIG_NOSYSTEM": "1"}
    side.file(os.path.join(work, "file"), TEXT)

    def run(*arguments):
        return side.run("git", "-c", "init.defaultBranch=main", *arguments, cwd=work, env=env)
    seen = [run(*call.split()) for call in (
        "init -q", "add file", "commit -qm first", "checkout -qb other", "mv file renamed", "commit -qm second",
        "checkout -q main", "merge -q --no-ff -m merge other", "log --format=%H:%s --graph --name-status", "fsck",
        "clone -q . ../clone", "-C ../clone log --oneline -1", "gc -q", "status --short", "no-such-command")]
    return seen


@scenario("git runs hooks", natively=(0, "hook pre-commit\n"))
def git_hooks(side):
    work = side.directory("repository")
    env = {**side.env, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
           "GIT_COMMITTER_EMAIL": "a@b"}
    side.run("git", "init", "-q", work, env=env)
    side.file(work + "/.git/hooks/pre-commit", f"#!{side.home('bash')}\necho hook ${{0##*/}} > hooked\n", 0o755)
    status = side.run("git", "commit", "-q", "--allow-empty", "-m", "x", cwd=work, env=env).status
    with open(work + "/hooked") as file:
        return status, file.read()


@scenario("perl: `$0`, `@INC`, `die`, `fork`, `%ENV`, `sprintf`")
def perl(side):
    code = ('$| = 1; print "$0 @ARGV $ENV{LC_ALL}\\n"; print scalar(grep { -d } @INC) > 0 ? "inc\\n" : "no inc\\n"; '
            'if (my $p = fork) { waitpid $p, 0; print $? >> 8, "\\n" } else { exit 9 } printf "%05.2f\\n", 3.14159; '
            'die "on purpose\\n"')
    return side.run("perl", "-e", code, "one", "two words")


_C_PROGRAM = """
#include <stdio.h>
#include <math.h>
int main(int argc, char** argv) { printf("%d %.3f\\n", argc, sqrt(atof(argv[1]))); return 4; }
"""


@scenario("gcc compiles, links and warns; what it made runs")
def gcc(side):
    source = side.file("program.c", _C_PROGRAM.replace("#include <math.h>", "#include <math.h>\n#include <stdlib.h>"))
    compiled = side.run("gcc", "-O1", "-Wall", "-o", "program", source, "-lm", cwd=side.scratch)
    made = side.run("bash", "-c", "./program 2", cwd=side.scratch)
    bad = side.run("gcc", "-c", "-Wall", side.file("bad.c", "int main() { int unused; return x; }\n"), cwd=side.scratch)
    return compiled, made, bad, sorted(os.listdir(side.scratch))


@scenario("make with gcc builds and rebuilds what changed")
def make_and_gcc(side):
    side.file("a.c", "int a(void) { return 1; }\n")
    side.file("main.c", "int a(void);\nint main(void) { return a(); }\n")
    side.file("Makefile", "prog: a.o main.o\n\t$(CC) -o $@ $^\nclean:\n\trm -f *.o prog\n")

    # gcc finds its parts relative to itself; they are the host's.
    parts = os.path.dirname(programs.run(["gcc", "-print-libgcc-file-name"]).out)
    compiler = f"{side.home('gcc')} -B{parts}"

    def build(*arguments):
        return side.run("make", f"CC={compiler}", *arguments, cwd=side.scratch).out.replace(compiler, "CC")
    return build(), build(), build("-n", "-W", "a.c"), side.run("bash", "-c", "./prog", cwd=side.scratch).status


if __name__ == "__main__":
    main()
