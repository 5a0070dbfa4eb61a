"""Checks how a program under test fails."""
import unittest


class OneLineTest(unittest.TestCase):
    def assertOneLine(self, outcome, *words):
        self.assertGreater(outcome.status, 0, "a crash or a success")
        self.assertEqual(outcome.out, "")
        self.assertRegex(outcome.err, r"\A(relocctl|reloc): [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, outcome.err)
