"""relocctl run --detach: jobs that outlive their caller."""
import os
import resource
import signal
import unittest

from support import daemon, packs, programs, session
from support.outcomes import OneLineTest
from support.placed import PlacedTest


class Detached(PlacedTest, OneLineTest):
    def test_its_id_its_output_and_how_it_ended(self):
        job_id = self.detach("bash", "-c", "echo out; echo err >&2; exit 41")
        job = self.await_end(job_id)
        self.assertEqual((job["state"], job["exit_code"], job["placement"]), ("exited", 41, "daemon"))
        self.assertEqual((job["name"], job["argv"][-2]), ("bash", "-c"))
        self.assertEqual(self.output(job_id), "out\nerr\n")

    def test_death_by_a_signal(self):
        job = self.await_end(self.detach("bash", "-c", "kill -TERM $$"))
        self.assertEqual((job["state"], job["exit_code"]), ("killed", None))
        self.assertIn(job["signal"], (signal.SIGTERM, "TERM", "SIGTERM"))

    def test_nothing_is_left_of_it(self):
        self.await_end(self.detach("sed", "--version"))
        self.assertTrue(daemon.wait_until(lambda: os.listdir(self.relocd.directory + "/jobs") == []))
        self.assertTrue(daemon.wait_until(lambda: session.children() == [self.relocd.pid]))

    def test_its_environment_arguments_and_directory_are_the_callers(self):
        directory = session.make_dir("caller's")
        env = {**self.env, "ODD": 'a "b"\n=c', "EMPTY": ""}
        odd = ["", 'quote " newline \n', "ü", "x" * 100_000]
        job_id = self.detach("probe", "argv", "env", "cwd", env=env, cwd=directory)
        self.await_end(job_id)
        self.assertEqual(self.output(job_id), programs.must(programs.run(
            ["probe", "argv", "env", "cwd"], program=programs.host("probe"), env=env, cwd=directory)).out)
        job_id = self.detach("bash", "-c", 'printf "<%s>" "$@"', "bash", *odd, env=env)
        self.await_end(job_id)
        self.assertEqual(self.output(job_id), "".join(f"<{word}>" for word in odd))

    def test_a_large_environment(self):
        env = {**self.env, **{f"LARGE_{i}": "x" * 100_000 for i in range(12)}}
        job_id = self.detach("bash", "-c", 'echo ${#LARGE_11}', env=env)
        self.await_end(job_id)
        self.assertEqual(self.output(job_id), "100000\n")

    def test_a_deleted_directory(self):
        directory = session.make_dir("deleted")
        job_id = self.detach("probe", "cwd", cwd=directory, preexec_fn=lambda: os.rmdir(directory))
        self.await_end(job_id)
        self.assertEqual(self.output(job_id), "cwd No such file or directory\n")

    def test_its_descriptors_are_its_own(self):
        reader, writer = os.pipe()
        job_id = self.detach("bash", "-c", "readlink /proc/self/fd/0; ls /proc/self/fd", pass_fds=[writer])
        self.await_end(job_id)
        os.close(writer)
        os.close(reader)
        self.assertEqual(self.output(job_id).split(), ["/dev/null", "0", "1", "2", "3"])  # 3: the listing itself

    def test_it_is_outside_the_callers_session(self):
        job_id = self.detach("bash", "-c", "trap 'echo hup' HUP; read < /dev/tty; ps -o sid= -p $$")
        self.await_end(job_id)
        self.assertIn("No such device", self.output(job_id))
        self.assertNotEqual(int(self.output(job_id).split()[-1]), os.getsid(0))

    def test_names(self):
        job_id = self.detach("--name", "train-1.b", "sleep", "1000")
        pid = self.job(job_id)["pid"]
        self.addCleanup(self.end, pid)
        self.assertEqual(self.job(job_id)["name"], "train-1.b")
        self.assertOneLine(self.run_placed("--detach", "--name=train-1.b", "sleep", "1"), job_id, "choose another")
        os.kill(pid, signal.SIGKILL)
        self.await_end(job_id)
        self.await_end(self.detach("--name", "train-1.b", "sleep", "0"))
        for name in ("", "7", "a b", "-x", "ü", "x" * 65):
            if name:
                self.assertOneLine(self.run_placed("--detach", "--name", name, "sleep", "1"), "name")

    def test_a_terminal_of_its_own(self):
        job_id = self.detach("--pty", "bash", "-c", "tty; stty -a >&2 && echo fine")
        self.await_end(job_id)
        self.assertIn("/dev/pts/", self.output(job_id))
        self.assertIn("fine", self.output(job_id))

    def test_what_it_left_in_the_background_writes_on(self):
        job_id = self.detach("bash", "-c", "(sleep 1; echo late) & exit 0")
        self.assertEqual(self.await_end(job_id)["exit_code"], 0)
        self.await_output(job_id, "late\n")

    def test_engines(self):
        for engine in programs.ENGINES:
            with self.subTest(engine=engine):
                tried = self.run_placed("--engine", engine, "sed", "--version")
                session.require(tried.status == 0, engine, tried.err, "see relocctl engines")
                job_id = self.detach("--engine", engine, "bash", "-c", "echo here; exit 5")
                self.assertEqual((self.await_end(job_id)["exit_code"], self.output(job_id)), (5, "here\n"))
                self.assertEqual(self.job(job_id)["engine"], engine)

    def test_attributes_are_the_callers(self):
        sections = ["ids", "groups", "limits", "umask", "signals", "scheduling", "attributes", "privileges"]
        def odd():
            os.umask(0o137)
            os.nice(5)
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
            resource.setrlimit(resource.RLIMIT_STACK, (4 << 20, 16 << 20))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGTERM])
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("17")
        env = {**self.env, "RELOC_ENGINE": "fakechroot"}  # natively: no mapped ids
        native = programs.must(programs.run(["probe", *sections], program=programs.host("probe"), env=env,
                                            preexec_fn=odd, restore_signals=False))
        job_id = self.detach("probe", *sections, env=env, preexec_fn=odd, restore_signals=False)
        self.await_end(job_id)
        self.assertEqual(self.output(job_id).splitlines(), native.out.splitlines())

    def test_programs_that_cannot_run(self):
        broken = session.make_dir("broken") + "/gnu/store/x/bin"
        os.makedirs(broken, exist_ok=True)
        with open(broken + "/prog", "w") as file:
            file.write("#!/nowhere/sh\n")
        outcome = self.run_placed("--detach", broken + "/none")
        self.assertEqual(outcome.status, 127)
        self.assertOneLine(outcome, "none")
        outcome = self.run_placed("--detach", broken + "/prog")  # no permission
        self.assertEqual(outcome.status, 126)
        self.assertOneLine(outcome)

    def test_a_launch_that_fails_late_says_so_to_the_caller(self):
        env = {**self.env, "RELOC_ENGINE": "graft"}
        outcome = self.run_placed("--detach", "sed", env=env)
        self.assertEqual(outcome.status, 125)
        self.assertOneLine(outcome, "graft")
        self.assertEqual(daemon.jobs(self.env), [])
        self.assertTrue(daemon.wait_until(lambda: os.listdir(self.relocd.directory + "/jobs") == []))

    def test_inside_slurm(self):
        for placement in ("--detach", "--supervised"):
            outcome = self.run_placed(placement, "sed", "--version", env={**self.env, "SLURM_JOB_ID": "77"})
            self.assertEqual(outcome.status, 125)
            self.assertOneLine(outcome, "77", placement, "--allow-escape")
            allowed = self.run_placed(placement, "--allow-escape", "sed", "--version", env={**self.env, "SLURM_JOB_ID": "77"})
            self.assertEqual(allowed.status, 0, allowed.err)
        self.run_placed("--detach", "sed", "--version", env={**self.env, "SLURM_JOB_ID": ""})
        self.assertTrue(daemon.wait_until(lambda: all(job["state"] == "exited" for job in daemon.jobs(self.env))))

    def test_options_that_make_no_sense(self):
        for options, word in ((["--pty"], "--pty"), (["--name", "x"], "--name"), (["--detach", "--supervised"], "exclude"),
                              (["--detach", "--pty", "--no-pty"], "exclude"), (["--detach", "--name"], "value"),
                              (["--supervised", "--detach-keys", "ctrl-?x"], "keys")):
            outcome = self.run_placed(*options, *([] if options[-1] == "--name" else ["sed"]))
            self.assertEqual(outcome.status, 125)
            self.assertOneLine(outcome, word)


