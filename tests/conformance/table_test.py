"""The table of differences is well formed and within its budget, docs/conformance.md matches it, and the comparison
can fail."""
import unittest

from suite import cases, differences, scenarios, table
from support import session


class Document(unittest.TestCase):
    def test_it_is_what_the_suite_would_write(self):
        with open(table.DOCUMENT) as document:
            self.assertEqual(document.read(), table.text(), "write it: see suite/table.py")


class Differences(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scenarios = [each for module in table.modules() for each in scenarios.of_module(module.__name__)]

    def test_names_and_titles_are_given_once(self):
        names = [each.name for each in self.scenarios]
        self.assertEqual(len(names), len(set(names)), sorted(names))
        titles = [(each.module, each.title) for each in self.scenarios]
        self.assertEqual(len(titles), len(set(titles)))

    def test_each_is_of_a_scenario_and_has_a_reason(self):
        names = {each.name for each in self.scenarios}
        for each in differences.DIFFERENCES:
            self.assertIn(each.scenario, names)
            self.assertIn(each.reason, differences.REASONS[each.way], each)
        pairs = [(each.scenario, each.way) for each in differences.DIFFERENCES]
        self.assertEqual(len(pairs), len(set(pairs)))

    def test_each_reason_is_shown_by_a_scenario(self):
        used = {(each.way, each.reason) for each in differences.DIFFERENCES}
        self.assertEqual(used, set(table.labels(differences)))

    def test_they_are_few(self):
        for way, reasons in differences.REASONS.items():
            self.assertLessEqual(len(reasons), differences.BUDGET[way], way)


class Comparison(unittest.TestCase):
    """With a table of its own: scenario "known" differs under userns, in the listed way or in any."""

    def complaint(self, native, packed, name="plain", natively=scenarios.ANYTHING, instead=None):
        kept = differences.DIFFERENCES
        differences.DIFFERENCES = (differences.Difference("known", "userns", "x", instead),)
        self.addCleanup(setattr, differences, "DIFFERENCES", kept)
        each = scenarios.Scenario(name, "A title", "module", None, natively)
        return cases.complaint(each, ("userns", False), native, packed)

    def test_what_is_equal_passes(self):
        self.assertIsNone(self.complaint(1, 1))
        self.assertIsNone(self.complaint(1, 1, natively=1))

    def test_an_undocumented_difference_fails(self):
        self.assertIn("+2", self.complaint(1, 2))

    def test_a_scenario_that_tries_nothing_fails(self):
        self.assertIn("natively", self.complaint("", "", natively="x"))

    def test_a_documented_difference_passes(self):
        self.assertIsNone(self.complaint(1, 2, name="known"))
        self.assertIsNone(self.complaint(1, 2, name="known", instead=lambda native: native + 1))

    def test_a_documented_difference_that_is_gone_fails(self):
        self.assertIn("take it out", self.complaint(1, 1, name="known"))
        self.assertIn("documented otherwise", self.complaint(1, 1, name="known", instead=lambda native: native + 1))

    def test_another_difference_than_the_documented_one_fails(self):
        self.assertIn("documented otherwise", self.complaint(1, 3, name="known", instead=lambda native: native + 1))

    def test_a_difference_that_this_host_cannot_show_passes(self):
        self.assertIsNone(self.complaint(1, 1, name="known", instead=lambda native: native))


if __name__ == "__main__":
    session.main()
