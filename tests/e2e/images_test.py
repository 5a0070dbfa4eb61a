"""One-file packs: made, inspected, run with and without a daemon, damaged; and no mount and no helper is left."""
import concurrent.futures
import os
import shutil
import signal
import subprocess
import unittest

from support import images, packs, programs, session, terminal
from support.daemon import Daemon, jobs, wait_until
from support.images import servers

_image = None


def image():
    """Returns an image on a path with spaces, made once. Do not change it."""
    global _image
    if _image is None:
        _image = make_image()
    return _image


def make_image():
    directory = packs.new_path("an image")
    os.mkdir(directory)
    path = os.path.join(directory, "x y.sqfs")
    wanted = [programs.host(name) for name in ("sed", "bash", "sleep", "cat", "stat")]
    programs.must(programs.relocctl("pack", "create", "-o", path, "--from-host", *wanted))
    return path


class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        images.require()
        cls.env = programs.environment(RELOC_DAEMON="off")

    def run_image(self, program, *arguments, path=None, env=None, **options):
        return programs.relocctl("run", f"{path or image()}/bin/{program}", *arguments, env=env or self.env, **options)

    def await_server(self):
        """Returns the pid of the only server; that of an earlier test may take a moment to end."""
        self.assertTrue(wait_until(lambda: len(servers(image())) == 1), servers(image()))
        return servers(image())[0]

    def assertGone(self, path):
        self.assertTrue(wait_until(lambda: not servers(path)), f"left: {servers(path)}")

    def start(self, program, *arguments, env):
        """Starts a job, which is killed at the end of the test."""
        job = subprocess.Popen([programs.RELOCCTL, "run", f"{image()}/bin/{program}", *arguments], env=env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (job.kill(), job.communicate()))
        return job

    def start_cat(self, env):
        """Starts a cat that has answered: so the program runs now."""
        job = self.start("cat", env=env)
        self.assertAnswers(job)
        return job

    def assertAnswers(self, job):
        job.stdin.write("are you there?\n")
        job.stdin.flush()
        self.assertEqual(job.stdout.readline(), "are you there?\n")


class Making(ImageTest):
    def test_it_is_looked_at_and_verified_like_a_directory(self):
        shown = programs.must(programs.relocctl("pack", "inspect", image())).out
        self.assertIn(f"Pack:    {image()}\n", shown)
        self.assertIn("bin/sed", shown)
        self.assertEqual(programs.relocctl("pack", "verify", image()), (0, "", ""))
        self.assertGone(image())

    def test_what_exists_is_not_replaced(self):
        again = programs.relocctl("pack", "create", "-o", image(), "--from-host", programs.host("sed"))
        self.assertEqual(again.status, 125)
        self.assertIn("exists already", again.err)

    def test_without_mksquashfs_the_cure_is_told(self):
        path = packs.new_path() + ".sqfs"
        env = programs.environment(PATH="/nowhere")
        failed = programs.relocctl("pack", "create", "-o", path, "--from-host", programs.host("cat"), env=env)
        self.assertEqual(failed.status, 125)
        self.assertFalse(os.path.exists(path))


