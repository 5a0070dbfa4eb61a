#!/usr/bin/env python3
"""Only processes that can be abandoned read files of other processes in /proc (ADR 0028).

Files that contain a path /proc/PID/..., or call a function that reads one, are listed here with the reason.

Usage: processes.py SOURCE_DIR      prints FILE:LINE for each violation; exit status 1 if there is one
"""

import re
import sys

import sources

FOLDERS = ("audit", "client", "daemon", "front", "preload", "reloc", "shim")
READER = "runs in the process that reads /proc, or in the worker for mirrors"

# file -> why it may do this
ALLOWED = {
    "client/host/doctor/helpers.cc": "children and comm, which do not block, of relocd and its children",
    "daemon/proc/job_mark.cc": READER + "; of relocd itself",
    "daemon/proc/job_mark.h": "declares it",
    "daemon/jobs/job_processes.cc": READER,
    "daemon/jobs/job_processes.h": "declares it",
    "daemon/proc/pidfd.cc": "of a process that has ended, and of our user's where the kernel has no call",
    "daemon/proc/proc_stat.cc": READER,
    "daemon/proc/proc_stat.h": "declares it",
    "daemon/keeper/keeper_link.cc": "of the keeper, a child that was not waited for and executes nothing",
    "daemon/metrics/process_metrics.cc": "of relocd itself",
    "daemon/mirrors/mirror_users.cc": READER,
    "daemon/processes/process_details.cc": READER,
    "daemon/proc/stall_guard.cc": "of a thread of the same process",
    "daemon/processes/survey.cc": READER,
    "preload/paths.cc": "compares a name and reads nothing",
    "reloc/hosted/child_task.cc": "status, which does not block, of a child",
    "reloc/launch/root_registry.cc": "of the keeper; root looks whose process it is before",
    "reloc/launch/program_proxy.cc": "status, which does not block, of a child",
    "reloc/launch/tracer.cc": "of the process itself",
    "reloc/launch/under_tracer.cc": "comm, which does not block",
}
READS = re.compile(r'"/proc/"|\b(ReadProcStat|ReadProcStatus|ReadNamespaces|ReadEnvironmentMark|HoldMark|'
                   r'ProcessTree::Read|JobProcesses::Read)\(')


def check_text(path, text):
    """Yields 'PATH:LINE: reason' for each line of `text` that reads a process's files and may not."""
    if path in ALLOWED:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.lstrip().startswith("//") and READS.search(line):
            yield f"{path}:{number}: reads /proc/PID; ask through ProcessReader (daemon/processes/process_reader.h)"


def check_tree(source_dir):
    for path, text in sources.walk(source_dir, FOLDERS):
        yield from check_text(path, text)


def main():
    violations = list(check_tree(sys.argv[1]))
    print("\n".join(violations) or "nobody reads other processes' files who may be held up by them")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
