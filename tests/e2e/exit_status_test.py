"""The caller sees the program's own end: every exit status, and death by signal as death by signal."""
import signal

from support import session, ways


@ways.every_way
class ExitStatus(ways.LaunchTest):
    PROGRAMS = ["bash"]

    def test_exit_statuses_are_the_programs_own(self):
        for status in (0, 1, 2, 3, 41, 124, 125, 126, 127, 128, 129, 143, 254, 255):
            with self.subTest(status=status):
                self.assertEqual(self.packed("bash", "-c", f"exit {status}").status, status)

    def test_death_by_signal_is_seen_as_such(self):
        for name in ("TERM", "KILL", "SEGV", "INT", "ABRT", "PIPE", "HUP", "RTMIN"):
            with self.subTest(signal=name):
                outcome = self.packed("bash", "-c", f"ulimit -c 0; kill -{name} $$")
                self.assertEqual(outcome.status, -signal.Signals[f"SIG{name}"])

    def test_output_before_a_death_is_not_lost(self):
        outcome = self.packed("bash", "-c", "echo said; kill -TERM $$")
        self.assertEqual((outcome.status, outcome.out), (-signal.SIGTERM, "said\n"))


if __name__ == "__main__":
    session.main()
