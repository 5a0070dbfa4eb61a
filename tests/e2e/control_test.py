"""Watching: relocctl ps, roots and the daemon's status, with the fields that scripts rely on."""
import datetime
import json
import os
import pwd
import signal
import subprocess
import unittest

from support import daemon, packs, programs, session

JOB_FIELDS = {"id", "name", "pid", "uid", "user", "pack", "program", "argv", "engine", "placement", "started_at",
              "state", "exit_code", "signal", "cpu_seconds", "rss_bytes", "processes", "slurm_job"}


class Control(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("bash", "cat")
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(self.relocd.stop)
        self.env = self.relocd.environment(RELOC_ENGINE="userns")

    def json(self, *arguments):
        outcome = programs.must(programs.relocctl(*arguments, "--format", "json", env=self.env))
        self.assertEqual(outcome.err, "")
        return json.loads(outcome.out)

    def start(self, *arguments, name="cat", **env):
        """Starts a job that runs until its input ends."""
        return self.start_program([name, *arguments], f"{self.pack}/bin/{name}", **env)

    def start_program(self, argv, program, **env):
        job = subprocess.Popen(argv, executable=program, env={**self.env, **env}, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
        self.addCleanup(job.wait)
        self.addCleanup(job.stdout.close)
        self.addCleanup(job.stdin.close)
        job.stdin.write(b"ready\n")
        job.stdin.flush()
        self.assertEqual(job.stdout.readline(), b"ready\n")
        return job

    def job(self, pid):
        return next((job for job in self.json("ps", "-a") if job["pid"] == pid), None)

    def test_a_running_job_with_every_field(self):
        job = self.start("-", SLURM_JOB_ID="4711")
        listed = self.json("ps")
        self.assertEqual(len(listed), 1)
        shown = listed[0]
        self.assertLessEqual(JOB_FIELDS, set(shown))
        self.assertEqual((shown["pid"], shown["uid"], shown["state"]), (job.pid, os.getuid(), "running"))
        self.assertEqual((shown["argv"], shown["engine"], shown["placement"]), (["cat", "-"], "userns", "caller"))
        self.assertEqual((shown["pack"], shown["name"], shown["slurm_job"]), (self.pack, "cat", "4711"))
        self.assertRegex(shown["program"], r"^/relocd-store.*/bin/cat$")
        self.assertEqual((shown["exit_code"], shown["signal"], shown["processes"]), (None, None, 1))
        self.assertGreater(shown["rss_bytes"], 100_000)
        started = datetime.datetime.fromisoformat(shown["started_at"].replace("Z", "+00:00"))
        age = datetime.datetime.now(datetime.timezone.utc) - started
        self.assertTrue(-1 < age.total_seconds() < 60, shown["started_at"])

    def test_the_user_by_name_or_number(self):
        self.start()
        try:
            user = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            user = str(os.getuid())
        self.assertEqual(self.json("ps")[0]["user"], user)

    def test_how_jobs_ended(self):
        exited = self.start(name="bash", *["-c", "cat; exit 41"])
        killed = self.start()
        exited.stdin.close()
        exited.wait()
        killed.send_signal(signal.SIGTERM)
        killed.wait()
        self.assertTrue(daemon.wait_until(lambda: self.json("ps") == []))
        if self.job(exited.pid)["state"] == "lost":
            self.skipTest("this kernel does not tell how a process ended (PIDFD_GET_INFO, Linux 6.15)")
        self.assertEqual([self.job(exited.pid)[key] for key in ("state", "exit_code", "signal")], ["exited", 41, None])
        self.assertEqual([self.job(killed.pid)[key] for key in ("state", "exit_code")], ["killed", None])
        self.assertIn(self.job(killed.pid)["signal"], (signal.SIGTERM, "TERM", "SIGTERM"))

    def test_children_are_counted(self):
        self.start("-c", "sleep 1000 & a=$!; sleep 1000 & b=$!; cat; kill $a $b", name="bash")
        self.assertTrue(daemon.wait_until(lambda: self.json("ps")[0]["processes"] == 4))

    def test_a_table_for_people_and_ids_alone(self):
        self.start()
        table = programs.must(programs.relocctl("ps", env=self.env)).out.splitlines()
        self.assertEqual(len(table), 2)
        self.assertIn("cat", table[1])
        ids = programs.must(programs.relocctl("ps", "-q", env=self.env)).out.split()
        self.assertEqual(ids, [self.json("ps")[0]["id"]])

    def test_jobs_of_every_way_to_start_one(self):
        self.start()
        self.start_program(["relocctl", "run", self.pack + "/bin/cat"], programs.RELOCCTL)
        engines = ["userns", "userns"]
        if programs.run([self.pack + "/bin/cat"], env={**self.env, "RELOC_ENGINE": "fakechroot"}).status == 0:
            self.start(RELOC_ENGINE="fakechroot")
            engines.insert(0, "fakechroot")
        jobs = self.json("ps")
        self.assertEqual(sorted(job["engine"] for job in jobs), engines)
        self.assertEqual({(job["name"], job["pack"], job["program"]) for job in jobs},
                         {("cat", self.pack, jobs[0]["program"])})

    def test_filters(self):
        self.start()
        self.start("-c", "cat", name="bash")
        self.assertEqual([job["name"] for job in self.json("ps", "--filter", "name=bash")], ["bash"])
        self.assertEqual(self.json("ps", "--filter", "name=none"), [])
        self.assertNotEqual(programs.relocctl("ps", "--filter", "nonsense", env=self.env).status, 0)

    def test_roots_are_shared_and_counted(self):
        self.start()
        self.start()
        roots = self.json("roots", "ls")
        self.assertEqual(len(roots), 1)
        self.assertEqual(roots[0]["jobs"], 2)

    def test_pruning_drops_the_roots_that_nobody_uses(self):
        job = self.start()
        prune = lambda: programs.must(programs.relocctl("roots", "prune", env=self.env)).out
        self.assertEqual(prune(), "0 dropped, 1 in use\n")
        job.stdin.close()
        job.wait()
        self.assertTrue(daemon.wait_until(lambda: self.json("ps") == []))
        self.assertEqual(prune(), "1 dropped, 0 in use\n")
        self.assertEqual(self.json("roots", "ls"), [])
        self.start()

    def test_odd_arguments_arrive_in_the_json(self):
        self.start("-", "-", name="cat")
        self.start("-c", "cat", 'quote " newline \n tab \t', "ü", name="bash")
        argvs = [job["argv"] for job in self.json("ps")]
        self.assertIn(["bash", "-c", "cat", 'quote " newline \n tab \t', "ü"], argvs)

    def test_status(self):
        status = self.json("daemon", "status")
        self.assertEqual(status["pid"], self.relocd.pid)
        self.assertEqual(programs.relocctl("daemon", "status", env=self.env).status, 0)


if __name__ == "__main__":
    session.main()
