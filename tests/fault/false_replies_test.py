"""A daemon that answers wrongly: poisoned descriptors, broken plans, other versions, silence.

Whatever it answers, the program runs, with its caller's identity and descriptors, and soon.
"""
import os
import subprocess
import time
import unittest

import fake_daemon
from fake_daemon import FakeDaemon, plan, reply
from support import daemon, packs, programs, session

SOON = 2.0  # seconds; a launch takes some milliseconds and waits at most 100 ms for a daemon


class FalseReplies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pack = packs.from_host("probe", "sleep")
        cls.sections = ("fds", "ids", "cwd", "umask", "signals")
        tried = programs.run([cls.pack + "/bin/probe"])
        session.require(tried.status == 0, "userns", tried.err.strip(), "allow user namespaces")

    def assertHarmless(self, behave):
        """Launches through a daemon that does `behave`; the probe must see the same as natively."""
        with FakeDaemon(packs.new_path("fake"), behave) as fake:
            env = programs.environment(RELOCD_DIR=fake.directory, RELOC_ENGINE="userns")
            began = time.monotonic()
            packed = programs.run(["probe", *self.sections], program=self.pack + "/bin/probe", env=env, cwd="/usr")
            took = time.monotonic() - began
        native = programs.run(["probe", *self.sections], program=programs.host("probe"), env=env, cwd="/usr")
        self.assertEqual(self.without_pipes(packed.out), self.without_pipes(native.out))
        self.assertEqual((packed.status, packed.err), (0, ""))
        self.assertLess(took, SOON)
        self.assertGreater(fake.connections, 0)
        return fake

    def without_pipes(self, report):
        """Returns the report without the inodes of standard output and error, which are new pipes for each run."""
        return [line.split(" inode")[0] if line.startswith(("fd 1 ", "fd 2 ")) else line
                for line in report.splitlines()]

    def answer(self, data, fds=()):
        def behave(fake, connection):
            asked = fake_daemon.parse_launch(fake.receive(connection))
            content = data(asked) if callable(data) else data
            connection.sendmsg([content], [(fake_daemon.socket.SOL_SOCKET, fake_daemon.socket.SCM_RIGHTS,
                                            b"".join(fd.to_bytes(4, "little") for fd in fds))] if fds else [])
            connection.settimeout(SOON)
            connection.recv(1)  # until the client has closed

        return behave

    def open_fd(self, path, flags=os.O_RDONLY):
        fd = os.open(path, flags)
        self.addCleanup(os.close, fd)
        return fd

    def join_plan(self, asked):
        return reply(plan(asked["program"]))

    def test_a_wrong_number_of_descriptors(self):
        null, (user, mount) = self.open_fd("/dev/null"), self.joinable_namespaces()
        for fds in ([], [null], [user], [null, null], [user, mount, mount], [user, mount, *[null] * 6],
                    [user, mount, *[null] * 7], [user, mount, *[null] * 251]):
            with self.subTest(descriptors=len(fds)):
                self.assertHarmless(self.answer(self.join_plan, fds))

    def test_descriptors_of_a_wrong_kind(self):
        user, mount = self.open_fd("/proc/self/ns/user"), self.open_fd("/proc/self/ns/mnt")
        directory, self_exe = self.open_fd("/", os.O_PATH), self.open_fd("/proc/self/exe")
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        for fds in ([mount, user], [user, mount], [mount], [user], [directory, directory], [reading, writing],
                    [self_exe, mount], [self.open_fd("/proc/self/ns/net"), self.open_fd("/proc/self/ns/pid")]):
            with self.subTest(fds=fds):
                self.assertHarmless(self.answer(self.join_plan, fds))

    def test_a_user_namespace_that_can_be_joined_and_a_mount_namespace_that_cannot(self):
        """Half of a join cannot be undone; the root is then made inside what was joined."""
        user, _ = self.joinable_namespaces()
        self.assertHarmless(self.answer(self.join_plan, [user, self.open_fd("/proc/self/ns/mnt")]))

    def joinable_namespaces(self):
        """Returns a user namespace and a mount namespace that a launch may join: then only the rest of a reply is
        wrong."""
        holder = subprocess.Popen(["unshare", "--user", "--map-current-user", "--mount", "sh", "-c", "echo; read end"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdin.close)
        self.addCleanup(holder.stdout.close)
        holder.stdout.readline()
        return [self.open_fd(f"/proc/{holder.pid}/ns/{kind}") for kind in ("user", "mnt")]

    def a_root_of_this_pack(self):
        """Returns the namespaces of a job that a real daemon has put into a root with this pack's store."""
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        job = subprocess.Popen([self.pack + "/bin/sleep", "1000"], env=relocd.environment(RELOC_ENGINE="userns"))
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        own = os.readlink("/proc/self/ns/user")
        self.assertTrue(daemon.wait_until(lambda: [row["pid"] for row in daemon.jobs(relocd.environment())] == [job.pid]))
        self.assertNotEqual(os.readlink(f"/proc/{job.pid}/ns/user"), own)
        return [self.open_fd(f"/proc/{job.pid}/ns/{kind}") for kind in ("user", "mnt")]

    def namespace_after(self, make_plan, fds):
        """Returns the mount namespace of a program whose daemon answers with that plan."""
        with FakeDaemon(packs.new_path("fake"), self.answer(lambda asked: reply(make_plan(asked)), fds)) as fake:
            env = programs.environment(RELOCD_DIR=fake.directory, RELOC_ENGINE="userns")
            shown = programs.must(programs.run([self.pack + "/bin/probe", "namespaces"], env=env))
        return shown.out

    def test_an_answer_with_nothing_wrong_is_followed(self):
        """Otherwise the other tests would prove nothing."""
        fds = self.a_root_of_this_pack()
        joined = str(os.stat(fds[1]).st_ino)
        self.assertIn(joined, self.namespace_after(lambda asked: plan(asked["program"]), fds))

    def test_a_plan_that_runs_something_else(self):
        """With a root that could be joined: before it is joined, or with another program in it."""
        fds = self.a_root_of_this_pack()
        joined = str(os.stat(fds[1]).st_ino)
        run = lambda program: (fake_daemon.OP_EXEC, program.encode(), b"")
        join, cwd, commit = [(op, b"", b"") for op in (fake_daemon.OP_JOIN, fake_daemon.OP_RESTORE_CWD,
                                                        fake_daemon.OP_COMMIT)]
        false = programs.host("false")
        for name, steps in {
                "no join": lambda asked: [commit, run(false)],
                "no join, right program": lambda asked: [commit, run(asked["program"])],
                "join comes late": lambda asked: [cwd, join, commit, run(asked["program"])],
                "another program": lambda asked: [join, cwd, commit, run(false)],
                "another program of the pack": lambda asked: [join, cwd, commit,
                                                              run(asked["program"].replace("probe", "sleep"))]}.items():
            with self.subTest(plan=name):
                shown = self.namespace_after(lambda asked, steps=steps: plan("", steps=steps(asked)), fds)
                self.assertNotIn(joined, shown)

    def test_namespaces_that_are_not_the_users_root(self):
        """Of the right kind if possible: the initial ones, another user namespace of the user."""
        user, mount = self.a_root_of_this_pack()
        joined = str(os.stat(mount).st_ino)
        own_user, own_mount = self.open_fd("/proc/self/ns/user"), self.open_fd("/proc/self/ns/mnt")
        other_user, other_mount = self.joinable_namespaces()
        process = self.open_fd("/proc/self/ns/pid")
        pidfd = os.pidfd_open(os.getpid())
        self.addCleanup(os.close, pidfd)
        for name, fds in {"initial user": [own_user, mount], "initial mount": [user, own_mount],
                          "initial both": [own_user, own_mount], "a pid namespace": [process, mount],
                          "a pid namespace for the mounts": [user, process], "mount alone": [mount],
                          "another's mounts": [other_user, mount], "unrelated": [other_user, other_mount],
                          "a pidfd": [pidfd, mount]}.items():
            with self.subTest(namespaces=name):
                self.assertNotIn(joined, self.namespace_after(lambda asked: plan(asked["program"]), fds))

    def test_plans_that_are_none(self):
        fds = self.joinable_namespaces()
        good = plan("/bin/false")
        for name, data in {
                "empty": b"", "garbage": b"\xff" * 200, "truncated": good[:-3], "trailing": good + b"x",
                "other engine": plan("/bin/false", engine=2), "unknown engine": plan("/bin/false", engine=77),
                "version 0": good[:4] + b"\0\0" + good[6:], "no steps": plan("", steps=[(20, b"", b"")]),
                "prepare steps": plan("/bin/false", prepare=[(1, b"", b"")]), "zeros": bytes(4096),
                "unknown step": plan("/bin/false", steps=[(99, b"", b""), (20, b"", b""), (22, b"/bin/false", b"")]),
                "refusal": plan("", steps=[(32, b"why", b"cure")]),
                "exec before commit": plan("", steps=[(22, b"/bin/false", b""), (20, b"", b"")])}.items():
            with self.subTest(plan=name):
                self.assertHarmless(self.answer(reply(data), fds))

    def test_messages_that_are_none(self):
        fds, good = self.joinable_namespaces(), plan("/bin/false")
        for name, data in {
                "one byte": b"R", "garbage": os.urandom(512), "wrong magic": reply(good, magic=b"HTTP"),
                "newer version": reply(good, versions=(2, 9)), "version 0": reply(good, versions=(0, 0)),
                "versions reversed": reply(good, versions=(9, 1)), "wrong size": reply(good, size=20),
                "unknown type": fake_daemon.message(99, b""), "unknown reason": reply(good, reason=999),
                "trailing bytes": fake_daemon.message(2, reply(good)[16:] + b"x"),
                "a launch": fake_daemon.message(1, bytes(200)), "longer than any": reply(bytes(150_000))}.items():
            with self.subTest(message=name):
                self.assertHarmless(self.answer(data, fds))

    def test_refusals_for_every_reason(self):
        fds = self.joinable_namespaces()
        for reason in range(1, 10):
            with self.subTest(reason=reason):
                self.assertHarmless(self.answer(reply(plan("/bin/false"), reason, b"on purpose"), fds))

    def test_silence_and_hanging_up(self):
        def silent(fake, connection):
            fake.receive(connection)
            connection.settimeout(SOON)
            connection.recv(1)

        for name, behave in {"silent": silent, "hangs up at once": lambda fake, connection: None,
                             "hangs up when asked": lambda fake, connection: fake.receive(connection)}.items():
            with self.subTest(daemon=name):
                self.assertHarmless(behave)

    def test_what_is_asked_is_what_was_called(self):
        fake = self.assertHarmless(self.answer(reply(reason=7, why=b"no")))
        asked = fake_daemon.parse_launch(fake.messages[0])
        self.assertEqual((asked["type"], asked["pack"], asked["entry"]), (1, self.pack, "probe"))
        self.assertEqual(asked["argv"], "\0".join(["probe", *self.sections, ""]))

    def test_it_gets_nothing_but_messages_from_a_launch_without_standard_descriptors(self):
        """A socket that became descriptor 2 would receive what is printed on stderr."""
        def listen(fake, connection):
            while fake.receive(connection):
                connection.send(reply(reason=7, why=b"no"))

        for closed in ("0<&-", "1>&-", "2>&-", "1>&- 2>&-", "0<&- 2>&-", "0<&- 1>&-", "0<&- 1>&- 2>&-"):
            with self.subTest(closed=closed), FakeDaemon(packs.new_path("fake"), listen) as fake:
                env = programs.environment(RELOCD_DIR=fake.directory, RELOC_ENGINE="userns", RELOC_DEBUG="1")
                programs.must(programs.run(["sh", "-c", f'exec "$0" -o /dev/null {closed}', self.pack + "/bin/probe"],
                                           env=env))
                fake.connections_end()
                self.assertEqual({data[:4] for data in fake.messages if data}, {b"RLWR"})


if __name__ == "__main__":
    session.main()
