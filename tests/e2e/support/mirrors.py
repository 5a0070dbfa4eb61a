"""Mirrors made and published by hand, as a daemon would."""
import os

from support import packs, programs

TOOL = os.path.join(programs.TESTPROGS, "mirror_pack")


def make(kind, pack, cache, directory):
    """What tests/tools/mirror_pack.cc says: an Outcome whose `out` is where the link leads."""
    return programs.run([TOOL, kind, pack, cache, directory])


class Mirror:
    """A mirror of `pack` that launches with `environment()` find."""

    def __init__(self, kind, pack, directory=None):
        self.directory = directory or packs.new_path("daemon")
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        self.cache = packs.new_path("c")
        self.path = programs.must(make(kind, pack, self.cache, self.directory)).out.strip()

    def environment(self, **more):
        return programs.environment(RELOCD_DIR=self.directory, **more)

    def remove(self):
        """Removes what a graft has outside of the temporary directory: its path in /tmp."""
        if os.path.islink(self.path):
            os.unlink(self.path)
