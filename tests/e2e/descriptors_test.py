"""Launches that are short of descriptors, or have none to write to."""
import os
import resource

from support import packs, programs, session, ways


@ways.every_way
class Descriptors(ways.LaunchTest):
    PROGRAMS = ["cat", "bash"]

    def test_a_message_never_lands_in_a_file_of_the_callers(self):
        """With stderr closed, the next file that is opened gets its number. RELOC_DEBUG prints a lot."""
        victim = packs.new_path("victim")
        script = 'exec 2>&-; "$1" -c "exec 2>$2; echo fine >&2"'
        env = {**self.env, "RELOC_DEBUG": "1"}
        programs.must(programs.run(["sh", "-c", script, "sh", self.entry("bash"), victim], env=env))
        with open(victim) as lines:
            self.assertEqual(lines.read(), "fine\n")

    def test_a_full_descriptor_table(self):
        """A launch briefly needs a few descriptors. With fewer, it prints one line."""
        for free in (16, 3, 0):
            with self.subTest(free=free):
                outcome = self.packed("cat", preexec_fn=lambda: leave_free(free), close_fds=False)
                if outcome.status == 0 and outcome.err == "":
                    continue
                self.assertLess(free, 16)
                self.assertEqual(outcome.status, 125)
                self.assertRegex(outcome.err, r"\Areloc: .*(Too many open files|No file descriptors).*\n\Z")

    def test_a_descriptor_beyond_the_limit(self):
        """The limit was lowered after it was opened."""
        def prepare():
            os.dup2(os.open("/etc/passwd", os.O_RDONLY), 150)
            resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
        outcome = self.packed("bash", "-c", "read line <&150; echo $line", preexec_fn=prepare, close_fds=False)
        with open("/etc/passwd") as lines:
            self.assertEqual(outcome, (0, lines.readline(), ""))


def leave_free(free, limit=100):
    """Leaves room for `free` more descriptors; those that occupy the rest are inherited."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    null = os.open("/dev/null", os.O_RDONLY)
    for fd in range(3, limit - free):
        os.dup2(null, fd)


if __name__ == "__main__":
    session.main()
