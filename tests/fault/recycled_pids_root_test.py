"""Process numbers that are reused while a job is killed: only the job gets the signal.

As root in a PID namespace of its own, where /proc/sys/kernel/ns_last_pid says which number comes next: bystanders
get the numbers of job processes that have just ended, as if all numbers had been used once in between.
"""
import os
import signal
import subprocess
import sys
import time
import unittest

from support import daemon, packs, programs, session

INSIDE = "RELOC_TEST_IN_PID_NAMESPACE"
RECYCLED = 500   # numbers, for each engine
BYSTANDERS = 40  # a round


class RecycledPids(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("bash", "sleep")
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(self.relocd.stop)

    def start(self, engine):
        """Starts a job whose processes start and end."""
        script = "echo ready; while :; do sleep 0.002 & sleep 0.003 & wait; done"
        job = subprocess.Popen(["bash", "-c", script], executable=self.pack + "/bin/bash",
                               env=self.relocd.environment(RELOC_ENGINE=engine), stdout=subprocess.PIPE)
        self.assertEqual(job.stdout.readline(), b"ready\n")
        return job

    def bystander(self, number):
        """Starts a process with that number, if it is free: it soon exits with 0, unless it gets a signal."""
        with open("/proc/sys/kernel/ns_last_pid", "w") as last:
            last.write(str(number - 1))
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            time.sleep(0.05)
            os._exit(0)
        return pid

    def children(self, pid):
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as listing:
                return [int(child) for child in listing.read().split()]
        except OSError:
            return []

    def check(self, engine):
        rounds = recycled = wrong = 0
        while recycled < RECYCLED and rounds < 200:
            rounds += 1
            job = self.start(engine)
            killer = None
            bystanders, seen = [], []
            while len(bystanders) < BYSTANDERS:
                seen += [child for child in self.children(job.pid) if child not in seen]
                free = next((number for number in seen if not os.path.exists(f"/proc/{number}")), None)
                if free is None:
                    if killer is not None and killer.poll() is not None:
                        break  # the job has ended, and so have its processes
                    continue
                seen.remove(free)
                pid = self.bystander(free)
                recycled += pid == free
                bystanders.append(pid)
                if killer is None and len(bystanders) >= BYSTANDERS // 2:
                    killer = subprocess.Popen([programs.RELOCCTL, "kill", "-s", "TERM", str(job.pid)],
                                              env=self.relocd.environment(), stdout=subprocess.DEVNULL)
            wrong += sum(os.waitpid(pid, 0)[1] != 0 for pid in bystanders)
            self.assertEqual(killer.wait(30), 0)
            self.assertEqual(job.wait(30), -signal.SIGTERM)
            job.stdout.close()
        self.assertEqual(wrong, 0)
        self.assertGreaterEqual(recycled, RECYCLED, f"in {rounds} rounds")

    def test_userns(self):
        self.check("userns")

    def test_fakechroot(self):
        self.check("fakechroot")


if __name__ == "__main__":
    if os.geteuid() == 0 and INSIDE not in os.environ:
        command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-B", *sys.argv]
        sys.exit(subprocess.call(command, env={**os.environ, INSIDE: "1"}))
    session.main(needs_root=True)
