"""Back-reading a mixed archive against extracting everything: `python -m bench.backread`.

A WARC file of news pages of usual size (100 to 190 kB: scripts, styles, navigation, teasers and
comments around 5 kB of article), of which 1 % tells of an agreement or an ordinance, in plain words
and with tags, entities and line breaks inside them. Compared: every page through trafilatura's fast
mode and the rules, in one process; `monitor backfill` with one process that scans in one thread, with
one that scans in as many as there are cores for, and with two processes. Both must find the same
claims; what is missed is listed. Processor time of all processes, the one that stores included, and
wall time. Start-up is apart in wall time; in processor time it is a share, which the row states.
"""

# ruff: noqa: E501, SIM905  # pages are written as one would read them
from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import trafilatura
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from bench.labelled import Detector, shipped_detector
from monitor.bootstrap import backreading
from monitor.bootstrap.compose import App
from monitor.detect.document import Document
from monitor.domain.vocabulary import DocumentKind
from monitor.services.archives import pages_of, parts_of
from monitor.services.warc_record import ArchivedPage
from monitor.settings import read_settings

FEEDS = """\
version: 1
sources:
  - id: gazette
    kind: feed
    name: Gazette
    tier: press
    sees: [agreement_signed]
    options: {url: 'https://gazette.example/feed.xml'}
"""
#: Scripts, links of a menu, teasers, comments.
_SHAPES = ((16, 160, 100, 0), (12, 120, 60, 110), (8, 160, 130, 90))
_WORDS = (
    "county road council budget school vote river board library summer festival harvest market "
    "weather museum traffic station hospital teacher election garden bridge water winter"
).split()
#: What one page in a hundred tells, marked up in the ways of editors and their programs.
_TOLD = (
    "The sheriff of {place} County, Alabama signed a 287(g) agreement with Immigration and Customs "
    "Enforcement on Tuesday, his office said.",
    "The sheriff of {place} County, Iowa signed a <a href='/t/287g'>287</a>(g) agreement with "
    "Immi&shy;gration and Cus&shy;toms En&shy;force&shy;ment on Tuesday, his office said.",
    "The city council of {place}, Oregon voted on Tuesday to adopt an ordinance that makes the city "
    "a sanc<b>tuary</b>\ncity for im&#109;igrants, the mayor said.",
    "The sheriff of {place} County, Texas ended his 287&#40;g&#41;\nagreement with "
    "<abbr>ICE</abbr> on Tuesday, his office said.",
)
#: Where, by the same numbers: so many events that none is told more often than in a small archive.
_PLACES = (
    ("Hale", "Pickens", "Lamar", "Marion", "Fayette"),
    ("Polk", "Linn", "Benton", "Clinton", "Jasper"),
    ("Eugene", "Salem", "Medford", "Corvallis", "Ashland"),
    ("Upshur", "Rusk", "Gregg", "Hays", "Travis"),
)
_QUIET = "Work on the bridge begins on Tuesday, the county said."


