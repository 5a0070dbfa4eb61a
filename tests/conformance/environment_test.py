"""The environment is passed byte for byte."""
from suite import main, process, scenario

TITLE = "Environment"
PROGRAMS = ["probe", "bash"]

_ODD = {"EMPTY": "", "EQUALS": "=a=b", "BYTES": "\udcff\udc80", "NEWLINE": "a\nb", "LONG": "z" * 100_000,
        "LD_LIBRARY_PATH": "", "LD_PRELOAD": "", "TMPDIR": "/does/not/exist", "BASH_FUNC_f%%": "() { :; }"}


@scenario("Empty, long and odd values, and bytes that are no UTF-8")
def odd_variables(side):
    return side.probe("env", env={**side.env, **_ODD})


@scenario("Two megabytes")
def two_megabytes(side):
    return side.probe("env", env={**side.env, **{f"V{i}": "v" * 100_000 for i in range(19)}})


@scenario("Nothing in it (so that no engine is named: the first that works is taken)")
def empty_environment(side):
    return side.probe("env", "cwd", "ids", env={})


@scenario("Variables that are there twice, have no `=`, no name or nothing at all")
def malformed_variables(side):
    odd = [b"TWICE=1", b"TWICE=2", b"NO_EQUALS_SIGN", b"=no name", b""]
    return side.probe(preexec_fn=lambda: process.raw_exec(
        side.program("probe"), [b"probe", b"env"], process.entries(side.env) + odd))


@scenario("What a shell exports reaches its children", natively=(0, "value 1 two words\n", ""))
def exported_variables(side):
    return side.shell('export A=value B="two words"; "$1" -c "echo \\$A 1 \\$B"', "bash")


if __name__ == "__main__":
    main()
