"""What must not grow: descriptors of the daemon, mounts, files, processes."""
import os
import re

from support import daemon, programs


def open_descriptors(env):
    """Returns the number for the idle daemon; it reports that itself, because others must not read it."""
    # relocd starts a process for this, and reaps the children that were killed before.
    programs.must(programs.relocctl("history", "--limit", "1", env=env))
    text = programs.must(programs.relocctl("metrics", env=env)).out
    return int(float(re.search(r"^process_open_fds (\S+)$", text, re.MULTILINE).group(1)))


def settled_descriptors(env, at_most):
    """Returns the same once it is at most `at_most`, or the value at which it stays."""
    seen = []
    daemon.wait_until(lambda: seen.append(open_descriptors(env)) or seen[-1] <= at_most, 10)
    return seen[-1]


def mounts():
    with open("/proc/self/mountinfo") as table:
        return sorted(table)


def files_below(directory):
    return sorted(os.path.join(os.path.relpath(where, directory), name)
                  for where, folders, names in os.walk(directory) for name in folders + names)
