"""The proot engine: what a caller notices of a program that runs in another process than its own.

The proxy represents the program: these tests are about it, about what it passes on, and about what it leaves.
"""
import contextlib
import os
import pty
import select
import shutil
import signal
import subprocess
import time

from support import daemon, packs, programs, session


def processes_with(word):
    """Returns the pids of live processes with `word` in their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                if word.encode() in line.read() and int(pid) != os.getpid():
                    found.append(int(pid))
        except OSError:
            pass
    return found


def is_gone(pid):
    session.reap()  # an orphan becomes a child of this process
    return not os.path.exists(f"/proc/{pid.strip()}")


def directories_of(tracers):
    """Returns the entries of /tmp that these made; others make and remove theirs."""
    return [name for name in os.listdir("/tmp") for pid in tracers if name.startswith(f"proot-{pid}-")]


class ProotTest(session.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pack = packs.from_host("bash", "sleep", "cat", "ls", "probe", "waiter")
        cls.env = programs.environment(RELOC_ENGINE="proot", RELOC_DAEMON="off")
        tried = programs.run([cls.pack + "/bin/bash", "-c", "exit 0"], env=cls.env)
        session.require(tried.status == 0, "proot", tried.err.strip(), "install proot")

    @classmethod
    def tearDownClass(cls):
        # A tracer ends a moment after its last tracee.
        daemon.wait_until(lambda: not processes_with(f"{cls.pack}/.reloc/lib/tracee"))

    def bash(self, script, *arguments, **options):
        return programs.run(["bash", "-c", script, "bash", *arguments], program=self.pack + "/bin/bash",
                            env=self.env, **options)

    def start(self, script, *arguments, **options):
        """Starts bash and waits until it has written a line, which is returned."""
        return self.start_program("bash", "-c", script, "bash", *arguments, **options)

    def start_program(self, name, *arguments, **options):
        job = subprocess.Popen([name, *arguments], executable=f"{self.pack}/bin/{name}", env=self.env,
                               stdout=subprocess.PIPE, text=True, **options)
        self.addCleanup(job.stdout.close)
        return job, job.stdout.readline()


class Proxy(ProotTest):
    def test_signals_to_the_callers_pid_reach_the_program(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGQUIT,
                       signal.SIGRTMIN):
            with self.subTest(signal=number):
                job, _ = self.start_program("waiter", f"-{int(number)}")
                job.send_signal(number)
                self.assertEqual((job.stdout.read(), job.wait(10)), ("got\n", 7))

    def test_death_by_a_signal_that_was_sent_to_the_callers_pid(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGSEGV, signal.SIGQUIT, signal.SIGRTMIN):
            with self.subTest(signal=number):
                job, pid = self.start("echo $$; exec sleep 1000")
                self.assertTrue(daemon.wait_until(lambda: self.is_called(pid, "sleep")))  # bash ignores SIGQUIT
                job.send_signal(number)
                self.assertEqual(job.wait(10), -number)

    def is_called(self, pid, name):
        with open(f"/proc/{pid.strip()}/comm") as comm:
            return comm.read().strip() == name

    def test_the_program_ends_with_the_callers_process(self):
        job, pid = self.start("echo $$; exec sleep 1000")
        job.kill()
        self.assertEqual(job.wait(10), -signal.SIGKILL)
        self.assertTrue(daemon.wait_until(lambda: is_gone(pid)))

    def test_the_program_ends_with_the_callers_process_also_while_both_are_stopped(self):
        job, pid = self.start("echo $$; kill -STOP $$; sleep 1000")
        self.assertTrue(os.WIFSTOPPED(os.waitpid(job.pid, os.WUNTRACED)[1]))
        job.kill()
        self.assertEqual(job.wait(10), -signal.SIGKILL)
        self.assertTrue(daemon.wait_until(lambda: is_gone(pid)))

    def test_the_program_does_not_outlive_its_tracer(self):
        job, pid = self.start("echo $$; exec sleep 1000")
        for tracer in processes_with(f"{self.pack}/.reloc/lib/tracee"):
            with open(f"/proc/{tracer}/comm") as comm:
                if comm.read().strip() == "proot":
                    os.kill(tracer, signal.SIGKILL)
        self.assertEqual(job.wait(10), -signal.SIGKILL)
        self.assertTrue(daemon.wait_until(lambda: is_gone(pid)))

    def test_a_background_child_outlives_the_program_and_still_sees_the_store(self):
        result = packs.new_path("result")
        started = time.monotonic()
        script = f'(sleep 1.5; ls -d {self.pack}/bin >"$1.tmp"; mv "$1.tmp" "$1") >/dev/null 2>&1 & exit 7'
        self.assertEqual(self.bash(script, result), (7, "", ""))
        self.assertLess(time.monotonic() - started, 1.4, "the caller waited for a stranger")
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(result)))
        self.assertTrue(daemon.wait_until(lambda: not processes_with(f"{self.pack}/.reloc/lib/tracee")))

    def test_a_child_that_the_caller_has_already_is_neither_waited_for_nor_reaped(self):
        script = 'true & sleep 1000 & echo $!; exec "$1" -c "exit 5"'
        job = subprocess.Popen(["/bin/sh", "-c", script, "sh", self.pack + "/bin/bash"], env=self.env,
                               stdout=subprocess.PIPE, text=True)
        self.addCleanup(job.stdout.close)
        child = int(job.stdout.readline())
        self.assertEqual(job.wait(10), 5)
        os.kill(child, signal.SIGKILL)
        self.assertEqual(os.waitpid(child, 0)[1], signal.SIGKILL)

    def test_the_status_is_known_where_the_caller_ignores_its_children(self):
        def ignore():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        self.assertEqual(self.bash("exit 9", preexec_fn=ignore).status, 9)
        probe = programs.run([self.pack + "/bin/probe", "signals"], env=self.env, preexec_fn=ignore)
        self.assertIn(f"signal {signal.SIGCHLD:d} ignored 1", probe.out)

    def test_descriptors_that_the_program_closes_are_closed(self):
        """Neither the tracer nor the proxy holds a pipe open that the program has closed."""
        job, _ = self.start("echo; exec >&-; read -r x", stdin=subprocess.PIPE)
        self.addCleanup(job.stdin.close)
        readable, _, _ = select.select([job.stdout], [], [], 10)
        self.assertTrue(readable, "the pipe's other end is still open")
        self.assertEqual(job.stdout.read(), "")
        self.assertIsNone(job.poll())
        job.stdin.close()
        self.assertEqual(job.wait(10), 1)


class Terminal(ProotTest):
    def setUp(self):
        self.shell, self.terminal = pty.fork()
        if self.shell == 0:
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], {**self.env, "PS1": "> "})
        self.seen = ""
        self.addCleanup(os.close, self.terminal)
        self.addCleanup(os.waitpid, self.shell, 0)
        self.addCleanup(os.kill, self.shell, signal.SIGKILL)
        self.expect("> ")

    def expect(self, text):
        end = time.monotonic() + 10
        while text not in self.seen:
            readable, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            self.assertTrue(readable, f"{text!r} was not written, but {self.seen!r}")
            self.seen += os.read(self.terminal, 4096).decode()
        self.seen = self.seen.split(text, 1)[1]

    def type(self, text):
        os.write(self.terminal, text.encode())

    def test_interrupt(self):
        self.type(f"{self.pack}/bin/sleep 1000; echo status $?\n")
        self.await_foreground("sleep")
        self.type("\x03")
        self.expect("\r\n")
        self.type("echo status $?\n")
        self.expect("status 130")

    def test_an_interrupt_arrives_once(self):
        self.type(f"{self.pack}/bin/bash -c 'trap \"echo caught\" INT; echo ready; sleep 1; sleep 1; echo end'\n")
        self.expect("ready\r\n")
        self.type("\x03")
        self.expect("end\r\n")
        self.assertEqual(self.seen.count("caught"), 0)

    def test_stop_and_go_on(self):
        self.type(f"{self.pack}/bin/cat\n")
        self.await_foreground("cat")
        self.type("one\n")
        self.expect("one\r\none\r\n")
        self.type("\x1a")
        self.expect("Stopped")
        self.expect("> ")
        self.type("echo in $((40 + 2))\n")
        self.expect("in 42")
        self.type("fg\n")
        self.expect("bin/cat")
        self.type("two\n")
        self.expect("two\r\ntwo\r\n")
        self.type("\x04")
        self.type("echo status $?\n")
        self.expect("status 0")

    def await_foreground(self, name):
        """Waits until a program of that name runs in the terminal's foreground."""
        def runs():
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/stat") as stat:
                        comm, rest = stat.read().rsplit(")", 1)
                        fields = rest.split()
                    if comm.endswith("(" + name) and fields[5] == fields[2] and int(fields[3]) == self.shell:
                        return True
                except OSError:
                    pass
            return False
        self.assertTrue(daemon.wait_until(runs), name)


