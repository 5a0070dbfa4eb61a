#!/usr/bin/env python3
"""Calls of std::filesystem take a std::error_code: changes by other users at that moment must not end a program.

A range-for over a directory throws when the directory cannot be read to its end, also if the iterator was made with
a std::error_code: use increment(error).

Usage: filesystem.py SOURCE_DIR      prints FILE:LINE for each violation; exit status 1 if there is one
"""

import re
import sys

import sources

FOLDERS = ("client", "daemon", "reloc")

# Functions that throw if their last argument is no std::error_code. Those that take a file_status do not.
FUNCTIONS = """absolute canonical copy copy_file copy_symlink create_directories create_directory create_directory_symlink
    create_hard_link create_symlink current_path equivalent exists file_size hard_link_count is_block_file
    is_character_file is_directory is_empty is_fifo is_other is_regular_file is_socket is_symlink last_write_time
    permissions proximate read_symlink relative remove remove_all rename resize_file space status symlink_status
    temp_directory_path weakly_canonical directory_iterator recursive_directory_iterator""".split()
CALL = re.compile(r"\b(?:fs|filesystem)::(" + "|".join(FUNCTIONS) + r")(?:\s+\w+)?\(")
RANGE_FOR = re.compile(r"\bfor \([^;()]*(?<!:):(?!:)\s*[\w:]*directory_iterator\b")
COMMENT_OR_STRING = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"')


def arguments(text, start):
    """Returns the arguments of the call whose opening parenthesis is before `start`."""
    found, depth, begin = [], 0, start
    for at in range(start, len(text)):
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            if depth == 0:
                return found + [text[begin:at].strip()]
            depth -= 1
        elif text[at] == "," and depth == 0:
            found.append(text[begin:at].strip())
            begin = at + 1
    return found


def throws(function, given):
    takes_status = function.startswith(("is_", "exists")) and "status(" in given[0]
    makes_end = "iterator" in function and given == [""]
    return not takes_status and not makes_end and not re.fullmatch(r"\w*(error|ignored|gone)\w*", given[-1])


def check_text(path, text):
    """Yields 'PATH:LINE: reason' for each call of `text` that may throw."""
    text = COMMENT_OR_STRING.sub(lambda match: '""' if match.group(0)[0] == '"' else "", text)
    line = lambda match: text.count("\n", 0, match.start()) + 1
    for match in RANGE_FOR.finditer(text):
        yield f"{path}:{line(match)}: a range-for over a directory may throw; use increment(error)"
    for match in CALL.finditer(text):
        if throws(match.group(1), arguments(text, match.end())):
            yield f"{path}:{line(match)}: {match.group(1)}() may throw; give it a std::error_code"


def main():
    violations = [found for path, text in sources.walk(sys.argv[1], FOLDERS) for found in check_text(path, text)]
    print("\n".join(violations) or "no call of std::filesystem throws")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
