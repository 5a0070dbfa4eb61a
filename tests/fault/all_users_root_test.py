"""`ps --all-users` of root: every user's daemon, and nobody who only says that he is one."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from support import daemon, packs, programs, session

OTHER = 4243


class AllUsers(unittest.TestCase):
    def start(self, uid, directory):
        relocd = subprocess.Popen([programs.RELOCD, "--dir", directory], user=uid, group=uid, extra_groups=[],
                                  stderr=subprocess.DEVNULL, env={"PATH": programs.HOST_PATH, "HOME": self.home})
        self.addCleanup(relocd.wait)
        self.addCleanup(relocd.terminate)
        self.assertTrue(daemon.wait_until(lambda: daemon.accepts(f"{directory}/launch.sock")))

    def setUp(self):
        os.chmod(session.temp(), 0o755)
        self.home = tempfile.mkdtemp(dir=session.temp())
        os.chmod(self.home, 0o777)
        self.pack = packs.from_host("sleep")

    def place(self, uid, owner):
        directory = f"/tmp/relocd-{uid}"
        if os.path.exists(directory):
            self.skipTest(f"{directory} is in use")
        os.mkdir(directory, 0o700)
        os.chown(directory, owner, owner)
        self.addCleanup(shutil.rmtree, directory)
        return directory

    def job(self, uid, directory):
        job = subprocess.Popen([f"{self.pack}/bin/sleep", "1000"], user=uid, group=uid, extra_groups=[],
                               env={"RELOCD_DIR": directory})
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        return job

    def listed(self, **options):
        outcome = programs.relocctl("ps", "--all-users", "--format", "json", **options)
        return json.loads(outcome.out or "[]"), outcome

    def test_each_users_jobs(self):
        own = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(own.stop)
        theirs = self.place(OTHER, OTHER)
        self.start(OTHER, theirs)
        pids = {self.job(0, own.directory).pid: 0, self.job(OTHER, theirs).pid: OTHER}
        seen = lambda: {job["pid"]: job["uid"] for job in self.listed(env=own.environment())[0]}
        self.assertTrue(daemon.wait_until(lambda: pids.items() <= seen().items()), seen())
        table = programs.must(programs.relocctl("ps", "--all-users", env=own.environment())).out
        self.assertIn("USER", table.splitlines()[0])

    def test_a_directory_of_someone_else_is_not_believed(self):
        """uid 4242 has made the directory of uid 4243, and serves there."""
        false = self.place(OTHER, session.ORDINARY_USER)
        self.start(session.ORDINARY_USER, false)
        job = self.job(session.ORDINARY_USER, false)
        jobs, outcome = self.listed()
        self.assertNotIn(job.pid, [job["pid"] for job in jobs])
        self.assertIn(false, outcome.err)


if __name__ == "__main__":
    session.main(needs_root=True)
