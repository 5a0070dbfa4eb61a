#!/usr/bin/env python3
"""What the built files must be, asked of nm and readelf.

Usage: binaries.py freestanding FILE...   objects and archives: no allocation, no exceptions, no C++ library
       binaries.py static FILE            static, no interpreter
       binaries.py shim FILE              the same, and below 68 KB
       binaries.py audit FILE             needs no other library
       binaries.py preload FILE           needs no other library, and of any libc what every glibc has
       binaries.py hardened FILE...       position-independent, with a stack protector, and read-only once it is linked
       binaries.py flags FILE             compile_commands.json: all hosted code was compiled like that, and with FORTIFY
       binaries.py installed DIR          each ELF file below DIR is stripped, and its programs are static or hardened
Exit status 1, and a line for each violation.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

SHIM_LIMIT = 68 * 1024  # bytes, 17 pages; read at every launch

# Undefined symbols that a freestanding object may not have: it runs between clone and exec, and under musl. As
# mangled names, because a demangled one also shows namespaces of parameters: our own Parse(std::span<…>) is
# allowed.
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
    """A library of its own libc would be searched for at a path that does not exist in a moved store."""
    for line in output_of("readelf", "--wide", "--dynamic", path).splitlines():
        if "(NEEDED)" in line:
            yield f"{path}: {line.split(')', 1)[1].strip()}"


# The symbols of FILE that ld.so may bind (preload/next.h).
PRELOAD_SYMBOLS = {"_r_debug", "environ", "__errno_location"}


def check_preload(path):
    yield from check_audit(path)
    for line in output_of("nm", "--dynamic", "--undefined-only", path).splitlines():
        symbol = line.split()[-1]
        if symbol.split("@")[0] not in PRELOAD_SYMBOLS or "@" in symbol:
            yield f"{path}: refers to {symbol}"


def missing_from(headers, dynamic, symbols):
    """Yields what a program lacks, from the output of `readelf -hl`, `readelf -d` and `nm --dynamic`."""
    if not re.search(r"^ *Type: +DYN ", headers, re.MULTILINE) or not re.search(r"\(FLAGS_1\).* PIE\b", dynamic):
        yield "is at a fixed address (link with -pie)"
    if not re.search(r"\(FLAGS_1\).* NOW\b", dynamic):
        yield "binds symbols late (link with -z now)"
    if "GNU_RELRO" not in headers:
        yield "leaves its tables of functions writable (link with -z relro)"
    for name, flag in ("__stack_chk_fail", "-fstack-protector-strong"), (r"__\w+_chk", "-D_FORTIFY_SOURCE=2"):
        if not re.search(rf" U {name}(?:@|$)", symbols, re.MULTILINE):
            yield f"calls no function {name} (compile with {flag})"


def check_hardened(files):
    for path in files:
        missing = missing_from(output_of("readelf", "--wide", "--file-header", "--program-headers", path),
                               output_of("readelf", "--wide", "--dynamic", path), output_of("nm", "--dynamic", path))
        yield from (f"{path}: {reason}" for reason in missing)


HARDENING = ("-fPIE", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2")
HOSTED_FOLDERS = {"client", "daemon", "image", "proto", "reloc"}


def check_flags(commands, top):
    """COMMANDS: the entries of compile_commands.json. Modules of ld.so (-ffreestanding) are not checked."""
    for entry in commands:
        words = entry["command"].split()
        # The object's path has the folder of the target; generated sources are in the build tree.
        folder = pathlib.PurePath(os.path.relpath(os.path.join(entry["directory"], words[words.index("-o") + 1]), top)).parts[0]
        if folder in HOSTED_FOLDERS and "-ffreestanding" not in words:
            yield from (f"{entry['file']}: compiled without {flag}" for flag in HARDENING if flag not in words)


def check_compile_commands(path):
    with open(path, encoding="utf-8") as file:
        yield from check_flags(json.load(file), os.path.dirname(path))


def check_installed(top):
    for path in sorted(path for path in pathlib.Path(top).rglob("*") if path.is_file() and not path.is_symlink()):
        with open(path, "rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        sections = output_of("readelf", "--wide", "--section-headers", path)
        if ".symtab" in sections or ".debug_" in sections:
            yield f"{path}: is not stripped"
        if path.suffix != ".so" and "INTERP" in output_of("readelf", "--wide", "--program-headers", path):
            yield from check_hardened([path])


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
        "hardened": lambda: check_hardened(files),
        "flags": lambda: check_compile_commands(files[0]),
        "installed": lambda: check_installed(files[0]),
    }
    violations = list(checks[rule]())
    print("\n".join(violations) or f"{rule}: {len(files)} files are as they must be")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