class WithoutDaemon(OneLineTest):
    def setUp(self):
        self.pack = packs.from_host("bash", "sed")
        self.env = programs.environment()

    def test_detaching_starts_one(self):
        env = {**self.env, "RELOCD_DIR": packs.new_path("daemon"), "XDG_STATE_HOME": session.make_dir("state")}
        self.addCleanup(programs.relocctl, "daemon", "stop", env=env)
        outcome = programs.must(programs.relocctl("run", "--detach", self.pack + "/bin/bash", "-c", "echo here; exit 3", env=env))
        self.assertEqual(outcome.err, "")
        self.assertEqual(programs.must(programs.relocctl("wait", outcome.out.strip(), env=env)).out, "3\n")
        self.assertEqual(programs.must(programs.relocctl("logs", outcome.out.strip(), env=env)).out, "here\n")

    def test_detaching_needs_one_where_that_is_switched_off(self):
        outcome = programs.relocctl("run", "--detach", self.pack + "/bin/sed", env={**self.env, "RELOC_DAEMON": "off"})
        self.assertEqual(outcome.status, 125)
        self.assertOneLine(outcome, "daemon")

    def test_supervising_does_not(self):
        outcome = programs.relocctl("run", "--supervised", self.pack + "/bin/bash", "-c", "echo here; exit 3", env=self.env)
        self.assertEqual(outcome, (3, "here\n", ""))


if __name__ == "__main__":
    session.main()
