"""What happens to a daemon and its clients, at random but repeatably: one Trouble draws from one seed."""
import contextlib
import os
import random
import signal
import time


class Trouble:
    def __init__(self, relocd, start, clients, seed):
        """`start` starts the next daemon."""
        self.directory = relocd.directory
        self.clients = clients
        self.relocd = relocd
        self.start = start
        self.log = []  # what was done and when
        self._random = random.Random(f"{seed}-trouble")
        self._begin = time.monotonic()

    def make(self, seconds, *, restart):
        """Makes trouble for so long; without `restart` the same daemon runs all the time."""
        gentle = [self.pause, self.remove_a_socket] * 4 + [self.kill_client] * 8
        gentle += [self.kill_launcher, self.kill_keeper] * 3
        violent = [self.kill_daemon] * 5 + [self.restart_daemon] * 3
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._sleep(0.15)
            self._random.choice(gentle + violent if restart else gentle)()

    def pause(self):
        self._note("stop the daemon for a while")
        self.relocd.send_signal(signal.SIGSTOP)
        self._sleep(0.3)
        self.relocd.send_signal(signal.SIGCONT)

    def kill_client(self):
        job = self.clients.kill_one(self._random)
        self._note(f"kill the client of {job}")

    def kill_launcher(self):
        self._note(f"kill the launcher of {self.clients.kill_a_launcher(self._random)}")

    def kill_keeper(self):
        pids = self.relocd.children()
        self._note(f"kill the keeper {pids}")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def remove_a_socket(self):
        name = self._random.choice(["launch.sock", "control.sock", "roots"])
        self._note(f"remove {name}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.directory, name))

    def kill_daemon(self):
        self._note("kill -9 the daemon")
        self.relocd.kill()
        self._sleep(0.2)
        self.relocd = self.start()

    def restart_daemon(self):
        self._note("restart the daemon")
        self.relocd.stop()
        self.relocd = self.start()

    def _sleep(self, at_most):
        time.sleep(self._random.uniform(0, at_most))

    def _note(self, what):
        self.log.append(f"{time.monotonic() - self._begin:7.3f} {what}")
