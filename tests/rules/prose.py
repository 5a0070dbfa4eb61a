#!/usr/bin/env python3
"""Prose in Markdown files is wrapped at 120 columns. Code, tables and longer words are left unchanged.

Usage: prose.py [--fix] SOURCE_DIR     prints FILE:LINE for each longer line; exit status 1 if there is one
                                       --fix: wraps the paragraphs that have such lines
"""

import os
import re
import sys
import textwrap

import sources

COLUMNS = 120
GENERATED = {"docs/conformance.md"}  # by tests/conformance

FENCE = re.compile(r"\s*(```|~~~)")
ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
NO_PROSE = re.compile(r"\s*(?:\||#|<!--|>)|\s*\[[^]]+\]:\s|\s*$|---\s*$")
# At the beginning of a line these would be more than a word.
MARKER = re.compile(r"(?:[-*+]|#+|\d+[.)]|>.*|\|.*|=+|-+)$")


def paragraphs(lines):
    """Yields (first, end) of each run of lines that Markdown joins: a paragraph, or one item of a list."""
    fenced, first = False, None
    for at, line in enumerate(lines + [""]):
        fence = FENCE.match(line) is not None
        plain = not fenced and not fence and not NO_PROSE.match(line)
        begins = plain and (first is None or ITEM.match(line))
        if first is not None and (begins or not plain):
            yield first, at
            first = None
        if begins:
            first = at
        fenced ^= fence


def is_code(lines, first):
    """Returns whether a paragraph is an indented block of code, and no continued item."""
    indent = len(lines[first]) - len(lines[first].lstrip())
    if indent < 4 or ITEM.match(lines[first]):
        return False
    return not any(ITEM.match(line) for line in lines[max(0, first - 20):first])


def too_long(line):
    return len(line) > COLUMNS and " " in line.strip()[:COLUMNS]


def wrap(lines):
    """Returns the lines of one paragraph, wrapped."""
    item = ITEM.match(lines[0])
    indent = item.end() if item else len(lines[0]) - len(lines[0].lstrip())
    lead = lines[0][:indent]
    words = " ".join(line.strip() for line in [lines[0][indent:], *lines[1:]]).split(" ")
    # A word that would be markup at the beginning of a line stays beside the one before it.
    text = words[0]
    for word in words[1:]:
        text += ("\u00a0" if MARKER.match(word) else " ") + word
    if "\u00a0" in "".join(lines):
        return lines
    wrapped = textwrap.wrap(text, COLUMNS, initial_indent=lead, subsequent_indent=" " * indent,
                            break_long_words=False, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in wrapped]


def check_text(path, text):
    """Yields 'PATH:LINE: reason' for each line of prose that is too long."""
    lines = text.split("\n")
    for first, end in paragraphs(lines):
        if not is_code(lines, first):
            for at in range(first, end):
                if too_long(lines[at]):
                    yield f"{path}:{at + 1}: {len(lines[at])} columns; scripts/lint --fix wraps at {COLUMNS}"


def fixed(text):
    lines = text.split("\n")
    out, done = [], 0
    for first, end in paragraphs(lines):
        out += lines[done:first]
        paragraph = lines[first:end]
        broken = any(line.endswith(("  ", "\\")) for line in paragraph[:-1])
        wanted = any(map(too_long, paragraph)) and not is_code(lines, first) and not broken
        out += wrap(paragraph) if wanted else paragraph
        done = end
    return "\n".join(out + lines[done:])


def documents(source_dir):
    for path, text in sources.walk(source_dir, ["docs", ".github"], suffixes=(".md",)):
        if path not in GENERATED:
            yield path, text
    for name in sorted(os.listdir(source_dir)):
        if name.endswith(".md"):
            with open(os.path.join(source_dir, name), encoding="utf-8") as file:
                yield name, file.read()


def main():
    fix = sys.argv[1:2] == ["--fix"]
    source_dir = sys.argv[-1]
    violations = []
    for path, text in documents(source_dir):
        if fix and fixed(text) != text:
            with open(os.path.join(source_dir, path), "w", encoding="utf-8") as file:
                file.write(fixed(text))
        if not fix:
            violations += check_text(path, text)
    if not fix:
        print("\n".join(violations) or f"prose is wrapped at {COLUMNS}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
