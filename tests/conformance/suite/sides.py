"""The two sides of a comparison: the host's programs, and the same ones out of a pack.

Both are called alike (same argv, environment, working directory) and both find the scratch directory empty and under
the same path, so that what they print can be compared byte for byte.
"""
import functools
import json
import os
import subprocess

from support import programs, session


class Side:
    """`env` is the environment for every launch: it names the engine, which means nothing natively."""

    def __init__(self, env, pack):
        self.env = env
        self.pack = pack
        self.scratch = os.path.join(session.temp(), "scratch")
        if os.path.isdir(self.scratch):
            session.remove_tree(self.scratch)
        os.mkdir(self.scratch)

    def program(self, name):
        """The file to execute."""
        raise NotImplementedError

    def home(self, name):
        """The path that the program was built for: where it takes itself to be."""
        raise NotImplementedError

    def file_of(self, name):
        """Where the program's own file lies on the host."""
        raise NotImplementedError

    def added(self, path):
        """Where the data file `path` of the host, which was added to the pack, is for its programs."""
        raise NotImplementedError

    def path(self, *names):
        """$PATH with the directories of `names` before the host's."""
        return ":".join([*(os.path.dirname(self.program(name)) for name in names), programs.HOST_PATH])

    def file(self, name, text="", mode=0o644):
        """Makes a file in the scratch directory; its path."""
        path = os.path.join(self.scratch, name)
        with open(path, "w", errors="surrogateescape") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def directory(self, name):
        path = os.path.join(self.scratch, name)
        os.mkdir(path)
        return path

    def run(self, name, *arguments, argv0=None, env=None, **options):
        """Runs the program to its end: programs.Outcome."""
        return programs.run([name if argv0 is None else argv0, *arguments], program=self.program(name),
                            env=self.env if env is None else env, **options)

    def probe(self, *sections, **options):
        return self.run("probe", *sections, **options)

    def start(self, name, *arguments, **options):
        """Starts the program with pipes to its input and output; a Popen, to be used as a context manager."""
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **options}
        return subprocess.Popen([name, *arguments], executable=self.program(name), env=self.env, **options)

    def execute(self, name, *arguments):
        """Turns this process, a forked child, into the program."""
        os.execve(self.program(name), [name, *arguments], self.env)

    def host_shell(self, script, *names, **options):
        """The host's shell runs `script`, in which $1, $2... are the files of the programs `names`."""
        files = [self.program(name) for name in names]
        return programs.run(["sh", "-c", script, "sh", *files], program="/bin/sh", env=self.env, **options)

    def shell(self, script, *names, **options):
        """The program bash runs `script`, in which $1, $2... are where the programs `names` take themselves to be."""
        return self.run("bash", "-c", script, "bash", *map(self.home, names), **options)


class Native(Side):
    def program(self, name):
        return programs.host(name)

    def home(self, name):
        return os.path.realpath(programs.host(name))

    file_of = home

    def added(self, path):
        return path


class Packed(Side):
    def program(self, name):
        return os.path.join(self.pack, "bin", name)

    def home(self, name):
        return _homes(self.pack)[name]

    def file_of(self, name):
        return self.pack + self.home(name)

    def added(self, path):
        shown = _inspect(self.pack)
        data = next(item["name"] for item in shown["items"] if item["name"].endswith("-data"))
        return "/".join([shown["store_prefix"], data, path.removeprefix("/usr/")])


def _homes(pack):
    return {entry["name"]: entry["resolved"] for entry in _inspect(pack)["entries"]}


@functools.lru_cache(maxsize=None)
def _inspect(pack):
    return json.loads(programs.must(programs.relocctl("pack", "inspect", pack, "--format", "json")).out)
