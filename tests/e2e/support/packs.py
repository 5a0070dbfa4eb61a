"""Packs to test with, made once for each test process."""
import functools
import os

from support import programs, session
from support.store import Store

_made = 0


def new_path(name="pack"):
    """Returns a path in the temporary directory that has not been used yet."""
    global _made
    _made += 1
    return os.path.join(session.temp(), f"{name}-{_made}")


@functools.lru_cache(maxsize=None)
def from_host(*names, add=(), entries=(), suffix=""):
    """Returns a pack of host programs and test programs, given by name or path. Shared: do not change it.

    `suffix` selects the kind of pack; see relocctl pack create.
    """
    paths = [programs.host(name) for name in names]
    more = [word for path in add for word in ("--add", path)]
    more += [word for entry in entries for word in ("--entry", entry)]
    pack = new_path() + suffix
    programs.must(programs.relocctl("pack", "create", "-o", pack, "--from-host", *paths, *more))
    return pack


def versioned(version):
    """Returns a pack of a script that prints `version`; all versions have the same item names."""
    store = Store("/gnu/store", new_path("store"))
    bash = store.add("bash-5.2", "bash")
    item = store.item("versioned")
    store.add_file(f"{item}/bin/show", f"#!{bash}/bin/bash\necho {version}\n", 0o755)
    pack = new_path("version")
    programs.must(programs.relocctl("pack", "create", "-o", pack, "--from-store", item, "--store-dir",
                                    store.directory, "--store-prefix", "/gnu/store"))
    return pack
