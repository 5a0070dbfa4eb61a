"""Children and their children: programs of the store and of the host, scripts, and those that the program leaves
behind."""
import os

from suite import main, scenario
from support.daemon import wait_until

TITLE = "Children and scripts"
PROGRAMS = ["bash", "probe", "static_probe", "sed", "cat", "env", "xargs", "find", "nice", "nohup", "timeout", "setsid",
            "make", "perl", "waiter", "plain_script", "option_script", "env_script"]


@scenario("A program of the store, by its path", natively=(3, "a-x\n", ""))
def of_the_store(side):
    return side.shell('echo a-b | "$1" s/b/x/; exit 3', "sed")


@scenario("An entry of the same pack, by its path", natively=(0, "a-x\n", ""))
def entry(side):
    return side.run("bash", "-c", f'echo a-b | {side.program("sed")} s/b/x/')


@scenario("Programs of the host, from `PATH` and by path", natively=(0, "b\nLinux\nsh\n", ""))
def of_the_host(side):
    return side.run("bash", "-c", "echo a | sed s/a/b/; /bin/uname; /bin/sh -c 'echo $0' sh")


@scenario("Programs of the store and of the host by turns, four deep", natively=(7, "bottom\n", ""))
def by_turns(side):
    innermost = "/usr/bin/env echo bottom; exit 7"
    return side.shell(f'"$1" -c "/bin/sh -c \\"\\$1 -c \'{innermost}\'\\" sh \\$1" bash "$1"', "bash")


@scenario("A child's `argv[0]` is what its parent gave", natively=(0, "argv 9 some name\nargv 4 argv\n", ""))
def argv0_of_a_child(side):
    return side.shell('exec -a "some name" "$1" argv', "probe")


@scenario("A child's `/proc/self/exe` and `comm`", natively="exe HOME\nexecfn HOME\n/proc/self/comm probe\n\n")
def names_of_a_child(side):
    return side.shell('"$1" names', "probe").out.replace(side.home("probe"), "HOME").split("/proc/self/cmdline")[0]


@scenario("A child's environment is what its parent gave it", natively=(0, "env 3 A=b\n", ""))
def environment_of_a_child(side):
    return side.shell('"$1" -i A=b "$2" env', "env", "probe")


@scenario("Children of the store whose environment was emptied find the store", natively=(0, "a-x\n", ""))
def emptied_environment(side):
    return side.shell('echo a-b | "$1" -i "$2" s/b/x/', "env", "sed")


@scenario("A static program of the store", natively=(0, "argv 6 static\nargv 4 argv\n", ""))
def static_child(side):
    return side.shell('exec -a static "$1" argv', "static_probe")


@scenario("A static program as the program itself", natively=(0, "argv 12 static_probe\nargv 4 argv\n", ""))
def static_program(side):
    return side.run("static_probe", "argv")


@scenario("A static program of the store sees files of the store, by raw system calls", natively=True)
def static_sees_store(side):
    seen = side.shell('cd "${2%/*}"; "$1" cwd', "static_probe", "bash").out
    return seen == f"cwd {os.path.realpath(os.path.dirname(side.home('bash')))}\n"


@scenario("`xargs`, `find -exec`, `nice`, `timeout`, `setsid`, `nohup` start programs of the store",
          natively=(0, "a\nb\nc\nd\ne\nf\n", ""))
def starters(side):
    script = ('echo a | "$2" "$1"; echo b >$D/b; "$3" $D/b -exec "$1" {} ";"; echo c | "$4" "$1"; '
              'echo d | "$5" 10 "$1"; echo e | "$6" -w "$1"; echo f | "$7" "$1" 2>/dev/null')
    script = script.replace("$D", side.scratch).replace('"$2" "$1";', '"$2" -I LINE "$8" -c "echo LINE";')
    return side.shell(script, "cat", "xargs", "find", "nice", "timeout", "setsid", "nohup", "bash")


@scenario("`make` runs recipes with the store's shell and the host's", natively=[(0, "made a b\n", "")] * 2)
def recipes(side):
    makefile = side.file("Makefile", "all: a\n\t@echo made $< $$(echo b | $(CAT))\na:\n\t@true\n")
    return [side.run("make", "-f", makefile, f"SHELL={shell}", f"CAT={side.home('cat')}")
            for shell in ("/bin/sh", side.home("bash"))]


