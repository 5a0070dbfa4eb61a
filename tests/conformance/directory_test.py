"""The program starts in its caller's directory, whatever happened to that."""
import os
import subprocess

from suite import main, scenario

TITLE = "Working directory"
PROGRAMS = ["probe", "cat", "bash", "ls"]


def there(side, path):
    """Returns what the program sees of its working directory `path`: the name, and whether it is that directory."""
    at = os.stat(path)
    status, out, err = side.probe("cwd", "cwd-file", cwd=path)
    return status, out.replace(f"device {at.st_dev} inode {at.st_ino}\n", "the same\n"), err


@scenario("Anywhere on the host")
def anywhere(side):
    places = ("/usr/bin", "/tmp", "/proc/1", "/dev/pts", "/sys", os.path.dirname(side.pack), side.pack)
    return side.probe("cwd", cwd="/"), [there(side, path) for path in places]


@scenario("In the store of the pack, reached through the pack")
def in_the_store(side):
    items = next(path for path, names, _ in os.walk(side.pack) if any(name.endswith("-probe") for name in names))
    return there(side, items)


@scenario("Names with spaces, line ends and odd bytes, and relative paths from there")
def odd_names(side):
    path = side.directory("with space \udcff\nand newline")
    side.file(os.path.join(path, "file"), "content\n")
    return there(side, path), side.run("cat", "file", "../" + os.path.basename(path) + "/file", cwd=path)


@scenario("Through a symlink, which `$PWD` names")
def directory_through_a_symlink(side):
    link = os.path.join(side.scratch, "link")
    os.symlink(side.directory("place"), link)
    env = {**side.env, "PWD": link}
    return side.run("bash", "-c", "pwd; pwd -P; cd ..; pwd", cwd=link, env=env)


@scenario("Deleted")
def deleted(side):
    def enter():
        os.chdir(side.directory("deleted"))
        os.rmdir("../deleted")
    return side.probe("cwd", preexec_fn=enter), side.scratch


@scenario("Deleted, and still the same directory", natively=True)
def deleted_and_the_same(side):
    place = os.open(side.directory("deleted"), os.O_PATH)
    os.rmdir(os.path.join(side.scratch, "deleted"))
    seen = side.probe("cwd-file", preexec_fn=lambda: os.fchdir(place)).out
    inode = os.fstat(place).st_ino
    os.close(place)
    return seen.endswith(f"inode {inode}\n")


@scenario("Replaced by another one of the same name, which is not the caller's", natively=True)
def replaced(side):
    path = side.directory("place")

    def replace():
        os.rename(path, path + ".old")
        os.mkdir(path)
    seen = side.probe("cwd", "cwd-file", cwd=path, preexec_fn=replace).out
    return seen.endswith(f"inode {os.stat(path + '.old').st_ino}\n")


@scenario("Below a parent that cannot be listed")
def unreadable_parent(side):
    parent = side.directory("parent")
    os.mkdir(parent + "/child")
    os.chmod(parent, 0o111)
    outcome = side.probe("cwd", cwd=parent + "/child"), side.run("ls", "-d", "..", cwd=parent + "/child")
    os.chmod(parent, 0o700)
    return outcome


@scenario("Below a parent that was closed: no path leads there any more")
def closed_parent(side):
    parent = side.directory("parent")
    os.mkdir(parent + "/child")
    inode = os.stat(parent + "/child").st_ino
    outcome = side.probe("cwd-file", cwd=parent + "/child", preexec_fn=lambda: os.chmod(parent, 0))
    os.chmod(parent, 0o700)
    return outcome.status, outcome.out.endswith(f"inode {inode}\n")


@scenario("Deeper than the longest path")
def deep(side):
    def enter():
        for _ in range(25):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        with open("file", "w") as file:
            file.write("content\n")
    outcome = side.run("cat", "file", cwd=side.scratch, preexec_fn=enter)
    subprocess.run(["rm", "-r", side.scratch], check=True)  # Python's functions go by path
    return outcome


@scenario("The program goes elsewhere and back")
def changes_directory(side):
    return side.run("bash", "-c", "cd /usr/lib && pwd && cd - && cd / && pwd -P && cd usr/../tmp && pwd", cwd="/usr")


if __name__ == "__main__":
    main()
