"""One-file packs, and files that start their programs."""
import functools
import os

from support import packs, programs, session

SERVER = "reloc-squashfs"
_RUN_ENTRY = os.path.join(os.path.realpath(programs.TESTPROGS), "run_entry")


def require():
    """Skips the test if images cannot be mounted."""
    session.require(os.access("/dev/fuse", os.R_OK | os.W_OK), "fuse", "/dev/fuse cannot be opened",
                    "as root: chmod 666 /dev/fuse")


def servers(path):
    """Returns the pids of the processes that serve the image `path`, which is their descriptor 3."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/comm") as comm:
                if comm.read().strip() == SERVER and os.path.samefile(f"/proc/{name}/fd/3", path):
                    found.append(int(name))
        except OSError:
            pass  # it ended, or belongs to another user
    return found


@functools.lru_cache(maxsize=None)
def entries(image, *names):
    """Makes a directory of files that start the programs `names` of the image, once."""
    directory = packs.new_path("entries")
    os.mkdir(directory)
    for name in names:
        path = os.path.join(directory, name)
        with open(path, "w") as entry:
            entry.write(f"#!{_RUN_ENTRY} {image}/bin/{name}\n")
        os.chmod(path, 0o755)
    return directory
