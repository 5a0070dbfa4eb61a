"""A thousand launches, half of them killed at a random moment: nothing is left of any of them."""
import os
import random
import re
import signal
import subprocess
import time

from support import daemon, session, ways

LAUNCHES = 1000
AT_ONCE = 16


def temporary_files():
    """Returns this product's entries in /tmp; not those of tests and benchmarks that run at the same time."""
    return {name for name in os.listdir("/tmp") if "reloc" in name and not re.match("relocd?-(test|bench)", name)}


def mounts():
    with open("/proc/self/mountinfo") as table:
        return sorted(line.split()[4] for line in table)


@ways.every_way
class Leftovers(ways.LaunchTest):
    PROGRAMS = ["bash", "sleep"]

    def test_nothing_is_left_of_a_thousand_launches_of_which_half_are_killed(self):
        self.packed("bash", "-c", "exit 0")  # files that are kept on purpose (a cache) exist now
        before = self.what_is_there()
        random.seed(2)
        live = []
        for number in range(LAUNCHES):
            if len(live) == AT_ONCE:
                self.end(live.pop(0))
            live.append(self.start(number))
        for job in live:
            self.end(job)
        daemon.wait_until(lambda: self.what_is_there()[0] <= before[0])
        kept, *others = self.what_is_there()
        self.assertLessEqual(kept, before[0])
        self.assertEqual(others, before[1:])

    def what_is_there(self):
        own = [path for path, _, _ in os.walk(session.temp()) if not path.startswith(self.pack)]
        # Processes and temporary files of the first launch may still be ending, and those of the last too.
        return [{*temporary_files(), *session.children()}, mounts(), sorted(own)]

    def start(self, number):
        """Starts one; every second one sleeps for ever, and is killed somewhere between fork and sleep."""
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
