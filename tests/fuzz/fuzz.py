#!/usr/bin/env python3
"""Runs a fuzzer for a while, from seeds, and leaves nothing behind except an input that fails.

Usage: fuzz.py FUZZER SECONDS [SEED...]      SEED: a file; *.hex holds hexadecimal digits, as golden files do

Without a seed, 20 seconds are over before libFuzzer has found its first valid plan.
"""

import os
import shutil
import subprocess
import sys
import tempfile


def seed_bytes(path):
    with open(path, "rb") as file:
        data = file.read()
    return bytes.fromhex(data.decode()) if path.endswith(".hex") else data


def main():
    fuzzer, seconds, seeds = sys.argv[1], sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory(prefix="relocd-fuzz.") as corpus:
        for number, path in enumerate(seeds):
            with open(os.path.join(corpus, str(number)), "wb") as file:
                file.write(seed_bytes(path))
        findings = tempfile.mkdtemp(prefix=f"{os.path.basename(fuzzer)}-failed.")
        status = subprocess.run([fuzzer, corpus, f"-max_total_time={seconds}", "-timeout=10",
                                 "-rss_limit_mb=2048", "-verbosity=0", "-print_final_stats=1",
                                 f"-artifact_prefix={findings}/"], check=False).returncode
    if status == 0:
        shutil.rmtree(findings)
    else:
        print(f"the failing input is in {findings}", file=sys.stderr)
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
