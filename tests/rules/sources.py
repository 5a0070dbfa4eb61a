"""The sources that the rules check."""

import os


def walk(source_dir, folders, suffixes=(".h", ".cc")):
    """Yields (path, text) of each file in `folders` whose name has one of `suffixes`, with paths from
    `source_dir`."""
    for folder in folders:
        for directory, _, names in os.walk(os.path.join(source_dir, folder)):
            for name in sorted(names):
                if name.endswith(suffixes):
                    full = os.path.join(directory, name)
                    with open(full, encoding="utf-8") as file:
                        yield os.path.relpath(full, source_dir), file.read()
