#!/usr/bin/env python3
"""The include table: which layer may include which.

    base <- ipc <- launch <- hosted <- {pack, storage, cli} <- {job, engine, mirror <- graft} <- {client, daemon}
    fault <- {job, mirror, client, daemon};  {shim, front} -> launch, ipc, base;  {audit, preload} -> base

The client's commands, in folders as --help groups them, may include client/base and not each other. In the daemon:

    base <- proc <- model <- {events, roots} <- jobs <- {processes, mirrors, keeper} <- {history, metrics, launch} <- control <- the top

A table and not the linker, because a header that is included makes a dependency long before a symbol is linked.

Usage: includes.py SOURCE_DIR      prints FILE:LINE for each violation; exit status 1 if there is one
"""

import os
import re
import sys

import sources

# folder -> what it may include besides itself
HOSTED = {"reloc/hosted", "reloc/ipc", "reloc/base"}
PACK = {"reloc/pack", "reloc/launch"} | HOSTED
MIRROR = {"reloc/mirror", "reloc/fault", "proto"} | PACK
CLIENT_BASE = {"client/base", "reloc/cli", "reloc/engine", "reloc/job", "reloc/storage"} | MIRROR
DAEMON_BASE = {"daemon/base", "reloc/cli", "reloc/fault", "reloc/launch", "reloc/storage", "proto"} | HOSTED
DAEMON_MODEL = {"daemon/model", "daemon/proc", "reloc/job", "reloc/mirror"} | DAEMON_BASE
DAEMON_JOBS = {"daemon/jobs", "daemon/roots", "daemon/events"} | DAEMON_MODEL
DAEMON_WORK = {"daemon/processes", "daemon/mirrors", "daemon/keeper"} | DAEMON_JOBS

ALLOWED = {
    "reloc/base": set(),
    "reloc/ipc": {"reloc/base"},
    "reloc/launch": {"reloc/ipc", "reloc/base"},
    "reloc/hosted": {"reloc/ipc", "reloc/base"},
    "reloc/fault": set(),
    "reloc/cli": HOSTED,
    "reloc/storage": HOSTED,
    "reloc/job": {"reloc/fault", "reloc/storage", "reloc/launch"} | HOSTED,
    "reloc/pack": {"reloc/launch", "proto"} | HOSTED,
    "reloc/mirror": {"reloc/fault", "proto"} | PACK,
    "reloc/graft": {"reloc/mirror"} | PACK,
    "reloc/engine": PACK,
    "shim": {"reloc/launch", "reloc/ipc", "reloc/base"},
    "front": {"reloc/launch", "reloc/ipc", "reloc/base"},
    "audit": {"reloc/base"},
    "preload": {"reloc/base"},
    "client/base": CLIENT_BASE,
    "client/run": CLIENT_BASE,
    "client/watch": CLIENT_BASE,
    "client/steer": CLIENT_BASE,
    "client/packs": CLIENT_BASE,
    "client/host": CLIENT_BASE,
    "client": {"client/run", "client/watch", "client/steer", "client/packs", "client/host"} | CLIENT_BASE,
    "daemon/base": DAEMON_BASE,
    "daemon/proc": DAEMON_BASE,
    "daemon/model": DAEMON_MODEL,
    "daemon/events": DAEMON_MODEL,
    "daemon/roots": DAEMON_MODEL,
    "daemon/jobs": DAEMON_JOBS,
    "daemon/processes": DAEMON_JOBS,
    "daemon/mirrors": {"reloc/graft", "reloc/pack"} | DAEMON_JOBS,
    "daemon/keeper": {"reloc/engine"} | DAEMON_JOBS,
    "daemon/history": DAEMON_JOBS,
    "daemon/metrics": DAEMON_JOBS,
    "daemon/launch": {"reloc/engine"} | DAEMON_WORK,
    "daemon/control": {"daemon/history", "daemon/metrics", "daemon/launch"} | DAEMON_WORK,
    "daemon": {"daemon/control", "daemon/history", "daemon/metrics", "daemon/launch", "reloc/engine"} | DAEMON_WORK | MIRROR,
    "image": set(),
    "bench": {"reloc/engine", "reloc/graft"} | MIRROR,
}
FOLDERS = sorted(ALLOWED, reverse=True) + ["proto", "tests"]  # a folder before those that it is in

# No library except libc, and of C++ only headers that neither allocate nor throw.
FREESTANDING = {"reloc/base", "reloc/ipc", "reloc/launch", "shim", "front", "audit", "preload"}
FREESTANDING_CXX = set("""
    algorithm array atomic bit charconv concepts cstddef cstdint initializer_list iterator limits new
    optional span string_view tuple type_traits utility""".split())

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path):
    """Returns the folder of the table that contains `path`, or None for a system or third-party header."""
    for folder in FOLDERS:
        if path.startswith(folder + "/"):
            return folder
    return None


def violation(folder, quote, header):
    """Returns why a file in `folder` may not include `header`, or None."""
    target = folder_of(header)
    if target is not None:
        if target == folder or target in ALLOWED[folder]:
            return None
        return f"{folder} may not include {target}"
    if folder in FREESTANDING:
        if quote == '"':
            return f'{folder} is freestanding; includes are written from the top: "reloc/…"'
        if "." not in header and "/" not in header and header not in FREESTANDING_CXX:
            return f"{folder} is freestanding and may not include <{header}>"
        if header.startswith(("absl/", "google/", "grpcpp/", "spdlog/", "CLI/")):
            return f"{folder} is freestanding and may not include <{header}>"
    return None


def check_text(path, text):
    """Yields 'PATH:LINE: reason' for each include of `text` that the table forbids."""
    folder = folder_of(path)
    for number, line in enumerate(text.splitlines(), start=1):
        match = INCLUDE.match(line)
        reason = violation(folder, *match.groups()) if match else None
        if reason:
            yield f"{path}:{number}: {reason}"


def check_tree(source_dir):
    tops = sorted({folder for folder in ALLOWED if os.path.dirname(folder) not in ALLOWED})
    for path, text in sources.walk(source_dir, tops):
        yield from check_text(path, text)


def main():
    violations = list(check_tree(sys.argv[1]))
    print("\n".join(violations) or "the include table holds")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
