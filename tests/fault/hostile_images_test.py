"""Images that no tool would make: the image or its damaged file is refused in one line; their server is confined,
and survives."""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from support import images, packs, programs, session, squashfs
from support.daemon import Daemon, wait_until
from support.images import servers
from support.outcomes import OneLineTest
from support.squashfs import DIRECTORY, FILE, Node, Writer

PLAIN = 1 << 24  # of a data block's header: not packed
NOWHERE = Node(0x00ffffff, 0, 1, FILE)
BEHIND_ITS_BLOCK = Node(0, 60000, 1, FILE)
READER = os.path.join(programs.BIN, "../libexec/reloc-squashfs")


def write(image):
    path = packs.new_path() + ".sqfs"
    with open(path, "wb") as file:
        file.write(image)
    return path


def pack_like(more=None, bin=None, **superblock):
    """Returns an image with a store and an entry. `more`: for its root, what `more(writer)` returns."""
    writer = Writer()
    node = writer.file(b"#!/bin/sh\n")
    store = writer.directory([(b"store", writer.directory([]))])
    entries = [(b"bin", writer.directory(bin(writer) if bin else [(b"sed", node)])), (b"gnu", store)]
    entries += more(writer) if more else []
    return write(writer.image(writer.directory(entries), **superblock))


class Refused(OneLineTest):
    """A description of the whole image is wrong: no command accepts it."""

    def setUp(self):
        images.require()
        self.env = programs.environment(RELOC_DAEMON="off")

    def assertRefused(self, path):
        for command in (["pack", "inspect", path], ["pack", "verify", path], ["engines", f"{path}/bin/sed"],
                        ["run", f"{path}/bin/sed"]):
            with self.subTest(command=command[0]):
                outcome = programs.relocctl(*command, env=self.env, timeout=30)
                if command[0] != "engines":
                    self.assertOneLine(outcome)
                self.assertGreaterEqual(outcome.status, 0, outcome.err)
                self.assertLessEqual(len(outcome.err.splitlines()), 1, outcome.err)
        self.assertTrue(wait_until(lambda: not servers(path)), servers(path))
        listed = programs.run([READER, "-l", path])
        self.assertIn(listed.status, (0, 1), "killed")
        self.assertNotIn("/", listed.out)

    def test_superblocks(self):
        none = squashfs.NONE
        for name, fields in {
                "no block size": {"block_size": 0}, "another block size": {"block_log": 12},
                "a huge block": {"block_size": 1 << 31, "block_log": 31}, "no owners": {"ids": 0},
                "owners nowhere": {"id_table": none}, "owners at the end": {"id_table": 90, "ids": 65535},
                "inodes nowhere": {"inode_table": none}, "inodes at the start": {"inode_table": 0},
                "no listings": {"directory_table": none}, "more fragments than bytes": {"fragments": 0xffffffff},
                "fragments nowhere": {"fragments": 1, "fragment_table": none - 7}, "no root": {"root": none},
                "a root behind its block": {"root": 60000}, "larger than its file": {"size": 1 << 40},
                "too small": {"size": 4}, "unknown compression": {"compression": 77}, "LZO": {"compression": 3},
                "another version": {"minor": 9}, "another byte order": {"magic": 0x68737173}}.items():
            with self.subTest(superblock=name):
                self.assertRefused(pack_like(**fields))

    def test_names_longer_than_any_buffer(self):
        for size in (256, 257, 300, 5000, 65536):
            with self.subTest(size=size):
                self.assertRefused(pack_like(lambda w, size=size: [(b".long" + b"x" * (size - 5), w.file())]))

    def test_names_that_lead_elsewhere(self):
        for name in (b"..", b".", b"../../../etc/passwd", b"a/b", b"a\0b", b".a\0b"):
            with self.subTest(name=name):
                self.assertRefused(pack_like(lambda w, name=name: [(name, w.file())]))
                listed = programs.run([READER, "-l", pack_like(bin=lambda w, name=name: [(name, w.file())])])
                self.assertEqual((listed.status, listed.out), (1, ""))

    def test_something_else_where_the_plans_should_be(self):
        """A FIFO in place of a plan would block the process that opens it."""
        def reloc(writer):
            plans = writer.directory([(b"bin", writer.directory([(b"sed", writer.special())]))])
            return [(b".reloc", writer.directory([(b"plans", plans), (b"manifest.json", writer.special())]))]
        self.assertRefused(pack_like(reloc))


