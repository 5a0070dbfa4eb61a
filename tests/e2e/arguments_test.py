"""Arguments arrive byte for byte, argv[0] included."""
import os

from support import packs, programs, session, ways

# MAX_ARG_STRLEN: the kernel takes no longer single argument (execve(2)).
LONGEST_ARGUMENT = 32 * 4096 - 1


@ways.every_way
class Arguments(ways.LaunchTest):
    PROGRAMS = ["probe", "argc0", "cat"]

    def probe(self, *argv, **options):
        """The packed probe and the native one, called with the whole of `argv`: the same. Returns the texts."""
        native = programs.run(argv, program=programs.host("probe"), env=self.env, **options)
        packed = programs.run(argv, program=self.entry("probe"), env=self.env, **options)
        self.assertEqual(packed, native)
        return packed.out

    def test_argv0_is_as_the_caller_gave_it(self):
        for name in ("probe", "/nowhere/else", "-login", "--argv0", "", "a name with spaces"):
            with self.subTest(argv0=name):
                self.assertIn(f"argv {len(name)} {name}\n", self.probe(name, "argv"))

    def test_empty_odd_and_option_like_arguments(self):
        self.probe("probe", "argv", "", " ", "--", "-", "--help", "--engine", "userns", "--argv0", "x", "",
                   "new\nline", "\udcff\udcfe", "*", "$HOME", "\t")

    def test_the_longest_single_argument(self):
        self.probe("probe", "argv", "x" * LONGEST_ARGUMENT)

    def test_a_megabyte_of_arguments(self):
        self.probe("probe", "argv", *["y" * 100_000] * 10, "last")

    def test_ten_thousand_arguments(self):
        self.probe("probe", "argv", *map(str, range(10_000)))

    def test_an_empty_argument_list(self):
        native = programs.run(["argc0", programs.host("probe")], program=programs.host("argc0"), env=self.env)
        packed = programs.run(["argc0", self.entry("probe")], program=programs.host("argc0"), env=self.env)
        self.assertEqual(packed, native)

    def test_through_a_symlink_the_argv0_is_the_symlink(self):
        link = packs.new_path("link")
        os.symlink(self.entry("probe"), link)
        outcome = programs.run([link, "argv"], env=self.env)
        self.assertEqual(outcome.out, f"argv {len(link)} {link}\nargv 4 argv\n")

    def test_relocctl_run_passes_arguments_on(self):
        arguments = ["argv", "--engine", "-x", "--", ""]
        packed = programs.relocctl("run", "--", self.entry("probe"), *arguments, env=self.env)
        native = programs.run([self.entry("probe"), *arguments], program=programs.host("probe"), env=self.env)
        self.assertEqual(packed, native)


if __name__ == "__main__":
    session.main()
