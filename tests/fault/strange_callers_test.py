"""Callers with a history: children of their own, a hostile environment, names that confuse parsers."""
import os
import re
import shutil
import signal
import subprocess
import unittest

from support import daemon, packs, programs, session

# What a launcher may open: its pack, the kernel's files, "/" to list it, and the store prefix that it made.
MAY_OPEN = re.compile(rf"/(proc/.*|sys/.*|dev/null)?|{re.escape(session.temp())}/.*|/\.\.|\.|relocd-store-[^/]*")
HOSTILE = {
    "GLIBC_TUNABLES": "glibc.malloc.mxfast=glibc.malloc.mxfast=" + "A" * 3000,
    "LD_PRELOAD": "/nonexistent/canary.so", "LD_AUDIT": "/nonexistent/canary.so", "LD_LIBRARY_PATH": "/nonexistent",
    "LD_DEBUG_OUTPUT": "/nonexistent/canary", "LOCPATH": "/nonexistent/canary", "NLSPATH": "/nonexistent/canary",
    "TZ": "/nonexistent/canary", "TMPDIR": "/nonexistent/canary", "HOME": "/nonexistent/canary",
    "HUGE": "x" * 100000,
}


def environment():
    return programs.environment(RELOC_ENGINE="userns", RELOC_DAEMON="off")


class StrangeCallers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pack = packs.from_host("probe", "sh")
        tried = programs.run([cls.pack + "/bin/probe", "ids"], env=environment())
        session.require(tried.status == 0, "userns", tried.err.strip(), "see relocctl engines")

    def test_a_hostile_environment_opens_nothing(self):
        session.require(shutil.which("strace"), "strace", "not on this host", "install strace")
        log = packs.new_path("strace")
        # -E: strace itself must not be affected. The program is the pack's shim itself, up to its last execve.
        settings = [word for name, value in HOSTILE.items() for word in ("-E", f"{name}={value}")]
        outcome = programs.run(["strace", "-f", "-o", log, "-e", "trace=open,openat,openat2,execve", *settings,
                                self.pack + "/bin/probe", "cwd"], env=environment())
        session.require("ptrace" not in outcome.err, "strace", outcome.err.strip(), "allow ptrace")
        with open(log, errors="surrogateescape") as file:
            lines = file.read().splitlines()
        last = max(index for index, line in enumerate(lines) if "execve(" in line)
        opened = [match[1] for line in lines[:last] if (match := re.search(r'open\w*\((?:[^"(]*)"([^"]*)"', line))]
        self.assertTrue(opened)
        self.assertEqual([path for path in opened if not MAY_OPEN.fullmatch(path)], [])
        self.assertFalse([line for line in lines[:last] if "canary" in line and "execve(" not in line])

    def test_a_child_from_before_stays_the_programs_child(self):
        """The launcher waits only for its own helper, and leaves no other child."""
        for place in (["sh"], [programs.host("deny"), "umount2", "--", "/bin/sh"]):  # roots made in place; by a helper
            with self.subTest(place=place):
                outcome = programs.run([*place, "-c", 'sleep 600 >/dev/null 2>&1 & echo $!; exec "$0" children',
                                        self.pack + "/bin/probe"], env=environment())
                child, children = outcome.out.splitlines()
                os.kill(int(child), signal.SIGKILL)
                self.assertEqual(children.split()[1:], [child])

    def test_ps_reads_any_name(self):
        relocd = daemon.Daemon(packs.new_path("daemon"))
        self.addCleanup(relocd.stop)
        env = relocd.environment(RELOC_ENGINE="userns")
        name = ") R 1 ("
        with subprocess.Popen([name], executable=self.pack + "/bin/sh", env=env, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            process.stdin.write(f"printf '%s' '{name}' >/proc/self/comm; echo named; read line\n".encode())
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), b"named\n")
            self.assertTrue(daemon.wait_until(lambda: daemon.jobs(env)))
            job = daemon.jobs(env)[0]
            self.assertEqual((job["pid"], job["state"], job["argv"]), (process.pid, "running", [name]))
            process.stdin.close()
            process.wait()
        self.assertTrue(daemon.wait_until(lambda: daemon.jobs(env)[0]["state"] == "exited"))


if __name__ == "__main__":
    session.main()
