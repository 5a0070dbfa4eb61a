"""Arguments are passed byte for byte, argv[0] included."""
import os

from suite import main, process, scenario

TITLE = "Arguments"
PROGRAMS = ["probe"]

# MAX_ARG_STRLEN: the kernel accepts no longer single argument (execve(2)).
LONGEST_ARGUMENT = 32 * 4096 - 1


def argv(side, *arguments, **options):
    return side.probe("argv", *arguments, **options)


@scenario("`argv[0]` that is a path, a login shell's, an option, empty or has spaces")
def argv0(side):
    return [argv(side, argv0=name) for name in ("/nowhere/else", "-login", "--argv0", "", "a name with spaces")]


@scenario("No arguments at all, not even `argv[0]`")
def no_argv0(side):
    return side.probe(preexec_fn=lambda: process.raw_exec(side.program("probe"), [], process.entries(side.env)))


@scenario("Empty, odd and option-like arguments, and bytes that are no UTF-8")
def odd_arguments(side):
    return argv(side, "", " ", "--", "-", "--help", "--engine", "userns", "--argv0", "x", "", "new\nline",
                "\udcff\udcfe", "*", "$HOME", "\t", "-v", "-r", "/")


@scenario("The longest single argument, 128 KB")
def longest_argument(side):
    return argv(side, "x" * LONGEST_ARGUMENT)


@scenario("A megabyte of arguments")
def megabyte_of_arguments(side):
    return argv(side, *["y" * 100_000] * 10, "last")


@scenario("100,000 arguments")
def many_arguments(side):
    return argv(side, *map(str, range(100_000)))


@scenario("Started through a symlink")
def through_a_symlink(side):
    link = os.path.join(side.scratch, "link")
    os.symlink(side.program("probe"), link)
    return side.run("probe", "argv", argv0=link, preexec_fn=lambda: os.execve(link, [link, "argv"], side.env))


if __name__ == "__main__":
    main()
