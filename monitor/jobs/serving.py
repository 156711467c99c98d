"""One worker's life: it runs jobs until it is told to stop, and then those in hand to their end.

The engine's own worker gives no sign of life while it drains; one with a long job in hand would be
taken for dead, and the job would run twice. So the signs go on here, and the drain is on record.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence

import procrastinate
from procrastinate import exceptions
from procrastinate.worker import Worker

#: A row goes with the worker's own, however that ends.
TABLE = """
CREATE TABLE IF NOT EXISTS monitor_worker (
    worker_id bigint PRIMARY KEY REFERENCES procrastinate_workers (id) ON DELETE CASCADE,
    name text NOT NULL,
    draining_since timestamptz
)"""
_BORN = """
INSERT INTO monitor_worker (worker_id, name) VALUES (%(worker)s, %(name)s)
ON CONFLICT (worker_id) DO NOTHING"""
_DRAINS = """
UPDATE monitor_worker SET draining_since = clock_timestamp() WHERE worker_id = %(worker)s"""
#: How often it is looked whether the engine has registered the worker.
_LOOK_S = 0.05


async def serve(
    app: procrastinate.App,
    *,
    queues: Sequence[str],
    concurrency: int,
    name: str,
    heartbeat_s: float,
    dead_after_s: float,
    on_stop: Callable[[], None],
    on_ready: Callable[[], None],
) -> bool:
    """Run jobs until SIGTERM or SIGINT; whether it was told to (see Engine.run_worker)."""
    worker = Worker(
        app=app,
        queues=list(queues),
        concurrency=concurrency,
        name=name,
        install_signal_handlers=False,
        update_heartbeat_interval=heartbeat_s,
        stalled_worker_timeout=dead_after_s,
        delete_jobs="successful",
    )
    told = asyncio.Event()
    # procrastinate's Worker is written without types.
    running = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]

    def stop() -> None:
        on_stop()
        told.set()
        worker.stop()  # type: ignore[no-untyped-call]  # no new jobs, those that run end

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    on_ready()
    beside = asyncio.create_task(_on_record(app, worker, name, told, heartbeat_s))
    try:
        await running
    finally:
        beside.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beside
    return told.is_set()


async def _on_record(
    app: procrastinate.App, worker: Worker, name: str, told: asyncio.Event, heartbeat_s: float
) -> None:
    """The worker's name; once it drains, that it does, and signs of life to the end."""
    while worker.worker_id is None:
        await asyncio.sleep(_LOOK_S)
    number = worker.worker_id
    with contextlib.suppress(exceptions.ConnectorException):  # the worker itself says what is wrong
        await app.connector.execute_query_async(_BORN, worker=number, name=name)
    await told.wait()
    with contextlib.suppress(exceptions.ConnectorException):
        await app.connector.execute_query_async(_DRAINS, worker=number)
    while True:
        with contextlib.suppress(exceptions.ConnectorException):
            await app.job_manager.update_heartbeat(number)
        await asyncio.sleep(heartbeat_s)
