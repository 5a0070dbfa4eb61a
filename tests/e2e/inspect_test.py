"""relocctl inspect: everything known about a job."""
import json
import os
import unittest

from support import jobs, session


class Inspect(jobs.JobsTest):
    def test_every_field(self):
        job = self.start("sleep 1000 & echo ready; read line; kill $!", PWD="/")
        self.await_job(job.pid, processes=2)
        shown = self.inspect(job.pid)
        listed = self.job(job.pid)
        self.assertLessEqual(set(listed), set(shown))
        self.assertEqual([shown[key] for key in ("id", "pid", "argv", "state", "processes")],
                         [listed[key] for key in ("id", "pid", "argv", "state", "processes")])
        self.assertEqual(shown["cwd"], os.getcwd())
        with open(f"/proc/{job.pid}/cgroup") as cgroup:
            self.assertEqual(shown["cgroup"], cgroup.read().strip())
        self.assertEqual(f"mnt:[{shown['mount_namespace']}]", os.readlink(f"/proc/{job.pid}/ns/mnt"))
        self.assertEqual([shown[key] for key in ("tty", "launcher_pid", "output_file", "attachable")],
                         [None, None, None, False])

    def test_its_processes(self):
        job = self.start("cd /; sleep 1000 & echo ready; read line; kill $!")
        self.await_job(job.pid, processes=2)
        main, child = self.inspect(job.pid)["process_list"]
        self.assertEqual((main["pid"], child["parent"]), (job.pid, job.pid))
        self.assertEqual(child["argv"][-1], "1000")
        self.assertEqual((child["cwd"], child["state"]), ("/", "S"))
        self.assertGreater(main["rss_bytes"], 100_000)

    def test_a_name_that_looks_like_fields(self):
        """For a process called ") R 1 (": /proc/PID/stat is parsed from its end."""
        job = self.start("exec 3>/proc/$BASHPID/comm; echo -n ') R 1 (' >&3; sleep 1000 & echo ready; read line; kill $!")
        with open(f"/proc/{job.pid}/comm") as comm:
            self.assertEqual(comm.read(), ") R 1 (\n")
        self.await_job(job.pid, processes=2, state="running")
        self.assertEqual(self.inspect(job.pid)["process_list"][0]["parent"], os.getpid())

    def test_one_that_has_ended(self):
        job = self.start("echo ready; exit 5")
        job.wait()
        self.await_job(job.pid, processes=0)
        shown = self.inspect(job.pid)
        self.assertEqual((shown["cwd"], shown["process_list"]), (None, []))

    def test_json_is_its_only_format(self):
        job = self.start()
        shown = json.loads(self.must("inspect", "--format", "json", str(job.pid)))
        self.assertEqual(shown[0]["pid"], job.pid)
        outcome = self.relocctl("inspect", "--format", "table", str(job.pid))
        self.assertEqual(outcome.status, 125)
        self.assertIn("json", outcome.err)

    def test_an_unknown_job(self):
        outcome = self.relocctl("inspect", "nobody")
        self.assertComplaint(outcome, "there is no job 'nobody'")
        self.assertEqual(outcome.out, "")


if __name__ == "__main__":
    session.main()
