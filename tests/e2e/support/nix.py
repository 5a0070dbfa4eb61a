"""The beginning of expressions for a real Nix: derivations that a shell makes from the host's files, offline."""

PRELUDE = """
let make = name: script: derivation {
      inherit name; system = builtins.currentSystem; builder = "/bin/sh";
      args = [ "-c" ("PATH=/usr/bin:/bin; " + script) ]; };
    libc = make "libc" ''
      mkdir -p $out/lib; cp -L /lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/libc.so.6 $out/lib/
    '';
"""
