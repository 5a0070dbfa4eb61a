"""relocctl attach: reattaching to a job that was left running."""
import os
import signal
import socket
import subprocess
import unittest

from support import daemon, programs, session
from support.outcomes import OneLineTest
from support.placed import DETACH, INTERRUPT, SUSPEND, PlacedTest
from support.terminal import PROMPT


class Attach(PlacedTest, OneLineTest):
    def start(self, *argv):
        """Starts a job with a terminal; returns its id."""
        job_id = self.detach("--pty", *argv)
        self.addCleanup(self.end, self.job(job_id)["pid"])
        return job_id

    def test_what_was_written_is_shown_and_what_is_typed_arrives(self):
        job_id = self.start("waiter")
        self.await_output(job_id, "ready")
        with self.terminal("attach", job_id) as terminal:
            terminal.expect("ready\n")
            terminal.send("typed\n")
            terminal.expect("read typed\n")
            terminal.send(DETACH)
            self.assertIn("goes on", terminal.rest())
            self.assertEqual(terminal.wait(), 0)
        with self.terminal("attach", job_id[:5]) as terminal:
            terminal.expect("read typed\n")
            terminal.send(INTERRUPT)
            self.assertEqual(os.WTERMSIG(terminal.wait()), signal.SIGINT)

    def test_by_name_and_by_pid_and_its_exit_status(self):
        job_id = self.detach("--pty", "--name", "mine", "bash", "-c", "read; exit 9")
        for name in ("mine", str(self.job(job_id)["pid"])):
            with self.terminal("attach", "--detach-keys", "~,.", name) as terminal:
                before = terminal.modes()
                self.assertTrue(daemon.wait_until(lambda: terminal.modes() != before))
                terminal.send("~." if name == "mine" else "\n")
                terminal.rest()
                self.assertEqual(os.waitstatus_to_exitcode(terminal.wait()), 0 if name == "mine" else 9)
                self.assertEqual(terminal.modes(), before)

    def test_one_that_has_ended(self):
        job_id = self.detach("--name", "brief", "bash", "-c", "echo done; exit 7")
        programs.must(programs.relocctl("wait", job_id, env=self.env))
        for name in ("brief", job_id):
            told = programs.relocctl("attach", name, env=self.env)
            self.assertOneLine(told, f"job {job_id} has ended at 20", "(exited 7)", f"relocctl logs {job_id}")

    def test_a_supervised_job_whose_terminal_hung_up(self):
        with self.terminal("run", "--supervised", "waiter") as terminal:
            terminal.expect("ready\n")
            job, = daemon.jobs(self.env)
            terminal.hang_up()
            terminal.wait()
        with self.terminal("attach", job["id"]) as terminal:
            terminal.resize(30, 90)
            terminal.expect("size 30 90\n")
            terminal.send(INTERRUPT)
            self.assertEqual(os.WTERMSIG(terminal.wait()), signal.SIGINT)

    def test_several_at_once(self):
        job_id = self.start("waiter")
        with self.terminal("attach", job_id) as first, self.terminal("attach", job_id) as second:
            first.expect("ready\n")
            second.expect("ready\n")
            first.send("one\n")
            second.expect("read one\n")
            second.send("two\n")
            first.expect("read two\n")
            second.send(INTERRUPT)
            self.assertEqual(first.wait(), second.wait())

    def test_one_that_shows_nothing_does_not_hold_up_the_job(self):
        job_id = self.start("bash", "-c", "read; for ((i = 0; i < 60000; ++i)); do echo a line of output $i; done; exit 6")
        with self.terminal("attach", job_id) as idle:  # never reads
            before = idle.modes()
            self.assertTrue(daemon.wait_until(lambda: idle.modes() != before))
            idle.send("\n")
            self.assertTrue(daemon.wait_until(lambda: self.job(job_id)["state"] != "running", 60))
            self.assertEqual(self.job(job_id)["exit_code"], 6)
        self.await_output(job_id, "output 59999")

    def test_suspending(self):
        job_id = self.start("waiter")
        with self.shell() as terminal:
            terminal.send(f"relocctl attach {job_id}\n")
            terminal.expect("ready\n")
            terminal.send(SUSPEND)
            self.assertIn("Stopped", terminal.expect(PROMPT))
            terminal.send("fg\n")
            terminal.expect("continued\n")
            terminal.send("typed\n")
            terminal.expect("read typed\n")
            terminal.send(SUSPEND)
            terminal.expect(PROMPT)
            terminal.ask("kill -KILL %1; wait")
        with self.terminal("attach", job_id) as terminal:  # a new one finds it running
            terminal.expect("continued\n")
            terminal.send("again\n")
            terminal.expect("read again\n")

    def test_output_alone(self):
        job_id = self.detach("bash", "-c", "echo before; trap 'echo after; exit 4' USR1; while :; do sleep 0.05; done")
        with subprocess.Popen([programs.RELOCCTL, "attach", job_id], env=self.env, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as attached:
            self.assertEqual(attached.stdout.readline(), "before\n")
            os.kill(self.job(job_id)["pid"], signal.SIGUSR1)
            self.assertEqual((attached.stdout.read(), attached.wait()), ("after\n", 4))

    def test_the_screen_of_an_editor(self):
        job_id = self.start("bash", "-c", r"printf '\e[?1049h\e[?25l'; for ((i = 0; i < 9999; ++i)); do echo $i.....; done; read")
        self.await_output(job_id, "9998")
        with self.terminal("attach", job_id) as terminal:
            terminal.expect("\x1b[?1049h")
            terminal.expect("9998")
            terminal.send(DETACH)
            left = terminal.rest()
            self.assertIn("\x1b[?1049l", left)
            self.assertIn("\x1b[?25h", left)
            terminal.wait()

    def test_what_cannot_be_attached_to(self):
        self.assertOneLine(programs.relocctl("attach", "nothing", env=self.env), "nothing", "ps")
        with subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE) as job:
            self.assertTrue(daemon.wait_until(lambda: daemon.jobs(self.env)))
            self.assertOneLine(programs.relocctl("attach", str(job.pid), env=self.env), "--detach")
            job.communicate()
        with subprocess.Popen([programs.RELOCCTL, "run", "--supervised", "--name", "plain", "cat"], env=self.env,
                              stdin=subprocess.PIPE) as job:
            self.assertTrue(daemon.wait_until(lambda: any(job["name"] == "plain" for job in daemon.jobs(self.env))))
            self.assertOneLine(programs.relocctl("attach", "plain", env=self.env), "terminal")
            job.communicate()

    def test_nonsense_on_its_socket(self):
        job_id = self.start("waiter")
        for message in (b"x", b"\x01" * 12, b"\x09" + bytes(11), bytes(20000)):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
                client.connect(f"{self.relocd.directory}/jobs/{job_id}/attach")
                client.send(message)
        with self.terminal("attach", job_id) as terminal:
            terminal.expect("ready\n")
            terminal.send(INTERRUPT)
            self.assertEqual(os.WTERMSIG(terminal.wait()), signal.SIGINT)

    def test_after_the_daemon_was_replaced(self):
        job_id = self.start("waiter")
        self.replace_daemon()
        with self.terminal("attach", job_id) as terminal:
            terminal.expect("ready\n")
            terminal.send(INTERRUPT)
            terminal.wait()
        self.assertEqual(self.await_end(job_id)["state"], "killed")

    def test_how_it_ended_while_no_daemon_was_there(self):
        job_id = self.start("bash", "-c", "trap 'exit 44' USR1; echo ready; while :; do sleep 0.05; done")
        self.await_output(job_id, "ready")
        pid = self.job(job_id)["pid"]
        self.relocd.kill()
        os.kill(pid, signal.SIGUSR1)
        status = f"{self.relocd.directory}/jobs/{job_id}/status"
        self.assertTrue(daemon.wait_until(lambda: os.path.exists(status)))
        self.start_daemon(self.relocd.directory)
        self.assertEqual((self.job(job_id)["state"], self.job(job_id)["exit_code"]), ("exited", 44))
        self.assertTrue(daemon.wait_until(lambda: not os.path.exists(status)))


if __name__ == "__main__":
    session.main()
