"""Mirrors: made on request or automatically, used by launches as soon as they are ready, kept while they are
used."""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from support import daemon, packs, programs, session
from support.mirroring import MirrorsTest, large_pack
from support.terminal import Terminal


class Making(MirrorsTest):
    def test_a_launch_runs_from_the_mirror(self):
        self.start()
        self.assertIsNone(self.mirror_shown())
        name = self.add()
        self.await_mirror(name)
        [mirror] = self.list()
        self.assertEqual((mirror["name"], mirror["state"], mirror["kind"], mirror["pack"]),
                         (name, "ready", "plain", self.pack))
        self.assertEqual(mirror["path"], f"{self.cache}/mirrors/{name}")
        self.assertGreater(mirror["bytes"], 0)
        self.assertIn(name[:12] + ".plain", self.must("ls"))

    def test_the_store_of_the_pack_need_not_even_be_there(self):
        self.start()
        pack = packs.new_path("copy")
        shutil.copytree(self.pack, pack, symlinks=True)
        self.await_mirror(self.add(pack), pack)
        programs.must(programs.run([pack + "/bin/sh", "-c", "exit 0"], env=self.env))
        store = next(path for path in os.listdir(pack) if path not in (".reloc", "bin"))
        for directory, _, files in os.walk(f"{pack}/{store}"):
            for file in files:
                os.unlink(f"{directory}/{file}")
        self.assertEqual(programs.must(programs.run([pack + "/bin/sh", "-c", "echo runs"], env=self.env)).out, "runs\n")

    def test_what_shows_it(self):
        self.start()
        name = self.add()
        self.await_mirror(name)
        job = subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE)
        self.addCleanup(job.wait)
        self.addCleanup(job.stdin.close)
        self.assertTrue(daemon.wait_until(lambda: [mirror["jobs"] for mirror in self.list()] == [1]))
        inspected = json.loads(programs.must(programs.relocctl("inspect", str(job.pid), env=self.env)).out)
        self.assertEqual(inspected[0]["mirror"], name)
        roots = json.loads(programs.must(programs.relocctl("roots", "ls", "--format", "json", env=self.env)).out)
        self.assertEqual([root["mirror"] for root in roots], [name])
        created = [event for event in self.events() if event["type"] == "mirror_create"]
        self.assertEqual([(event["mirror"], event["pack"]) for event in created], [(name, self.pack)])
        metrics = programs.must(programs.relocctl("metrics", env=self.env)).out
        self.assertRegex(metrics, r"\nrelocd_mirror_bytes [1-9]")
        self.assertIn("\nrelocd_mirror_limit_bytes 10737418240\n", metrics)

    def test_running_jobs_go_on_in_the_old_root(self):
        self.start()
        job = subprocess.Popen([self.pack + "/bin/sh", "-c", "echo; read line; cat /proc/self/mountinfo"], env=self.env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(job.stdout.readline(), "\n")
        name = self.add()
        self.await_mirror(name)
        self.assertNotIn(name, job.communicate("\n")[0])
        self.assertEqual(job.returncode, 0)

    def test_nested_launches_stay_in_the_root(self):
        self.start()
        self.await_mirror(self.add())
        nested = [self.pack + "/bin/sh", "-c", f'readlink /proc/self/ns/mnt; "{self.pack}/bin/sh" -c '
                  '"readlink /proc/self/ns/mnt"']
        first, second = programs.must(programs.run(nested, env=self.env)).out.split()
        self.assertEqual(first, second)

    def test_one_that_is_there_is_not_made_again(self):
        self.start()
        name = self.add()
        made = os.stat(f"{self.cache}/mirrors/{name}").st_ino
        self.assertEqual(self.add(), name)
        self.assertEqual(os.stat(f"{self.cache}/mirrors/{name}").st_ino, made)

    def test_without_waiting_it_comes_later(self):
        self.start()
        self.assertIn("see relocctl mirrors ls", self.must("add", self.pack))
        self.assertTrue(daemon.wait_until(lambda: self.pack in self.ready()))

    def test_interrupted_waiting_is_all_that_ends(self):
        self.start()
        add = ["relocctl", "mirrors", "add", "--wait", large_pack()]
        with Terminal(lambda: os.execve(programs.RELOCCTL, add, self.env)) as terminal:
            worker = self.await_worker()
            os.kill(worker, signal.SIGSTOP)
            self.assertEqual([mirror["state"] for mirror in self.list()], ["making"])
            terminal.send("\x03")
            self.assertEqual(os.WTERMSIG(terminal.wait()), signal.SIGINT)
            os.kill(worker, signal.SIGCONT)
        self.assertTrue(daemon.wait_until(lambda: large_pack() in self.ready(), seconds=60))

    def test_a_terminal_shows_how_far_it_is(self):
        self.start()
        add = ["relocctl", "mirrors", "add", "--wait", large_pack()]
        with Terminal(lambda: os.execve(programs.RELOCCTL, add, self.env)) as terminal:
            shown = terminal.expect(" is ready\n", seconds=60)
            self.assertEqual(terminal.wait(), 0)
        self.assertRegex(shown, r"mirroring +\[#* *\] +\d+%")


class ByItself(MirrorsTest):
    def launch(self, count):
        for _ in range(count):
            programs.must(programs.run([self.pack + "/bin/sh", "-c", "exit 0"], env=self.env))

    def test_after_some_launches(self):
        self.start("--mirror-after", "3", "--mirror-all", "true")
        self.launch(2)
        self.assertEqual(self.list(), [])
        self.launch(1)
        self.assertTrue(daemon.wait_until(lambda: self.pack in self.ready()), self.relocd.read_log())
        self.await_mirror(self.ready()[self.pack]["name"])

    def test_again_should_it_go_but_less_often(self):
        self.start("--mirror-after", "2", "--mirror-all", "true")
        self.launch(2)
        for launches in (4, 8):
            self.assertTrue(daemon.wait_until(lambda: self.pack in self.ready()), self.relocd.read_log())
            self.must("prune", self.ready()[self.pack]["name"])
            self.launch(launches - 1)
            self.must("prune")  # in the same queue
            self.assertEqual(self.list(), [])
            # A launch that still joined the root with the mirror does not count.
            self.assertTrue(daemon.wait_until(lambda: self.launch(1) or self.pack in self.ready()), self.relocd.read_log())

    def test_not_of_packs_on_a_disk_of_this_host(self):
        self.start("--mirror-after", "1")
        self.launch(3)
        for _ in range(15):  # until relocd has checked the pack, and longer
            self.assertEqual(self.mirrors("ls").err, "")
            time.sleep(0.1)
        self.assertTrue(daemon.wait_until(lambda: self.must("prune") and self.worker() is None))  # in the same queue
        self.assertEqual(self.list(), [])

    def test_never_if_so_configured(self):
        self.start("--mirror-after", "0", "--mirror-all", "true")
        self.launch(5)
        self.must("prune")
        self.assertEqual(self.list(), [])


class HeldMirrors(MirrorsTest):
    def hold(self, script="echo ready; read line", pack=None):
        """Starts a job that prints "ready" and waits for its input to end."""
        job = subprocess.Popen(["sh", "-c", script], executable=(pack or self.pack) + "/bin/sh", env=self.env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (job.stdin.close(), job.stdout.close(), job.wait()))
        self.assertEqual(job.stdout.readline(), "ready\n")
        return job


class Removing(HeldMirrors):
    def test_one_in_use_is_kept_until_the_job_has_ended(self):
        self.start()
        name = self.add()
        self.await_mirror(name)
        job = self.hold("echo ready; read line; cat /proc/self/mountinfo")
        self.assertIn("0 removed, 1 in use", self.must("prune", "--all"))
        self.assertComplaintAfterOutput(self.mirrors("prune", name), "programs run from")
        self.assertEqual(self.mirror_shown(), name)
        self.assertIn(name, job.communicate("\n")[0])
        self.assertTrue(daemon.wait_until(lambda: [mirror["jobs"] for mirror in self.list()] == [0]))
        self.assertIn("1 removed, 0 in use", self.must("prune", "--all"))
        self.assertEqual((self.list(), os.listdir(self.cache + "/mirrors")), ([], []))
        self.assertIsNone(self.mirror_shown())
        self.assertEqual(self.evicted(), [(name, "pruned")])

    def evicted(self):
        return [(event["mirror"], event["reason"]) for event in self.events() if event["type"] == "mirror_evict"]

    def assertComplaintAfterOutput(self, outcome, words):
        self.assertEqual(outcome.status, 1)
        self.assertIn(words, outcome.err)

    def test_what_a_job_left_behind_uses_it_too(self):
        self.start()
        self.await_mirror(self.add())
        job = self.hold("setsid sleep 1000 & echo ready; read line")
        left = self.await_left_behind(job)
        self.assertIn("0 removed, 1 in use", self.must("prune", "--all"))
        os.kill(left, signal.SIGKILL)
        self.assertTrue(daemon.wait_until(lambda: "1 removed" in self.must("prune", "--all")))

    def await_left_behind(self, job):
        processes = lambda: daemon.inspect(job.pid, self.env)
        job.kill()
        job.wait()
        self.assertTrue(daemon.wait_until(lambda: processes()["state"] != "running"))
        left = []  # also empty if the processes could not be read in time
        self.assertTrue(daemon.wait_until(lambda: left.extend(processes()["process_list"]) or left))
        return left[0]["pid"]

    def test_of_a_pack_that_is_gone(self):
        self.start()
        kept, pack = self.add(), packs.new_path("copy")
        programs.must(programs.relocctl("pack", "create", "-o", pack, "--from-host", programs.host("true")))
        gone = self.add(pack)
        self.assertIn("0 removed", self.must("prune"))
        shutil.rmtree(pack)
        self.assertIn("1 removed", self.must("prune"))
        self.assertEqual([mirror["name"] for mirror in self.list()], [kept])
        self.assertNotEqual(kept, gone)

    def test_by_the_beginning_of_a_name(self):
        self.start()
        name = self.add()
        self.assertIn("1 removed", self.must("prune", name[:8]))
        self.assertComplaint(self.mirrors("prune", name), "there is no mirror", "relocctl mirrors ls")

    def test_the_one_used_least_recently_makes_room(self):
        self.start()
        other = packs.from_host("true", "false")
        size = self.size_of(self.add())
        self.must("prune", "--all")
        self.restart("--mirror-limit", str(size + 4096))
        first = self.add()
        self.await_mirror(first)
        job = self.hold()
        refused = self.mirrors("add", "--wait", other)
        self.assertComplaint(refused, "in use")
        self.assertEqual([mirror["name"] for mirror in self.list()], [first])
        self.assertEqual(self.mirror_shown(), first)
        job.stdin.close()
        job.wait()
        self.assertTrue(daemon.wait_until(lambda: [mirror["jobs"] for mirror in self.list()] == [0]))
        second = self.add(other)
        self.assertEqual([mirror["name"] for mirror in self.list()], [second])
        self.assertEqual(self.evicted(), [(first, "pruned"), (first, "limit")])
        gone = [event for event in self.events() if event["type"] == "root_evict" and event.get("mirror") == first]
        self.assertEqual(gone[-1]["reason"], "limit")

    def size_of(self, name):
        listed = programs.must(programs.run(["du", "-s", "-B1", f"{self.cache}/mirrors/{name}"])).out
        return int(listed.split()[0])


class Restarting(HeldMirrors):
    def test_the_next_daemon_knows_them(self):
        for end in ("stop", "kill"):
            with self.subTest(end):
                self.start()
                name = self.add()
                getattr(self.relocd, end)()
                self.start()
                self.await_mirror(name)
                self.assertEqual([mirror["name"] for mirror in self.list()], [name])
                self.relocd.stop()

    def test_the_next_daemon_knows_who_uses_them(self):
        self.start()
        name = self.add()
        self.await_mirror(name)
        job = self.hold()
        self.assertTrue(daemon.wait_until(lambda: [mirror["jobs"] for mirror in self.list()] == [1]))
        self.relocd.kill()
        self.start()
        self.assertTrue(daemon.wait_until(lambda: [mirror["jobs"] for mirror in self.list()] == [1]))
        self.assertIn("1 in use", self.must("prune", "--all"))
        job.stdin.close()


class Verifying(MirrorsTest):
    def test_a_file_that_was_changed_is_named(self):
        self.start()
        name = self.add()
        self.assertEqual(self.must("verify"), "")
        [changed] = programs.must(programs.run(["find", f"{self.cache}/mirrors/{name}", "-name", "sh", "-o", "-name",
                                                "dash", "-type", "f"])).out.split()[:1]
        with open(changed, "rb") as file:
            whole = file.read()

        def write(content):
            with open(changed, "wb") as file:
                file.write(content)
        self.await_mirror(name)
        write(whole[:100] + b"changed" + whole[107:])
        outcome = self.mirrors("verify", name[:6])
        self.assertEqual(outcome.status, 1)
        self.assertRegex(outcome.out, rf"\A{name}: \S+/{os.path.basename(changed)} has other content\n\Z")
        self.assertRegex(outcome.err, rf"\Arelocctl: mirror {name[:12]}\S* is damaged, [^\n]*; relocctl mirrors add {self.pack} [^\n]*\n\Z")
        self.assertDamaged(name)
        self.restart()  # it tries mirrors, and finds nothing wrong with this one
        self.assertDamaged(name)

        # It is used again when its file is restored, or after the fix.
        write(whole)
        self.assertEqual(self.must("verify"), "")
        self.await_mirror(name)
        write(whole[:100] + b"changed" + whole[107:])
        self.assertEqual(self.mirrors("verify").status, 1)
        self.assertEqual(self.add(), name)
        self.assertEqual([mirror["state"] for mirror in self.list()], ["ready"])
        self.await_mirror(name)
        self.assertEqual(self.must("verify"), "")

    def test_a_damaged_one_is_pruned(self):
        self.start()
        name = self.add()
        os.unlink(f"{self.cache}/mirrors/{name}/.reloc/contents.json")
        outcome = self.mirrors("verify")
        self.assertEqual(outcome.status, 1)
        self.assertDamaged(name)
        self.assertIn("1 removed", self.must("prune"))
        self.assertEqual((self.list(), os.listdir(self.cache + "/mirrors")), ([], []))

    def assertDamaged(self, name):
        [mirror] = self.list()
        self.assertEqual((mirror["name"], mirror["state"]), (name, "damaged"))
        self.assertIsNone(self.mirror_shown())  # launches use the pack instead
        findings = json.loads(programs.relocctl("doctor", "--format", "json", env=self.env).out)
        [told] = [finding for finding in findings if finding["check"] == "mirror"]
        self.assertEqual(told["health"], "WARN")
        self.assertIn(f"relocctl mirrors add {self.pack}", told["cure"])


class Mistakes(MirrorsTest):
    def test_what_cannot_be(self):
        self.env = programs.environment()
        for command in (["ls"], ["add", self.pack], ["prune"], ["verify"]):
            self.assertComplaint(self.mirrors(*command), "no daemon runs", "relocctl daemon start")
        self.start()
        self.assertComplaint(self.mirrors("add", "/nowhere"), "/nowhere", status=125)
        self.assertComplaint(self.mirrors("add", "/usr"), "/usr", status=125)
        image = packs.from_host("sed", suffix=".sqfs")
        self.assertComplaint(self.mirrors("add", image), image, "an image needs no mirror", status=125)
        self.assertComplaint(self.mirrors("verify", "0123"), "there is no mirror '0123'")

    def test_completion(self):
        self.start()
        name = self.add()
        completed = programs.must(programs.relocctl("__complete", "mirrors", "prune", name[:4], env=self.env)).out
        self.assertIn(f"{name[:12]}.plain\t{self.pack}\n", completed)


if __name__ == "__main__":
    session.main()
