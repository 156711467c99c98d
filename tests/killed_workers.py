"""A delivering worker that is killed: run by tests/integration/test_delivery_workers.py.

It runs the jobs of the shared queue as `monitor worker` does (one elected, dead workers' jobs run
again, one delivers alone), but none but delivery. It kills itself with SIGKILL at a chosen step
round a call of the channel, or is killed from outside at any moment.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.bootstrap.single import delivering
from monitor.jobs.election import Election
from monitor.jobs.engine import NOBODY, Engine, Handlers, queue_url
from monitor.notify.message import Links
from monitor.notify.personal import Correspondence
from monitor.ports import Channel
from monitor.services.composition import Composition
from monitor.services.deliver import Deliver, DeliveryPolicy
from monitor.settings import read_settings
from storage.store import open_store
from tests.fakeslack import FakeSlack
from tests.killed import Address, Fuse, Mined
from tests.mailroom import BASE, SECRET, slack
from tests.worker_process import FastClock

HEARTBEAT_S = 0.25
TICK_S = 0.05


def work_and_die(
    url: str, directory: Path, slack_url: str, clock: FastClock, steps: int | None
) -> None:
    """Deliver as one of several workers until SIGTERM, or until the fuse has burnt down."""
    logging.disable(logging.CRITICAL)
    environment = {"MONITOR_DATABASE_URL": url, "MONITOR_DATA_DIR": str(directory)}
    settings = read_settings(environment)
    store = open_store(url, directory)
    composition = Composition(store, Correspondence(links=Links(base_url=BASE), secret=SECRET))
    address: Any = Address(token=FakeSlack().token, url=slack_url)
    channels: dict[str, Channel] = {"slack": Mined(inner=slack(address), fuse=Fuse(steps))}
    service = Deliver(store, channels, composition, clock, DeliveryPolicy())

    def deliver(name: str) -> None:
        with delivering(settings) as alone:
            service.run_once(alone=alone)

    handlers = Handlers(check=NOBODY.check, routine=deliver, back_read=NOBODY.back_read)
    stop = threading.Event()
    schedule = threading.Thread(target=_schedule, args=(queue_url(url), stop))
    schedule.daemon = True
    schedule.start()
    Engine(queue_url(url), handlers).run_worker(
        concurrency=2, name="worker", heartbeat_s=HEARTBEAT_S, on_stop=stop.set
    )
    store.close()


def _schedule(url: str, stop: threading.Event) -> None:
    election, engine = Election(url), Engine(url, NOBODY)
    with engine.opened():
        while not stop.wait(TICK_S):
            if election.elected():
                engine.defer_routine("deliver")
                engine.rescue(datetime.now(UTC), HEARTBEAT_S)
    election.resign()
