"""relocctl events: past and current events, line by line."""
import json
import os
import select
import socket
import subprocess
import time
import unittest

from support import daemon, outcomes, packs, programs, session


class Watcher:
    """A running relocctl events, and the lines that it has printed."""

    def __init__(self, env, *arguments, stdout=None):
        self.path = packs.new_path("events")
        with open(self.path, "wb") as file:
            self.process = subprocess.Popen([programs.RELOCCTL, "events", "--format", "json", *arguments], env=env,
                                            stdin=subprocess.DEVNULL, stdout=stdout or file, stderr=subprocess.PIPE)

    def events(self):
        with open(self.path) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def await_events(self, condition):
        return daemon.wait_until(lambda: condition(self.events()))

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


class Events(outcomes.OneLineTest):
    def setUp(self):
        self.pack = packs.from_host("sh")
        self.directory = packs.new_path("daemon")
        self.env = programs.environment(RELOCD_DIR=self.directory, XDG_STATE_HOME=packs.new_path("state"),
                                        RELOC_ENGINE="userns")
        self.start()

    def start(self, *arguments):
        self.relocd = daemon.Daemon(self.directory, *arguments, env=self.env)
        self.addCleanup(self.relocd.stop)

    def launch(self, script="exit 0", **more):
        return programs.run([self.pack + "/bin/sh", "-c", script], env={**self.env, **more})

    def watch(self, *arguments, **options):
        """Returns a watcher that is certainly ready: it has seen a launch."""
        watcher = Watcher(self.env, *arguments, **options)
        self.addCleanup(watcher.end)
        self.assertTrue(daemon.wait_until(lambda: self.launch("exit 99") and watcher.events()))
        return watcher

    def past(self, *arguments):
        listed = programs.must(programs.relocctl("events", "--no-stream", "--format", "json", *arguments, env=self.env))
        self.assertEqual(listed.err, "")
        return [json.loads(line) for line in listed.out.splitlines()]

    def test_it_ends_with_its_reader(self):
        """As in `relocctl events | head -1`, and not with the next event."""
        for reader, writer in (os.pipe(), [end.detach() for end in socket.socketpair()]):
            watcher = Watcher(self.env, stdout=writer)
            self.addCleanup(watcher.end)
            os.close(writer)
            self.assertTrue(daemon.wait_until(lambda: self.launch() and select.select([reader], [], [], 0)[0]))
            # All events of these launches are printed before the reader closes.
            while select.select([reader], [], [], 0.5)[0]:
                os.read(reader, 65536)
            self.assertIsNone(watcher.process.poll())
            os.close(reader)
            self.assertEqual(watcher.process.wait(20), 0)
            self.assertEqual(watcher.process.stderr.read(), b"")

    def test_launches_and_ends_are_told_as_they_happen(self):
        watcher = self.watch()
        self.launch("exit 3")
        is_end = lambda event: event["type"] == "exit" and event["exit_code"] == 3
        self.assertTrue(watcher.await_events(lambda events: any(map(is_end, events))))
        end = next(filter(is_end, watcher.events()))
        launch = next(e for e in watcher.events() if e["type"] == "launch" and e["job"] == end["job"])
        for event in (launch, end):
            self.assertEqual((event["name"], event["pack"], event["engine"]), ("sh", self.pack, "userns"))
            self.assertRegex(event["time"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z\Z")
        self.assertEqual((launch["state"], end["state"]), ("running", "exited"))

    def test_roots_and_fallbacks_are_told(self):
        watcher = self.watch("--since", "1h")
        self.assertTrue(watcher.await_events(lambda events: "root_create" in [event["type"] for event in events]))
        created = next(event for event in watcher.events() if event["type"] == "root_create")
        self.assertEqual(created["pack"], self.pack)
        roots = json.loads(programs.must(programs.relocctl("roots", "ls", "--format", "json", env=self.env)).out)
        self.assertEqual(created["root"], roots[0]["mount_namespace"])

    def test_past_and_present_join_without_gap_or_repetition(self):
        for _ in range(20):
            self.launch()
        watcher = Watcher(self.env, "--since", "1h")
        self.addCleanup(watcher.end)
        for _ in range(20):
            self.launch()
        exits = lambda events: [event["job"] for event in events if event["type"] == "exit"]
        self.assertTrue(watcher.await_events(lambda events: len(exits(events)) >= 40))
        self.assertEqual(len(exits(watcher.events())), 40)
        self.assertEqual(exits(watcher.events()), [job["id"] for job in daemon.jobs(self.env)])

    def test_the_past_alone(self):
        self.launch("exit 3")
        ended = lambda: any(event["type"] == "exit" for event in self.past())
        self.assertTrue(daemon.wait_until(ended))
        self.assertEqual(self.past()[0]["type"], "daemon_start")
        self.relocd.stop()
        self.start()
        types = [event["type"] for event in self.past()]
        self.assertEqual(types, ["daemon_start", "root_create", "launch", "exit", "daemon_stop", "daemon_start"])
        self.assertEqual(self.past("--until", "1h"), [])
        self.assertEqual(self.past("--since", self.past()[-1]["time"]), self.past()[-1:])

    def test_until_ends_it(self):
        began = time.monotonic()
        until = str(int(time.time()) + 2)
        programs.must(programs.relocctl("events", "--until", until, env=self.env))
        self.assertLess(time.monotonic() - began, 10)

    def test_the_end_of_the_daemon_ends_it(self):
        watcher = self.watch()
        self.assertEqual(self.relocd.stop(), 0)
        self.assertEqual(watcher.process.wait(10), 0)
        self.assertEqual(watcher.events()[-1]["type"], "daemon_stop")

    def test_a_killed_daemon_ends_it_with_an_error(self):
        watcher = self.watch()
        self.relocd.kill()
        self.assertEqual(watcher.process.wait(10), 1)

    def test_who_watches_keeps_the_daemon_from_leaving(self):
        self.relocd.stop()
        self.start("--idle-exit", "200ms")
        watcher = Watcher(self.env)
        self.addCleanup(watcher.end)
        time.sleep(1.5)
        self.assertIsNone(self.relocd.process.poll())
        watcher.end()
        self.assertEqual(self.relocd.process.wait(20), 0)

    def test_a_reader_that_does_not_read_holds_up_nobody(self):
        """Its pipe is full; the others, the launches and the end of the daemon are not affected."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        stuck = Watcher(self.env, "--since", "1h", stdout=writing)
        self.addCleanup(stuck.end)
        os.close(writing)
        watcher = self.watch()
        for _ in range(400):
            self.assertEqual(self.launch().status, 0)
        launches = lambda events: sum(event["type"] == "launch" for event in events)
        self.assertTrue(watcher.await_events(lambda events: launches(events) >= 400))
        self.assertNotIn("lost", [event["type"] for event in watcher.events()])
        self.assertEqual(self.relocd.stop(), 0)

    def test_many_who_watch_leave_room_for_other_commands(self):
        watchers = [Watcher(self.env) for _ in range(64)]
        for watcher in watchers:
            self.addCleanup(watcher.end)
        all_see = lambda: self.launch() and all(watcher.events() for watcher in watchers)
        self.assertTrue(daemon.wait_until(all_see, seconds=60))
        programs.must(programs.relocctl("ps", env=self.env))
        refused = programs.relocctl("events", env=self.env)
        self.assertOneLine(refused, "64 clients watch events already")
        watchers[0].end()
        programs.must(programs.relocctl("daemon", "stop", env=self.env))
        for watcher in watchers[1:]:
            self.assertEqual(watcher.process.wait(20), 0)

    def test_without_a_daemon(self):
        self.relocd.stop()
        self.assertOneLine(programs.relocctl("events", env=self.env), "no daemon runs for you")

    def test_the_table_is_for_people(self):
        self.launch("exit 3")
        self.assertTrue(daemon.wait_until(lambda: "exited 3" in programs.must(
            programs.relocctl("events", "--no-stream", env=self.env)).out))


if __name__ == "__main__":
    session.main()
