"""Everything at once: under load the daemon is stopped, killed and restarted, its keeper and clients are killed,
and its sockets removed, and launchers are killed. Each job ends as expected and has written what was expected, and
nothing is left of it all.

RELOC_CHAOS_SECONDS=N for how long (20); RELOC_CHAOS_SEED=S repeats a run, as far as the scheduler lets it.
"""
import collections
import json
import os
import random
import sys
import unittest

from chaos import clients, leaks, relocd, trouble
from support import daemon, packs, programs, session

SECONDS = float(os.environ.get("RELOC_CHAOS_SECONDS", "20"))
SEED = os.environ.get("RELOC_CHAOS_SEED") or str(random.randrange(10**9))
CLIENTS = 6


class Chaos(unittest.TestCase):
    def setUp(self):
        print(f"RELOC_CHAOS_SEED={SEED}", file=sys.stderr, flush=True)
        self.pack = packs.from_host("sh", "seq", "sleep", "cat")
        self.entry = self.pack + "/bin/sh"
        self.directory = packs.new_path("daemon")
        self.scratch = session.make_dir("scratch")
        self.state = packs.new_path("state")
        self.env = programs.environment(RELOCD_DIR=self.directory, RELOC_ENGINE="userns", TMPDIR=self.scratch,
                                        XDG_STATE_HOME=self.state, PATH=f"{self.pack}/bin")

    def start(self, directory=None):
        self.relocd = relocd.Relocd(directory or self.directory, self.env)
        return self.relocd

    def clients(self, part):
        return clients.Clients(self.entry, self.env, f"{SEED}-{part}", CLIENTS)

    def run_part(self, part, seconds, **how):
        """Runs jobs under trouble for so long. Returns the jobs."""
        load = self.clients(part)
        worry = trouble.Trouble(self.relocd, self.start, load, f"{SEED}-{part}")
        try:
            worry.make(seconds, **how)
        finally:
            load.stop()
        self.assertEqual(load.wrong, [], "\n".join([f"seed {SEED}", *worry.log]))
        self.assertGreater(len(load.done), seconds)
        print(f"{part}: {len(load.done)} jobs, {len(worry.log)} troubles", file=sys.stderr, flush=True)
        return load.done

    def assertToldRightly(self, done):
        """The daemon reports about these jobs what their callers saw. It may not know all of them."""
        by_token = {job.token: job for job in done}
        told = {"exited": 0, "killed": 0, "lost": 0, "running": 0}
        for known in daemon.jobs(self.env):
            job = next((by_token[word] for word in known["argv"] if word in by_token), None)
            if job is None:
                continue
            told[known["state"]] += 1
            if known["state"] in ("exited", "killed"):
                status = known["exit_code"] if known["state"] == "exited" else -known["signal"]
                self.assertTrue(job.may_have_ended(status), f"{job} in ps: {known}")
        self.assertEqual(told["running"], 0)
        self.assertGreater(told["exited"], 0)
        print(f"ps knows {told}", file=sys.stderr, flush=True)

    def history(self):
        return json.loads(programs.must(programs.relocctl("history", "--format", "json", env=self.env)).out)

    def assertHistoryTells(self, done):
        """The history has each detached job once, with the right status."""
        self.assertTrue(daemon.wait_until(lambda: session.children() == [self.relocd.pid]), session.children())
        history = collections.defaultdict(list)
        for known in self.history():
            history[known["id"]].append(known)
        for job in (job for job in done if job.id):
            self.assertEqual(len(history[job.id]), 1, f"{job} in the history: {history[job.id]}")
            known = history[job.id][0]
            status = known["exit_code"] if known["state"] == "exited" else -(known["signal"] or 0)
            right = job.launcher_killed if known["state"] == "lost" else job.may_have_ended(status)
            self.assertTrue(right, f"{job} in the history: {known}")

    def assertOutputIsOfKnownJobs(self):
        known = {job["id"] for job in self.history()}
        kept = {name.removesuffix(".1") for name in os.listdir(f"{self.state}/relocd/output")}
        self.assertEqual(kept - known, set())

    def await_rest(self):
        def running():
            return [job for job in daemon.jobs(self.env) if job["state"] == "running"]
        if not daemon.wait_until(lambda: not running(), 20):
            left = running()
            tree = programs.run(["ps", "-eo", "pid,ppid,sid,stat,wchan:20,args"]).out
            self.fail(f"still running: {left}\n{tree}")

    def files_of_a_quiet_life(self):
        directory = packs.new_path("quiet")
        quiet = self.start(directory)
        for way in ([], [programs.RELOCCTL, "run", "--detach"]):
            programs.must(programs.run([*way, self.entry, "-c", "exit 0"], env={**self.env, "RELOCD_DIR": directory}))
        self.assertTrue(daemon.wait_until(lambda: session.children() == [quiet.pid]), session.children())
        quiet.stop()
        return leaks.files_below(directory)

    def test_nothing_is_lost_and_nothing_is_left(self):
        mounts = leaks.mounts()
        self.start()
        self.addCleanup(lambda: self.relocd.stop())
        every = self.run_part("all", SECONDS * 0.7, restart=True)
        self.await_rest()
        self.assertToldRightly(every)

        # One daemon for the rest, to see what it accumulates.
        self.relocd.stop()
        self.start()
        programs.must(programs.relocctl("mirrors", "add", "--wait", self.pack, env=self.env))
        self.assertTrue(daemon.wait_until(lambda: daemon.joins_a_published_root(self.entry, self.env)))
        before = leaks.open_descriptors(self.env)
        done = self.run_part("gentle", SECONDS * 0.3, restart=False)
        self.await_rest()
        self.assertToldRightly(done)
        self.assertLessEqual(leaks.settled_descriptors(self.env, before), before)

        self.assertHistoryTells(every + done)
        self.assertEqual(self.relocd.stop(), 0)
        # The next daemon removes what could not be removed because all were killed, unless a launcher may just be
        # starting.
        for name in os.listdir(f"{self.directory}/jobs"):
            os.utime(f"{self.directory}/jobs/{name}", (0, 0))
        self.start()
        self.assertEqual(self.relocd.stop(), 0)
        self.assertOutputIsOfKnownJobs()
        self.assertLessEqual(set(leaks.files_below(self.directory)), set(self.files_of_a_quiet_life()))
        self.assertEqual(leaks.files_below(self.scratch), [])
        self.assertEqual(leaks.mounts(), mounts)
        self.assertTrue(daemon.wait_until(lambda: session.children() == []), session.children())


if __name__ == "__main__":
    session.main()
