"""Daemons that do what a daemon must not do, and the bytes of the launch protocol (reloc/launch/wire.h)."""
import contextlib
import os
import socket
import struct
import threading

MAX_MESSAGE = 96 * 1024
USERNS = 1  # Engine::kUserns
OP_JOIN, OP_RESTORE_CWD, OP_COMMIT, OP_EXEC = 16, 17, 20, 22


def message(kind, body, versions=(1, 1), magic=b"RLWR", size=None):
    size = 16 + len(body) if size is None else size
    return struct.pack("<4sHHHHI", magic, *versions, kind, 0, size) + body


def text(value):
    return struct.pack("<I", len(value)) + value


def reply(plan=b"", reason=0, why=b"", **header):
    return message(2, struct.pack("<H", reason) + text(why) + text(plan), **header)


def plan(program, engine=USERNS, prepare=(), steps=None):
    """Returns an encoded launch plan (reloc/launch/plan.h); by default the one that joins a root and executes."""
    enter = steps or [(OP_JOIN, b"", b""), (OP_RESTORE_CWD, b"", b""), (OP_COMMIT, b"", b""),
                      (OP_EXEC, program.encode(), b"")]
    body = b"".join(struct.pack("<HHHH", op, 0, len(a), len(b)) + a + b"\0" + b + b"\0"
                    for op, a, b in (*prepare, *enter))
    return struct.pack("<4sHHI16sHH", b"RLPL", 1, engine, 32 + len(body), bytes(16), len(prepare), len(enter)) + body


def parse_launch(data):
    """Returns the texts of a kLaunch or kStarted message, by name."""
    at = 16 + 2 + 2 + 7 * 8 + 2 * 8 + 16
    texts = {"type": struct.unpack_from("<H", data, 8)[0]}
    for name in ("prefix", "pack", "entry", "program", "argv", "slurm_job"):
        size, = struct.unpack_from("<I", data, at)
        texts[name] = data[at + 4:at + 4 + size].decode()
        at += 4 + size
    return texts


class FakeDaemon:
    """Listens on `directory`/launch.sock and calls `behave(daemon, connection)` for each connection.

    `messages` has what clients sent, as far as `behave` read it with receive().
    """

    def __init__(self, directory, behave):
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self.directory = directory
        self.messages = []
        self.connections = 0
        self._behave = behave
        self._serving = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.bind(os.path.join(directory, "launch.sock"))
        self._socket.listen(64)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        os.unlink(os.path.join(self.directory, "launch.sock"))

    def receive(self, connection):
        data, fds, _, _ = socket.recv_fds(connection, MAX_MESSAGE, 8)
        for fd in fds:
            os.close(fd)
        self.messages.append(data)
        return data

    def connections_end(self):
        """Waits until the current connection is finished."""
        with self._serving:
            pass

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # shut down
                return
            self.connections += 1
            with self._serving, connection, contextlib.suppress(ConnectionError):
                self._behave(self, connection)