def news_page(number: int, told: bool) -> bytes:
    """A page as sites of news build them: scripts, styles, navigation, teasers, comments, footer
    and some 5 kB of article; 100 to 190 kB, in one of three shapes by its number."""
    dice = random.Random(number)

    def words(count: int) -> str:
        return " ".join(dice.choice(_WORDS) for _ in range(count))

    scripts, links, cards, comments = _SHAPES[number % len(_SHAPES)]
    lead = _lead(number) if told else _QUIET
    script = "".join(
        f"<script>var d{n}={{{','.join(f'{dice.choice(_WORDS)}{k}:{dice.random()}' for k in range(90))}}};"
        "</script>"
        for n in range(scripts)
    )
    menu = "".join(
        f"<li class='menu-item item-{n}'><a href='/section/{words(1)}/{n}' data-track='nav'>"
        f"<span>{words(3)}</span></a></li>"
        for n in range(links)
    )
    teasers = "".join(
        f"<div class='card'><div class='card-media'><a href='/{n}/{words(1)}'><img src='/i/{n}.jpg' "
        f"srcset='/i/{n}-2.jpg 2x' alt='{words(4)}'></a></div><div class='card-body'><h3><a "
        f"href='/{n}'>{words(8)}</a></h3><p class='dek'>{words(18)}</p><time>Today</time></div></div>"
        for n in range(cards)
    )
    talk = "".join(
        f"<div class='post' id='p{n}'><div class='who'><b>{words(2)}</b> <span class='when'>{n} days "
        f"ago</span></div><p>{words(12)}, <i>{words(3)}</i> {words(9)}.<br>{words(14)}.</p></div>"
        for n in range(comments)
    )
    paragraphs = "".join(
        f"<p>{words(20).capitalize()} <a href='/t/{n}'>{words(2)}</a> {words(14)}, &ldquo;"
        f"{words(15)}.&rdquo;</p>"
        for n in range(14)
    )
    return (
        f"<!doctype html><html lang=en><head><title>{words(7)}</title><meta charset=utf-8>{script}"
        f"<style>{'.a{color:red;margin:0 auto}' * 300}</style></head><body><header><nav><ul>{menu}"
        f"</ul></nav></header><div class='wrap'><div class='row'><div class='col'><article><h1>"
        f"{words(8)}</h1><p>{lead} It is number {number}.</p>{paragraphs}</article><div "
        f"class='comments'>{talk}</div></div><div class='col side'>{teasers}</div></div></div>"
        f"<footer><ul>{menu}</ul></footer></body></html>"
    ).encode()


def _lead(number: int) -> str:
    which, again = number % len(_TOLD), number // len(_TOLD)
    return _TOLD[which].format(place=_PLACES[which][again % len(_PLACES[which])])


def archive(path: Path, count: int, share: float, quiet: int = 6_000) -> Path:
    """A WARC file of so many pages, of which a share tells of an agreement, in no order.

    So many different quiet pages, again and again: nothing is kept of a page that says nothing.
    """
    told = int(count * share)
    members = [_member(number, number < told) for number in range(told + min(quiet, count - told))]
    quiet_ones = cycle(members[told:])
    order = [*members[:told], *(next(quiet_ones) for _ in range(count - told))]
    random.Random(3).shuffle(order)
    with path.open("wb") as stream:
        stream.writelines(order)
    return path


def _member(number: int, told: bool) -> bytes:
    stream = io.BytesIO()
    writer = WARCWriter(stream, gzip=True)
    record = writer.create_warc_record(
        f"https://news{number % 50}.example/{number}",
        "response",
        payload=io.BytesIO(news_page(number, told)),
        http_headers=StatusAndHeaders("200 OK", [("Content-Type", "text/html")], "HTTP/1.1"),
        warc_headers_dict={"WARC-Date": "2025-03-05T00:00:00Z"},
    )
    writer.write_record(record)
    return stream.getvalue()


#: (address, event type, state)
Claims = set[tuple[str, str, str]]


def everything(path: Path, most: int) -> tuple[float, float, Claims, int]:
    """(processor s, wall s, claims, pages) of extracting the first `most` pages; of those after
    them only the ones that tell something, which are not timed."""
    detector = shipped_detector()
    trafilatura.bare_extraction("<html><body><p>warm</p></body></html>", fast=True)
    pages = (page for part in parts_of(path) for page in pages_of(part))
    wall, cpu = time.perf_counter(), time.process_time()
    timed = list(islice(pages, most))
    claims = {claim for page in timed for claim in _claims(page, detector)}
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    for page in pages:
        if isinstance(page, ArchivedPage) and _QUIET.encode() not in page.body:
            claims |= _claims(page, detector)
    return cpu, wall, claims, len(timed)


def _claims(page: ArchivedPage | str, detector: Detector) -> Claims:
    assert isinstance(page, ArchivedPage)
    read = trafilatura.bare_extraction(
        page.body.decode("utf-8", "replace"), url=page.url, fast=True, with_metadata=False
    )
    text = getattr(read, "text", None) or ""
    document = Document(
        id="a", url=page.url, title="", published=None, kind=DocumentKind.NEWS, text=text
    )
    return {(page.url, f.event_type.value, f.jurisdiction.state or "") for f in detector(document)}


