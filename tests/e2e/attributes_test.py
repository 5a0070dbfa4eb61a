"""What a process has besides its arguments is the caller's: environment, ids, session, limits, umask, signals."""
import os
import pty
import resource
import signal

from support import session, ways


@ways.every_way
class Attributes(ways.LaunchTest):
    PROGRAMS = ["probe"]

    def test_ids_limits_umask_signals_and_scheduling(self):
        def change():
            os.umask(0o057)
            resource.setrlimit(resource.RLIMIT_NOFILE, (123, 456))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
            resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 22))
            os.nice(3)
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGTERM})
            os.kill(os.getpid(), signal.SIGUSR2)

        native = self.assertSame("probe", "ids", "limits", "umask", "signals", "scheduling", preexec_fn=change)
        self.assertIn("umask 57\n", native.out)
        self.assertIn(f"signal {signal.SIGUSR2:d} ignored 0 blocked 1 pending 1\n", native.out)

    def test_the_caller_becomes_the_program(self):
        """Same pid, parent, process group and session: it execs in place."""
        child = os.fork()
        if child == 0:
            os.setsid()
            out = os.open(os.path.join(session.temp(), "session"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.execve(self.entry("probe"), ["probe", "session"], self.env)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        with open(os.path.join(session.temp(), "session")) as seen:
            self.assertTrue(seen.read().startswith(f"pid {child} ppid {os.getpid()} pgid {child} sid {child} "))

    def test_the_controlling_terminal_is_kept(self):
        child, terminal = pty.fork()
        if child == 0:
            os.execve(self.entry("probe"), ["probe", "session"], self.env)
        seen = b""
        try:
            while chunk := os.read(terminal, 4096):
                seen += chunk
        except OSError:  # EIO: the other side is closed
            pass
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        os.close(terminal)
        self.assertIn(f"sid {child} foreground {child} tty /dev/pts/", seen.decode())


class EnvironmentCases(ways.LaunchTest):
    """Byte for byte under userns; the loader engine adds what it documents."""
    PROGRAMS = ["probe"]
    ODD = {"EMPTY": "", "EQUALS": "=a=b", "BYTES": "\udcff\udc80", "NEWLINE": "a\nb", "LONG": "z" * 100_000,
           "LD_LIBRARY_PATH": "", "TMPDIR": "/does/not/exist", "BASH_FUNC_f%%": "() { :; }"}


class EnvironmentInProcess(EnvironmentCases):
    way = "InProcess"

    def test_the_environment_is_byte_for_byte_the_same(self):
        self.assertSame("probe", "env", env={**self.env, **self.ODD})

    def test_an_almost_empty_environment(self):
        self.assertSame("probe", "env", "cwd", "ids", env={"RELOC_DAEMON": "off"})


class EnvironmentByDaemon(EnvironmentCases):
    way = "ByDaemon"

    def test_the_environment_is_byte_for_byte_the_same(self):
        self.assertSame("probe", "env", env={**self.env, **self.ODD})


class EnvironmentByLoader(EnvironmentCases):
    way = "ByLoader"

    def test_the_callers_variables_are_all_there(self):
        wanted = {**self.env, **self.ODD, "LD_PRELOAD": ""}
        lines = self.packed("probe", "env", env=wanted).out
        for name, value in wanted.items():
            if not name.startswith("LD_"):
                self.assertIn(f" {name}={value}\n", lines)


if __name__ == "__main__":
    session.main()
