"""Every program behaves as if it were native: the frame of the conformance suite.

A scenario runs a program in some situation and returns what was seen. It is run natively and out of a pack, in each way
of support/ways.py (by each engine, without and with a daemon, from a mirror, from an image), and what was seen
has to be equal: in each way, or else as the one table of differences says (differences.py), whose entries have to be
true as well. docs/conformance.md is written from the scenarios and that table.

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
