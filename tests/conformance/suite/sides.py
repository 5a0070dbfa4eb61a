"""The two sides of a comparison: the host's programs, and the same ones from a pack, a mirror or an image.

Both are called in the same way (same argv, environment, working directory) and both find the scratch directory
empty and under the same path, so that what they print can be compared byte for byte.
"""
import functools
import json
import os
import subprocess

from support import programs, session


class Side:
    """`launch` is the ways.LaunchTest. Its environment names the engine, which has no effect natively."""

    def __init__(self, launch):
        self.launch = launch
        self.env = launch.env
        self.pack = launch.pack
        self.scratch = os.path.join(session.temp(), "scratch")
        if os.path.isdir(self.scratch):
            session.remove_tree(self.scratch)
        os.mkdir(self.scratch)

    def program(self, name):
        """Returns the file to execute."""
        raise NotImplementedError

    def argv0(self, name):
        """Returns its `argv[0]`."""
        return name

    def called(self, name):
        """Returns the `argv[0]` by which it finds itself."""
        return self.program(name)

    def home(self, name):
        """Returns the path that the program was built for, where it believes itself to be."""
        raise NotImplementedError

    def file_of(self, name):
        """Returns the path of the program's own file on the host."""
        raise NotImplementedError

    def added(self, path):
        """Returns where the pack's programs find the data file `path` of the host, which was added to the pack."""
        raise NotImplementedError

    def path(self, *names):
        """Returns $PATH with the directories of `names` before the host's."""
        return ":".join([*(os.path.dirname(self.program(name)) for name in names), programs.HOST_PATH])

    def file(self, name, text="", mode=0o644):
        """Makes a file in the scratch directory; returns its path."""
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
        """Runs the program to its end; returns programs.Outcome."""
        return programs.run([self.argv0(name) if argv0 is None else argv0, *arguments], program=self.program(name),
                            env=self.env if env is None else env, **options)

    def probe(self, *sections, **options):
        return self.run("probe", *sections, **options)

    def start(self, name, *arguments, **options):
        """Starts the program with pipes to its input and output; returns a Popen, to be used as a context
        manager."""
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **options}
        return subprocess.Popen([self.argv0(name), *arguments], executable=self.program(name), env=self.env, **options)

    def execute(self, name, *arguments):
        """Turns this process, a forked child, into the program."""
        os.execve(self.program(name), [self.argv0(name), *arguments], self.env)

    def host_shell(self, script, *names, **options):
        """Runs `script` in the host's shell; $1, $2... are the files of the programs `names`."""
        files = [self.program(name) for name in names]
        return programs.run(["sh", "-c", script, "sh", *files], program="/bin/sh", env=self.env, **options)

    def shell(self, script, *names, **options):
        """Runs `script` in the program bash; $1, $2... are the paths where the programs `names` believe themselves
        to be."""
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
    def store(self):
        """Returns where programs see the store."""
        return _inspect(self.pack)["store_prefix"]

    def program(self, name):
        return self.launch.entry(name)

    def home(self, name):
        shown = _inspect(self.pack)
        built_for = next(entry["resolved"] for entry in shown["entries"] if entry["name"] == name)
        return self.store() + built_for.removeprefix(shown["store_prefix"])

    def file_of(self, name):
        return self.pack + self.home(name)

    def added(self, path):
        data = next(item["name"] for item in _inspect(self.pack)["items"] if item["name"].endswith("-data"))
        return "/".join([self.store(), data, path.removeprefix("/usr/")])


class Mirrored(Packed):
    def file_of(self, name):
        return self.launch.mirror.path + self.home(name)


class Grafted(Packed):
    def store(self):
        return self.launch.mirror.path

    def file_of(self, name):
        return self.home(name)


class FromImage(Packed):
    def called(self, name):
        return _in_image_root(name)


class NativeForImage(Native):
    """A program of an image has one `argv[0]`, its path in the image's root. To make the output comparable, it has
    the same one natively."""

    def argv0(self, name):
        return _in_image_root(name)


SIDES = {"mirror": (Native, Mirrored), "graft": (Native, Grafted), "image": (NativeForImage, FromImage)}


def of(way):
    """Returns the two sides of a way of a launch."""
    return SIDES.get(way.name, (Native, Packed))


def _in_image_root(name):
    return f"/.relocd/pack/bin/{name}"


@functools.lru_cache(maxsize=None)
def _inspect(pack):
    return json.loads(programs.must(programs.relocctl("pack", "inspect", pack, "--format", "json")).out)
