"""All benchmarks, one after the other, each in a process of its own: `python -m bench [NAME …]`.

Every module prints one JSON object a line; this prints them as they come, with the module's name.
"""

from __future__ import annotations

import subprocess
import sys

#: Module -> arguments of the usual run.
BENCHES: dict[str, list[str]] = {
    "fetch": [],
    "feeds": [],
    "extraction": [],
    "detection": [],
    "trigger_scan": ["--pages", "40"],
    "backread": [],
    "publication": [],
    "idle": [],
    "queue_cost": [],
    "catalogue_cost": [],
    "storage": ["--events", "100000"],
    "storage_postgresql": ["--events", "100000", "--postgresql", "--runs", "10"],
    "web": ["--events", "100000", "--runs", "5"],
}
#: Names that are another module with other arguments.
MODULES = {"storage_postgresql": "storage"}


def main() -> int:
    """Run the named benchmarks, or all; the exit code counts those that failed."""
    failed = 0
    for name in sys.argv[1:] or BENCHES:
        print(f"# {name}", flush=True)
        command = [sys.executable, "-m", f"bench.{MODULES.get(name, name)}", *BENCHES.get(name, [])]
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
