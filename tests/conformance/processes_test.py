"""Programs and other processes of the user: which can see, signal and trace which."""
import os
import signal
import subprocess

from suite import main, scenario

TITLE = "Other processes"
PROGRAMS = ["waiter", "readlink", "bash", "strace", "unshare", "ps", "sed"]


def looked_at(side, pid):
    """Returns what a program of the pack can read about the process `pid` in /proc."""
    return [side.run("readlink", f"/proc/{pid}/{name}").status for name in ("exe", "cwd", "fd/0", "ns/user")]


@scenario("It signals a process of the host", natively=(0, -signal.SIGUSR2))
def signals_a_host_process(side):
    with subprocess.Popen(["sleep", "1000"]) as other:
        status = side.run("bash", "-c", f"kill -USR2 {other.pid}").status
        return status, other.wait(10)


@scenario("It looks at a process of the host, as `lsof` and debuggers do: `/proc/PID/exe`, `cwd`, `fd`",
          natively=[0] * 4)
def looks_at_a_host_process(side):
    return looked_at(side, os.getpid())


@scenario("It looks at another program of the pack, which was started beside it", natively=[0] * 4)
def looks_at_another_program(side):
    with side.start("waiter") as other:
        other.stdout.readline()
        seen = looked_at(side, other.pid)
        other.communicate(timeout=10)
    return seen


@scenario("It looks at its own children", natively=(0, "HOME\n", ""))
def looks_at_its_children(side):
    script = 'coproc W { exec "$1"; }; read line <&${W[0]}; "$2" /proc/$W_PID/exe; kill $W_PID; wait $W_PID; exit 0'
    status, out, err = side.shell(script, "waiter", "readlink")
    return status, out.replace(side.home("waiter"), "HOME"), err


@scenario("The host's `ps` shows its name and arguments", natively=(0, "waiter          waiter\n", ""))
def shown_by_ps(side):
    with side.start("waiter") as program:
        program.stdout.readline()
        outcome = subprocess.run(["ps", "-o", "comm=,args=", "-p", str(program.pid)], capture_output=True, text=True)
        program.communicate(timeout=10)
    return outcome.returncode, outcome.stdout, outcome.stderr


@scenario("The host's `strace` starts it", natively=((0, "b\n", ""), True))
def traced_by_the_host(side):
    trace = os.path.join(side.scratch, "trace")
    outcome = side.host_shell(f'echo a | strace -o {trace} "$1" s/a/b/', "sed")
    with open(trace) as lines:
        return outcome, "+++ exited with 0 +++" in lines.read()


@scenario("It traces its own children: `strace` out of the pack", natively=((3, "", ""), "exit_group(3)"))
def traces_its_children(side):
    trace = os.path.join(side.scratch, "trace")
    outcome = side.run("strace", "-f", "-qq", "-e", "trace=exit_group", "-o", trace, side.home("bash"), "-c", "exit 3")
    with open(trace) as lines:
        return outcome, lines.read().split(None, 1)[1].split("=")[0].strip()


def effective_uid(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("Uid:")).split()[2])


@scenario("A setuid program of the host, `su`, gets its privilege")
def setuid_program(side):
    with side.start("bash", "-c", "exec su 2>&1") as program:
        os.read(program.stdout.fileno(), 100)  # it asks for the password, or reports that it cannot
        uid = effective_uid(program.pid)
        program.kill()
        return uid


@scenario("It makes user and mount namespaces itself")
def makes_namespaces(side):
    return side.run("unshare", "--map-root-user", "--mount", "/bin/sh", "-c",
                    "id -u && mount -t tmpfs none /mnt && ls -A /mnt")


if __name__ == "__main__":
    main()
