#!/usr/bin/env python3
"""Each fault that can be switched on by name has a test that names it, and is used in the code.

Usage: faults.py SOURCE_DIR      prints a line for each violation; exit status 1 if there is one
"""

import os
import re
import sys

import sources

POINTS = "reloc/fault/points.h"
POINT = re.compile(r'^\s*X\((\w+), "([a-z.]+)", "[^"]+"\)')


def parse(text):
    """Returns (point, name) of each fault in points.h."""
    return [match.groups() for match in map(POINT.match, text.splitlines()) if match]


def violations(points, code, tests):
    for point, name in points:
        if f"Point::{point})" not in code:
            yield f"{POINTS}: {name}: nothing can fail by this name"
        if not re.search(rf'["\',]{re.escape(name)}=[E{{]', tests):
            yield f"{POINTS}: {name}: no test in tests/fault or tests/unit/mirror switches it on"


def main():
    source_dir = sys.argv[1]
    with open(os.path.join(source_dir, POINTS), encoding="utf-8") as file:
        points = parse(file.read())
    join = lambda *given: "\n".join(text for _, text in sources.walk(source_dir, *given))
    code = join(["client", "daemon", "reloc/job", "reloc/mirror"])
    tests = join(["tests/fault", "tests/e2e", "tests/unit/mirror"], (".py", ".cc"))
    found = list(violations(points, code, tests)) if points else [f"{POINTS}: no faults found"]
    print("\n".join(found) or f"each of {len(points)} faults has its place and its test")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
