"""The relocd of a directory, whether the test started it or a client's `run --detach` did."""
import json
import os
import select
import signal

from support import programs


class Relocd:
    """Starts relocd in `directory` unless one serves there. End it with stop() or kill()."""

    def __init__(self, directory, env):
        self.directory = directory
        env = {**env, "RELOCD_DIR": directory}
        programs.must(programs.relocctl("daemon", "start", env=env))
        status = programs.must(programs.relocctl("daemon", "status", "--format", "json", env=env))
        self.pid = json.loads(status.out)["pid"]
        self._process = os.pidfd_open(self.pid)
        self._status = None  # as in subprocess, once it has ended; "unknown" if its parent was another process

    def children(self):
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as children:
            return [int(pid) for pid in children.read().split()]

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)
        self._await_end()

    def stop(self):
        """Stops it cleanly, if it runs, and returns its status."""
        if self._status is None:
            self.send_signal(signal.SIGTERM)
            self._await_end()
        return self._status

    def _await_end(self):
        if not select.select([self._process], [], [], 20)[0]:
            raise AssertionError(f"relocd (pid {self.pid}) does not end")
        os.close(self._process)
        try:
            # The test is the subreaper: it is the parent once the relocctl that started relocd has ended.
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except ChildProcessError:
            self._status = "unknown"
