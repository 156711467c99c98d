"""Archives read back: every page once whatever the cut, nobody told, resumed, known pages left."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from monitor.bootstrap import archive_process, backreading, knowledge
from monitor.bootstrap.compose import App
from monitor.detect.watched import NOTHING_WATCHED
from monitor.domain.errors import ExtractError
from monitor.services.archives import Part, pages_of, parts_of
from monitor.services.backreading import BackReading, PartDone, PartReading, Remembered
from monitor.services.warc_record import ArchivedPage, page_of
from monitor.settings import read_settings

SIGNED = (
    "The sheriff of Upshur County, Texas signed a 287(g) task force agreement with Immigration and "
    "Customs Enforcement on Monday, his office said. "
)
OTHER = "Work on the bridge begins on Tuesday, the county said, and will last until the summer. "
FEEDS = """\
version: 1
sources:
  - id: gazette
    kind: feed
    name: Gazette
    tier: press
    states: [TX]
    sees: [agreement_signed]
    options: {url: 'https://gazette.example/feed.xml'}
subscriptions:
  - {id: everything, channel: file, destination: all.jsonl}
"""


def html(title: str, sentence: str) -> bytes:
    return (
        f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>"
        f"<p>{sentence * 4}</p></article></body></html>"
    ).encode()


def warc(path: Path, pages: list[tuple[str, bytes]], *, compressed: bool = True) -> Path:
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=compressed)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "test"}))
        for url, body in pages:
            head = StatusAndHeaders(
                "200 OK", [("Content-Type", "text/html; charset=utf-8")], "HTTP/1.1"
            )
            record = writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(body),
                http_headers=head,
                warc_headers_dict={"WARC-Date": "2025-03-04T05:06:07Z"},
            )
            writer.write_record(record)
    return path


def mixed(count: int, told: set[int]) -> list[tuple[str, bytes]]:
    return [
        (
            f"https://gazette.example/{n}",
            html(f"Sheriff signs, page {n}", SIGNED)
            if n in told
            else html("Bridge", OTHER + str(n)),
        )
        for n in range(count)
    ]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    (tmp_path / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    made = App(
        read_settings(
            {
                "MONITOR_DATA_DIR": str(tmp_path / "var"),
                "MONITOR_FEEDS": str(tmp_path / "feeds.yaml"),
            }
        )
    )
    yield made
    made.close()


def read_back(app: App, *paths: Path, processes: int = 1) -> list[PartDone]:
    parts, _ = backreading.plan(paths)
    with backreading.back_reading(app, backreading.shelf(app, None), processes) as service:
        return list(service.read_all([p for p in parts if not service.done(p)], processes))


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("step", [700, 5_000, 10_000_000])
def test_every_page_belongs_to_one_part(tmp_path: Path, compressed: bool, step: int) -> None:
    pages = mixed(60, set())
    path = warc(tmp_path / ("a.warc.gz" if compressed else "a.warc"), pages, compressed=compressed)
    size = path.stat().st_size
    cut = [
        Part(archive=str(path), start=at, end=min(at + step, size)) for at in range(0, size, step)
    ]
    found = [page for part in cut for page in pages_of(part)]
    assert [(p.url, p.body) for p in found if isinstance(p, ArchivedPage)] == pages


def test_damage_costs_the_damaged_records_alone(tmp_path: Path) -> None:
    pages = mixed(40, set())
    path = warc(tmp_path / "a.warc.gz", pages)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = b"\x00" * 40
    path.write_bytes(bytes(data[:-30]))  # and cut off while it was written
    found = [
        p.url for part in parts_of(path) for p in pages_of(part) if isinstance(p, ArchivedPage)
    ]
    assert len(found) >= 37
    assert found == [url for url, _ in pages if url in found]


def test_a_file_compressed_at_once_is_read_whole(tmp_path: Path) -> None:
    pages = mixed(10, set())
    plain = warc(tmp_path / "p.warc", pages, compressed=False)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    (part,) = parts_of(path)
    assert len(list(pages_of(part))) == 10


def test_codings_and_kinds_of_records() -> None:
    def record(http: bytes, kind: bytes = b"response") -> bytes:
        head = (
            b"WARC/1.0\r\nWARC-Type: " + kind + b"\r\nWARC-Date: 2025-03-04T05:06:07Z\r\n"
            b"WARC-Target-URI: <https://a.example/>\r\nContent-Type: text/html\r\n\r\n"
        )
        return head + http

    ok = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=ISO-8859-1\r\n"
    packed = gzip.compress(b"hello")
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    page = page_of(
        record(ok + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + chunked)
    )
    assert page is not None
    assert (page.body, page.charset, page.url) == (b"hello", "iso-8859-1", "https://a.example/")
    assert page.captured_at == datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
    stale = page_of(record(ok + b"Content-Encoding: gzip\r\n\r\nhello"))
    assert stale is not None and stale.body == b"hello"
    assert page_of(record(b"HTTP/1.1 404 Not Found\r\n\r\nno")) is None
    assert page_of(record(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nx")) is None
    assert page_of(record(b"hello", b"request")) is None
    resource = page_of(record(b"hello", b"resource"))
    assert resource is not None and resource.body == b"hello"


def test_an_archive_is_logged_told_to_nobody_and_read_once(app: App, tmp_path: Path) -> None:
    told = {3, 20}
    path = warc(tmp_path / "a.warc.gz", mixed(40, told))
    (done,) = read_back(app, path)
    assert (done.pages, done.relevant, done.found) == (40, 2, 2)
    (event,) = app.query.events(app.query.ask("type:signed")).items
    assert event.silent and event.jurisdiction.county == "48459"
    assert {e.source_id for e in event.evidence} == {"gazette"}
    for evidence in event.evidence:
        assert app.store.body(evidence.body_hash) is not None
    assert app.deliver() == 0 and app.store.deliveries() == ()
    before = app.store.last_sequence()
    assert read_back(app, path) == []
    # The same pages in another archive say nothing new.
    (again,) = read_back(app, warc(tmp_path / "b.warc.gz", mixed(40, told)))
    assert again.events == 0 and app.store.last_sequence() == before
    assert app.store.verify() == ()


def test_threads_find_the_same_in_the_same_order(app: App, tmp_path: Path) -> None:
    path = warc(tmp_path / "a.warc.gz", mixed(60, {0, 7, 8, 31, 59}))
    (part,) = parts_of(path)
    rules = knowledge.rule_texts(app.settings, None)
    shelf = backreading.shelf(app, None)
    alone, three = (
        archive_process.reader(*rules, NOTHING_WATCHED, shelf, threads)(part) for threads in (1, 3)
    )
    assert (alone.pages, alone.relevant, len(alone.found)) == (60, 5, 5)
    assert alone == three


def test_saved_folders_by_host_and_two_processes(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    for number in range(30):
        file = (
            folder / ("www.gazette.example" if number % 2 else "paper.example") / f"{number}.html"
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(html("Sheriff signs", SIGNED) if number in (4, 7) else html("B", OTHER))
    (folder / "notes.bin").write_bytes(b"\x00")
    (done,) = read_back(app, folder, processes=2)
    assert (done.pages, done.found) == (30, 2)
    (event,) = app.query.events(app.query.ask("type:signed")).items
    assert {e.source_id for e in event.evidence} == {"gazette", "archive"}


def test_a_page_that_kills_its_process_costs_that_page(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    for number in range(9):
        (folder / f"{number}.html").write_bytes(html("Sheriff signs", SIGNED))
    chosen = backreading.shelf(app, None)
    rules = knowledge.rule_texts(app.settings, None)
    read = archive_process.reader(*rules, NOTHING_WATCHED, chosen)

    def dies(part: Part) -> PartReading:
        if part.start <= 5 < part.end:
            raise ExtractError("the worker died of SIGKILL while reading")
        return read(part)

    service = BackReading(
        store=app.store,
        clock=app.clock,
        intake=app.intake(silent=True),
        reader=dies,
        shelf=chosen,
        remembered=Remembered(NOTHING_WATCHED),
    )
    done = service.read(parts_of(folder)[0])
    assert (done.pages, done.found) == (8, 8)
    assert [e.kind for e in app.store.health()] == ["reading"]
    assert "from 5 to 6" in app.store.health()[0].message
