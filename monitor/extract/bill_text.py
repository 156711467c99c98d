"""The texts of a bill's versions: asked for one after the other, read as one item.

Each version's text is a revision of the item "<bill>|text", so that two of them can be held side
by side as the two contents of any other document can. Its fields say which bill it is and how far
that has come; the rules read the text for what the bill does, never for what became of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from urllib.parse import urlsplit

from monitor.domain.ident import SourceId
from monitor.domain.item import Item
from monitor.domain.moment import StatedDate
from monitor.domain.snapshot import Expectation, Request, Snapshot
from monitor.domain.vocabulary import DocumentKind
from monitor.extract.article import read_article
from monitor.extract.bill import STAGES, Bill, Version, bill_key
from monitor.extract.cursor import Json, rows

#: Purpose of a request for the text of one version.
TEXT = "bill_text"
#: The field of a text item: which version it is.
TEXT_OF = "text_of"
#: Bills whose newest read version is remembered, the latest ones.
MOST = 2_000
_EXPECTED = Expectation(
    min_bytes=200,
    max_bytes=20_000_000,
    media_types=("text/", "application/pdf", "application/xhtml", "application/xml"),
)
_GIVEN = ("bill", "bill_id", "instrument", "jurisdiction", "session")
_NUMBERED = re.compile(r"^\s*\d{1,3}(?:\s+|$)")
_WRAPPED_CHARS = 45
_OPENS = re.compile(r"\s*(?:\([a-z0-9]{1,4}\)|(?:SECTION|Section|Sec\.|§)\s|[A-Z]{2,}[A-Z ]+:?$)")

#: Bill -> address of the newest version that was asked for.
Texts = dict[str, str]


def load(state: Json) -> Texts:
    """What a cursor's state remembers."""
    return {row[0]: row[1] for row in rows(state, "texts") if len(row) == 2}


def dump(texts: Texts) -> Json:
    """For a cursor's state."""
    return {"texts": [list(pair) for pair in list(texts.items())[-MOST:]]}


def new_texts(
    bills: Iterable[tuple[Bill, Item]], texts: Texts, most: int, *, host_of_provider: str = ""
) -> tuple[tuple[Request, ...], Texts]:
    """Requests for the texts of new versions of these bills, at most so many, and what to remember.

    What finds no room is asked for when the bill is told again.
    """
    requests: list[Request] = []
    for bill, item in bills:
        found = asked_for(bill, item, texts, host_of_provider=host_of_provider)
        if found is not None and len(requests) < most:
            request, texts = found
            requests.append(request)
    return tuple(requests), texts


def asked_for(
    bill: Bill, item: Item, texts: Texts, *, host_of_provider: str = ""
) -> tuple[Request, Texts] | None:
    """The request for the next text of this bill, and what to remember; None where none is new.

    Versions of a bill that is met for the first time: the last two, the older one first. Pages of
    the provider itself, which only frame a text, are left out. A text is read once and tells with
    the step it came with: of a bill without a step none is asked for yet.
    """
    values = dict(item.fields)
    if not values.get(STAGES):
        return None
    wanted = [v for v in _ordered(bill.versions) if _is_text(v, host_of_provider)]
    addresses = [version.url for version in wanted]
    known = texts.get(bill_key(bill), "")
    if known in addresses:
        fresh = wanted[addresses.index(known) + 1 :]
    else:
        fresh = wanted[-1:] if known else wanted[-2:]
    if not fresh:
        return None
    after = {k: url for k, url in texts.items() if k != bill_key(bill)}
    given = {name: values.get(name, "") for name in _GIVEN}
    given |= {
        "item": bill_key(bill),
        STAGES: values.get(STAGES, "").rpartition("\n")[2],
        "day": item.published.day.isoformat() if item.published else "",
    }
    return _request(fresh, given), after | {bill_key(bill): fresh[-1].url}


def _ordered(versions: Sequence[Version]) -> list[Version]:
    """By day, as listed within a day; as listed where one has none."""
    if any(version.day is None for version in versions):
        return list(versions)
    return sorted(versions, key=lambda version: version.day or date.min)


def _is_text(version: Version, host_of_provider: str) -> bool:
    try:
        parts = urlsplit(version.url)
    except ValueError:
        return False
    host = parts.hostname or ""
    framed = bool(host_of_provider) and host.endswith(host_of_provider)
    return parts.scheme in ("http", "https") and not framed


def _request(versions: Sequence[Version], given: dict[str, str]) -> Request:
    """For the first of these versions; the others follow when it was read, in order."""
    first, rest = versions[0], versions[1:]
    queue = [[v.name, v.url, v.day.isoformat() if v.day else ""] for v in rest]
    about = {
        **given,
        TEXT_OF: first.name or "text",
        "text_day": first.day.isoformat() if first.day else "",
        "rest": json.dumps(queue),
    }
    return Request(
        url=first.url,
        purpose=TEXT,
        accept="text/html,application/pdf;q=0.9,text/plain;q=0.8,*/*;q=0.1",
        context=tuple(sorted(about.items())),
        expect=_EXPECTED,
    )


def text_read(snapshot: Snapshot, source_id: SourceId) -> tuple[Item, tuple[Request, ...]]:
    """The text of one version, and the request for the version after it where one waits.

    Raises ExtractError for a document without text.
    """
    about = dict(snapshot.request.context)
    page = read_article(
        snapshot.body,
        url=snapshot.final_url,
        charset=snapshot.charset,
        media_type=snapshot.media_type,
    )
    day = about.get("text_day") or about.get("day", "")
    fields = {name: about.get(name, "") for name in (*_GIVEN, STAGES, TEXT_OF)}
    item = Item(
        source_id=source_id,
        key=f"{about.get('item', snapshot.request.url)}|text",
        url=snapshot.request.url,
        title=f"{about.get('jurisdiction', '')} {about.get('bill', '')}: text, "
        f"{about.get(TEXT_OF, '')}".strip(),
        text=flowed(page.text),
        kind=DocumentKind.BILL,
        published=StatedDate(day=date.fromisoformat(day), origin="version") if day else None,
        fields=tuple(sorted((n, value) for n, value in fields.items() if value or n == STAGES)),
        locator="text",
        extractor="bill text 1",
    )
    return item, _following(about)


def _following(about: dict[str, str]) -> tuple[Request, ...]:
    waiting = json.loads(about.get("rest", "[]"))
    versions = [
        Version(name=name, url=url, day=date.fromisoformat(day) if day else None)
        for name, url, day in waiting
    ]
    if not versions:
        return ()
    given = {n: v for n, v in about.items() if n not in (TEXT_OF, "text_day", "rest")}
    return (_request(versions, given),)


def flowed(text: str) -> str:
    """The text of a bill without its line numbers, the lines of a paragraph joined.

    One word more would otherwise move every line behind it, and two versions would differ
    everywhere.
    """
    lines = text.split("\n")
    numbered = sum(1 for line in lines if _NUMBERED.match(line))
    if len(lines) >= 10 and numbered >= 0.6 * len(lines):
        lines = [_NUMBERED.sub("", line) for line in lines]
    return "\n".join(_paragraphs(lines))


def _paragraphs(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    goes_on = False
    for line in (" ".join(line.split()) for line in lines):
        if not line or line.isdigit():
            goes_on = goes_on and line.isdigit()
            continue
        if goes_on and not _OPENS.match(line):
            found[-1] = f"{found[-1]} {line}"
        else:
            found.append(line)
        goes_on = len(line) >= _WRAPPED_CHARS and not line.endswith((".", ";", ":"))
    return found