class Completion(unittest.TestCase):
    def complete(self, path):
        done = programs.run([programs.RELOCCTL, "__complete", "run", path + "/bin/"], timeout=30)
        return done.status, done.out.splitlines()[1:]

    def test_it_mounts_nothing(self):
        """It works where nothing can be mounted; and damage only causes missing answers."""
        good = pack_like(bin=lambda w: [(b"sed", w.file()), (b"bad\x1b[31m\n", w.file())])
        status, names = self.complete(good)
        # A name that cannot be shown unescaped cannot be typed either.
        self.assertEqual((status, names), (0, [f"{good}/bin/sed\t"]))
        session.require(shutil.which("strace"), "strace", "no strace", "install strace")
        log = packs.new_path("calls")
        programs.must(programs.run(["strace", "-f", "-o", log, "-e", "trace=mount,unshare,setns,fsopen,open_tree",
                                    "-E", "ASAN_OPTIONS=detect_leaks=0",  # its check for leaks is a tracer as well
                                    programs.RELOCCTL, "__complete", "run", good + "/bin/"]))
        with open(log) as calls:
            self.assertNotRegex(calls.read(), r"(mount|unshare|setns|fsopen|open_tree)\(")

    def test_damage_is_no_answer(self):
        long = pack_like(bin=lambda w: [(b"x" * 5000, w.file())])
        self.assertEqual(self.complete(long), (0, []))
        self.assertEqual(self.complete(pack_like(block_size=0)), (0, []))


def chain_of_doubles(writer, length):
    """Returns a directory in which everything has two names, `length` times: 2^length paths."""
    node = writer.directory([(b"end", writer.file())])
    for _ in range(length):
        node = writer.directory([(b"a", node), (b"b", node)])
    return node


def hostile(writer):
    """Returns {name: node}: directories and files, each damaged in its own way."""
    block, start = writer.block(b"x" * 131072), len(writer.data) - 131072
    short = writer.block(b"short")
    ends = writer.fragment(b"ends")
    large = writer.fragment(b"e", header=0xffffff | PLAIN)
    good, directory = writer.file(b"good"), writer.directory
    itself = writer.next_node(DIRECTORY)
    return {
        b"itself": directory([(b"again", itself)]),
        b"doubles": chain_of_doubles(writer, 60),
        b"names": directory([(b"n" * 300, good)]),
        b"dots": directory([(b"..", good)]),
        b"nowhere": directory([(b"file", NOWHERE)]),
        b"behind": directory([(b"file", BEHIND_ITS_BLOCK)]),
        b"listing": directory([], place=(0, 60000), size=1000),
        b"outside": directory([], place=(0xfffffff0, 0), size=1000),
        b"type": directory([(b"file", Node(*itself[:3], FILE))]),
        b"fifo": directory([(b"fifo", writer.special())]),
        b"gigabytes": directory([(b"%d" % i, directory([(b"f", good)], size=(40 << 20))) for i in range(3)]),
        b"links": directory([(b"long", writer.symlink(b"x" * 100, size=100_000)), (b"none", writer.symlink(b"")),
                             (b"nul", writer.symlink(b"a\0b"))]),
        b"files": directory([
            (b"large-block", writer.file(size=131072, headers=[0xffffff | PLAIN])),
            (b"packed-block", writer.file(size=131072, headers=[100], start=200)),
            (b"high-bits", writer.file(size=131072, headers=[0xff000000])),
            (b"short-block", writer.file(size=131072, headers=[short])),
            (b"same-place", writer.file(size=131072, headers=[block], start=start)),
            (b"same-place-shorter", writer.file(size=131072, headers=[10 | PLAIN], start=start)),
            (b"at-zero", writer.file(size=4096, headers=[4096 | PLAIN], start=0)),
            (b"no-blocks", writer.file(size=1 << 50)),
            (b"negative", writer.file(size=1 << 63)),
            (b"fragment-offset", writer.file(size=4, fragment=ends, fragment_offset=0xfffffffe)),
            (b"fragment-size", writer.file(size=500, fragment=ends)),
            (b"fragment-number", writer.file(size=4, fragment=77)),
            (b"fragment-block", writer.file(size=4, fragment=large)),
            (b"index-of-another", writer.file(size=131072 * 3000, headers=[0] * 3000, number=1)),
            (b"index-shorter", writer.file(size=131072 * 2500, headers=[0] * 2100, number=1))]),
    }


