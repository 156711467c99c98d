"""The program over a loopback site: one place for a clock that stands, checks, and small PDFs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from monitor.bootstrap.compose import App
from monitor.demo.world import Page
from monitor.domain.event import Event
from monitor.services.check import Checked
from monitor.settings import read_settings

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class SetClock:
    """Shows the moment it was set to."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or datetime(2025, 4, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment."""
        return self.at


class Pages(dict[str, Page]):
    """Pages that count how often each was asked for."""

    def __init__(self, pages: Mapping[str, Page], asked: Counter[str]) -> None:
        super().__init__(pages)
        self.asked = asked

    def get(self, path: str, default: Page | None = None) -> Page | None:  # type: ignore[override]
        """The page, counted."""
        self.asked[path] += 1
        return super().get(path, default)


@contextmanager
def program(directory: Path, feeds: str, clock: SetClock) -> Iterator[App]:
    """The program on SQLite in a directory, with these feeds."""
    (directory / "feeds.yaml").write_text(feeds, encoding="utf-8")
    settings = read_settings(
        {
            "MONITOR_DATA_DIR": str(directory / "var"),
            "MONITOR_FEEDS": str(directory / "feeds.yaml"),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
            "MONITOR_WORKERS": "1",
        }
    )
    app = App(settings, clock)
    try:
        yield app
    finally:
        app.close()


def check(app: App, source_id: str) -> Checked:
    """One check of one source."""
    done: list[Checked] = []
    app.check(app.chosen_sources([source_id]), done.append)
    return done[0]


def events(app: App) -> list[Event]:
    """Every event of the log."""
    return list(app.query.each(app.query.ask("worth:alert,review")))


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A small PDF with lines of text on each page."""
    objects: list[bytes] = [b"", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for lines in pages:
        words = "".join(f"({_escaped(line)}) Tj T* " for line in lines)
        stream = f"BT /F1 9 Tf 12 TL 40 760 Td {words}ET".encode("latin-1")
        stream += b" " * max(0, 1200 - len(stream))
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R"
            b"/Resources<</Font<</F1 3 0 R>>>>>>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    return _assembled(objects)


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _assembled(objects: Sequence[bytes]) -> bytes:
    out, at = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in at)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