def back_read(
    path: Path, processes: int, threads: int | None
) -> tuple[float, float, tuple[float, float], Claims, int]:
    """(processor s, wall s, start-up wall and processor s, claims, pages) of `monitor backfill`'s
    service."""
    with tempfile.TemporaryDirectory() as scratch:
        feeds = Path(scratch) / "feeds.yaml"
        feeds.write_text(FEEDS, encoding="utf-8")
        app = App(
            read_settings({"MONITOR_DATA_DIR": f"{scratch}/var", "MONITOR_FEEDS": str(feeds)})
        )
        parts = parts_of(path)
        before = _cpu()
        begun = time.perf_counter()
        shelf = backreading.shelf(app, None)
        with backreading.back_reading(app, shelf, processes, threads) as service:
            warm = list(service.read_all(parts[:processes], processes))
            start = time.perf_counter() - begun, _cpu() - before
            middle = time.perf_counter()
            rest = list(service.read_all(parts[processes:], processes))
            wall = time.perf_counter() - middle
        cpu = _cpu() - before
        claims = {
            (evidence.url, event.event_type.value, event.jurisdiction.state or "")
            for event in app.query.each(app.query.ask(""))
            for evidence in event.evidence
        }
        pages_read = sum(done.pages for done in rest)
        app.close()
        total = sum(done.pages for done in (*warm, *rest))
        return cpu * pages_read / max(1, total), wall, start, claims, pages_read


def _cpu() -> float:
    """Processor s of this process and its children, those that still run included."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    tasks = Path("/proc/self/task").glob("*/children")
    running = (_cpu_of(pid) for task in tasks for pid in task.read_text().split())
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime + sum(running)


def _cpu_of(pid: str) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except FileNotFoundError:  # ended meanwhile, and counted among those
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the rows; exit 1 where back-reading finds other pages than extracting everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=30_000)
    parser.add_argument("--quiet", type=int, default=6_000, help="different pages that say nothing")
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--extract", type=int, default=300, help="pages of the slow way")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        path = archive(Path(scratch) / "mixed.warc.gz", asked.pages, asked.share, asked.quiet)
        cpu, wall, slow_found, count = everything(path, asked.extract)
        slow = count / wall
        slow_cpu = cpu / count
        print(
            _row("everything extracted, one process", count, cpu, wall, (0.0, 0.0), (1.0, 1.0)),
            flush=True,
        )
        rates = {}
        for name, processes, threads in (
            ("backfill, 1 process, 1 thread", 1, 1),
            ("backfill, 1 process, threads by cores", 1, None),
            ("backfill, 2 processes, 1 thread each", 2, 1),
        ):
            cpu, wall, start, found, read = back_read(path, processes, threads)
            rates[processes, threads] = read / wall
            times = (read / wall / slow, slow_cpu / (cpu / read))
            print(_row(name, read, cpu, wall, start, times), flush=True)
        row = {
            "what": "two processes against one, one thread each",
            "ratio": round(rates[2, 1] / rates[1, 1], 2),
            "archive_mb": round(path.stat().st_size / 1e6, 1),
            "claims_of_everything": len(slow_found),
            "claims_of_backfill": len(found),
            "missed": sorted(slow_found - found),
        }
        print(json.dumps(row))
    return 0 if slow_found <= found else 1


def _row(
    what: str,
    count: int,
    cpu: float,
    wall: float,
    start: tuple[float, float],
    times: tuple[float, float],
) -> str:
    return json.dumps(
        {
            "what": what,
            "pages": count,
            "pages_a_second": round(count / wall, 1),
            "cpu_ms_a_page": round(cpu / count * 1000, 3),
            "start_s": round(start[0], 1),
            "start_cpu_s": round(start[1], 1),
            "times_as_fast": round(times[0], 1),
            "times_less_cpu": round(times[1], 1),
        }
    )


if __name__ == "__main__":
    raise SystemExit(main())