class HostilePack(unittest.TestCase):
    """A pack that works, with damage beside it."""

    @classmethod
    def setUpClass(cls):
        images.require()
        cls.pack = packs.from_host("bash", "cat", "find", "sleep", "tail")
        cls.path = packs.new_path() + ".sqfs"
        with open(cls.path, "wb") as file:
            file.write(cls.image())
        cls.env = programs.environment(RELOC_DAEMON="off")

    @classmethod
    def image(cls):
        writer = Writer()
        entries = []
        for name in os.listdir(cls.pack):
            path = os.path.join(cls.pack, name)
            if os.path.isdir(path):
                entries.append((os.fsencode(name), writer.tree(path)))
        entries.append((b"hostile", writer.directory(list(hostile(writer).items()))))
        return writer.image(writer.directory(entries))

    def start(self, path=None, env=None):
        """Starts a shell in the image; returns it and its server's pid."""
        path = path or self.path
        shell = subprocess.Popen([programs.RELOCCTL, "run", f"{path}/bin/bash"], env=env or self.env, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(lambda: (shell.kill(), shell.communicate()))
        self.assertEqual(self.ask(shell, "echo here"), ["here"])
        self.assertTrue(wait_until(lambda: len(servers(path)) == 1), servers(path))
        # What the shell needs to report it is in memory from now on.
        self.assertIn("error", self.ask(shell, "read x < /.relocd/pack/hostile/files/short-block")[0])
        return shell, servers(path)[0]

    def ask(self, shell, command):
        """Returns the lines that `command` prints in the shell."""
        shell.stdin.write(f"{{ {command}; }} 2>&1; echo; echo END\n")
        shell.stdin.flush()
        lines = []
        while (line := shell.stdout.readline()) not in ("END\n", ""):
            lines.append(line.rstrip("\n"))
        self.assertNotEqual(line, "", lines)
        return [line for line in lines if line]


class Served(HostilePack):
    def test_damaged_files_are_errors_and_the_server_survives(self):
        shell, server = self.start()
        bin = "/.relocd/pack/bin"
        found = self.ask(shell, f"{bin}/find /.relocd/pack/hostile -ls | {bin}/tail -n 300")
        self.assertLess(len(found), 300, "a walk that goes on and on")
        self.assertFalse([line for line in found if "nnnn" in line or ".." in line], found)
        for name in ("large-block", "packed-block", "high-bits", "short-block", "same-place-shorter", "at-zero", "no-blocks",
                     "negative", "fragment-offset", "fragment-size", "fragment-number", "fragment-block"):
            shown = self.ask(shell, f"{bin}/cat /.relocd/pack/hostile/files/{name}")
            self.assertEqual([line for line in shown if "Input/output error" in line], shown, name)
            self.assertTrue(shown, name)
        self.assertEqual(self.ask(shell, f"{bin}/cat /.relocd/pack/hostile/files/same-place"), ["x" * 131072])
        for name in ("index-of-another", "index-shorter"):
            self.ask(shell, f"{bin}/tail -c 10 /.relocd/pack/hostile/files/{name} > /dev/null")
        for name in ("long", "none", "nul"):
            self.assertIn("error", self.ask(shell, f"{bin}/cat /.relocd/pack/hostile/links/{name}")[0])
        self.assertEqual(servers(self.path), [server])

    def test_the_server_is_confined(self):
        _, server = self.start()
        with open(f"/proc/{server}/status") as status:
            fields = dict(line.split(":\t", 1) for line in status.read().splitlines())
        with open(READER, "rb") as reader:
            session.require(b"__asan_init" not in reader.read(), "seccomp", "instrumented", "use the release build")
        self.assertEqual((fields["Seccomp"], fields["NoNewPrivs"]), ("2", "1"))
        with open(f"/proc/{server}/limits") as limits:
            lines = {line[:25].strip(): line[26:46].strip() for line in limits}
        self.assertEqual(lines["Max core file size"], "0")
        self.assertLess(int(lines["Max address space"]), 1 << 30)

    def test_an_image_that_shrinks_under_its_server(self):
        path = packs.new_path() + ".sqfs"
        shutil.copy(self.path, path)
        shell, server = self.start(path)
        os.truncate(path, 4096)
        self.assertIn("error", self.ask(shell, "read x < /.relocd/pack/hostile/files/same-place")[0])
        self.assertEqual(servers(path), [server])

    def test_a_killed_server_is_an_error_and_the_next_launch_mounts_anew(self):
        shell, server = self.start()
        os.kill(server, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not servers(self.path)))
        self.assertIn("not connected", self.ask(shell, "read x < /.relocd/pack/hostile/files/same-place")[0])
        done = programs.relocctl("run", f"{self.path}/bin/bash", "-c", "echo works", env=self.env)
        self.assertEqual((done.status, done.out), (0, "works\n"))


