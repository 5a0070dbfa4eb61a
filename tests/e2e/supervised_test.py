"""relocctl run --supervised: a job in the foreground, with its caller's terminal."""
import os
import signal
import subprocess
import termios
import tty
import unittest

from support import daemon, programs, session
from support.placed import DETACH, END_OF_FILE, INTERRUPT, QUIT, SUSPEND, PlacedTest
from support.terminal import PROMPT, Terminal

LOCAL_MODES = 3  # index in tcgetattr's result
RELOCCTL = ("run", "--supervised")


class Supervised(PlacedTest):
    def supervised(self, *argv, options=()):
        return self.terminal("run", "--supervised", *options, *argv)

    def running(self):
        return next((job for job in daemon.jobs(self.env) if job["state"] == "running"), None)

    def await_state(self, pid, letter):
        """Waits until /proc shows the process as sleeping (S) or stopped (T)."""
        self.assertTrue(daemon.wait_until(lambda: self.stat(pid)[0] == letter), self.stat(pid)[0])

    def test_its_streams_and_status_are_the_callers(self):
        outcome = self.run_placed("--supervised", "bash", "-c", "cat; echo err >&2; exit 42", input="typed\n")
        self.assertEqual(outcome, (42, "typed\n", "err\n"))

    def test_it_is_known_to_the_daemon(self):
        self.run_placed("--supervised", "--name", "mine", "bash", "-c", "exit 42")
        self.assertTrue(daemon.wait_until(lambda: daemon.jobs(self.env)[0]["state"] == "exited"))
        job, = daemon.jobs(self.env)
        self.assertEqual((job["name"], job["placement"], job["exit_code"]), ("mine", "daemon", 42))

    def test_descriptors_are_the_callers(self):
        reader, writer = os.pipe()
        with open("/etc/passwd") as file:
            fds = [writer, file.fileno()]
            argv = ["-o", f"/proc/self/fd/{writer}", "fds"]
            native = programs.must(programs.run(["probe", "fds"], program=programs.host("probe"), env=self.env, pass_fds=fds))
            placed = programs.must(self.run_placed("--supervised", "probe", "fds", pass_fds=fds))
        os.close(reader)
        os.close(writer)
        def numbers(outcome):
            return [line.split()[1] for line in outcome.out.splitlines()]
        self.assertEqual(numbers(placed), numbers(native), argv)

    def test_death_by_a_signal_is_passed_on(self):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGPIPE):
            outcome = self.run_placed("--supervised", "bash", "-c", f"ulimit -c 0; kill -{int(number)} $$")
            self.assertEqual(outcome.status, -number)

    def test_signals_are_passed_on(self):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2,
                       signal.SIGWINCH):
            with self.subTest(signal=number):
                with subprocess.Popen([programs.RELOCCTL, *RELOCCTL, "waiter", f"-{int(number)}"], env=self.env, text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as job:
                    self.assertEqual(job.stdout.readline(), "ready\n")
                    job.send_signal(number)
                    self.assertEqual((job.stdout.read(), job.wait()), ("got\n", 7))

    def test_stopping_and_continuing_without_a_terminal(self):
        with subprocess.Popen([programs.RELOCCTL, *RELOCCTL, "waiter"], env=self.env, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as job:
            self.assertEqual(job.stdout.readline(), b"ready\n")
            pid = self.running()["pid"]
            os.kill(pid, signal.SIGSTOP)
            self.assertTrue(os.WIFSTOPPED(os.waitpid(job.pid, os.WUNTRACED)[1]))
            job.send_signal(signal.SIGCONT)
            self.assertEqual(job.stdout.readline(), b"continued\n")

    def test_a_terminal_of_its_own_with_the_callers_modes_and_size(self):
        with self.supervised("bash", "-c", "tty; stty size; stty -a") as terminal:
            shown = terminal.rest()
            terminal.wait()
        self.assertIn("24 80\n", shown)
        self.assertIn(" -echo ", shown)  # as on this test's terminals

    def test_descriptors_that_are_no_terminals_stay(self):
        path = session.temp() + "/err"
        with Terminal(lambda: os.execve("/bin/sh", ["sh", "-c", f"exec relocctl run --supervised bash -c 'echo out; echo err >&2' 2>{path}"], self.env)) as terminal:
            self.assertEqual(terminal.rest(), "out\n")
            terminal.wait()
        with open(path) as file:
            self.assertEqual(file.read(), "err\n")

    def test_keys_and_how_they_end_it(self):
        for key, number in ((INTERRUPT, signal.SIGINT), (QUIT, signal.SIGQUIT)):
            for options in ((), ("--no-pty",)):
                with self.subTest(key=key, options=options), self.supervised("waiter", options=options) as terminal:
                    terminal.expect("ready\n")
                    terminal.send(key)
                    terminal.rest()
                    self.assertEqual(os.WTERMSIG(terminal.wait()), number)

    def test_lines_and_the_end_of_input(self):
        for options in ((), ("--no-pty",)):
            with self.supervised("waiter", options=options) as terminal:
                terminal.expect("ready\n")
                terminal.send("a line\n" + END_OF_FILE)
                self.assertIn("read a line\n", terminal.rest())
                self.assertEqual(terminal.wait(), 0)

    def test_input_from_a_pipe_into_a_terminal(self):
        outcome = self.run_placed("--supervised", "--pty", "bash", "-c", "stty -echo; cat", input="x" * 1000 + "\n" * 5000 + "end")
        self.assertEqual(outcome.status, 0)
        self.assertTrue(outcome.out.endswith("end"), outcome.out[-50:])

    def test_much_output_arrives_whole(self):
        for options in (("--pty",), ("--no-pty",)):
            outcome = self.run_placed("--supervised", *options, "bash", "-c", "for ((i = 0; i < 30000; ++i)); do echo line $i; done")
            self.assertEqual(outcome.out.replace("\r", ""), "".join(f"line {i}\n" for i in range(30000)))

    def test_the_window_size_is_followed(self):
        for options in ((), ("--no-pty",)):
            with self.supervised("waiter", options=options) as terminal:
                terminal.expect("ready\n")
                terminal.resize(50, 120)
                self.assertEqual(terminal.expect("\n"), "size 50 120")
                terminal.send(INTERRUPT)
                terminal.wait()

    def test_the_terminal_is_as_it_was_however_it_ends(self):
        for victim in ("job", "launcher", "relocd", "relocctl TERM"):
            with self.subTest(victim=victim), self.supervised("waiter") as terminal:
                before = terminal.modes()
                terminal.expect("ready\n")
                self.assertTrue(daemon.wait_until(lambda: not terminal.modes()[LOCAL_MODES] & termios.ISIG), "not raw")
                pid = self.running()["pid"]
                if victim == "job":
                    os.kill(pid, signal.SIGKILL)
                elif victim == "launcher":
                    os.kill(self.launcher(pid), signal.SIGKILL)
                elif victim == "relocd":
                    self.relocd.kill()
                    terminal.send("still here\n")
                    terminal.expect("read still here\n")
                    terminal.send(INTERRUPT)
                else:
                    os.kill(terminal.pid, signal.SIGTERM)
                status = terminal.wait()
                if victim == "launcher":
                    self.assertEqual(os.waitstatus_to_exitcode(status), 125)
                    self.assertIn("relocctl: ", terminal.rest())
                self.assertEqual(terminal.modes(), before)
                self.end(pid)
                if victim == "relocd":
                    self.start_daemon(self.relocd.directory)

    def control_a_job(self, command):
        """Returns what suspend, jobs, fg, input, bg and interrupt show in a shell."""
        with self.shell() as terminal:
            terminal.send(command + "\n")
            terminal.expect("ready\n")
            terminal.send(SUSPEND)
            seen = [terminal.expect(PROMPT), terminal.ask("jobs"), terminal.ask("echo $?")]
            terminal.send("fg\n")
            seen.append(terminal.expect("continued\n"))
            terminal.send("typed\n")
            seen.append(terminal.expect("read typed\n"))
            terminal.send(INTERRUPT)
            seen += [terminal.expect(PROMPT), terminal.ask("echo $?"), terminal.ask("jobs")]
            return [text.replace(command, "COMMAND") for text in seen]

    def test_job_control_is_as_natively(self):
        native = self.control_a_job(programs.host("waiter"))
        self.assertEqual(self.control_a_job("relocctl run --supervised waiter"), native)
        self.assertEqual(self.control_a_job("relocctl run --supervised --no-pty waiter"), native)

    def test_the_background(self):
        with self.shell() as terminal:
            terminal.send("relocctl run --supervised waiter\n")
            terminal.expect("ready\n")
            terminal.send(SUSPEND)
            terminal.expect(PROMPT)
            terminal.send("bg\n")  # it reads, which stops it again
            self.assertIn("continued", terminal.expect("continued\n") + "continued")
            self.assertTrue(daemon.wait_until(lambda: "Stopped" in terminal.ask("jobs")))
            terminal.send("fg\n")
            terminal.expect("continued\n")
            terminal.send("typed\n")
            terminal.expect("read typed\n")
            terminal.send(INTERRUPT)
            terminal.expect(PROMPT)
            self.assertEqual(terminal.ask("echo $?"), "130\n")

    def test_a_stop_that_is_heard_of_late_is_over(self):
        """The job stops in the background while relocctl cannot receive that, and is then brought to the
        foreground."""
        with self.shell() as terminal:
            terminal.send("relocctl run --supervised waiter\n")
            terminal.expect("ready\n")
            job = self.running()
            launcher = self.launcher(job["pid"])
            terminal.send(SUSPEND)
            terminal.expect(PROMPT)
            relocctl = int(terminal.ask("jobs -p"))
            os.kill(launcher, signal.SIGSTOP)
            terminal.ask("bg")
            self.await_state(relocctl, "S")
            os.kill(relocctl, signal.SIGSTOP)
            os.kill(launcher, signal.SIGCONT)
            self.await_output(job["id"], "continued")
            self.await_state(job["pid"], "T")
            terminal.send("fg\n")
            terminal.send("typed\n")
            self.assertIn("read ", terminal.expect("typed\n"))
            terminal.send(INTERRUPT)
            terminal.expect(PROMPT)
            self.assertEqual(terminal.ask("echo $?"), "130\n")

    def test_started_in_the_background_it_is_stopped_when_it_reads(self):
        with self.shell() as terminal:
            terminal.ask("relocctl run --supervised cat &")
            self.assertTrue(daemon.wait_until(lambda: "Stopped" in terminal.ask("jobs")))
            terminal.send("fg\n")
            terminal.expect("cat\n")
            terminal.send("typed\n")
            terminal.expect("typed\n")
            terminal.send(END_OF_FILE)
            terminal.expect(PROMPT)
            self.assertEqual(terminal.ask("echo $?"), "0\n")

    def test_a_shell_with_jobs_of_its_own(self):
        with self.supervised("bash", "--norc", "--noprofile", "--noediting", "-i") as terminal:
            terminal.expect(PROMPT)
            terminal.send("waiter\n")
            terminal.expect("ready\n")
            terminal.send(SUSPEND)
            self.assertIn("Stopped", terminal.expect(PROMPT))
            terminal.send("fg\n")
            terminal.expect("continued\n")
            terminal.send(INTERRUPT)
            terminal.expect(PROMPT)
            self.assertEqual(terminal.ask("echo $?"), "130\n")
            terminal.send("exit 3\n")
            self.assertEqual(os.waitstatus_to_exitcode(terminal.wait()), 3)

    def test_keys_that_leave_it_running(self):
        with self.supervised("waiter") as terminal:
            terminal.expect("ready\n")
            terminal.send("before\n")
            terminal.expect("read before\n")
            terminal.send(DETACH)
            shown = terminal.rest()
            self.assertEqual(terminal.wait(), 0)
        job = self.running()
        self.assertIn("relocctl attach " + job["id"], shown)
        os.kill(job["pid"], signal.SIGKILL)

    def test_hanging_up_leaves_it_running(self):
        with self.supervised("bash", "-c", "echo ready; exec sleep 1000") as terminal:
            terminal.expect("ready\n")
            job = self.running()
            terminal.hang_up()
            self.assertEqual(os.WTERMSIG(terminal.wait()), signal.SIGHUP)
        self.assertEqual(self.job(job["id"])["state"], "running")
        os.kill(job["pid"], signal.SIGKILL)
        self.assertEqual(self.await_end(job["id"])["state"], "killed")

    def test_hanging_up_ends_what_nobody_could_find_again(self):
        with self.terminal("run", "--supervised", "bash", "-c", "echo $$; exec sleep 1000",
                           env={**self.env, "RELOC_DAEMON": "off"}) as terminal:
            pid = int(terminal.expect("\n"))
            terminal.hang_up()
            terminal.wait()
        self.assertTrue(daemon.wait_until(lambda: not os.path.exists(f"/proc/{pid}")))

    def test_engines(self):
        for engine in programs.ENGINES:
            with self.subTest(engine=engine):
                tried = self.run_placed("--engine", engine, "sed", "--version")
                session.require(tried.status == 0, engine, tried.err, "see relocctl engines")
                with self.supervised("waiter", options=("--engine", engine)) as terminal:
                    terminal.expect("ready\n")
                    terminal.send("typed\n")
                    terminal.expect("read typed\n")
                    terminal.send(INTERRUPT)
                    self.assertEqual(os.WTERMSIG(terminal.wait()), signal.SIGINT)

    def test_a_program_that_cannot_run(self):
        with self.supervised("sed", options=("--engine", "graft")) as terminal:
            before = terminal.modes()
            self.assertRegex(terminal.rest(), r"\Arelocctl: [^\n]+\n\Z")
            self.assertEqual(os.waitstatus_to_exitcode(terminal.wait()), 125)
            self.assertEqual(terminal.modes(), before)


if __name__ == "__main__":
    session.main()
