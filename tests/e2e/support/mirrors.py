"""Mirrors made by a daemon of the test."""
import os

from support import daemon, packs, programs


class Mirror:
    """A mirror of `pack` that launches with `environment()` find, and the daemon that keeps it. End it with remove()."""

    def __init__(self, kind, pack):
        self.cache = packs.new_path("c") + "/relocd"
        self.state = packs.new_path("state")
        self.relocd = daemon.Daemon(packs.new_path("daemon"), "--mirror-dir", self.cache,
                                    env=programs.environment(XDG_STATE_HOME=self.state))
        self.directory = self.relocd.directory
        try:
            programs.must(self.add(kind, pack))
        except Exception:
            self.relocd.stop()
            raise
        self.name = next(name for name in os.listdir(self.directory + "/mirrors") if name.endswith("." + kind))
        self.path = os.readlink(f"{self.directory}/mirrors/{self.name}")

    def environment(self, **more):
        return programs.environment(RELOCD_DIR=self.directory, XDG_STATE_HOME=self.state, **more)

    def relocctl(self, *arguments):
        return programs.relocctl("mirrors", *arguments, env=self.environment())

    def add(self, kind, pack):
        return self.relocctl("add", "--kind", kind, "--wait", pack)

    def restart(self, how="stop"):
        getattr(self.relocd, how)()
        self.relocd = daemon.Daemon(self.directory, "--mirror-dir", self.cache,
                                    env=programs.environment(XDG_STATE_HOME=self.state))

    def remove(self):
        self.relocd.stop()