class KeptRoot(HostilePack):
    """The daemon keeps a root whose server has ended."""

    def setUp(self):
        self.daemon = Daemon(packs.new_path("daemon"))
        self.addCleanup(self.daemon.stop)
        self.env = self.daemon.environment()

    def launch(self, program, *arguments):
        return programs.relocctl("run", f"{self.path}/bin/{program}", *arguments, env={**self.env, "RELOC_DEBUG": "1"},
                                 timeout=30)

    def test_a_stopped_keeper_holds_up_no_launch(self):
        """relocd would wait for it until it abandons the root, which takes longer."""
        keeper = self.daemon.keeper()
        os.kill(keeper, signal.SIGSTOP)
        self.addCleanup(os.kill, keeper, signal.SIGCONT)
        began = time.monotonic()
        self.assertEqual(self.launch("sleep", "0").status, 0)
        self.assertLess(time.monotonic() - began, 3)

    def test_it_is_dropped_with_an_event(self):
        self.assertEqual(self.launch("bash", "-c", ":").status, 0)
        os.kill(servers(self.path)[0], signal.SIGKILL)
        def evicted():
            shown = programs.must(programs.relocctl("events", "--no-stream", "--format", "json", env=self.env)).out
            return [each["reason"] for each in map(json.loads, shown.splitlines()) if each["type"] == "root_evict"]
        self.assertTrue(wait_until(lambda: evicted() == ["image server ended"]), evicted())
        again = self.launch("sleep", "0")
        self.assertEqual(again.status, 0, again.err)
        self.assertNotIn("server has ended", again.err)

    def test_launches_do_without_where_the_daemon_cannot_drop_it(self):
        self.assertEqual(self.launch("bash", "-c", ":").status, 0)
        os.kill(self.daemon.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, self.daemon.pid, signal.SIGCONT)
        os.kill(servers(self.path)[0], signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not servers(self.path)))
        done = self.launch("sleep", "0")
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("server has ended", done.err)


if __name__ == "__main__":
    session.main()
