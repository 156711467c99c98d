"""The program on a set clock, with a catalogue of its own and the loopback network allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from monitor.bootstrap import upkeep
from monitor.bootstrap.compose import App
from monitor.domain.event import Event
from monitor.services.check import Checked
from monitor.settings import read_settings


class SetClock:
    """A clock that stands until a test moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment it shows."""
        return self.at


@contextmanager
def app_on(
    folder: Path, feeds: str, at: datetime, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[App, SetClock]]:
    """An App whose feeds.yaml is `feeds`, at a moment."""
    (folder / "feeds.yaml").write_text(feeds, encoding="utf-8")
    settings = read_settings(
        {
            "MONITOR_DATA_DIR": str(folder / "var"),
            "MONITOR_FEEDS": str(folder / "feeds.yaml"),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
            **(environment or {}),
        }
    )
    clock = SetClock(at)
    app = App(settings, clock)
    try:
        upkeep.seed_subscriptions(app)
        yield app, clock
    finally:
        app.close()


def check(app: App, *ids: str) -> dict[str, Checked]:
    """Check these sources once, or all that are on."""
    done: dict[str, Checked] = {}
    chosen = [s for s in app.chosen_sources(list(ids) or None) if s.enabled]
    app.check(chosen, lambda one: done.setdefault(one.source_id, one))
    return done


def events(app: App, words: str = "") -> list[Event]:
    """Events by filter, oldest happening first."""
    found = app.query.events(app.query.ask(words)).items
    floor = datetime(1900, 1, 1, tzinfo=UTC).date()
    return sorted(found, key=lambda e: (e.occurred.day if e.occurred else floor, e.recorded_at))
