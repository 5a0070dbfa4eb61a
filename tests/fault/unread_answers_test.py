"""A client of control.sock that never reads its answers: once it has gone, relocd answers other commands as before."""
import fcntl
import socket
import struct
import termios
import time
import unittest

from support import daemon, packs, programs, session

CALLS = 200
# gRPC is stopped three seconds after the last connection. Its thread that completes writes stays for ten.
STOPPED_SECONDS = 4


def frame(kind, flags, stream, payload):
    """One of HTTP/2: RFC 9113, section 4.1."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def headers(method):
    """Each as a literal without Huffman coding: RFC 7541, section 6.2.2."""
    pairs = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", method), (b":authority", b"relocd"),
             (b"te", b"trailers"), (b"content-type", b"application/grpc")]
    return b"".join(b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in pairs)


def calls(method, count):
    """All that a client sends for so many calls with empty requests and no limit on the answers."""
    window = struct.pack(">HI", 4, 2**31 - 1)  # SETTINGS_INITIAL_WINDOW_SIZE
    sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, window)
    sent += frame(8, 0, 0, struct.pack(">I", 2**31 - 1 - 65535))  # WINDOW_UPDATE
    for stream in range(1, 2 * count, 2):
        sent += frame(1, 4, stream, headers(method)) + frame(0, 1, stream, bytes(5))
    return sent


class UnreadAnswers(unittest.TestCase):
    def setUp(self):
        self.relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(self.relocd.stop)

    def test_a_client_that_never_reads(self):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(client.close)
        client.connect(self.relocd.directory + "/control.sock")
        client.sendall(calls(b"/relocd.v1.Metrics/Read", CALLS))

        def unread():
            return struct.unpack("i", fcntl.ioctl(client, termios.FIONREAD, bytes(4)))[0]
        self.assertTrue(daemon.wait_until(lambda: unread() > 100_000), f"{unread()} bytes: relocd did not answer")
        time.sleep(0.5)  # for gRPC to see that there is no more room
        client.close()
        time.sleep(STOPPED_SECONDS)
        programs.must(programs.relocctl("daemon", "status", env=self.relocd.environment()))


if __name__ == "__main__":
    session.main()
