"""A terminal with a program on it, and its output.

Echo and line editing are off, so that the transcript is what programs wrote, in their order.
"""
import fcntl
import os
import select
import signal
import struct
import termios
import time

from support import session

PROMPT = "$ "
SHELL_OPTIONS = ["--norc", "--noprofile", "--noediting", "-i"]


class Terminal:
    """Runs `body`, which executes a program, on a terminal of 24 lines and 80 columns. A context manager."""

    def __init__(self, body):
        self._master, terminal = os.openpty()
        _silence(terminal)
        self.resize(24, 80)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._master)
            session.always_exit(lambda: (os.login_tty(terminal), body()))
        os.close(terminal)
        self._seen = ""
        self._status = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        if self._master is not None:
            self.hang_up()

    def hang_up(self):
        os.close(self._master)
        self._master = None

    def send(self, text):
        os.write(self._master, text.encode())

    def resize(self, rows, columns):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self):
        return termios.tcgetattr(self._master)

    def foreground(self):
        return os.tcgetpgrp(self._master)

    def expect(self, text, seconds=10):
        """Returns the output up to `text`, without it. If the text does not come, the error contains the output."""
        end = time.monotonic() + seconds
        while text not in self._seen:
            if not self._read(end):
                seen, self._seen = self._seen, ""
                return f"{seen} [no {text!r} came]"
        shown, self._seen = self._seen.split(text, 1)
        return shown

    def ask(self, text):
        """Sends a line to a shell; returns the output until its next prompt."""
        self.send(text + "\n")
        return self.expect(PROMPT)

    def rest(self):
        """Returns the output until the program ends."""
        while self._read(time.monotonic() + 10):
            pass
        return self._seen

    def wait(self):
        """Returns the program's wait status; may be called once."""
        self._status = os.waitpid(self.pid, 0)[1]
        return self._status

    def _read(self, end):
        if not select.select([self._master], [], [], max(0, end - time.monotonic()))[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the other end is closed
            return False
        self._seen += data.decode(errors="replace").replace("\r\n", "\n")
        return True


def _silence(terminal):
    modes = termios.tcgetattr(terminal)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, modes)
