"""The program has all of the caller's descriptors and no others; and no other process has them."""
import fcntl
import itertools
import os
import re
import socket

from suite import main, process, scenario

TITLE = "Descriptors, pipes and locks"
PROGRAMS = ["probe", "cat", "head", "bash", "make", "waiter"]


def report_of(side, *arguments, prepare=lambda: None, **names):
    """Returns what `probe fds` sees after `prepare()` in a forked child. `names` are inodes, by the name to show
    instead."""
    report = os.path.join(side.scratch, "report")

    def body():
        prepare()
        side.execute("probe", "-o", report, "fds")
    status = process.spawn(body)
    with open(report) as lines:
        text = lines.read()
    for name, inode in names.items():
        text = re.sub(rf"\binode {inode}\b", name, text)
    return status, text


def only_null():
    """Makes the standard descriptors /dev/null, and closes all others."""
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.closerange(3, 1024)


@scenario("Inherited files, pipes and sockets, with their numbers, modes and offsets")
def inherited_descriptors(side):
    reading, writing = os.pipe()
    left, right = socket.socketpair()
    with left, right, open(side.file("file", "some content"), "rb") as file, open(reading), open(writing):
        file.seek(7)
        kept = {20: reading, 7: writing, 500: left.fileno(), 4: file.fileno()}
        os.set_blocking(reading, False)

        def prepare():
            high = {number: fcntl.fcntl(fd, fcntl.F_DUPFD, 600) for number, fd in kept.items()}
            os.closerange(3, 600)
            for number, fd in high.items():
                os.dup2(fd, number)
            os.closerange(600, 1024)
        inodes = {f"number {number}": os.fstat(fd).st_ino for number, fd in kept.items()}
        return report_of(side, prepare=prepare, **inodes)[1].split("\n", 3)[3]


@scenario("Every combination of closed standard descriptors")
def closed_descriptors(side):
    def prepare(closed):
        only_null()
        for fd in closed:
            os.close(fd)
    return [report_of(side, prepare=lambda closed=closed: prepare(closed))
            for number in range(4) for closed in itertools.combinations((0, 1, 2), number)]


@scenario("A reader sees end of file when the program ends", natively=(0, b""))
def end_of_file(side):
    reading, writing = os.pipe()
    outcome = side.run("cat", stdout=writing)
    os.close(writing)
    with open(reading, "rb") as rest:
        return outcome.status, rest.read()


@scenario("A writer whose reader is gone dies by SIGPIPE", natively=(0, "y\n", ""))
def broken_pipe(side):
    return side.run("bash", "-c", '{ while echo y; do :; done; } 2>/dev/null | { read line; echo "$line"; }')


@scenario("A pipeline of programs", natively=(0, "b\na\nend\n", ""))
def pipeline(side):
    return side.host_shell('printf "b\\na\\n" | "$1" | "$2" -c "cat; echo end"', "cat", "bash")


@scenario("What a program leaves unread of a file, the next one reads", natively=(0, "two\nthree\n", ""))
def shared_offset(side):
    lines = side.file("lines", "one\ntwo\nthree\n")
    return side.host_shell(f'{{ "$1" -n 1 >/dev/null; cat; }} <{lines}', "head")


def is_locked(path):
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@scenario("A lock of `flock` on an inherited descriptor lasts until the program ends", natively=(True, False))
def flock_until_the_end(side):
    path = side.file("lock")
    with open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        program = side.start("waiter", pass_fds=[file.fileno()])
    with program:
        program.stdout.readline()
        locked = is_locked(path)
        program.communicate(timeout=10)
    return locked, is_locked(path)


@scenario("A record lock of `fcntl` belongs to the program, and ends with it", natively=("locked", "free"))
def record_lock(side):
    path = side.file("lock", "content")

    def lock():
        file = os.open(path, os.O_RDWR)
        os.set_inheritable(file, True)
        fcntl.lockf(file, fcntl.LOCK_EX)

    def state():
        with open(path, "r+") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return "locked"
        return "free"
    with side.start("waiter", preexec_fn=lock, close_fds=False) as program:
        program.stdout.readline()
        during = state()
        program.communicate(timeout=10)
    return during, state()


_MAKEFILE = """
all:
\t+@$(SUB) -f $(firstword $(MAKEFILE_LIST)) SHELL=$(SHELL) parts
parts: one two three four
one two three four:
\t@echo $@ > $(DIR)/$@
"""


@scenario("The jobserver of the host's make reaches a make below it",
          natively=((0, "", ""), ["Makefile", "four", "one", "three", "two"]))
def jobserver_of_the_host(side):
    makefile = side.file("Makefile", _MAKEFILE)
    outcome = side.host_shell(f'make -s -j3 -f {makefile} DIR={side.scratch} SUB="$1"', "make")
    return outcome, sorted(os.listdir(side.scratch))


@scenario("The jobserver of make reaches the host's make and make itself",
          natively=[((0, "", ""), ["Makefile", "four", "one", "three", "two"])] * 2)
def jobserver_of_the_pack(side):
    def build(sub):
        outcome = side.run("make", "-s", "-j3", "-f", makefile, f"DIR={side.scratch}", f"SUB={sub}", f"SHELL={shell}")
        return outcome, sorted(os.listdir(side.scratch))
    makefile = side.file("Makefile", _MAKEFILE)
    shell = side.home("bash")
    return [build("/usr/bin/make"), build(side.home("make"))]


if __name__ == "__main__":
    main()
