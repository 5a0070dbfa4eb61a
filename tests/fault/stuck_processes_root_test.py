"""A process that is stuck in execve(2), of another user or of the same, blocks no other.

Reading its files like /proc/PID/stat blocks as long as it does: daemon/proc/stall_guard.h. Run by root, which acts
as both users.
"""
import json
import os
import struct
import subprocess
import time
import unittest

from support import daemon, packs, programs, session, stuck

USER, OTHER = 4242, 4243
SOON = 3.0  # how long a command that should answer may take; on a busy host it also starts slowly


class StuckProcesses(unittest.TestCase):
    def setUp(self):
        os.chmod(session.temp(), 0o755)
        self.pack = packs.from_host("bash", "sleep")
        self.home = packs.new_path("home")
        os.mkdir(self.home, 0o700)
        os.chown(self.home, USER, USER)
        self.directory = f"{self.home}/daemon"
        self.env = {"PATH": programs.HOST_PATH, "HOME": self.home, "RELOCD_DIR": self.directory,
                    "RELOC_ENGINE": "userns"}
        self.must("daemon", "start")
        self.addCleanup(self.relocctl, "daemon", "stop")
        self.pid = self.ask("daemon", "status", "--format", "json")["pid"]

    def relocctl(self, *arguments, **options):
        return programs.relocctl(*arguments, env=self.env, user=USER, group=USER, extra_groups=[], **options)

    def must(self, *arguments, **options):
        return programs.must(self.relocctl(*arguments, **options)).out

    def ask(self, *arguments):
        return json.loads(self.must(*arguments))

    def soon(self, *arguments):
        """Returns the output of that command, which must not take long."""
        began = time.monotonic()
        out = self.must(*arguments, timeout=30)
        self.assertLess(time.monotonic() - began, SOON, arguments)
        return out

    def silent(self, uid):
        file = stuck.SilentFile(uid)
        self.addCleanup(file.close)
        return file

    def stuck_process(self, uid):
        file = self.silent(uid)
        process = stuck.start(uid, file)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(file.close)  # first: it dies when the kernel releases it
        self.assertEqual(os.stat(f"/proc/{process.pid}").st_uid, uid)
        return process

    def start(self, *command, **options):
        """Starts a job of `command` in the pack."""
        job = subprocess.Popen([f"{self.pack}/bin/{command[0]}", *command[1:]], env=self.env, user=USER, group=USER,
                               extra_groups=[], **options)
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        return job

    def stuck_job(self):
        """bash keeps a copy of the descriptor, which execve(2) closes, while the builtin has another one."""
        file = self.silent(USER)
        job = self.start("bash", "-c", "echo ready; read line; "
                         f"eval 'exec /bin/sleep 1000' {file.fd}</dev/null",
                         pass_fds=[file.fd], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(file.close)  # first: the job dies when the kernel releases it
        self.addCleanup(job.stdin.close)
        self.addCleanup(job.stdout.close)
        self.assertEqual(job.stdout.readline(), b"ready\n")
        file.be_silent(after=1)
        job.stdin.write(b"\n")
        job.stdin.flush()
        file.await_waiting()
        return job

    def rows(self, *arguments):
        return {job["pid"]: job for job in json.loads(self.soon("ps", "--format", "json", *arguments))}

    def await_rows(self, *pids):
        self.assertTrue(daemon.wait_until(lambda: set(pids) <= set(self.rows())), self.rows())

    def assertLaunchesAreServed(self):
        """By the daemon's loop, which makes the dropped root again: a launch waits 100 ms for it, and then works
        without."""
        self.soon("roots", "prune")

        def joins():
            job = programs.run([f"{self.pack}/bin/bash", "-c", ":"], user=USER, group=USER, extra_groups=[],
                               env={**self.env, "RELOC_DEBUG": "1"})
            self.assertEqual(job.status, 0, job)
            return "way=published" in job.err

        self.assertTrue(daemon.wait_until(joins))

    def assertDaemonServes(self, mirrors_go=True):
        """Every command answers, and the rows of jobs that are not stuck are right."""
        job = self.start("bash", "-c", "while :; do sleep 0.01; done")
        self.await_rows(job.pid)
        self.assertTrue(daemon.wait_until(lambda: self.rows()[job.pid]["cpu_seconds"] > 0))
        self.assertGreater(self.rows()[job.pid]["rss_bytes"], 0)
        self.assertGreater(self.rows()[job.pid]["processes"], 0)
        self.assertEqual(json.loads(self.soon("inspect", str(job.pid)))[0]["cwd"], os.getcwd())
        self.assertIn(str(job.pid), self.soon("stats", "--no-stream", "--format", "json"))
        self.assertIn("relocd_jobs", self.soon("metrics"))
        self.soon("daemon", "status")
        self.soon("mirrors", "add", "--kind", "plain", self.pack)
        mirrors = lambda: [mirror["state"] for mirror in json.loads(self.soon("mirrors", "ls", "--format", "json"))]
        self.assertTrue(daemon.wait_until(lambda: mirrors() == ["ready"]))
        self.assertIn("1 removed" if mirrors_go else "0 removed, 1 in use", self.soon("mirrors", "prune", "--all"))
        detached = self.soon("run", "--detach", "--", f"{self.pack}/bin/sleep", "1000").strip()
        self.assertTrue(daemon.wait_until(lambda: json.loads(self.soon("inspect", detached))[0]["processes"] == 1))
        self.soon("kill", detached)
        self.assertEqual(self.soon("wait", detached).strip(), str(128 + 15))
        self.soon("kill", str(job.pid))
        self.assertEqual(job.wait(10), -15)
        self.assertLaunchesAreServed()

    def assertDaemonStops(self):
        self.soon("daemon", "stop")
        self.assertTrue(daemon.wait_until(lambda: self.pid not in session.children()))

    def test_one_of_another_user(self):
        process = self.stuck_process(OTHER)
        self.assertTrue(stuck.blocks(f"/proc/{process.pid}/stat") or stuck.blocks(f"/proc/{process.pid}/maps"))
        self.assertDaemonServes()
        self.assertDaemonStops()

    def test_one_of_ones_own(self):
        process = self.stuck_process(USER)
        self.assertTrue(stuck.blocks(f"/proc/{process.pid}/environ"))
        # It may use a mirror.
        self.assertDaemonServes(mirrors_go=False)
        self.assertDaemonStops()

    def test_a_job(self):
        job = self.stuck_job()
        self.assertTrue(stuck.blocks(f"/proc/{job.pid}/environ"))
        self.await_rows(job.pid)
        row = self.rows()[job.pid]
        self.assertEqual((row["state"], row["name"], row["processes"]), ("running", "bash", 1))
        self.soon("inspect", str(job.pid))
        self.assertDaemonServes(mirrors_go=False)
        self.assertIn(row["id"], self.soon("kill", str(job.pid)))
        self.assertDaemonStops()

    def test_one_that_has_the_number_of_a_keeper_that_was_killed(self):
        """Launches open descriptors of the process in a dead daemon's registry; root's launches can, for any
        process."""
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        env = relocd.environment(RELOC_ENGINE="userns")
        sleep = [f"{self.pack}/bin/sleep", "0"]
        joins = lambda: "way=published" in programs.run(sleep, env={**env, "RELOC_DEBUG": "1"}).err
        self.assertTrue(daemon.wait_until(joins))
        relocd.kill()
        with open(f"{relocd.directory}/roots", "r+b") as registry:
            registry.seek(8)  # RegistryHeader::holder_pid
            registry.write(struct.pack("<i", self.stuck_process(OTHER).pid))
        self.assertEqual(programs.run(sleep, env=env, timeout=20), (0, "", ""))

    def test_many_of_another_user(self):
        for _ in range(12):
            self.stuck_process(OTHER)
        self.start("sleep", "1000")
        self.soon("ps")
        self.assertDaemonStops()


if __name__ == "__main__":
    session.main(needs_root=True)
