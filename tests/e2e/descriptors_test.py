"""Launches that are short of descriptors, or have none to speak to."""
import os
import resource

from support import packs, programs, session, ways


@ways.every_way
class Descriptors(ways.LaunchTest):
    PROGRAMS = ["cat", "bash"]

    def test_a_message_never_lands_in_a_file_of_the_callers(self):
        """With standard error closed, the next file that is opened gets its number. RELOC_DEBUG talks a lot."""
        victim = packs.new_path("victim")
        script = 'exec 2>&-; "$1" -c "exec 2>$2; echo fine >&2"'
        env = {**self.env, "RELOC_DEBUG": "1"}
        programs.must(programs.run(["sh", "-c", script, "sh", self.entry("bash"), victim], env=env))
        with open(victim) as lines:
            self.assertEqual(lines.read(), "fine\n")

    def test_a_full_descriptor_table(self):
        """A launch needs a few descriptors for a moment. With less, one line says so."""
        enough = 100 if self.way == "ByProot" else 16  # each descriptor is held twice while it goes past PRoot
        for free in (16, 3, 0):
            with self.subTest(free=free):
                outcome = self.packed("cat", preexec_fn=lambda: leave_free(free), close_fds=False)
                if outcome.status == 0 and outcome.err == "":
                    continue
                self.assertLess(free, enough)
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
