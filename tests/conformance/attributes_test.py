"""Everything that a process has besides arguments and descriptors is the caller's."""
import ctypes
import os
import resource
import signal

from suite import main, process, scenario
from support import session

TITLE = "Attributes of the process"
PROGRAMS = ["probe", "bash", "waiter"]

_PR_SET_PDEATHSIG, _PR_SET_TIMERSLACK, _PR_SET_NO_NEW_PRIVS = 1, 29, 38
_ADDR_NO_RANDOMIZE, _IOPRIO_IDLE = 0x0040000, 3 << 13
_SYS_IOPRIO_SET = 251
_libc = ctypes.CDLL(None)


@scenario("User and group ids")
def ids(side):
    return side.probe("ids")


@scenario("Supplementary groups")
def groups(side):
    return side.probe("groups")


@scenario("umask")
def umask(side):
    return side.probe("umask", preexec_fn=lambda: os.umask(0o057))


@scenario("Resource limits: files, core, stack, processor time")
def limits(side):
    def change():
        resource.setrlimit(resource.RLIMIT_NOFILE, (123, 456))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 22))
        resource.setrlimit(resource.RLIMIT_CPU, (1000, 2000))
    return side.probe("limits"), side.probe("limits", preexec_fn=change)


@scenario("Nice value, scheduling policy, affinity, I/O priority and timer slack")
def scheduling(side):
    def change():
        os.nice(3)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        _libc.syscall(_SYS_IOPRIO_SET, 1, 0, _IOPRIO_IDLE)
        _libc.prctl(_PR_SET_TIMERSLACK, 123456)
    return side.probe("scheduling"), side.probe("scheduling", preexec_fn=change)


@scenario("Signals that are ignored, blocked and pending")
def signals(side):
    def change():
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGTERM, signal.SIGRTMIN})
        os.kill(os.getpid(), signal.SIGUSR2)
    return side.probe("signals"), side.probe("signals", preexec_fn=change)


@scenario("A timer that runs goes on", natively=("timer 0 armed 1\n", -signal.SIGALRM))
def timers(side):
    armed = side.probe("timers", preexec_fn=lambda: signal.alarm(1000)).out.splitlines(True)[0]
    with side.start("waiter", preexec_fn=lambda: signal.setitimer(signal.ITIMER_REAL, 0.3)) as program:
        return armed, program.wait(10)


@scenario("Control group, oom score, core filter, personality, dumpability")
def attributes(side):
    def change():
        for name, value in (("oom_score_adj", "321"), ("coredump_filter", "0x1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(value)
        _libc.personality(_ADDR_NO_RANDOMIZE)
    return side.probe("attributes"), side.probe("attributes", preexec_fn=change)


@scenario("The signal for the parent's death", natively=(0, f"death signal {signal.SIGUSR1:d}\n", ""))
def parents_death(side):
    return side.probe("death-signal", preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGUSR1)))


@scenario("`no_new_privs`")
def no_new_privileges(side):
    return side.probe("privileges", preexec_fn=lambda: _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


@scenario("Capabilities, secure bits, seccomp, threads, and nobody traces it")
def status(side):
    return side.probe("status", "privileges", "death-signal")


@scenario("It is the process that the caller started: pid, parent, group and session",
          natively="pid child ppid caller pgid child sid child foreground -1 tty none\n")
def same_process(side):
    report = os.path.join(side.scratch, "report")

    def body():
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        side.execute("probe", "-o", report, "session")
    child = os.fork()
    if child == 0:
        session.always_exit(body)
    os.waitpid(child, 0)
    with open(report) as seen:
        words = seen.read().split(" ")
    names = {str(child): "child", str(os.getpid()): "caller"}
    return " ".join(names.get(word, word) for word in words)


@scenario("The caller's process group, so that a signal to the group reaches it", natively=(True, -signal.SIGUSR1))
def process_group(side):
    with side.start("waiter", process_group=0) as program:
        program.stdout.readline()
        same = os.getpgid(program.pid) == program.pid
        os.killpg(program.pid, signal.SIGUSR1)
        return same, program.wait(10)


@scenario("Children that the caller had are the program's, and no others are", natively=(0, [1, 0]))
def children(side):
    report = os.path.join(side.scratch, "report")
    reading, writing = os.pipe()

    def body():
        if os.fork() == 0:
            os.close(writing)
            os.read(reading, 1)  # ends with the program, which holds the pipe
            os._exit(0)
        os.set_inheritable(writing, True)
        side.execute("probe", "-o", report, "children")

    def count():
        with open(report) as lines:
            return len(lines.read().split()) - 1
    status = process.spawn(body)
    os.close(reading)
    os.close(writing)
    with_one = count()
    process.spawn(lambda: side.execute("probe", "-o", report, "children"))
    return status, [with_one, count()]


@scenario("Nothing is left in `$TMPDIR`, however it ends", natively=[])
def temporary_files(side):
    env = {**side.env, "TMPDIR": side.directory("tmp")}
    for end in ("exit 3", "kill -TERM $$", "kill -KILL $$"):
        side.run("bash", "-c", end, env=env)
    return os.listdir(env["TMPDIR"])


if __name__ == "__main__":
    main()
