"""A FUSE file system whose server answers anything about its root directory, or nothing. Served by another user.

As with `user_allow_other` in /etc/fuse.conf: everybody may use it (allow_other), and the kernel trusts the server.
"""
import contextlib
import ctypes
import itertools
import os
import signal
import stat
import struct

INIT, GETATTR, OPENDIR, DESTROY, FORGET, INTERRUPT, BATCH_FORGET = 26, 3, 27, 38, 2, 36, 42
UNANSWERED = {FORGET, INTERRUPT, BATCH_FORGET}
_MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class LyingFuse:
    """Mounts at `place` (run by root); a child that is `server_uid` serves it.

    `owners`: the owner of the directory, for each request. Empty: only INIT is answered.
    """

    def __init__(self, place, server_uid, owners, log):
        self.place = place
        self.log = log
        device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={device},rootmode=40000,user_id={server_uid},group_id={server_uid},allow_other"
        _check(_libc.mount(b"liar", place.encode(), b"fuse", 6, options.encode()))  # MS_NOSUID | MS_NODEV
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _serve(device, server_uid, owners, log)
            finally:
                os._exit(0)
        os.close(device)

    def requests(self):
        """Returns the kernel's requests so far, except those that every mount causes."""
        with open(self.log) as log:
            asked = [int(line) for line in log]
        return [opcode for opcode in asked if opcode not in (INIT, DESTROY, *UNANSWERED)]

    def end(self):
        """Ends it: processes that wait for an answer get an error."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        _libc.umount2(self.place.encode(), _MNT_DETACH)


def _serve(device, uid, owners, log):
    log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    endless = itertools.cycle(owners) if owners else None
    with contextlib.suppress(OSError):  # unmounted
        while True:
            request = os.read(device, 1 << 18)
            _, opcode, unique = struct.unpack_from("<IIQ", request)
            os.write(log, b"%d\n" % opcode)
            if opcode == INIT:
                _answer(device, unique, struct.pack("<IIIIHHIIHHI7I", 7, 31, 0, 0, 8, 6, 4096, 1, 1, 0, 0, *[0] * 7))
            elif endless is not None and opcode not in UNANSWERED:
                _lie(device, opcode, unique, endless)


def _lie(device, opcode, unique, owners):
    if opcode == GETATTR:
        owner = next(owners)
        attributes = struct.pack("<6Q10I", 1, 0, 0, 0, 0, 0, 0, 0, 0, stat.S_IFDIR | 0o700, 2, owner, owner, 0, 4096, 0)
        _answer(device, unique, struct.pack("<QII", 0, 0, 0) + attributes)
    elif opcode == OPENDIR:
        _answer(device, unique, bytes(16))
    else:
        _answer(device, unique, b"", error=2)  # ENOENT


def _answer(device, unique, data, error=0):
    os.write(device, struct.pack("<IiQ", 16 + len(data), -error, unique) + data)
