"""Clients that run one job after the other, each in a thread of its own."""
import contextlib
import os
import random
import signal
import threading

from chaos import jobs, ways


class Clients:
    def __init__(self, entry, env, seed, count):
        self.entry = entry
        self.env = env
        self.done = []  # jobs
        self.wrong = []  # errors, as texts
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._running = {}  # job -> process
        self._threads = [threading.Thread(target=self._work, args=(random.Random(f"{seed}-{i}"),))
                         for i in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        """Waits until the running jobs have ended."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def kill_one(self, rng):
        """Kills a job at any point of its life, the launch included. Returns it, or None."""
        with self._lock:
            if not self._running:
                return None
            job = rng.choice(sorted(self._running, key=str))
            job.killed = True
            self._running[job].kill()  # no effect on a detached job, whose client has ended
            return job

    def kill_a_launcher(self, rng):
        """Kills the launcher of a detached job that is known to run. Returns the job, or None."""
        with self._lock:
            placed = sorted((job for job in self._running if job.id), key=str)
            if not placed:
                return None
            job = rng.choice(placed)
            pid = ways.find_launcher(job)
            if pid is None:
                return None
            job.launcher_killed = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return job

    def _work(self, rng):
        while not self._stop.is_set():
            job, way = jobs.draw(rng), rng.choice(ways.WAYS)
            try:
                wrong = job.judge(*way.run(job, self.entry, self.env, self._started))
            except Exception as error:  # nothing would notice that a client ended
                wrong = f"{job}: {error!r}"
            with self._lock:
                self._running.pop(job, None)
                self.done.append(job)
                if wrong:
                    self.wrong.append(wrong)

    def _started(self, job, process):
        with self._lock:
            self._running[job] = process
