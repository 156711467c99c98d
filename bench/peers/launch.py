"""Runs one command and tells what it used: `python -S launch.py DESCRIPTOR COMMAND…`.

A small process of its own, because Linux counts the memory of whoever starts a program into the
program's peak. Writes one JSON object to the descriptor.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Start, wait, tell."""
    told = int(sys.argv[1])
    child = os.fork()
    if child == 0:
        os.close(told)
        os.execvp(sys.argv[2], sys.argv[2:])
    _, status, used = os.wait4(child, 0)
    row = {
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    os.write(told, json.dumps(row).encode())


if __name__ == "__main__":
    main()
