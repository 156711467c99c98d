"""Damaged input for every parser of outside bytes; by hand: `python -m tests.fuzz --seconds 60`.

A target is a parser, documents it reads, and words of its language. `damaged()` makes the same
damage from the same seed. A parser may give values or refuse with an error of the program; any
other exception, or a process that dies, is a find. Used in short by tests/property, in long by
hand and by the soak; a find is kept under its seed, so that it can be repeated:
`python -m tests.fuzz --target feed --seed 1234`.
"""

# ruff: noqa: T201, PLC0415
from __future__ import annotations

import argparse
import functools
import io
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from monitor.domain.errors import MonitorError

HERE = Path(__file__).parent
URL = "https://news.example.org/a"
NOW = datetime(2025, 6, 5, tzinfo=UTC)
#: A document that costs more processor time than this is reported by the runner.
SLOW_S = 2.0

MARKUP = (
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"&#0;", b"&#xD800;", b"&#99999999999;",
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<item>", b"</item>", b"<entry>", b"<?xml version=",
    b" encoding='utf-7'", b" encoding='utf-16'", b"xmlns:x='x'", b"<xi:include href='file:///'/>",
    b"<script>", b"<table>", b"<tr>", b"<td rowspan=65535 colspan=9999>", b"<base href='//[::1'>",
    b"<time datetime='9999-99-99'>", b"href='http://[::1'", b"\xff\xfe", b"\x00", b"\xef\xbb\xbf",
    b"<svg>", b"<math>", b"<noscript>", b"<template>", b"<a href='javascript:x'>", b"<h1>",
)  # fmt: skip
SHEET = (
    b"<row r='999999999'>", b"<c r='ZZZ1'>", b"<c t='s'><v>-1</v></c>", b"<v>1e999</v>",
    b"<c t='d'><v>0000-00-00</v></c>", b"<!DOCTYPE x>", b"<mergeCell ref='A1:XFD1048576'/>",
    b"<hyperlink ref='A1' r:id='rId9'/>", b"<dimension ref='A1:XFD1048576'/>", b"&#x1F;", b"</row>",
    b"<f>WEBSERVICE('http://127.0.0.2/')</f>", b"count='4294967295'", b"hidden='1'",
)  # fmt: skip
PDF = (
    b"/Kids[2 0 R 2 0 R]", b"/Count 2147483647", b"/Length -1", b"/Length 99999999", b"/Parent",
    b"stream\n", b"endstream", b"endobj", b"/Filter/FlateDecode", b"/Filter[/ASCIIHexDecode]",
    b"/Type/ObjStm", b"/Encrypt 1 0 R", b"xref\n0 99999\n", b"trailer<</Prev 0>>", b"[[[[[[[[",
    b"/MediaBox[0 0 1e30 1e30]", b"<</", b">>", b"(\\377\\000", b"BT", b"Tj", b"q q q q ",
)  # fmt: skip
MAIL = (
    b"Content-Type: message/delivery-status\r\n", b"Action: failed\r\n", b"Status: 5.1.1\r\n",
    b"Content-Type: multipart/report; boundary=x\r\n", b"--x\r\n", b"--x--\r\n", b"\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"=?utf-8?b?////?=", b"Subject: ", b"charset=nope",
    b"To: a+0123456789abcdef0123456789abcdef@x\r\n", b"leave",
)  # fmt: skip
FILTER = (
    b"type:", b"state:", b"TX,", b"-", b'"', b"county:48113", b"near:", b"since:", b"(", b")",
    b"2025-06-01", b"bill:", b"agency:", b"OR", b"\xe2\x80\xae", b"until:", b"model:TFM", b"\x00",
)  # fmt: skip
JSON = (b"{", b"}", b"[", b"]", b"null", b"1e999", b'"\\ud800"', b"-0", b'"', b",", b":", b"NaN")
PACK = (
    b"rules:", b"vocabularies:", b"  - ", b"id: x", b"phrases:", b"near:", b"[[[", b"(a+)+$", b"*",
    b"&a", b"*a", b"<<: *a", b"!!python/object:os.system", b"within: 99999999", b"\t", b"any:",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parser under test."""

    read: Callable[[bytes], object]
    documents: Callable[[], tuple[bytes, ...]]
    words: tuple[bytes, ...]


def damaged(document: bytes, words: tuple[bytes, ...], dice: random.Random) -> bytes:
    """One to eight damages: bytes flipped, cut, doubled, moved, words of the language let in."""
    data = bytearray(document)
    for _ in range(dice.randint(1, 8)):
        at = dice.randint(0, len(data))
        span = slice(at, at + dice.choice((0, 1, 4, 16, 64, 1024)))
        match dice.randint(0, 7):
            case 0 if data:
                data[dice.randrange(len(data))] = dice.randrange(256)
            case 1:
                del data[span]
            case 2:
                data[at:at] = data[span] * dice.choice((1, 2, 50, 2_000))
            case 3:
                data[at:at] = data[(there := dice.randint(0, len(data))) : there + 64]
            case 4:
                data[at:at] = dice.choice(words) * dice.choice((1, 1, 1, 30, 3_000))
            case 5:
                data[span] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 8)))
            case 6:
                del data[max(at, 1) :]
            case _:
                data[at:at] = dice.choice(words)
        del data[2_000_000:]
    return bytes(data)


# -- documents ------------------------------------------------------------------------------------


@functools.cache
def feeds() -> tuple[bytes, ...]:
    """Sound feeds of every form."""
    from tests.wildfeeds import FORMS

    return tuple(make(random.Random(7)) for make in FORMS.values())


@functools.cache
def pages() -> tuple[bytes, ...]:
    """Pages as met: a block page of each family, an article, a list, a table."""
    article = (
        "<!doctype html><html><head><title>Sheriff signs</title><meta property='article:"
        "published_time' content='2025-04-04T10:00:00Z'><link rel='canonical' href='/a'>"
        '<script type=\'application/ld+json\'>{"datePublished": "2025-04-04"}</script></head>'
        "<body><nav><a href='/x'>x</a></nav><main><article><h1>Sheriff signs</h1><time datetime="
        "'2025-04-04'>April 4</time><p>The Hale County sheriff signed a 287(g) agreement.</p>"
        "<ul><li><a href='/b?utm_source=q'>b</a></li></ul><table><tr><th>STATE<th>AGENCY</tr>"
        "<tr><td>TX<td>Hale</table></article></main></body></html>"
    )
    blocks = sorted((HERE / "data" / "blocks").glob("*.html"))
    return (article.encode(), *(path.read_bytes() for path in blocks[::4]))


@functools.cache
def sheets() -> tuple[bytes, ...]:
    """The form of the roster's workbook."""
    from monitor.demo.workbooks import participating
    from monitor.domain.roster import RosterRow
    from monitor.domain.vocabulary import Model

    rows = [
        RosterRow(
            state="TX",
            agency=f"{name} County Sheriff's Office",
            agency_id="",
            model=Model.WSO,
            signed=date(2025, 3, 3),
            county=f"{name} County",
        )
        for name in ("Smith", "Comal", "Gregg")
    ]
    return (participating(rows, NOW, {"TX": "Texas"}),)


@functools.cache
def pdfs() -> tuple[bytes, ...]:
    """A memorandum's words, and two documents that other parsers hung on."""
    from tests.loopback import pdf

    words = ["MEMORANDUM OF AGREEMENT", "Task Force Model", "Hale County Sheriff's Office", "2025"]
    loop = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages>>endobj\n"
    return (pdf([words] * 10), pdf([words]), loop + b"trailer<</Root 1 0 R>>\n%%EOF")


def tables() -> tuple[bytes, ...]:
    """Tables as text."""
    return (b"STATE,AGENCY,MOA\nTX,Hale,http://x.example/a.pdf\n" * 3, pages()[0])


def mails() -> tuple[bytes, ...]:
    """A bounce and a mail that asks to leave."""
    bounce = (
        b"To: bounce+0123456789abcdef0123456789abcdef@x.org\r\nContent-Type: multipart/report; "
        b"boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nno\r\n--b\r\nContent-Type: "
        b"message/delivery-status\r\n\r\nReporting-MTA: x\r\n\r\nAction: failed\r\nStatus: 5.1.1"
        b"\r\n\r\n--b--\r\n"
    )
    return (bounce, b"Subject: leave abc\r\nFrom: a@x.org\r\n\r\nleave\r\n")


def sitemaps() -> tuple[bytes, ...]:
    """A sitemap and an index."""
    one = b"<?xml version='1.0'?><urlset><url><loc>https://a.example/1</loc></url></urlset>"
    return (one, one.replace(b"urlset", b"sitemapindex"))


def answers() -> tuple[bytes, ...]:
    """What the interfaces of the JSON kinds answer, roughly; and a JSON feed."""
    bill = (
        b'{"results": [{"id": "ocd-bill/1", "identifier": "HB 1", "title": "x", "session": "2025",'
        b'"updated_at": "2025-06-01T00:00:00Z", "sources": [{"url": "https://a.example/1"}]}],'
        b'"pagination": {"page": 1, "max_page": 2}, "count": 1, "next": null}'
    )
    return (bill, feeds()[3])


# -- parsers --------------------------------------------------------------------------------------


def _feed(body: bytes) -> object:
    from monitor.extract.feed import read_feed

    return read_feed(body, url=URL)


def _article(body: bytes) -> object:
    from monitor.extract.article import read_article

    return read_article(body, url=URL, media_type="text/html")


def _workbook(body: bytes) -> object:
    from monitor.extract.table import read_tables

    return read_tables(body, "", "fuzz.xlsx")


def _members(read: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """Reads a workbook one of whose members is the damaged document."""

    def through(body: bytes) -> object:
        dice = random.Random(body)
        sound, out = io.BytesIO(sheets()[0]), io.BytesIO()
        with zipfile.ZipFile(sound) as old, zipfile.ZipFile(out, "w") as new:
            replaced = dice.choice(old.namelist())
            for name in old.namelist():
                content = old.read(name)
                if name == replaced:
                    content = damaged(content, SHEET, dice)
                new.writestr(name, content)
        return read(out.getvalue())

    return through


def _tables(body: bytes) -> object:
    from monitor.extract.table import read_tables

    first = read_tables(body, "text/csv", "fuzz.csv")
    return first, read_tables(body, "text/html", "fuzz.html")


def _pdf(body: bytes) -> object:
    from monitor.extract.pdf import pdf_text

    return pdf_text(body)


def _moa(body: bytes) -> object:
    from monitor.extract.moa import read_moa

    return read_moa(body)


def _mail(body: bytes) -> object:
    from monitor.notify.bounce import bounce
    from monitor.notify.leaving import leave_word

    return bounce(body), leave_word(body)


def _filter(body: bytes) -> object:
    from monitor.domain.filter import parse, show

    text = body.decode("utf-8", "replace")
    parsed = parse(text, date(2025, 6, 5))
    assert parse(show(parsed), date(2025, 6, 5)) == parsed
    return parsed


def _sitemap(body: bytes) -> object:
    from monitor.services.discover import sitemap_addresses

    return sitemap_addresses(body)


def _robots(body: bytes) -> object:
    from monitor.egress.exchange import Received
    from monitor.fetch.robots import robots_file

    answer = Received(status=200, headers=(), body=body, remote_address="", elapsed_ms=0)
    file = robots_file(answer, NOW, None)
    return file.allows("https://a.example/x?y=1", "policy-monitor"), file.crawl_delay_s("p")


def _kinds(body: bytes) -> object:
    """Every kind of source with its example's options, as index and as what it links to."""
    from monitor.catalogue.load import parse_catalogue
    from monitor.domain.ident import SourceId
    from monitor.domain.snapshot import Request, Snapshot
    from monitor.domain.source import Source
    from monitor.kinds import ReadContext
    from monitor.registry import SOURCE_KINDS

    dice = random.Random(body)
    name = dice.choice(sorted(SOURCE_KINDS))
    kind = SOURCE_KINDS[name]
    text = f"sources:\n{kind.example}"
    options: Any = parse_catalogue(text, kinds=SOURCE_KINDS, today=NOW.date()).sources[0].options
    source = Source(id=SourceId("fuzz"), kind=name, name="Fuzz", options=options)
    request = Request(url=URL, purpose=dice.choice(("main", "article", "table", "index")))
    snapshot = Snapshot(
        source_id=source.id,
        request=request,
        final_url=URL,
        status=200,
        headers=(),
        body=body,
        captured_at=NOW,
    )
    context = ReadContext(source=source, options=options, cursor="", relevant=lambda _: True)
    return kind.read(snapshot, context)


def _pack(body: bytes) -> object:
    from monitor.bootstrap import knowledge
    from monitor.detect.pack import load
    from monitor.registry import RULE_KINDS

    text = body.decode("utf-8", "replace")
    return load({"own.yaml": text}, RULE_KINDS, knowledge.governors())


@functools.cache
def packs() -> tuple[bytes, ...]:
    """The shipped rules, cut to a length that loads quickly."""
    from monitor.bootstrap.machine import data_text

    return (data_text("rules/federal.yaml").encode()[:6_000],)


def filters() -> tuple[bytes, ...]:
    """Expressions."""
    return (
        b'type:agreement_signed state:TX,FL county:48113 model:TFM agency:"Hale County"',
        b"-status:on_roster since:2025-06-01 until:30d bill:SB8 free text",
    )


def robots() -> tuple[bytes, ...]:
    """A robots file."""
    return (b"User-agent: *\nDisallow: /*?x=*$\nAllow: /\nCrawl-delay: 5\nSitemap: /s.xml\n",)


TARGETS: dict[str, Target] = {
    "feed": Target(read=_feed, documents=feeds, words=MARKUP + JSON),
    "article": Target(read=_article, documents=pages, words=MARKUP),
    "workbook": Target(read=_workbook, documents=sheets, words=SHEET),
    "members": Target(read=_members(_workbook), documents=sheets, words=SHEET),
    "tables": Target(read=_tables, documents=tables, words=(*MARKUP, b'"', b",", b"\n")),
    "pdf": Target(read=_pdf, documents=pdfs, words=PDF),
    "moa": Target(read=_moa, documents=pdfs, words=PDF),
    "kinds": Target(
        read=_kinds, documents=lambda: (*feeds(), *pages(), *answers()), words=MARKUP + JSON
    ),
    "sitemap": Target(read=_sitemap, documents=sitemaps, words=MARKUP),
    "robots": Target(read=_robots, documents=robots, words=(b"*", b"$", b"Allow: ", b"\n", b"%2")),
    "mail": Target(read=_mail, documents=mails, words=MAIL),
    "filter": Target(read=_filter, documents=filters, words=FILTER),
    "pack": Target(read=_pack, documents=packs, words=PACK),
}


def document(name: str, seed: int) -> bytes:
    """The damaged document of a target and a seed."""
    target, dice = TARGETS[name], random.Random(f"{name} {seed}")
    return damaged(dice.choice(target.documents()), target.words, dice)


def play(name: str, seed: int) -> str:
    """Read one damaged document: "read" or "refused". Anything else is raised: a find."""
    body = document(name, seed)
    try:
        TARGETS[name].read(body)
    except MonitorError as error:
        assert str(error)
        return "refused"
    return "read"


def _run(name: str, seed: int, seconds: float) -> None:
    """Play seed after seed, printing each before it is played, so that a death names it."""
    until, counts, slowest = time.process_time() + seconds, {"read": 0, "refused": 0}, (0.0, 0)
    first = seed
    while time.process_time() < until:
        print(f"\r{seed}", end="", file=sys.stderr, flush=True)
        started = time.process_time()
        counts[play(name, seed)] += 1
        slowest = max(slowest, (time.process_time() - started, seed))
        seed += 1
    told = f"{name}: seeds {first} to {seed - 1}, {counts['read']} read, {counts['refused']} "
    print(f"{told}refused; the slowest took {slowest[0]:.2f} s (seed {slowest[1]})")


def main(arguments: list[str]) -> int:
    """Play all targets, each in a process of its own; 1 when one of them found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--target", choices=sorted(TARGETS), help="this one, in this process")
    parser.add_argument("--seconds", type=float, default=30, help="processor time a target")
    parser.add_argument("--seed", type=int, default=0, help="where to begin")
    chosen = parser.parse_args(arguments)
    if chosen.target:
        _run(chosen.target, chosen.seed, chosen.seconds)
        return 0
    found = 0
    for name in TARGETS:
        options = ["--target", name, "--seed", str(chosen.seed), "--seconds", str(chosen.seconds)]
        command = [sys.executable, "-m", "tests.fuzz", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(done.stdout, end="", flush=True)
        if done.returncode:
            found += 1
            seed, _, fault = done.stderr.rpartition("\r")[2].partition("\n")
            print(
                f"{name}: FOUND at seed {seed[:200]}\n{fault[:300]}\n…\n{fault[-1500:]}", flush=True
            )
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
