"""The program has the caller's descriptors, all of them and no other."""
import itertools
import os
import resource
import socket

from support import packs, programs, session, ways


@ways.every_way
class Descriptors(ways.LaunchTest):
    PROGRAMS = ["probe", "cat", "bash"]

    def test_inherited_files_pipes_and_sockets(self):
        report = packs.new_path("report")
        reading, writing = os.pipe()
        left, right = socket.socketpair()
        with left, right, open(programs.RELOCCTL, "rb") as file:
            file.seek(7)
            fds = [reading, writing, left.fileno(), file.fileno()]
            for fd in fds:
                os.set_inheritable(fd, True)
            self.assertSame("probe", "-o", report, "fds", pass_fds=fds)
            seen = {}
            for run in (self.packed, self.native):
                self.assertEqual(run("probe", "-o", report, "fds", pass_fds=fds, stdout=None, stderr=None).status, 0)
                with open(report) as lines:
                    seen[run.__name__] = [line for line in lines if not line.startswith(("fd 0", "fd 1 ", "fd 2 "))]
            os.close(reading)
            os.close(writing)
        self.assertEqual(seen["packed"], seen["native"])
        self.assertEqual(len(seen["packed"]), len(fds))

    def test_every_combination_of_closed_standard_descriptors(self):
        for closed in itertools.chain.from_iterable(itertools.combinations((0, 1, 2), n) for n in range(4)):
            with self.subTest(closed=closed):
                self.assertEqual(self.report_with_closed(self.entry("probe"), closed),
                                 self.report_with_closed(programs.host("probe"), closed))

    def report_with_closed(self, program, closed):
        """What the probe sees when started with the descriptors `closed` closed; the others are /dev/null."""
        report = packs.new_path("report")
        child = os.fork()
        if child == 0:
            null = os.open("/dev/null", os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.closerange(3, 1024)
            for fd in closed:
                os.close(fd)
            os.execve(program, ["probe", "-o", report, "fds"], self.env)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        with open(report) as lines:
            return lines.read()

    def test_a_message_never_lands_in_a_file_of_the_callers(self):
        """With standard error closed, the next file that is opened gets its number. RELOC_DEBUG talks a lot."""
        victim = packs.new_path("victim")
        script = 'exec 2>&-; "$1" -c "exec 2>$2; echo fine >&2"'
        env = {**self.env, "RELOC_DEBUG": "1"}
        programs.must(programs.run(["sh", "-c", script, "sh", self.entry("bash"), victim], env=env))
        with open(victim) as lines:
            self.assertEqual(lines.read(), "fine\n")

    def test_end_of_file_reaches_a_reader_when_the_program_ends(self):
        """Nobody else (a daemon!) holds a copy of the caller's pipe."""
        reading, writing = os.pipe()
        outcome = self.packed("cat", stdout=writing)
        os.close(writing)
        self.assertEqual((outcome.status, os.read(reading, 10)), (0, b""))
        os.close(reading)

    def test_a_pipeline_of_programs(self):
        script = 'printf "b\\na\\n" | "$1/cat" | "$1/bash" -c "cat; echo end"'
        outcome = programs.run(["sh", "-c", script, "sh", os.path.dirname(self.entry("cat"))], env=self.env)
        self.assertEqual(outcome.out, "b\na\nend\n")

    def test_a_full_descriptor_table(self):
        """A launch needs a few descriptors for a moment. With less, one line says so."""
        for free in (16, 3, 0):
            with self.subTest(free=free):
                outcome = self.packed("cat", preexec_fn=lambda: leave_free(free), close_fds=False)
                if outcome.status == 0 and outcome.err == "":
                    continue
                self.assertLess(free, 16)
                self.assertEqual(outcome.status, 125)
                self.assertRegex(outcome.err, r"\Areloc: .*(Too many open files|No file descriptors).*\n\Z")


def leave_free(free, limit=100):
    """Leaves room for `free` descriptors more; those that occupy the rest are inherited."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    null = os.open("/dev/null", os.O_RDONLY)
    for fd in range(3, limit - free):
        os.dup2(null, fd)


if __name__ == "__main__":
    session.main()
