"""The caller sees the program's own end: every exit status, and death by signal as death by signal."""
import os
import resource
import signal

from suite import main, process, scenario

TITLE = "Exit status and signals"
PROGRAMS = ["bash", "waiter"]

_HARMLESS = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH,
             signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
DEADLY = sorted(signal.valid_signals() - _HARMLESS)


def no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@scenario("Every exit status, 0 to 255", natively=(0, "".join(f"{status}\n" for status in range(256)), ""))
def exit_statuses(side):
    return side.host_shell('i=0; while [ $i -lt 256 ]; do "$1" -c "exit $i"; echo $?; i=$((i + 1)); done', "bash")


@scenario("Death by each deadly signal that it sends itself", natively=[-number for number in DEADLY])
def own_signals(side):
    return [side.run("waiter", str(int(number)), preexec_fn=no_core).status for number in DEADLY]


@scenario("Death by each deadly signal from the caller", natively=[-number for number in DEADLY])
def callers_signals(side):
    def killed(number):
        with side.start("waiter", preexec_fn=no_core) as program:
            program.stdout.readline()
            program.send_signal(number)
            return program.wait(10)
    return [killed(number) for number in DEADLY]


@scenario("Output before death is not lost", natively=(-signal.SIGTERM, "said\n", ""))
def output_before_death(side):
    return side.run("bash", "-c", "echo said; kill -TERM $$")


@scenario("The wait status as the kernel gives it, core flag included")
def wait_status(side):
    ends = ["exit 0", "exit 77", "kill -SEGV $$", "kill -KILL $$"]
    return [process.spawn(lambda end=end: side.execute("bash", "-c", f"ulimit -c 0; {end}")) for end in ends]


@scenario("The caller sees it stop and continue", natively=["stopped 19", "continued", "ended 15"])
def stop_and_continue(side):
    with side.start("waiter") as program:
        program.stdout.readline()
        seen = []
        for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGTERM):
            program.send_signal(number)
            status = os.waitpid(program.pid, os.WUNTRACED | os.WCONTINUED)[1]
            seen.append(f"stopped {os.WSTOPSIG(status)}" if os.WIFSTOPPED(status) else
                        "continued" if os.WIFCONTINUED(status) else f"ended {os.WTERMSIG(status)}")
        program.returncode = 0
        return seen


@scenario("A program that handles a signal goes on", natively=(0, "handled\n", ""))
def handled_signal(side):
    return side.run("bash", "-c", "trap 'echo handled; exit 0' TERM; kill -TERM $$; exit 1")


if __name__ == "__main__":
    main()
