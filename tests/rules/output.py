#!/usr/bin/env python3
"""All output goes through reloc/cli/output.h, reloc/launch/launch_log.h or daemon/base/log.h, which escape it.

Names and arguments come from packs and from other users; a print that bypasses those shows them unescaped on a
terminal.

Usage: output.py SOURCE_DIR      prints FILE:LINE for each violation; exit status 1 if there is one
"""

import re
import sys

import sources

FOLDERS = ["audit", "client", "daemon", "front", "image", "preload", "reloc", "shim"]

# file -> why it may print
ALLOWED = {
    "reloc/cli/output.cc": "the way out of hosted programs",
    "client/watch/top_screen.cc": "ncurses draws; TopScreen::Put escapes",
    "client/run/attachment.cc": "prints a job's id, which it has made or checked, while the terminal is raw",
    "client/run/placed_run.cc": "prints the id of its own job, while the terminal is raw",
    "client/base/answering.cc": "what a job wrote, raw on purpose",
    "client/base/reader_watch.cc": "looks whether stdout is read, and writes nothing",
    "client/base/progress.cc": "asks for the width of the terminal; draws by output.h",
    "client/watch/stats.cc": "asks whether stdout is a terminal",
    "client/host/doctor/installation.cc": "its child's stdout is a pipe",
    "client/base/daemon_process.cc": "relocd's descriptors",
    "client/watch/user_jobs.cc": "the helper's descriptors",
    "client/watch/list_jobs_helper.cc": "records for root, in a pipe",
    "daemon/base/log.cc": "the way out of relocd: escapes",
    "daemon/main.cc": "closes the caller's descriptors",
    "daemon/base/child_process.cc": "the descriptors of relocd's processes",
    "daemon/base/log_writer.cc": "the log, whose lines LogInfo() and its like have escaped",
    "reloc/job/attach_session.cc": "what a job writes, raw on purpose",
    "reloc/job/job_launcher.cc": "hands the caller's stderr on to Trace",
    "reloc/launch/image_server.cc": "strerror() alone",
    "preload/shell.cc": "the descriptors of a program that popen(3) starts",
    "image/main.cc": "a constant text",
}

# Functions that print, and names of the streams they print to. A descriptor by number would be a constant 1 or 2.
PRINTS = re.compile(
    r"(?<![\w.>])(?:std::)?(?:(?:v|f|vf|d|vd|w)?printf|f?puts|f?putc|putchar|fwrite|perror|psignal|psiginfo)"
    r"\s*\((?!\))|std::(?:cout|cerr|clog|print)|(?<!\w)(?:stdout|stderr|STDOUT_FILENO|STDERR_FILENO)(?!\w)"
    r"|(?:write|writev|send|WriteAll)\s*\(\s*[12]\s*,")
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def blank(match):
    """Returns the same number of empty lines."""
    return "\n" * match.group(0).count("\n") or " "


def check_text(path, text):
    if path in ALLOWED:
        return
    for number, line in enumerate(COMMENT_OR_STRING.sub(blank, text).splitlines(), start=1):
        if match := PRINTS.search(line):
            yield f"{path}:{number}: {match.group(0).strip()} goes around reloc/cli/output.h"


def check_tree(source_dir):
    found = set()
    for path, text in sources.walk(source_dir, FOLDERS):
        found.add(path)
        yield from check_text(path, text)
        if path in ALLOWED and not PRINTS.search(COMMENT_OR_STRING.sub(blank, text)):
            yield f"{path}: prints nothing any more; take it out of the list in tests/rules/output.py"
    for path in sorted(set(ALLOWED) - found):
        yield f"{path}: is in the list of tests/rules/output.py, and not there"


def main():
    violations = list(check_tree(sys.argv[1]))
    print("\n".join(violations) or "what is printed is escaped")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
