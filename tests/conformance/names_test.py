"""The program has its own name, for itself and for others, and finds itself where it was built to be."""
import os

from suite import main, scenario

TITLE = "Names and paths of the program"
PROGRAMS = ["probe", "bash", "waiter", "readlink", "realpath", "ls"]


@scenario("`/proc/self/exe`, `AT_EXECFN`, `comm` and `cmdline`",
          natively="exe HOME\nexecfn HOME\n/proc/self/comm probe\n\n/proc/self/cmdline probe\0names\0\n")
def names(side):
    return side.probe("names").out.replace(side.home("probe"), "HOME")


@scenario("`/proc/PID/comm` and `cmdline` as others see them", natively=["waiter\n", "waiter\0"])
def names_for_others(side):
    with side.start("waiter") as program:
        program.stdout.readline()
        seen = []
        for name in ("comm", "cmdline"):
            with open(f"/proc/{program.pid}/{name}") as file:
                seen.append(file.read())
        program.communicate(timeout=10)
    return seen


def is_same(path, other):
    """Returns False also if one cannot be accessed."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


@scenario("`/proc/PID/exe` as others see it: the program's own file", natively=True)
def file_for_others(side):
    with side.start("waiter") as program:
        program.stdout.readline()
        same = is_same(f"/proc/{program.pid}/exe", side.file_of("waiter"))
        program.communicate(timeout=10)
    return same


@scenario("`readlink` and `realpath` of its own path", natively=[(0, "HOME\n", ""), (0, "HOME\n", "")])
def own_path(side):
    def seen(*command):
        status, out, err = side.run(*command)
        return status, out.replace(side.home(command[0]), "HOME"), err
    return [seen("readlink", "/proc/self/exe"), seen("realpath", side.home("realpath"))]


@scenario("`readlink` and `realpath` of paths of the host")
def host_paths(side):
    return side.run("realpath", "/bin/sh", "/usr/../etc//passwd", "/proc/self/cwd", cwd="/usr/lib"), \
        side.run("readlink", "-f", "/bin", "/dev/stdin")


@scenario("A program that executes itself again through `/proc/self/exe`", natively=(0, "again x\n", ""))
def executes_itself(side):
    return side.run("bash", "-c", "exec /proc/self/exe -c 'echo again $0' x")


@scenario("Files beside it, at the path that it was built for", natively=(0, "bash\n", ""))
def own_directory(side):
    return side.shell('cd "${1%/*}" && "$2" -d "${1##*/}" && [ -x "$1" ] && [ "$PWD/bash" = "$1" ]', "bash", "ls")


if __name__ == "__main__":
    main()