class Damage(ImageTest):
    def change(self, change):
        path = packs.new_path() + ".sqfs"
        with open(image(), "rb") as source:
            data = change(bytearray(source.read()))
        with open(path, "wb") as target:
            target.write(data)
        return path

    def assertRefused(self, path, why):
        for outcome in (self.run_image("sed", path=path), programs.relocctl("pack", "inspect", path),
                        programs.relocctl("pack", "verify", path)):
            self.assertEqual((outcome.status, outcome.out), (125, ""))
            self.assertRegex(outcome.err, f"^relocctl: [^\n]*{why}[^\n]*\n$")
        self.assertGone(path)

    def test_a_cut_off_image(self):
        self.assertRefused(self.change(lambda data: data[:len(data) // 2]), "cut off")

    def test_something_else(self):
        self.assertRefused(self.change(lambda data: b"no image" * 100), "no SquashFS image")

    def test_another_version(self):
        self.assertRefused(self.change(lambda data: data[:28] + b"\x09" + data[29:]), "version of SquashFS is not 4.0")

    def test_flipped_bits_in_what_describes_the_files(self):
        self.assertRefused(self.change(lambda data: data[:-30000] + bytes(b ^ 0x5a for b in data[-30000:-100]) + data[-100:]),
                           "damaged")

    def test_flipped_bits_in_a_file_are_found_by_verify(self):
        def flip(data):
            for at in range(len(data) // 2, len(data) // 2 + 200):
                data[at] ^= 0xff
            return data
        outcome = programs.relocctl("pack", "verify", self.change(flip))
        # It may be unpacked to different bytes, or it may fail.
        self.assertIn(outcome.status, (1, 125))
        self.assertRegex(outcome.out + outcome.err, r"^[^\n]+(has other content|Input/output error)\n")


class WithoutDaemon(ImageTest):
    def test_the_program_runs_in_place_and_nothing_stays(self):
        outcome = self.run_image("sed", "s/a/b/", input="a\n")
        self.assertEqual(outcome, (0, "b\n", ""))
        self.assertEqual(self.run_image("bash", "-c", "exit 7").status, 7)
        self.assertGone(image())

    def test_the_program_has_no_child_that_it_does_not_know_of(self):
        outcome = self.run_image("bash", "-c", "read -r list < /proc/$$/task/$$/children; echo \"<$list>\"")
        self.assertEqual(outcome.out, "<>\n")

    def test_modes_are_looked_at_and_what_was_the_makers_alone_is_the_users(self):
        secret = packs.new_path("secret")
        with open(secret, "w") as file:
            file.write("secret\n")
        os.chmod(secret, 0o600)
        path = packs.from_host("bash", add=(secret,), suffix=".sqfs")
        script = 'read line < "$1"; echo "$line"; [ -x "$1" ] || echo no program; [ -x "$0" ] && echo a program'
        outcome = self.run_image("bash", "-c", f"set -- /.relocd/pack{secret}; {script}", "/bin/sh", path=path)
        self.assertEqual(outcome, (0, "secret\nno program\na program\n", ""))

    def test_it_finds_itself_its_directory_and_a_read_only_store(self):
        script = 'echo "$0"; pwd; "$0" -c "echo again"; : > /.relocd/pack/x'
        outcome = self.run_image("bash", "-c", script, "", env=self.env, cwd="/usr/lib")
        self.assertEqual(outcome.out, "\n/usr/lib\n")
        self.assertIn("Read-only", outcome.err)
        again = self.run_image("bash", "-c", '"$BASH" -c "echo again"')
        self.assertEqual(again.out, "again\n")

    def test_it_has_the_size_of_the_image_and_no_room(self):
        shown = programs.must(self.run_image("stat", "-f", "-c", "%s %b %a", "/.relocd/pack")).out
        block, blocks, free = map(int, shown.split())
        self.assertEqual(free, 0)
        self.assertIn(blocks - os.path.getsize(image()) // block, (0, 1))  # the file is padded to 4 KiB

    def test_a_launch_from_within_needs_no_other_mount(self):
        script = f"'{programs.RELOCCTL}' run '{image()}/bin/cat'"
        job = self.start("bash", "-c", script, env=self.env)
        self.assertAnswers(job)
        self.await_server()

    def test_no_such_program(self):
        outcome = self.run_image("nothing")
        self.assertEqual(outcome.status, 127)
        self.assertIn(f"{image()}/bin/nothing", outcome.err)

    def test_other_engines_say_what_to_do(self):
        outcome = self.run_image("sed", env={**self.env, "RELOC_ENGINE": "proot"})
        self.assertEqual(outcome.status, 125)
        self.assertIn("unsquashfs -d", outcome.err)

    def test_interrupt_ends_the_program_and_then_its_server(self):
        command = [programs.RELOCCTL, "run", f"{image()}/bin/cat"]
        with terminal.Terminal(lambda: os.execve(command[0], command, self.env)) as shell:
            shell.send("hello\n")
            shell.expect("hello\n")
            server = self.await_server()
            self.assertNotEqual(os.getsid(server), os.getsid(shell.pid))
            shell.send("\x03")
            self.assertEqual(os.WTERMSIG(shell.wait()), signal.SIGINT)
        self.assertGone(image())


class WithoutTheServer(ImageTest):
    """The host's squashfuse, which trusts images, never serves in its place."""

    def test_it_is_not_installed(self):
        relocctl = packs.new_path("installation") + "/bin/relocctl"
        os.makedirs(os.path.dirname(relocctl))
        shutil.copy(programs.RELOCCTL, relocctl)
        outcome = programs.run([relocctl, "run", f"{image()}/bin/bash", "-c", ":"], env=self.env)
        self.assertEqual((outcome.status, outcome.out), (125, ""))
        self.assertRegex(outcome.err, "^relocctl: [^\n]*reloc-squashfs[^\n]*reinstall relocd[^\n]*\n$")


class Compressions(ImageTest):
    def test_each_is_read_by_many_at_once(self):
        pack = packs.from_host("bash", "cat", "sleep")
        for compression in ("gzip", "xz", "lz4", "zstd"):
            with self.subTest(compression=compression):
                path = packs.new_path() + ".sqfs"
                programs.must(programs.run(["mksquashfs", pack, path, "-comp", compression, "-no-progress", "-quiet"]))
                script = 'for i in 1 2 3 4 5 6 7 8; do cat /.relocd/pack/*/*/bin/bash > /dev/null & done; wait'
                done = self.run_image("bash", "-c", f"PATH=/.relocd/pack/bin; {script}", path=path)
                self.assertEqual(done, (0, "", ""))
                self.assertEqual(programs.relocctl("pack", "verify", path), (0, "", ""))


class WithDaemon(ImageTest):
    def setUp(self):
        self.daemon = Daemon(packs.new_path("daemon"))
        self.addCleanup(self.daemon.stop)
        self.env = self.daemon.environment()

    def test_fifty_first_launches_make_one_mount(self):
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            done = list(pool.map(lambda _: self.run_image("bash", "-c", "exit 3"), range(50)))
        self.assertEqual({outcome.status for outcome in done}, {3}, [outcome.err for outcome in done])
        self.await_server()

    def test_the_second_launch_asks_nobody(self):
        self.assertEqual(self.run_image("bash", "-c", ":").status, 0)
        again = self.run_image("bash", "-c", ":", env={**self.env, "RELOC_DEBUG": "1"})
        self.assertIn("way=inplace image=published", again.err)

    def test_the_second_launch_does_without_the_server(self):
        """The kernel caches everything that the first one asked for, including missing names."""
        script = 'echo "$(< "$0")"; for each in /.relocd/pack/*/* /.relocd/pack/none; do [[ -e $each ]] || echo "$each"; done'
        def launch():
            return [self.run_image("sed", "s/a/b/", input="a\n", timeout=20),
                    self.run_image("bash", "-c", script, "/.relocd/pack/.reloc/manifest", timeout=20)]
        first = launch()
        self.assertEqual([outcome.status for outcome in first], [0, 0], first)
        server = self.await_server()
        os.kill(server, signal.SIGSTOP)
        self.addCleanup(os.kill, server, signal.SIGCONT)
        self.assertEqual(launch(), first)

    def test_the_job_shows_its_image_and_its_root_stays_until_it_ends(self):
        job = self.start_cat(self.env)
        self.assertTrue(wait_until(lambda: [j["pack"] for j in jobs(self.env)] == [image()]))
        self.assertEqual(programs.relocctl("roots", "prune", env=self.env).out, "0 dropped, 1 in use\n")
        self.assertAnswers(job)
        job.communicate()
        self.assertTrue(wait_until(
            lambda: programs.relocctl("roots", "prune", env=self.env).out == "1 dropped, 0 in use\n"))
        self.assertGone(image())

    def test_a_killed_daemon_takes_no_image_away(self):
        job = self.start_cat(self.env)
        self.daemon.kill()
        self.assertAnswers(job)
        self.await_server()
        job.communicate()
        self.assertEqual(job.returncode, 0)
        self.assertGone(image())

    def test_an_image_that_is_replaced_is_noticed(self):
        path = packs.new_path() + ".sqfs"
        for content in ("one", "two"):
            data = packs.new_path("data")
            with open(data, "w") as file:
                file.write(content)
            made = packs.new_path() + ".sqfs"
            programs.must(programs.relocctl("pack", "create", "-o", made, "--from-host", programs.host("cat"),
                                            "--add", data))
            with open(made, "rb") as source, open(path, "wb") as target:  # to keep the inode
                target.write(source.read())
            self.assertEqual(self.run_image("cat", f"/.relocd/pack{data}", path=path).out, content)

    def test_a_detached_job(self):
        started = programs.must(programs.relocctl("run", "--detach", f"{image()}/bin/bash", "-c", "echo done",
                                                  env=self.env))
        job = started.out.strip()
        self.assertEqual(programs.relocctl("wait", job, env=self.env).status, 0)
        self.assertEqual(programs.relocctl("logs", job, env=self.env).out, "done\n")


if __name__ == "__main__":
    session.main()
