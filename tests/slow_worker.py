"""A worker whose job lasts as long as a file is absent: `python -m tests.slow_worker URL FILE`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from monitor.jobs.engine import NOBODY, Engine, Handlers

#: Between its signs of life.
HEARTBEAT_S = 0.2


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    url, end = sys.argv[1], Path(sys.argv[2])

    def lasts(name: str) -> None:
        _say(f"began {name}")
        while not end.exists():
            time.sleep(0.05)

    handlers = Handlers(check=NOBODY.check, routine=lasts, back_read=NOBODY.back_read)
    told = Engine(url, handlers).run_worker(
        concurrency=2, name="slow:1", heartbeat_s=HEARTBEAT_S, on_stop=lambda: None
    )
    _say("told" if told else "ended")


if __name__ == "__main__":
    main()
