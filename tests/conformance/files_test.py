"""The host's files are visible and unchanged; new files belong to the caller."""
import os
import stat

from suite import main, scenario

TITLE = "Files of the host"
PROGRAMS = ["bash", "stat", "ls", "cat", "cp", "ln", "mkfifo", "chmod", "chown", "chgrp", "mktemp", "rm", "df", "touch"]

_OWNERS = ["-c", "%n %u %g %U %G %a %F"]


@scenario("Files of other users: owner and group as `stat` shows them")
def owners_of_others_files(side):
    return side.run("stat", *_OWNERS, "/etc/passwd", "/usr/bin", "/tmp", "/dev/null", "/proc/1")


@scenario("`/` itself: owner, mode, kind")
def root_directory(side):
    return side.run("stat", "-c", "%a %F", "/"), side.run("stat", "-c", "%u %g", "/")


@scenario("What is in `/`, besides the store")
def root_listing(side):
    return [name for name in side.run("ls", "-A", "/").out.split("\n") if not name.startswith("relocd-store-of")]


@scenario("The caller's own files: owner, group, mode, times, links")
def own_files(side):
    path = side.file("file", "content", 0o640)
    os.link(path, path + ".link")
    os.symlink("file", path + ".symlink")
    os.utime(path, (1_000_000_000, 1_100_000_000))
    os.utime(path + ".symlink", (1_000_000_000, 1_100_000_000), follow_symlinks=False)
    return side.run("stat", "-c", "%n %u %g %a %h %s %X %Y %F", "file", "file.link", "file.symlink", cwd=side.scratch)


@scenario("Files that it makes: content, owner, mode, times, links, pipes")
def new_files(side):
    script = ('umask 027; echo text > new; mkdir dir; ln new link; ln -s new symlink; mkfifo fifo; chmod 4711 link; '
              'cp new dir/copy; touch -d @1000000000 dir/copy; mv dir/copy moved; rm new')
    outcome = side.run("bash", "-c", script, cwd=side.scratch, env={**side.env, "PATH": side.path("cp", "ln")})

    def seen(name):
        at = os.lstat(os.path.join(side.scratch, name))
        return name, stat.filemode(at.st_mode), at.st_uid, at.st_gid, at.st_nlink, at.st_size
    return outcome, [seen(name) for name in sorted(os.listdir(side.scratch))]


@scenario("What a user may not do, it may not either")
def refusals(side):
    return [side.run(*command) for command in (
        ["cat", "/etc/shadow"], ["touch", "/usr/bin/new"], ["rm", "-f", "/etc/passwd"], ["chmod", "777", "/etc"])]


@scenario("Giving a file away: `chown` and `chgrp` to another user and group fail as they do natively")
def giving_away(side):
    path = side.file("file")
    return side.run("chown", "0", path), side.run("chgrp", "0", path)


@scenario("Its own file without permissions")
def unreadable_file(side):
    path = side.file("secret", "x", 0)
    return side.run("cat", path), side.run("stat", "-c", "%a", path)


@scenario("`/proc`, `/sys` and `/dev` are the host's")
def special_file_systems(side):
    script = ('head -c 4 /dev/urandom | wc -c; echo > /dev/null; cat /proc/version /proc/sys/kernel/random/boot_id; '
              'ls /sys /sys/kernel; ls -d /dev/shm /dev/pts/ptmx; df --output=target /proc /sys /dev/pts')
    return side.run("bash", "-c", script)


@scenario("`/proc/self/mounts` shows the host's mounts and no others")
def mounts(side):
    lines = side.run("cat", "/proc/self/mounts").out.splitlines()
    return sorted(line.split()[1] for line in lines)


@scenario("User and mount namespace are the caller's")
def namespaces(side):
    return side.run("stat", "-L", "-c", "%i", "/proc/self/ns/user", "/proc/self/ns/mnt", "/proc/self/ns/pid",
                    "/proc/self/ns/net", "/proc/self/ns/ipc")


@scenario("A file that the caller holds open is the same file inside", natively=True)
def same_file(side):
    path = side.file("file", "content")
    with open(path) as file:
        seen = side.run("stat", "-L", "-c", "%d %i", path, "/proc/self/fd/0", stdin=file).out
    at = os.stat(path)
    return seen == f"{at.st_dev} {at.st_ino}\n" * 2


if __name__ == "__main__":
    main()
