"""The store's files, by the paths that programs were built with, in all the ways to access files."""
import os

from suite import main, scenario

TITLE = "Files of the store"
# The same data natively and in the pack.
DATA = "/usr/lib/python3.11/json"
PROGRAMS = ["bash", "ls", "cat", "find", "tar", "cp", "sha256sum", "wc", "stat", "du", "realpath", "readlink", "test",
            "grep", "perl", "python3", "sed", "head"]
ADD = [DATA, "/usr/lib/python3.11/encodings"]


def normal(side, outcome):
    """Returns `outcome` with DATA in place of the directory of the data."""
    status, out, err = outcome
    return status, out.replace(side.added(DATA), "DATA"), err.replace(side.added(DATA), "DATA")


def on_data(side, *argv, **options):
    """Runs the program with DATA in its arguments replaced by the path of the data."""
    return normal(side, side.run(*(word.replace("DATA", side.added(DATA)) for word in argv), **options))


@scenario("Reading, listing, searching and counting with the usual tools")
def usual_tools(side):
    calls = [["cat", "DATA/tool.py"], ["sha256sum", "DATA/decoder.py", "DATA/encoder.py"], ["wc", "DATA/scanner.py"],
             ["ls", "DATA"], ["find", "DATA", "-name", "*.py", "-type", "f", "-size", "+1k"],
             ["grep", "-rlw", "--include=*.py", "def", "DATA"], ["head", "-n2", "DATA/tool.py"],
             ["stat", "-c", "%n %s %F", "DATA", "DATA/tool.py"], ["du", "-b", "--exclude=__pycache__", "DATA/tool.py"]]
    seen = [on_data(side, *call) for call in calls]
    return [(status, sorted(out.splitlines()), err) for status, out, err in seen]


@scenario("What is not there is not there, with the same messages")
def missing_files(side):
    calls = [["cat", "DATA/none"], ["ls", "DATA/none/x"], ["stat", "DATA/tool.py/x"], ["cat", "DATA"],
             ["sed", "-n", "1p", "DATA/none"], ["realpath", "DATA/none/x"]]
    return [on_data(side, *call) for call in calls]


@scenario("Paths with `..`, `.`, `//` and a trailing `/`", natively=(0, "a tool\n" * 4, ""))
def odd_paths(side):
    script = 'for p in DATA/../json/tool.py DATA/./tool.py DATA//tool.py //.DATA/tool.py; do ' \
             '[ -s $p ] && [ -d ${p%tool.py} ] && echo a tool; done'
    return on_data(side, "bash", "-c", script)


@scenario("Paths that come from a directory of the host by `..`", natively=(0, "tool.py\ntool.py\n", ""))
def from_the_host(side):
    script = 'cd /usr/..DATA && ls tool.py && cd /tmp && p=DATA && cd ..${p%/*} && cd json && ls tool.py'
    return on_data(side, "bash", "-c", script)


@scenario("Relative paths from a directory of the store", natively=(0, "DATA\ntool.py\ntool.py\n", ""))
def relative_paths(side):
    script = 'cd DATA && pwd -P && ls tool.py && cd .. && cd json/.. && ls json/tool.py | sed s,json/,,'
    return on_data(side, "bash", "-c", script)


@scenario("Names filled in by the shell, and tests of files", natively=(0, "5 yes yes yes no\n", ""))
def shell_globbing(side):
    script = ('set -- DATA/*.py; p=DATA/tool.py; yes() { "$@" && echo -n " yes" || echo -n " no"; }; '
              'echo -n $#; yes [ -r $p ]; yes [ -f $p ]; yes test ! -x $p; yes [ -L $p ]; echo')
    return on_data(side, "bash", "-c", script)


@scenario("`realpath` and `readlink -f` of the store's paths", natively=[(0, "DATA/tool.py\n", "")] * 3)
def real_paths(side):
    return [on_data(side, "realpath", "DATA/../json/./tool.py"), on_data(side, "readlink", "-f", "DATA/tool.py"),
            on_data(side, "perl", "-MCwd=realpath", "-e", 'print realpath("DATA/tool.py"), "\\n"')]


@scenario("`..` after a symlink into the store", natively=(0, "DATA/tool.py\nthere\n", ""))
def symlink_into_the_store(side):
    os.symlink(side.added(DATA), os.path.join(side.scratch, "link"))
    script = 'realpath link/tool.py; [ -d link/../json ] && [ -e link/tool.py ] && echo there'
    return on_data(side, "bash", "-c", script, cwd=side.scratch, env={**side.env, "PATH": side.path("realpath")})


@scenario("Packing and copying out of the store")
def copied_out(side):
    script = ('cp -r DATA copy && rm -rf copy/__pycache__ && ls copy && '
              'tar -C DATA/.. --exclude=__pycache__ -cf - json | tar -xf - && cat json/*.py | sha256sum')
    env = {**side.env, "PATH": side.path("cp", "tar")}
    return on_data(side, "bash", "-c", script, cwd=side.scratch, env=env)


@scenario("Python's and Perl's functions on files and directories")
def library_functions(side):
    python = ("import os, glob, pathlib, shutil, mmap\nd = 'DATA'\n"
              "print(sorted(e.name for e in os.scandir(d) if e.is_file()))\n"
              "print(len(glob.glob(d + '/**/*.py', recursive=True)))\n"
              "print(pathlib.Path(d, '..', 'json').resolve(), os.path.realpath(d + '/x'), os.access(d, os.R_OK))\n"
              "fd = os.open(d, os.O_RDONLY | os.O_DIRECTORY)\n"
              "print(os.stat('tool.py', dir_fd=fd).st_size, sorted(n for n in os.listdir(fd) if n.endswith('.py')))\n"
              "os.fchdir(fd); print(os.getcwd()); f = open('tool.py', 'rb')\n"
              "print(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[:10], os.statvfs(d).f_bsize > 0)\n"
              "print(sorted(next(os.walk(d, topdown=True))[2]), os.listxattr(d))\n")
    perl = ('opendir D, "DATA"; print join(" ", sort grep {/py$/} readdir D), "\\n"; '
            'print -s "DATA/tool.py", " ", -d "DATA", "\\n"; chdir "DATA"; open F, "<", "tool.py"; '
            'print scalar <F>; print join(" ", sort glob("DATA/*.py")), "\\n"')
    options = {"argv0": side.program("python3"), "env": {**side.env, "PYTHONHOME": "/usr"}}
    return on_data(side, "python3", "-Sc", python, **options), on_data(side, "perl", "-e", perl)


@scenario("Host programs that are given paths of the store", natively=(0, "tool.py\n4\n", ""))
def paths_for_host_programs(side):
    return on_data(side, "bash", "-c", "/bin/ls DATA | /bin/grep tool; /bin/sh -c '/bin/grep -c import DATA/tool.py'")


@scenario("Each directory on the way to it lists the next", natively=[])
def listed_from_the_root(side):
    parts = side.home("bash").split("/")[1:]
    steps = [("/" + "/".join(parts[:number]), name) for number, name in enumerate(parts)]
    return [place for place, name in steps if name not in side.run("ls", "-a", place).out.split("\n")]


if __name__ == "__main__":
    main()
