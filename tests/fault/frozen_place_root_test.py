"""Another user has /tmp/relocd-<uid>, and the file system of the state directory stops answering. Run by root.

It is a frozen ext4: processes that change something there wait, and cannot be killed. relocd serves there only
where there is no FUSE.
"""
import json
import os
import shutil
import signal
import subprocess
import time

from support import daemon, programs, session
from taken_place import DEFAULT, USER, TakenPlaceCase

COMMAND_SECONDS = 8  # 3 are promised; the rest is for a busy machine
LAUNCH_SECONDS = 2
LOOK_SECONDS = 12  # more than relocd waits between two checks of its place
LONG = 60


class FrozenPlace(TakenPlaceCase):
    def setUp(self):
        super().setUp()
        image = self.work + "/image"
        with open(image, "w") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, self.home], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.home], check=True)
        os.chown(self.home, USER, USER)
        os.chmod(self.home, 0o700)
        self.addCleanup(self.thaw)
        self.thawing = None

    def freeze(self):
        # However this process ends: processes that wait for a frozen file system cannot even be killed.
        self.thawing = subprocess.Popen(["sh", "-c", 'read end; fsfreeze --unfreeze "$0"', self.home],
                                        stdin=subprocess.PIPE)
        subprocess.run(["fsfreeze", "--freeze", self.home], check=True)

    def thaw(self):
        if self.thawing is not None:
            self.thawing.communicate()
        self.thawing = None

    def run_as_user(self, *argv, soon=COMMAND_SECONDS, **variables):
        with subprocess.Popen(self.command(*argv), env=self.environment(**variables), cwd="/", encoding="utf-8",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                out, err = process.communicate(timeout=soon)
            except subprocess.TimeoutExpired:
                self.thaw()
                process.kill()
                self.fail(f"{' '.join(argv)} gives no answer")
        return programs.Outcome(process.returncode, out, err)

    def status(self):
        return json.loads(programs.must(self.relocctl("daemon", "status", "--format", "json", soon=LONG)).out)

    def stop_daemon(self):
        self.thaw()
        self.assertTrue(daemon.wait_until(lambda: self.relocctl("daemon", "stop", soon=LONG).status == 0, LONG))

    def start_job(self):
        """Starts a detached job that runs until it is killed, and a relocctl that waits for its end."""
        started = self.relocctl("run", "-d", self.pack + "/bin/sleep", "1000", soon=LONG, RELOC_ENGINE="userns")
        job = programs.must(started).out.strip()
        [shown] = json.loads(programs.must(self.relocctl("inspect", job, soon=LONG)).out)
        self.addCleanup(kill, shown["pid"])
        waiting = subprocess.Popen(self.command(programs.RELOCCTL, "wait", job), env=self.environment(), cwd="/",
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
        self.addCleanup(waiting.stdout.close)
        self.addCleanup(waiting.wait)
        self.addCleanup(waiting.kill)
        time.sleep(3)  # until it is connected: connecting to a frozen file system blocks
        return job, shown["pid"], waiting

    def assertLearnsOfTheEnd(self, pid, waiting):
        os.kill(pid, signal.SIGKILL)
        try:
            self.assertEqual(waiting.communicate(timeout=LONG)[0], "137\n")
        except subprocess.TimeoutExpired:
            self.fail("relocd does not tell of the end: its event loop hangs")

    def assertRecovers(self, job, relocd):
        """The same relocd serves, and the next one knows how the job ended."""
        self.thaw()
        self.assertTrue(daemon.wait_until(lambda: self.serves_in(self.second, relocd), LONG))
        time.sleep(LOOK_SECONDS)  # it writes what it could not write before
        os.kill(relocd, signal.SIGKILL)
        programs.must(self.relocctl("daemon", "start", soon=LONG))
        listed = json.loads(programs.must(self.relocctl("ps", "-a", "--format", "json", soon=LONG)).out)
        [known] = [row for row in listed if row["id"] == job]
        self.assertEqual((known["state"], known["signal"]), ("killed", signal.SIGKILL))

    def test_relocd_looks_at_its_place(self):
        self.squat()
        self.start_daemon()
        relocd = self.status()["pid"]
        job, pid, waiting = self.start_job()
        self.freeze()
        time.sleep(LOOK_SECONDS)
        self.assertLearnsOfTheEnd(pid, waiting)
        self.assertRecovers(job, relocd)

    def test_a_job_ends(self):
        self.squat()
        self.start_daemon()
        relocd = self.status()["pid"]
        job, pid, waiting = self.start_job()
        self.freeze()
        # relocd drops its roots.
        subprocess.run(["nsenter", "-m", "-t", str(self.namespace), "mount", "-t", "tmpfs", "none", self.make("more")],
                       check=True)
        self.assertLearnsOfTheEnd(pid, waiting)
        self.assertRecovers(job, relocd)

    def test_the_place_is_taken(self):
        """relocd has to move to the second place."""
        self.start_daemon()
        relocd = self.status()["pid"]
        job, pid, waiting = self.start_job()
        self.freeze()
        self.squat_at(self.work + "/away")
        os.rename(self.theirs, self.work + "/old")
        os.rename(self.work + "/away", self.theirs)
        shutil.rmtree(self.work + "/old")
        time.sleep(LOOK_SECONDS)
        self.assertLearnsOfTheEnd(pid, waiting)
        self.assertRecovers(job, relocd)

    def test_commands_and_launches(self):
        self.squat()
        self.start_daemon()
        job = self.start_job()[0]
        self.freeze()
        for command in (["ps"], ["kill", job], ["roots", "ls"], ["attach", job], ["wait", job], ["daemon", "status"],
                        ["daemon", "start"], ["daemon", "stop"], ["run", "-d", self.pack + "/bin/true"]):
            with self.subTest(command=command):
                outcome = self.relocctl(*command, soon=COMMAND_SECONDS)
                self.assertNotEqual(outcome.status, 0)
                self.assertRegex(outcome.err, r"\A(reloc|relocctl): [^\n]*does not answer[^\n]*\n\Z")
        for command in (["history"], ["logs", job], ["mirrors", "ls"], ["doctor"], ["engines"]):
            with self.subTest(command=command):
                self.relocctl(*command, soon=COMMAND_SECONDS)
        outcome = self.run_as_user(self.pack + "/bin/true", soon=LAUNCH_SECONDS)
        self.assertEqual((outcome.status, outcome.err), (0, ""))

    def test_no_daemon(self):
        """The place belongs to nobody. relocctl checks for a daemon in the second place, without waiting for it."""
        os.makedirs(os.path.dirname(self.second))
        self.freeze()
        for command in (["ps"], ["daemon", "status"], ["daemon", "stop"]):
            with self.subTest(command=command):
                outcome = self.relocctl(*command, soon=COMMAND_SECONDS)
                self.assertNotIn("warning", outcome.err)
        self.assertIn(f"relocd runs in {DEFAULT},", self.start_daemon().out)

    def test_a_chosen_directory_is_anothers(self):
        """What can be read without a daemon is read in the state directory."""
        self.squat()
        self.freeze()
        for command in (["history"], ["logs", "abcd1234abcd"], ["mirrors", "ls"]):
            with self.subTest(command=command):
                self.relocctl(*command, soon=COMMAND_SECONDS, RELOCD_DIR=DEFAULT)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    session.main(needs_root=True)
