"""The conformance suite: every program behaves as if it were native.

A scenario runs a program in some situation and returns what it saw. It is run natively and from a pack, in each way
of support/ways.py (by each engine, without and with a daemon, from a mirror, from an image), and the results must
be equal in each way, or differ as the table of differences says (differences.py), whose entries must be true as
well. docs/conformance.md is written from the scenarios and that table.

    from suite import scenario, main
    PROGRAMS = ["cat"]                      # of the pack
    TITLE = "Arguments"                     # of the group

    @scenario("An empty argument")          # the row's name in the document
    def empty_argument(side):
        return side.run("cat", "")

    if __name__ == "__main__":
        main()
"""
from suite.cases import main
from suite.scenarios import scenario

__all__ = ["main", "scenario"]