@scenario("perl: `system`, backticks, `open` on a pipe, `exec`", natively=(5, "one\ntwo\nthree\nfour\n", ""))
def of_perl(side):
    code = ('$| = 1; $b = shift; system {$b} "x", "-c", "echo one"; print `$b -c "echo two"`; '
            'open P, "-|", $b, "-c", "echo three"; print <P>; close P; exec $b, "-c", "echo four; exit 5"')
    return side.run("perl", "-e", code, side.home("bash"))


def script(side, name, interpreter, text):
    return side.file(name, f"#!{interpreter}\n{text}\n", 0o755)


@scenario("Scripts as the program itself", natively=[(3, "plain 2 one two words\n"), (1, "one\n"), (0, "perl one\n")])
def script_programs(side):
    seen = side.run("plain_script", "one", "two words"), side.run("option_script", "one"), side.run("env_script", "one")
    return [(each.status, each.out) for each in seen]  # messages name the script's path


@scenario("A script for an interpreter of the store: name and all arguments",
          natively=(3, "SCRIPT 3 a |b c|\n", ""))
def script_of_the_store(side):
    path = script(side, "script", side.home("bash"), 'echo "$0 $# $1 |$2|$3"; exit 3')
    outcome = side.run("bash", "-c", f"{path} a 'b c' ''")
    return (outcome.status, outcome.out.replace(path, "SCRIPT"), outcome.err)


@scenario("A script with an option of the interpreter", natively=(1, "first\n", ""))
def script_with_option(side):
    path = script(side, "script", f"{side.home('bash')} -e", "echo first; (exit 1); echo second")
    return side.run("bash", "-c", path)


@scenario("Scripts for the host's interpreters, and through `/usr/bin/env`",
          natively=(0, "sh a b\nperl a\nbash a\n", ""))
def host_scripts(side):
    sh = script(side, "sh", "/bin/sh", 'echo "sh $@"')
    perl = script(side, "perl", "/usr/bin/env perl", 'print "perl @ARGV\\n"')
    bash = script(side, "bash", "/usr/bin/env -S bash -u", 'echo "bash $@"')
    return side.run("bash", "-c", f"{sh} a b && {perl} a && {bash} a")


@scenario("A script whose interpreter is a script", natively=(0, "inner SCRIPT x\n", ""))
def script_of_a_script(side):
    inner = script(side, "inner", side.home("bash"), 'echo "inner $@"')
    outer = script(side, "outer", inner, "")
    outcome = side.run("bash", "-c", f"{outer} x")
    return (outcome.status, outcome.out.replace(outer, "SCRIPT"), outcome.err)


@scenario("A script without `#!` runs in the shell that called it", natively=(0, "plain a\n", ""))
def script_without_interpreter(side):
    return side.run("bash", "-c", side.file("plain", 'echo "plain $1"\n', 0o755) + " a")


@scenario("What cannot be executed: missing, a directory, not executable, no interpreter",
          natively=[127, 126, 126, 127])
def failures(side):
    bad = side.file("bad", "#!/no/such/interpreter\n", 0o755)
    commands = [side.scratch + "/missing", side.scratch, side.file("plain", "true\n", 0o644), bad]
    return [side.run("bash", "-c", f'"{command}"').status for command in commands]


@scenario("A child in the background outlives the program, which the caller does not wait for",
          natively=["out", "late\n"])
def outlives(side):
    fifo, out = os.path.join(side.scratch, "fifo"), os.path.join(side.scratch, "out")
    os.mkfifo(fifo)
    text = f'exec >/dev/null 2>&1; (read line <{fifo}; echo "$line" | {side.home("sed")} s/early/late/ >{out}.new; ' \
           f'mv {out}.new {out}) & exit 0'
    side.run("bash", "-c", text, timeout=10)
    with open(fifo, "w") as file:
        file.write("early\n")
    wait_until(lambda: os.path.exists(out))
    with open(out) as file:
        return [os.path.basename(out), file.read()]


@scenario("A thousand children", natively=(0, "1000\n", ""))
def many(side):
    return side.run("bash", "-c", "for ((i = 0; i < 1000; i++)); do (exit 3) || n=$((n + 1)); done; echo $n")


@scenario("A child of the program is its child, with its own pid", natively=(0, "same\n", ""))
def parent_of_a_child(side):
    return side.shell('"$1" session | { read _ _ _ parent _; [ $parent = $$ ] && echo same; }', "probe")


if __name__ == "__main__":
    main()
