"""docs/conformance.md: generated from the scenarios and the table of differences, which the tests prove.

    python3 tests/conformance/suite/table.py --write      # see also the build target conformance_table
"""
import importlib
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(_HERE, "../../../docs/conformance.md")

# The files of scenarios, in the document's order.
GROUPS = ("arguments_test", "environment_test", "endings_test", "descriptors_test", "directory_test",
          "attributes_test", "terminal_test", "names_test", "files_test", "store_test", "children_test",
          "processes_test", "libraries_test", "programs_test", "python_test")

_INTRODUCTION = """# Conformance

How programs out of a pack behave, compared with the same programs natively. Each row is a scenario that the tests
(`tests/conformance`) run natively and by each engine, without and with a daemon: output, exit status and whatever else
can be seen must be **equal**, or differ exactly as a note below the table says. A note that is no longer true fails
the tests too. This page is written by them: `cmake --build --preset release --target conformance_table`.

The columns are the engines, and what else `userns` launches from: `mirror` is a plain mirror of the pack, and `image` a
pack that is one file, by `relocctl run x.sqfs/bin/NAME`. What differs under `userns` differs there too. `graft` and
`mirror` are run with a daemon, which has made the mirror.
"""


def modules():
    return [importlib.import_module(name) for name in GROUPS]


def labels(differences):
    """Returns a label for each reason: {("userns", "ids"): "U1", ...}."""
    return {(way, reason): f"{way[0].upper()}{number}"
            for way, reasons in differences.REASONS.items() for number, reason in enumerate(reasons, 1)}


def text():
    from suite import differences, scenarios
    from support.ways import WAYS
    label = labels(differences)
    columns = list(differences.REASONS)

    def cell(name, column):
        found = {way.daemon: differences.find(name, *way) for way in WAYS.values() if way.name == column}
        difference = found.get(False) or found[True]
        if difference is None:
            return "equal"
        where = "" if all(found.values()) else ", without a daemon" if found[False] else ", with a daemon"
        return f"differs{where}: {label[difference.way, difference.reason]}"

    def row(cells):
        return "| " + " | ".join(cells) + " |"

    lines = [_INTRODUCTION]
    for module in modules():
        lines += [f"## {module.TITLE}\n", module.__doc__ + "\n",
                  row(["scenario", *columns]), row(["---"] * (1 + len(columns)))]
        for each in scenarios.of_module(module.__name__):
            lines.append(row([each.title, *(cell(each.name, column) for column in columns)]))
        lines.append("")
    lines.append("## Differences\n")
    for (way, reason), name in label.items():
        lines.append(f"- **{name}** ({way}): {differences.REASONS[way][reason]}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.path[:0] = [os.path.dirname(_HERE), os.path.join(_HERE, "../../e2e")]
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: table.py --write")
    with open(DOCUMENT, "w") as document:
        document.write(text())
