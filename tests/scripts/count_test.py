#!/usr/bin/env python3
"""scripts/test counts tests and repeats the failed ones: a ctest of a few shell commands is given to its functions.

Usage: count_test.py [CTEST]
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
CTEST = sys.argv.pop(1) if len(sys.argv) > 1 else "ctest"

PASSES, FAILS, SKIPS = "echo 50% tests passed, 7 tests failed out of 14", "echo complaint; false", "exit 77"
# $PWD is the build tree.
PASSES_AT_SECOND = "test -e ran || { mkdir ran; echo complaint; exit 1; }"
SKIPS_AT_SECOND = "test ! -e ran || exit 77; mkdir ran; false"
HANGS_AT_FIRST = "test -e hung || { mkdir hung; exec sleep 300; }"
LEAVES_AT_FIRST = 'test -e left || { mkdir left; mkdir "$TMPDIR/left"; exit 1; }'

# count_ctest for each build tree, as scripts/test does it stage by stage.
DRIVER = """
set -euo pipefail
scratch=$2 ctest=$3
source "$1/lib.sh"
source "$1/test.d/count.sh"
shift 3
export TMPDIR=$scratch/tmp
for stage in "$@"; do
  count_ctest "$stage" "$ctest" --test-dir "$stage" --parallel 2 --output-on-failure --no-tests=error || true
  once "nothing left" nothing_is_left || true
done
printf '%s\\n' "${paragraphs[@]}"
print_counts
((failed == 0))
"""


class CountTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        (self.scratch / "tmp").mkdir()

    def stage(self, name, tests):
        """Returns a build tree whose tests are the shell commands TESTS, by name."""
        folder = self.scratch / name
        folder.mkdir()
        lines = []
        for test, command in tests.items():
            timeout = 2 if command == HANGS_AT_FIRST else 60
            lines += [f'add_test([=[{test}]=] "/bin/sh" "-c" [=[cd {folder}; {command}]=])',
                      f'set_tests_properties([=[{test}]=] PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT {timeout})']
        (folder / "CTestTestfile.cmake").write_text("\n".join(lines) + "\n")
        return str(folder)

    def count(self, *stages):
        """Returns the exit status, and the lines printed."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CTEST_")}
        got = subprocess.run(["bash", "-c", DRIVER, "-", str(SCRIPTS), str(self.scratch), CTEST, *stages],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True, check=False)
        return got.returncode, got.stdout.splitlines()

    def test_all_pass(self):
        status, lines = self.count(self.stage("one", {"a": PASSES, "b": PASSES}))
        self.assertEqual((status, lines[-1]), (0, "3 passed, 0 failed"), lines)  # with "nothing left"
        self.assertNotIn("flaky", "\n".join(lines))

    def test_flaky_one_counts_as_passed(self):
        name = "suite/a test, with (parameters)/0"
        status, lines = self.count(self.stage("one", {"a": PASSES, name: PASSES_AT_SECOND, "c": PASSES}))
        self.assertEqual((status, lines[-2:]), (0, ["flaky: " + name, "4 passed, 0 failed"]), lines)
        at = lines.index("failed at first: " + name)
        self.assertIn("   | complaint", lines[at:])

    def test_skipped_ones_are_neither(self):
        status, lines = self.count(self.stage("one", {"a": PASSES, "b": SKIPS, "c": FAILS}))
        self.assertEqual((status, lines[-1]), (1, "2 passed, 1 failed, 1 skipped"), lines)

    def test_skipping_the_repetition_is_a_failure(self):
        status, lines = self.count(self.stage("one", {"a": SKIPS_AT_SECOND}))
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed"), lines)

    def test_failed_one_is_repeated_and_fails(self):
        name = "suite/a b/0"
        status, lines = self.count(self.stage("one", {name: FAILS, "b": PASSES_AT_SECOND, "c": PASSES}))
        self.assertEqual((status, lines[-2:]), (1, ["flaky: b", "3 passed, 1 failed"]), lines)
        self.assertIn("FAILED: " + name, lines)
        self.assertEqual(sum("Test #1: " in line for line in lines), 2)
        self.assertEqual(sum("Test #3: " in line for line in lines), 1)

    def test_timeout_is_repeated(self):
        status, lines = self.count(self.stage("one", {"a": HANGS_AT_FIRST}))
        self.assertEqual((status, lines[-2:]), (0, ["flaky: a", "2 passed, 0 failed"]), lines)

    def test_leftovers_of_a_failure_do_not_spoil_the_stage(self):
        status, lines = self.count(self.stage("one", {"a": LEAVES_AT_FIRST}))
        self.assertEqual((status, lines[-2:]), (0, ["flaky: a", "2 passed, 0 failed"]), lines)

    def test_stages_add_up(self):
        first = self.stage("one", {"a": PASSES, "b": PASSES_AT_SECOND})
        second = self.stage("two", {"a": PASSES_AT_SECOND, "b": FAILS, "c": PASSES})
        third = self.stage("three", {"a": PASSES})
        status, lines = self.count(first, second, third)
        self.assertEqual((status, lines[-3:]), (1, ["flaky: b", "flaky: a", "8 passed, 1 failed"]), lines)

    def test_many_failures_are_not_repeated(self):
        status, lines = self.count(self.stage("one", {f"t{number}": FAILS for number in range(11)} | {"a": PASSES}))
        self.assertEqual((status, lines[-1]), (1, "2 passed, 11 failed"), lines)
        self.assertIn("== 11 tests failed, more than 10: they are not repeated", lines)
        self.assertEqual(sum("Test  #1: " in line for line in lines), 1)

    def test_no_result_is_a_failure(self):
        status, lines = self.count(self.stage("one", {}))
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed"), lines)


if __name__ == "__main__":
    unittest.main()