class Surroundings(ProotTest):
    def test_nothing_is_added_to_the_environment(self):
        env = {**self.env, "LD_LIBRARY_PATH": "/nowhere", "EMPTY": "", "PROOT_NO_SECCOMP": "mine"}
        packed = programs.run(["x", "env", "argv"], program=self.pack + "/bin/probe", env=env)
        self.assertEqual(packed, programs.run(["x", "env", "argv"], program=programs.host("probe"), env=env))

    def test_calls_that_proot_does_not_know_find_the_store(self):
        """ls uses statx(2), whose paths Debian's proot does not change."""
        program = os.path.realpath(programs.host("ls"))
        script = 'ls -l "$(readlink /proc/self/exe)" >/dev/null; ls -d "$(dirname "$(readlink -f /proc/$$/exe)")"'
        outcome = self.bash(script)
        self.assertEqual((outcome.status, outcome.err), (0, ""), program)

    def test_children_with_a_cleared_environment(self):
        self.assertEqual(self.bash('env -i "$1" -c "echo \\$0"', self.pack + "/bin/bash"),
                         (0, self.pack + "/bin/bash\n", ""))

    def test_a_working_directory_without_a_path_is_refused(self):
        def delete():
            os.mkdir(path)
            os.chdir(path)
            os.rmdir(path)
        path = packs.new_path("deleted")
        outcome = self.bash("exit 0", preexec_fn=delete)
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertRegex(outcome.err, r"\Areloc: .*working directory.*\(use the engine .*\)\n\Z")

    def test_a_host_without_ptrace(self):
        outcome = programs.run([programs.host("deny"), "ptrace", "--", self.pack + "/bin/bash", "-c", "exit 0"],
                               env=self.env)
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertRegex(outcome.err, r"\Areloc: cannot run bash: .*ptrace.*\(use the engine .*\)\n\Z")

    def test_a_temporary_directory_is_not_needed(self):
        env = {**self.env, "TMPDIR": "/nonexistent", "PROOT_TMP_DIR": "/nonexistent"}
        outcome = programs.run([self.pack + "/bin/bash", "-c", "exit 4"], env=env)
        self.assertEqual(outcome, (4, "", ""))

    def test_no_directory_is_left_when_everything_is_killed(self):
        for _ in range(5):
            job, program = self.start("echo $$; exec sleep 1000")
            victims = processes_with(f"{self.pack}/.reloc/lib/tracee")
            for pid in [int(program), *victims, job.pid]:
                with contextlib.suppress(ProcessLookupError):  # each ends others with it
                    os.kill(pid, signal.SIGKILL)
            job.wait(10)
            self.assertEqual(directories_of(victims), [])

    def test_a_pack_whose_path_has_a_colon_is_refused(self):
        pack = packs.new_path("a:b")
        shutil.copytree(self.pack, pack, symlinks=True)
        outcome = programs.run([pack + "/bin/bash", "-c", "exit 0"], env=self.env)
        self.assertEqual(outcome.status, 125)
        self.assertIn("move the pack to a path without ':'", outcome.err)

    def test_ps_shows_the_job_and_its_status(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        env = relocd.environment(RELOC_ENGINE="proot")
        job = subprocess.Popen([self.pack + "/bin/bash", "-c", "read -r x; exit 6"], env=env,
                               stdin=subprocess.PIPE)
        ps = [programs.RELOCCTL, "ps", "-a", "--format", "json"]
        self.assertTrue(daemon.wait_until(lambda: '"proot"' in programs.run(ps, env=env).out))
        job.stdin.close()
        self.assertEqual(job.wait(10), 6)
        self.assertTrue(daemon.wait_until(lambda: '"exit_code":6' in programs.run(ps, env=env).out.replace(" ", "")))


del ProotTest


if __name__ == "__main__":
    session.main()
