"""On a terminal, alone and as a job of a shell: signals from the keyboard, window size, modes, background."""
import os
import signal
import tty

from suite import main, scenario
from support.terminal import PROMPT, SHELL_OPTIONS, Terminal
from support.daemon import wait_until

TITLE = "Terminal and job control"
PROGRAMS = ["probe", "bash", "waiter", "cat", "stty"]

INTERRUPT, QUIT, SUSPEND, END_OF_FILE = "\x03", "\x1c", "\x1a", "\x04"


def alone(side, *argv, prepare=lambda: None):
    """Starts the program as the leader of the terminal's session."""
    def body():
        prepare()
        side.execute(*argv)
    return Terminal(body)


def shell(side, program="/bin/bash"):
    """Starts an interactive bash, the host's or the program's, in which the program is started by its name."""
    env = {**side.env, "PATH": side.path("waiter", "bash"), "PS1": PROMPT, "TERM": "dumb", "HISTFILE": ""}
    return Terminal(lambda: os.execve(program, ["bash", *SHELL_OPTIONS], env))


def after_ready(terminal, *keys):
    """Returns what the program shows for each of `keys`, once it has printed that it is ready, and how it ends."""
    terminal.expect("ready\n")
    for key in keys:
        terminal.send(key)
    return terminal.rest(), terminal.wait()


@scenario("Controlling terminal, session and foreground group",
          natively="pid child ppid caller pgid child sid child foreground child tty terminal\n")
def controlling_terminal(side):
    with alone(side, "probe", "session") as terminal:
        words = terminal.rest().split(" ")
        names = {str(terminal.pid): "child", str(os.getpid()): "caller"}
        words[-1] = "terminal\n" if words[-1].startswith("/dev/pts/") else words[-1]
        terminal.wait()
        return " ".join(names.get(word, word) for word in words)


@scenario("`^C` ends it by SIGINT", natively=("", int(signal.SIGINT)))
def interrupt(side):
    with alone(side, "waiter") as terminal:
        return after_ready(terminal, INTERRUPT)


@scenario("`^\\` ends it by SIGQUIT", natively=("", True))
def quit_key(side):
    with alone(side, "waiter") as terminal:
        shown, status = after_ready(terminal, QUIT)
        return shown, os.WTERMSIG(status) == signal.SIGQUIT


@scenario("Lines typed, and `^D`", natively=("read a line\n", 0))
def lines(side):
    with alone(side, "waiter") as terminal:
        return after_ready(terminal, "a line\n", END_OF_FILE)


@scenario("Window size, and SIGWINCH when it changes", natively=("40 100\n", "size 50 120\n"))
def window_size(side):
    with alone(side, "bash", "-c", "read; stty size") as terminal:
        terminal.resize(40, 100)
        terminal.send("\n")
        size = terminal.rest()
        terminal.wait()
    with alone(side, "waiter") as terminal:
        terminal.expect("ready\n")
        terminal.resize(50, 120)
        changed = terminal.expect("\n") + "\n"
    return size, changed


@scenario("Terminal modes are as the caller set them, and as the program leaves them")
def modes(side):
    with alone(side, "stty", "-a", prepare=lambda: tty.setcbreak(0)) as terminal:
        shown = terminal.rest()
        terminal.wait()
        kept = terminal.modes()
    with alone(side, "stty", "-icanon", "-isig", "min", "3") as terminal:
        terminal.wait()
        return shown, kept, terminal.modes()


@scenario("Hanging up ends it by SIGHUP", natively=int(signal.SIGHUP))
def hang_up(side):
    with alone(side, "bash", "-c", "echo ready; exec sleep 1000") as terminal:  # a program that reads would see
                                                                                # the terminal's end first
        terminal.expect("ready\n")
        terminal.hang_up()
        return terminal.wait()


@scenario("`/dev/tty` is the terminal, with all standard descriptors elsewhere", natively="typed\n")
def dev_tty(side):
    script = 'exec 9<&0 </dev/null >/dev/null 2>&1; read line </dev/tty; echo "$line" >/dev/tty'
    with alone(side, "bash", "-c", script) as terminal:
        terminal.send("typed\n")
        shown = terminal.rest()
        terminal.wait()
        return shown


def control_a_job(terminal):
    """Uses `^Z`, `jobs`, `bg`, `fg` and `^C` in a shell, waiting for its prompt each time."""
    terminal.expect(PROMPT)
    terminal.send("waiter\n")
    seen = [terminal.expect("ready\n")]
    terminal.send(SUSPEND)
    seen += [terminal.expect(PROMPT), terminal.ask("jobs"), terminal.ask("echo $?")]
    terminal.send("fg\n")
    seen.append(terminal.expect("continued\n"))
    terminal.send("typed\n")
    seen.append(terminal.expect("read typed\n"))
    terminal.send(INTERRUPT)
    seen += [terminal.expect(PROMPT), terminal.ask("echo $?"), terminal.ask("jobs")]
    terminal.send("exit 3\n")
    return seen, terminal.rest(), terminal.wait()


@scenario("Job of the host's interactive bash: `^Z`, `jobs`, `fg`, input, `^C`")
def job_of_a_shell(side):
    with shell(side) as terminal:
        return control_a_job(terminal)


@scenario("An interactive bash with jobs of its own")
def shell_of_the_pack(side):
    with shell(side, side.program("bash")) as terminal:
        return control_a_job(terminal)


@scenario("A job in the background is stopped when it reads the terminal, and goes on with `fg`")
def background_read(side):
    with shell(side) as terminal:
        terminal.expect(PROMPT)
        terminal.ask("waiter &")
        stopped = wait_until(lambda: "Stopped" in terminal.ask("jobs"))
        terminal.send("fg\n")
        seen = terminal.expect("continued\n")
        terminal.send(END_OF_FILE)
        return stopped, seen, terminal.expect(PROMPT), terminal.ask("echo $?")


@scenario("The terminal is the shell's again after a program that took it died")
def terminal_after_death(side):
    with shell(side) as terminal:
        terminal.expect(PROMPT)
        seen = [terminal.ask("bash -c 'stty raw; kill -KILL $$'; stty sane -echo")]
        seen.append(terminal.ask("echo again $?"))
        return seen, terminal.foreground() == terminal.pid


if __name__ == "__main__":
    main()
