"""Processes that are stuck in execve(2): the kernel closes a close-on-exec descriptor for them and waits for a file
system that does not answer; processes that read some of their files in /proc wait as well."""
import array
import ctypes
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

from support import programs, session

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_LOOKUP, _FORGET, _GETATTR, _OPEN, _FLUSH, _INIT, _BATCH_FORGET = 1, 2, 3, 14, 25, 26, 42
_ENOSYS = 38
_FILE = 2  # the number of the only file

_EXECUTE = """if True:
    import os, sys
    sys.stdin.buffer.raw.read(1)
    silent = int(sys.argv[1])
    for fd in range(3, 64):  # whatever number somebody looks for
        if fd != silent:
            os.dup2(0, fd)
    os.set_inheritable(silent, False)
    os.execv("/bin/sleep", ["sleep", "1000"])
"""


class SilentFile:
    """A file of a FUSE file system that `uid` has mounted without privileges, and that stops answering when its
    descriptors are closed. Call close() in any case: then the kernel releases all processes that wait for it.

    `fd` is only for the process that will wait: a process that closes a copy of it later waits as well."""

    def __init__(self, uid):
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mountpoint = os.path.join(session.temp(), f"silent-{uid}")
        os.makedirs(mountpoint, exist_ok=True)
        os.chown(mountpoint, uid, uid)
        self._server = os.fork()
        if self._server == 0:
            session.always_exit(lambda: _Server(theirs).run(uid, mountpoint))
        theirs.close()
        message, fds, _, _ = socket.recv_fds(self._control, 100, 1)
        if message != b"open":
            self.close()
            session.require(False, "fuse", message.decode(), "load fuse, and allow user namespaces")
        self.fd = fds[0]

    def be_silent(self, after=0):
        """From now on it answers only `after` more times that a descriptor is closed. Ours is closed before."""
        os.close(self.fd)
        self._control.send(b"%d" % after)
        if self._control.recv(100) != b"ok":
            raise AssertionError("the file system is gone")

    def await_waiting(self, seconds=20):
        """Returns when a process waits for it."""
        if not select.select([self._control], [], [], seconds)[0] or self._control.recv(100) != b"waits":
            raise AssertionError("no process waits for the file system")

    def close(self):
        if self._server == 0:
            return
        os.kill(self._server, signal.SIGKILL)  # a child that was not reaped
        os.waitpid(self._server, 0)
        self._server = 0
        self._control.close()


def start(uid, silent):
    """Starts a process of `uid` that is stuck in execve(2)."""
    process = subprocess.Popen([sys.executable, "-c", _EXECUTE, str(silent.fd)], user=uid, group=uid, extra_groups=[],
                               pass_fds=[silent.fd], stdin=subprocess.PIPE, env={"PATH": programs.HOST_PATH})
    try:
        silent.be_silent()
        process.stdin.write(b"x")
        process.stdin.close()
        silent.await_waiting()
    except BaseException:
        silent.close()
        process.kill()
        process.wait()
        raise
    return process


def blocks(path, seconds=1.0):
    """Returns True if reading `path` does not end within `seconds`."""
    reader = os.fork()
    if reader == 0:
        session.always_exit(lambda: (open(path, "rb").read(), os._exit(0)))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitpid(reader, os.WNOHANG)[0] == reader:
            return False
        time.sleep(0.01)
    os.kill(reader, signal.SIGKILL)
    os.waitpid(reader, 0)
    return True


class _Server:
    def __init__(self, control):
        self._control = control
        self._fuse = -1
        self._answers = None  # how many closings are still answered; None: all

    def run(self, uid, mountpoint):
        os.closerange(3, self._control.fileno())
        os.closerange(self._control.fileno() + 1, 1024)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        try:
            self._mount(uid, mountpoint)
        except OSError as error:
            self._control.send(str(error).encode())
            os._exit(1)
        self._opener = os.fork()
        if self._opener == 0:
            session.always_exit(lambda: self._open(mountpoint))
        while True:
            ready, _, _ = select.select([self._fuse, self._control], [], [])
            if self._control in ready:
                self._obey()
            if self._fuse in ready:
                self._serve()

    def _mount(self, uid, mountpoint):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: otherwise the maps belong to root
        if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {uid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        self._fuse = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self._fuse},rootmode=40000,user_id=0,group_id=0"
        if libc.mount(b"silent", mountpoint.encode(), b"fuse", 0, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount")

    def _open(self, mountpoint):
        os.close(self._fuse)
        fd = os.open(f"{mountpoint}/file", os.O_RDONLY)
        self._control.sendmsg([b"open"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
        os._exit(0)

    def _obey(self):
        message = self._control.recv(100)
        if not message:
            os._exit(0)
        while os.waitpid(self._opener, os.WNOHANG)[0] == 0:  # its descriptor is closed, too
            if select.select([self._fuse], [], [], 0.01)[0]:
                self._serve()
        self._answers = int(message)
        self._control.send(b"ok")

    def _serve(self):
        request = os.read(self._fuse, 1 << 17)
        _, operation, self._unique, node = struct.unpack("<IIQQ", request[:24])
        if operation == _INIT:
            self._answer(struct.pack("<IIIIHHIIHHIIII", 7, 31, 0, 0, 12, 10, 65536, 1, 1, 0, 0, 0, 0, 0) + bytes(12))
        elif operation == _LOOKUP:
            self._answer(struct.pack("<QQQQII", _FILE, 0, 0, 0, 0, 0) + self._attributes(_FILE))
        elif operation == _GETATTR:
            self._answer(struct.pack("<QII", 0, 0, 0) + self._attributes(node))
        elif operation == _OPEN:
            self._answer(struct.pack("<QII", 1, 0, 0))
        elif operation == _FLUSH:
            self._flush()
        elif operation not in (_FORGET, _BATCH_FORGET):
            self._answer(error=_ENOSYS)

    def _flush(self):
        if self._answers == 0:
            self._control.send(b"waits")
            return
        if self._answers is not None:
            self._answers -= 1
        self._answer()

    @staticmethod
    def _attributes(node):
        mode = 0o40755 if node == 1 else 0o100644
        return struct.pack("<QQQQQQIIIIIIIIII", node, 0, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def _answer(self, payload=b"", error=0):
        os.write(self._fuse, struct.pack("<IiQ", 16 + len(payload), -error, self._unique) + payload)
