"""Long forms: thousands of requests and documents with faults among them; nothing grows."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest

from monitor.domain.errors import ExtractError
from monitor.domain.snapshot import FetchFailed, NotModified, Validators
from monitor.domain.source import Politeness
from monitor.egress.gate import Gate
from monitor.services.worker_limits import WorkerLimits
from monitor.services.workers import WorkerPool
from tests.faultserver import FaultServer
from tests.integration.test_fetch_faults import job, make_client


def resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.long
def test_rounds_of_polling_with_faults_neither_leak_nor_lose() -> None:
    faults = ("/reset", "/truncated", "/redirect/loop", "/headers/many", "/empty", "/big")
    polite = Politeness(min_delay_s=0.0, concurrency=4, timeout_s=5.0)
    gate = Gate(
        monotonic=time.monotonic,
        allowed_networks=[ip_network("127.0.0.1/32")],
        resolver=lambda host, port: ["127.0.0.1"],
    )
    client = make_client(gate=gate)
    sizes: list[tuple[int, int]] = []
    with FaultServer() as server:
        urls = [server.url(f"/feed?n={n}", host=f"h{n % 40}.example") for n in range(1_000)]
        for _ in range(12):
            work = [
                job(url, politeness=polite, validators=Validators(etag=f'"1-{n}"'))
                for n, url in enumerate(urls)
            ]
            work += [job(server.url(path), politeness=polite) for path in faults]
            outcomes = [outcome for _, outcome in client.fetch(work)]
            assert sum(isinstance(outcome, NotModified) for outcome in outcomes) == len(urls)
            assert sum(isinstance(outcome, FetchFailed) for outcome in outcomes) == len(faults)
            sizes.append((resident_bytes(), descriptors()))
    client.close()
    settled, last = sizes[3], sizes[-1]
    assert last[0] - settled[0] < 20_000_000
    assert last[1] - settled[1] < 20


@pytest.mark.long
def test_two_thousand_documents_with_deaths_among_them() -> None:
    chance = random.Random(287)
    limits = WorkerLimits(wall_s=5.0, cpu_s=2, memory_bytes=400_000_000, documents=200)
    pool = WorkerPool(
        call="tests.integration.worker_jobs:act", monotonic=time.monotonic, size=2, limits=limits
    )
    kinds = chance.choices(["pid", "die", "fail", "eat", "exit"], [95, 1, 2, 1, 1], k=2_000)

    def one(kind: str) -> bool:
        try:
            pool.run(kind, {"die": 9, "eat": 2_000_000_000}.get(kind, 0))
        except ExtractError:
            return False
        return True

    before = descriptors()
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(one, kinds))
    assert results == [kind == "pid" for kind in kinds]
    assert len(pool.processes()) <= 2
    pool.close()
    assert descriptors() <= before
