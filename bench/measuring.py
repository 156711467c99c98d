"""What benchmarks share: time, processor time and memory of a piece of work, printed as JSON."""

from __future__ import annotations

import json
import resource
import statistics
import time
from collections.abc import Callable


def peak_mb() -> float:
    """Highest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(what: str, count: int, work: Callable[[], object], runs: int = 5) -> None:
    """Run it several times and print medians for one of `count` units."""
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    wall, cpu = statistics.median(walls), statistics.median(cpus)
    row = {
        "what": what,
        "units": count,
        "ms_a_unit": round(wall / count * 1000, 4),
        "cpu_ms_a_unit": round(cpu / count * 1000, 4),
        "units_a_second": round(count / wall, 1),
        "peak_mb": round(peak_mb(), 1),
    }
    print(json.dumps(row), flush=True)
