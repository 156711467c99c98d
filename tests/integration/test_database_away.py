"""A real PostgreSQL that is stopped, killed and started again under a running bot."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from monitor.bootstrap import runner
from monitor.bootstrap.compose import App
from monitor.bootstrap.runner import Runner
from monitor.demo.server import DemoServer
from monitor.demo.world import Page
from monitor.domain.subscription import DeliveryState
from monitor.settings import read_settings
from storage.store import SqlStore, open_store
from tests.conftest import PostgresServer

#: After the bundled history; to the scheduler, in real time, every source is overdue all the time.
BEGINNING = datetime(2026, 2, 3, 15, 0, tzinfo=UTC)
FEEDS = """version: 1
sources:
{sources}
subscriptions:
  - {{id: everything, channel: file, destination: all.jsonl}}
"""
SOURCE = """  - id: {name}
    kind: feed
    name: {name}
    tier: press
    states: [TX]
    document_kind: news
    sees: [agreement_signed]
    politeness: {{min_delay_s: 0}}
    options: {{url: "{base}/{name}.xml", follow: never}}
"""
NAMES = ("post", "herald", "record")


class RunningClock:
    """Real time, begun elsewhere."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=time.monotonic() - self._start)


@dataclass(slots=True)
class Bot:
    """The program in a thread of its own, its site and what it said."""

    app: App
    site: DemoServer
    directory: Path
    said: list[str] = field(default_factory=list)
    news: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[None]:
        stop = threading.Event()
        made = Runner(self.app, say=self.said.append, pages=False)
        thread = threading.Thread(target=made.run, args=(stop,), name="bot")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(60)
        assert self.said[-1] == "stopped"

    def publish(self, *counties: str) -> None:
        """Every outlet tells that these counties signed as well."""
        for county in counties:
            self.news[county] = format_datetime(self.app.clock.now())
        entries = "".join(map(_entry, self.news, self.news.values()))
        feed = f"<rss version='2.0'><channel><title>News</title>{entries}</channel></rss>"
        page = Page(body=feed.encode(), media_type="application/rss+xml")
        self.site.show({f"/{name}.xml": page for name in NAMES})

    def told(self) -> str:
        path = self.directory / "var" / "outgoing" / "all.jsonl"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def times(self, words: str) -> int:
        return sum(words in line for line in self.said)


def _entry(county: str, published: str) -> str:
    text = (
        f"The {county} County Sheriff's Office in Texas signed a 287(g) task force agreement with "
        f"ICE. {'The office thanked its partners for their work. ' * 9}"
    )
    return (
        f"<item><title>{county} County signs with ICE</title><guid>{county}</guid><link>"
        f"http://127.0.0.1/{county}</link><pubDate>{published}</pubDate>"
        f"<description>{text}</description></item>"
    )


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test's own, so that it can be stopped."""
    directory = Path(tempfile.mkdtemp(prefix="mpga"))
    try:
        made = PostgresServer(directory / "d")
    except Exception as error:
        shutil.rmtree(directory, ignore_errors=True)
        pytest.skip(f"no PostgreSQL server can be started here: {error!r}")
    yield made
    made.start()
    made.close()
    shutil.rmtree(directory, ignore_errors=True)


def wait_for(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


@pytest.mark.timeout(400)
def test_a_server_that_stops_and_comes_back_costs_nothing(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "AGAIN_S", 0.3)
    url = server.new_database()
    with DemoServer() as site:
        sources = "".join(SOURCE.format(name=name, base=site.base) for name in NAMES)
        (tmp_path / "feeds.yaml").write_text(FEEDS.format(sources=sources), encoding="utf-8")
        given = {
            "MONITOR_DATA_DIR": str(tmp_path / "var"),
            "MONITOR_FEEDS": str(tmp_path / "feeds.yaml"),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
            "MONITOR_DATABASE_URL": url,
        }
        bot = Bot(App(read_settings(given), RunningClock()), site, tmp_path)
        bot.publish("Brown")
        with bot.running():
            look = open_store(url, tmp_path / "var")
            wait_for(lambda: _imported(look) == len(NAMES), "the first import")
            look.close()
            server.stop()
            bot.publish("Upshur")
            wait_for(lambda: bot.times("StoreError"), "that it is told")
            time.sleep(1.5)
            server.start()
            wait_for(lambda: "Upshur" in bot.told(), "news published while it was away")
            wait_for(lambda: bot.times("database works again"), "that its return is told")
            assert (bot.times("StoreError:"), bot.times("works again")) == (1, 1)
            bot.publish("Uvalde", "Ector")
            server.kill()
            time.sleep(1)
            server.start()
            wait_for(lambda: "Ector" in bot.told(), "news published while it was dead")
        bot.app.close()
    store = open_store(url, tmp_path / "var")
    require_all_told_once(store, bot)
    told = [e.message for e in store.health(limit=1000) if e.kind == "internal" and e.tell_operator]
    assert sum("database works again" in words for words in told) == bot.times("works again")
    assert sum("StoreError" in words for words in told) == bot.times("works again")
    store.close()


def _imported(store: SqlStore) -> int:
    return sum(state.baseline for state in store.source_states().values())


def require_all_told_once(store: SqlStore, bot: Bot) -> None:
    """Nothing is lost, nothing repeated, the log proves itself."""
    assert store.verify() == ()
    deliveries = store.deliveries(limit=1000)
    assert {d.state for d in deliveries} == {DeliveryState.SENT}
    lines = [json.loads(line)["id"] for line in bot.told().splitlines()]
    assert sorted(lines) == sorted(d.id for d in deliveries)
    events = {r.event.id: r.event for r in store.records(limit=1000)}
    assert sorted(e.agency.split()[0] for e in events.values() if e.agency) == sorted(bot.news)
    outlets = {len({one.source_id for one in e.evidence}) for e in events.values()}
    assert outlets == {len(NAMES)}
