"""A thousand launches, half of them killed at a random moment: nothing is left of any of them."""
import os
import random
import signal
import subprocess
import time

from support import packs, programs, session, ways

LAUNCHES = 1000
AT_ONCE = 16


def temporary_files():
    """This user's entries in /tmp, but for those of tests that run at the same time."""
    mine = (entry for entry in os.scandir("/tmp") if entry.stat(follow_symlinks=False).st_uid == os.getuid())
    return {entry.name for entry in mine if not entry.name.startswith("reloc-test-")}


def mounts():
    with open("/proc/self/mountinfo") as table:
        return sorted(line.split()[4] for line in table)


@ways.every_way
class Leftovers(ways.LaunchTest):
    PROGRAMS = ["bash", "sleep"]

    def test_nothing_is_left_of_a_thousand_launches_of_which_half_are_killed(self):
        self.packed("bash", "-c", "exit 0")  # what is kept on purpose (a cache) is there now
        before = temporary_files(), mounts(), session.children(), sorted(os.listdir(self.env["XDG_RUNTIME_DIR"]))
        random.seed(2)
        live = []
        for number in range(LAUNCHES):
            if len(live) == AT_ONCE:
                self.end(live.pop(0))
            live.append(self.start(number))
        for job in live:
            self.end(job)
        after = temporary_files(), mounts(), session.children(), sorted(os.listdir(self.env["XDG_RUNTIME_DIR"]))
        self.assertEqual(after, before)

    def start(self, number):
        """Every second one sleeps for ever, and is killed somewhere between fork and sleep."""
        if number % 2:
            return subprocess.Popen(["sleep", "1000"], executable=self.entry("sleep"), env=self.env)
        return subprocess.Popen(["bash", "-c", "exit 7"], executable=self.entry("bash"), env=self.env)

    def end(self, job):
        if job.args[0] == "bash":
            self.assertEqual(job.wait(30), 7)
            return
        time.sleep(random.uniform(0, 0.002))
        deadly = random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        job.send_signal(deadly)
        self.assertEqual(job.wait(30), -deadly)


if __name__ == "__main__":
    session.main()
