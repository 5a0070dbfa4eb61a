"""The roots that relocd keeps: made once, within a limit, and never out of date."""
import json
import os
import shutil
import subprocess
import unittest

from support import daemon, packs, programs, session

AT_ONCE = 50


class Roots(unittest.TestCase):
    def setUp(self):
        self.pack = packs.from_host("sh", "cat", "readlink")

    def start(self, *arguments):
        self.relocd = daemon.Daemon(packs.new_path("daemon"), *arguments)
        self.addCleanup(self.relocd.stop)
        self.env = self.relocd.environment(RELOC_ENGINE="userns")

    def namespace(self, pack):
        return programs.must(programs.run([pack + "/bin/readlink", "/proc/self/ns/mnt"], env=self.env)).out

    def roots(self):
        outcome = programs.must(programs.relocctl("roots", "ls", "--format", "json", env=self.env))
        return {root["pack"]: root for root in json.loads(outcome.out)}

    def copy(self):
        """Returns another pack with the same content."""
        path = packs.new_path()
        shutil.copytree(self.pack, path, symlinks=True)
        return path

    def test_fifty_first_launches_make_one_root(self):
        self.start("--log-level", "debug")
        launches = [subprocess.Popen([self.pack + "/bin/readlink", "/proc/self/ns/mnt"], env=self.env,
                                     stdout=subprocess.PIPE) for _ in range(AT_ONCE)]
        outputs = [launch.communicate()[0] for launch in launches]
        self.assertEqual([launch.returncode for launch in launches], [0] * AT_ONCE)
        self.relocd.await_log("root made")
        self.assertEqual(self.relocd.read_log().count("root made"), 1)
        # Launches without an answer in time made their own root; that there are none is only certain on a fast
        # machine.
        self.assertGreater(outputs.count(self.namespace(self.pack).encode()), 0)

    def test_the_longest_unused_root_makes_room(self):
        self.start("--max-roots", "2")
        first, second, third = self.copy(), self.copy(), self.copy()
        kept = self.namespace(first)
        self.namespace(second)
        self.assertEqual(self.namespace(first), kept)  # used again, so that the second is older
        self.namespace(third)
        self.assertEqual(set(self.roots()), {first, third})
        self.assertEqual(self.namespace(first), kept)

    def test_a_root_in_use_is_kept_and_others_run_without(self):
        self.start("--max-roots", "1")
        job = subprocess.Popen([self.pack + "/bin/cat"], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.assertTrue(daemon.wait_until(lambda: self.roots().get(self.pack, {}).get("jobs") == 1))
            other = self.copy()
            self.assertNotEqual(self.namespace(other), "")
            self.assertEqual(set(self.roots()), {self.pack})
        finally:
            self.assertEqual(job.communicate(b"still here")[0], b"still here")
        self.namespace(other)
        self.assertEqual(set(self.roots()), {other})

    def test_many_roots(self):
        """Every one is made, published and joined again."""
        self.start("--max-roots", "100")
        first = self.copy()
        seen = {first: self.namespace(first)}
        for _ in range(20):
            pack = self.copy()
            seen[pack] = self.namespace(pack)
        self.assertEqual(len(set(seen.values())), 21)
        for pack, namespace in seen.items():
            self.assertEqual(self.namespace(pack), namespace)

    def test_mounts_of_the_host_appear(self):
        """In private namespaces, whose mounts are private: then nothing propagates into the roots."""
        script = r"""
            mkdir "$2/place"
            "$1" --dir "$2/daemon" >"$2/log" 2>&1 & relocd=$!
            trap "kill $relocd; wait $relocd" EXIT
            until [ -S "$2/daemon/launch.sock" ]; do sleep 0.01; done
            export RELOCD_DIR="$2/daemon" RELOC_ENGINE=userns
            show() { "$3/bin/sh" -c '[ -e "$1/file" ] && echo there || echo missing' sh "$2/place"; }
            await() { for try in 1 2 3 4 5 6 7 8 9 10; do [ "$(show "$@")" = $seen ] && break; sleep 0.1; done; }
            show "$@"
            mount -t tmpfs tmpfs "$2/place" && echo >"$2/place/file"
            seen=there; await "$@"; show "$@"
            umount "$2/place"
            seen=missing; await "$@"; show "$@"
        """
        base = packs.new_path("mounts")
        os.mkdir(base)
        outcome = programs.run(["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", "sh",
                                "-c", script, "sh", programs.RELOCD, base, self.pack], env=programs.environment())
        session.require("Operation not permitted" not in outcome.err, "userns", outcome.err, "see unshare(1)")
        self.assertEqual(outcome, (0, "missing\nthere\nmissing\n", ""))
        with open(base + "/log") as log:
            self.assertIn("mounts changed", log.read())


if __name__ == "__main__":
    session.main()
