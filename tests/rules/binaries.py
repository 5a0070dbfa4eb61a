#!/usr/bin/env python3
"""What the built files must be, asked of nm and readelf.

Usage: binaries.py freestanding FILE...   objects and archives: no allocation, no exceptions, no C++ library
       binaries.py static FILE            static, no interpreter
       binaries.py shim FILE              the same, and below 64 KB
       binaries.py audit FILE             needs no other library
       binaries.py preload FILE           needs no other library, and of any libc what every glibc has
Exit status 1, and a line for each violation.
"""

import os
import re
import subprocess
import sys

SHIM_LIMIT = 64 * 1024  # bytes; read at every launch

# Undefined symbols that a freestanding object may not have: it runs between clone and exec, and under musl. As
# mangled names, since a demangled one also shows namespaces of parameters: our own Parse(std::span<…>) is fine.
FORBIDDEN = re.compile(
    r"^(?:_Z(?:T[VITS]|GV)?(?:N[rVK]*)?(?:S[tabsiod]|4absl|6google|4grpc|6spdlog|3fmt)"
    r"|_Z(?:n[wa]|d[la])"  # operator new, operator delete
    r"|__cxa_|__gxx_personality|_Unwind_"
    r"|(?:malloc|calloc|realloc|reallocarray|free|strdup|strndup|aligned_alloc|posix_memalign)(?:@|$))")
UNDEFINED = re.compile(r"^(?P<where>.*?):\s+[UwvWV] (?P<symbol>\S+)$")


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def forbidden_symbols(nm_output):
    """Yields (object, symbol) from the output of `nm -A -u`, whose lines are 'FILE:[MEMBER:] U SYMBOL'."""
    for line in nm_output.splitlines():
        match = UNDEFINED.match(line)
        if match and FORBIDDEN.match(match["symbol"]):
            yield match["where"], match["symbol"]


def check_freestanding(files):
    for where, symbol in forbidden_symbols(output_of("nm", "-A", "-u", *files)):
        yield f"{where}: refers to {output_of('c++filt', symbol).strip()}"


def check_static(path):
    if "INTERP" in output_of("readelf", "--wide", "--program-headers", path):
        yield f"{path}: has an interpreter (PT_INTERP); it must start without the host's libc"
    if "(NEEDED)" in output_of("readelf", "--wide", "--dynamic", path):
        yield f"{path}: needs a shared library"


def check_shim(path):
    yield from check_static(path)
    size = os.path.getsize(path)
    if size >= SHIM_LIMIT:
        yield f"{path}: {size} bytes; the limit is {SHIM_LIMIT}"


def check_audit(path):
    """A library of its own libc would be looked for at a path that does not exist in a moved store."""
    for line in output_of("readelf", "--wide", "--dynamic", path).splitlines():
        if "(NEEDED)" in line:
            yield f"{path}: {line.split(')', 1)[1].strip()}"


# What FILE may leave to ld.so to bind (preload/next.h).
PRELOAD_SYMBOLS = {"_r_debug", "environ", "__errno_location"}


def check_preload(path):
    yield from check_audit(path)
    for line in output_of("nm", "--dynamic", "--undefined-only", path).splitlines():
        symbol = line.split()[-1]
        if symbol.split("@")[0] not in PRELOAD_SYMBOLS or "@" in symbol:
            yield f"{path}: refers to {symbol}"


def main():
    rule, files = sys.argv[1], sys.argv[2:]
    if not files:
        print("no files to check", file=sys.stderr)
        return 1
    checks = {
        "freestanding": lambda: check_freestanding(files),
        "static": lambda: check_static(files[0]),
        "shim": lambda: check_shim(files[0]),
        "audit": lambda: check_audit(files[0]),
        "preload": lambda: check_preload(files[0]),
    }
    violations = list(checks[rule]())
    print("\n".join(violations) or f"{rule}: {len(files)} files are as they must be")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
