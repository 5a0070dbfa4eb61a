"""The documented differences between a program's native run and its run from a pack. The only place for them.

A test fails for a difference that is not listed, for one that is listed and does not occur, and for one reason too
many. A scenario whose result varies, or that may hang, is not run: see UNSTEADY.
"""
import dataclasses
import os
import re
from typing import Callable, Optional

# How many reasons a way of a launch may have of its own.
BUDGET = {"userns": 6, "fakechroot": 12, "proot": 8, "graft": 3, "mirror": 3, "image": 3}
# Ways that launch with the engine of another one, and have the same differences.
ALSO = {"mirror": "userns", "image": "userns"}


UNSTEADY = object()


@dataclasses.dataclass(frozen=True)
class Difference:
    scenario: str
    way: str        # the engine, or what it launches from: see ways.Way
    reason: str
    instead: Optional[Callable] = None  # instead(native): what the result is instead; or UNSTEADY
    daemon: Optional[bool] = None       # only with a daemon, only without; None: both


REASONS = {
    "userns": {
        "ids": "Only the caller's own user and group exist in its user namespace: files of others, and the caller's "
               "other groups, show as `nobody` and `nogroup`; `/` shows as the caller's; no file can be given to them "
               "(`Invalid argument` instead of `Operation not permitted`, or of success for one's other groups).",
        "namespaces": "The program has a user and a mount namespace of its own, which `/proc/self/ns` and "
                      "`/proc/self/mounts` show. It signals processes of the host and cannot look into or trace them; "
                      "without a daemon, that is also so for programs of the pack that were started beside it.",
        "setuid": "Programs of the host that are setuid or setgid, such as `sudo`, run without that privilege.",
    },
    "fakechroot": {
        "loader": "The process is the store's loader, which runs the program: `/proc/PID/exe` and `cmdline` name it.",
        "static": "What does not go through the C library sees no store: static programs, and raw system calls. A "
                  "static program is refused as an entry, and runs as a child.",
        "listing": "Listing a directory of the host that holds the store does not show the store.",
        "directory": "A working directory inside the pack's store shows the store's path.",
    },
    "proot": {
        "process": "The process that the caller started waits for the program, passes signals on and ends as it ends; "
                   "the program is its descendant, with another pid and parent. Record locks, timers, children and "
                   "the signal for the parent's death are not the program's, and `/proc/PID/exe` is not its file.",
        "traced": "PRoot traces the program and its children, with a seccomp filter: nobody else can trace them, they "
                  "get no privilege from setuid files, and cannot work in user namespaces of their own.",
        "directory": "The working directory must have a path that leads to it.",
        "links": "Links in `/proc` are followed as texts: `/proc/PID/ns/*` leads nowhere, and a descriptor cannot be "
                 "executed.",
        "stops": "A child of the program that a signal stopped goes on at once, so that a shell out of the pack has no "
                 "`^Z`; the program itself does stop, and may be told twice that it continues.",
        "listing": "Listing `/` does not show the store, if the host has no such directory.",
        "auxiliary": "`AT_EXECFN` is `argv[0]`.",
    },
    "graft": {
        "path": "Programs name another path in place of the store's, which the rows take for it. It is a symlink to a "
                "mirror: `/proc/PID/exe`, `realpath` and `pwd -P` show where that lies.",
    },
    "mirror": {},
    "image": {
        "place": "The pack lies at `/.relocd/pack`, and `/` shows that. `argv[0]` is the program's path there, "
                 "whatever the caller gives; all other rows compare with native runs that have this `argv[0]`.",
        "served": "The files come from a process (FUSE): directories have no size, and nobody outside of the program's "
                  "namespaces can look at its file by `/proc/PID/exe`.",
    },
}


def _in_output(change):
    return lambda native: native._replace(out=change(native.out))


def _nobody(text):
    return text.replace(" 0 0 root root ", " 65534 65534 nobody nogroup ")


def _other_groups(text):
    lines = [f"group {os.getgid()}", "group 65534"]
    return "".join(f"{lines[line != lines[0]]}\n" for line in text.splitlines())


def _invalid(outcomes):
    permitted, valid = "Operation not permitted", "Invalid argument"
    return tuple(each._replace(err=each.err.replace(permitted, valid)) for each in outcomes)


