"""The programs under test, and how to run them."""
import collections
import os
import shutil
import subprocess

from support import session

BIN = os.environ.get("RELOC_BIN_DIR") or os.path.join(os.path.dirname(__file__), "../../../build/release/bin")
RELOCCTL = os.path.join(BIN, "relocctl")
RELOCD = os.path.join(BIN, "relocd")
TESTPROGS = os.path.join(BIN, "../testprogs")
SCRIPTS = os.path.join(os.path.dirname(__file__), "../../testprogs/scripts")

HOST_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
ENGINES = ("userns", "proot", "fakechroot")

Outcome = collections.namedtuple("Outcome", "status out err")


def environment(**more):
    """Returns a clean environment. The daemon's directory is in the temporary directory, where no daemon runs."""
    return {
        "PATH": HOST_PATH,
        "HOME": session.make_dir("home"),
        "LC_ALL": "C.UTF-8",
        "RELOCD_DIR": os.path.join(session.temp(), "no-daemon"),
        "XDG_RUNTIME_DIR": session.make_dir("runtime", 0o700),
        **more,
    }


def host(name):
    """Returns the host's program `name`, or one of the test programs and scripts."""
    path = shutil.which(name, path=f"{HOST_PATH}:{TESTPROGS}:{SCRIPTS}")
    session.require(path, name, "not on this host", f"install {name}")
    return os.path.realpath(path) if path.startswith((TESTPROGS, SCRIPTS)) else path


def run(argv, *, env=None, program=None, timeout=60, **options):
    """Runs `argv` (the file `program`, default argv[0]) to its end. Texts are bytes that were UTF-8 or not.

    `status` is as in subprocess: negative for death by signal, as waitpid(2) returned it.
    """
    options.setdefault("stdin", subprocess.DEVNULL)
    if "input" in options:
        del options["stdin"]
    done = subprocess.run(argv, executable=program, env=environment() if env is None else env, timeout=timeout,
                          stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=options.pop("stderr", subprocess.PIPE),
                          encoding="utf-8", errors="surrogateescape", **options)
    return Outcome(done.returncode, done.stdout, done.stderr)


def relocctl(*arguments, **options):
    return run([RELOCCTL, *arguments], **options)


def must(outcome):
    """Returns `outcome`, which must be a success."""
    if outcome.status != 0:
        raise AssertionError(f"exit status {outcome.status}: {outcome.err}{outcome.out}")
    return outcome
