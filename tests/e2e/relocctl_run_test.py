"""`relocctl run` passes arguments on unchanged. How a pack's own entries do that: tests/conformance."""
from support import programs, session, ways


@ways.every_way
class Arguments(ways.LaunchTest):
    PROGRAMS = ["probe"]

    def test_relocctl_run_passes_arguments_on(self):
        arguments = ["argv", "--engine", "-x", "--", ""]
        packed = programs.relocctl("run", "--", self.entry("probe"), *arguments, env=self.env)
        native = programs.run([self.entry("probe"), *arguments], program=programs.host("probe"), env=self.env)
        self.assertEqual(packed, native)


if __name__ == "__main__":
    session.main()