def _path_in_root(outcome):
    return outcome._replace(out=re.sub(r"\Aargv .*\n", "argv 23 /.relocd/pack/bin/probe\n", outcome.out))


DIFFERENCES = (
    Difference("owners_of_others_files", "userns", "ids", _in_output(_nobody)),
    Difference("root_directory", "userns", "ids",
               lambda native: (native[0], native[1]._replace(out=f"{os.getuid()} {os.getgid()}\n"))),
    Difference("groups", "userns", "ids", _in_output(_other_groups)),
    Difference("giving_away", "userns", "ids", _invalid),
    Difference("setuid_program", "userns", "setuid", lambda _: os.getuid()),
    Difference("mounts", "userns", "namespaces"),
    Difference("namespaces", "userns", "namespaces"),
    Difference("looks_at_a_host_process", "userns", "namespaces", lambda _: [1] * 4),
    Difference("looks_at_another_program", "userns", "namespaces", lambda _: [1] * 4, daemon=False),

    Difference("names", "fakechroot", "loader"),
    Difference("names_for_others", "fakechroot", "loader"),
    Difference("file_for_others", "fakechroot", "loader", lambda _: False),
    Difference("shown_by_ps", "fakechroot", "loader"),
    Difference("looks_at_its_children", "fakechroot", "loader"),
    Difference("static_program", "fakechroot", "static"),
    Difference("static_sees_store", "fakechroot", "static", lambda _: False),
    Difference("listed_from_the_root", "fakechroot", "listing", lambda _: ["/"]),
    Difference("in_the_store", "fakechroot", "directory"),

    Difference("same_process", "proot", "process"),
    Difference("controlling_terminal", "proot", "process"),
    Difference("children", "proot", "process", lambda _: (0, [0, 0])),
    Difference("record_lock", "proot", "process", UNSTEADY),
    Difference("timers", "proot", "process", lambda native: ("timer 0 armed 0\n", native[1])),
    Difference("parents_death", "proot", "process"),
    Difference("file_for_others", "proot", "process", lambda _: False),
    Difference("status", "proot", "traced"),
    Difference("setuid_program", "proot", "traced", lambda _: os.getuid()),
    Difference("traces_its_children", "proot", "traced", UNSTEADY),
    Difference("makes_namespaces", "proot", "traced"),
    Difference("deleted", "proot", "directory"),
    Difference("deleted_and_the_same", "proot", "directory", lambda _: False),
    Difference("closed_parent", "proot", "directory", lambda _: (125, False)),
    Difference("deep", "proot", "directory"),
    Difference("namespaces", "proot", "links"),
    Difference("execve_on_a_descriptor", "proot", "links"),
    Difference("shell_of_the_pack", "proot", "stops", UNSTEADY),
    Difference("job_of_a_shell", "proot", "stops", UNSTEADY),
    Difference("background_read", "proot", "stops", UNSTEADY),
    Difference("listed_from_the_root", "proot", "listing", lambda _: ["/"]),
    Difference("names", "proot", "auxiliary", lambda native: native.replace("execfn HOME", "execfn probe")),

    Difference("names", "graft", "path"),
    Difference("own_path", "graft", "path"),
    Difference("names_of_a_child", "graft", "path"),
    Difference("looks_at_its_children", "graft", "path"),
    Difference("real_paths", "graft", "path"),
    Difference("relative_paths", "graft", "path"),
    Difference("symlink_into_the_store", "graft", "path"),
    Difference("library_functions", "graft", "path"),

    Difference("argv0", "image", "place", lambda native: [_path_in_root(each) for each in native]),
    Difference("no_argv0", "image", "place", _path_in_root),
    Difference("through_a_symlink", "image", "place", _path_in_root),
    Difference("root_listing", "image", "place", lambda native: [*sorted([*native[:-1], ".relocd"]), ""]),
    Difference("file_for_others", "image", "served", lambda _: False),
    Difference("usual_tools", "image", "served"),
)


def find(scenario, way, daemon):
    """Returns its own difference, or that of the way with the same engine; or None."""
    found = {each.way: each for each in DIFFERENCES if each.scenario == scenario and each.daemon in (None, daemon)}
    return found.get(way) or found.get(ALSO.get(way))
