"""Kind `north_carolina`: bills of the North Carolina General Assembly by its web services.

Schema: ncleg.gov/About/Webservices, RSS 2.0: the list of all bills of a session with the last
action of each, and the history of one bill. The words of actions are those of the General
Assembly's own histories.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import Stage
from monitor.extract import bill_text, dates
from monitor.extract.bill import Bill, Version, bill_item
from monitor.extract.bill_stages import PARTIAL, Action
from monitor.extract.bill_text import Texts
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.json_api import Record, Strict, joined, shape, text
from monitor.extract.sessions import north_carolina
from monitor.extract.xml_api import inner, parsed_xml
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_LIST, _HISTORY = "list", "history"
_ENTRY = shape(
    "bill",
    "title link",
    known="guid author category comments enclosure source",
    optional="description pubDate",
)
_LINE = shape(
    "history line",
    "title pubDate",
    known="guid link description author category comments enclosure source",
)
#: "HB 2 - Entry Fees.", at …/BillLookup/2025/H2
_TITLE = re.compile(r"([HS](?:B|R|JR)) (\d{1,4}) - (.+)")
_LOOKUP = re.compile(r"/BillLookUp/(20\d\d(?:E\d)?)/([HS]\d{1,4})$", re.IGNORECASE)
_ACTOR = re.compile(r"^(House|Senate)(?: Chamber)?: ?", re.IGNORECASE)
_CHAMBERS = {"house": "lower", "senate": "upper"}
#: The first that matches counts. What the second chamber passed may be changed, which its line
#: does not say: it is the passage of both when it is concurred in, ordered enrolled or ratified.
_WORDS = tuple(
    (re.compile(pattern, re.IGNORECASE), stage, mark)
    for pattern, stage, mark in (
        (r"^filed\b|^passed 1st reading", Stage.INTRODUCED, ""),
        (r"^reptd fav", Stage.IN_COMMITTEE, ""),
        (r"^passed (?:2nd & )?3rd reading|^adopted\b", Stage.PASSED_ONE_CHAMBER, PARTIAL),
        (r"^concurred in|^ordered enrolled|^ratified|^pres\. to gov|^conf(?:erence)? report "
         r"adopted", Stage.PASSED_BOTH, ""),
        (r"^signed by gov|^ch\. (?:sl|res)", Stage.SIGNED_INTO_LAW, ""),
        (r"^became law w/?o(?:ut)?\b", Stage.WITHOUT_SIGNATURE, ""),
        (r"^vetoed\b", Stage.VETOED, ""),
        (r"^failed (?:2nd|3rd) reading|^postponed indefinitely", Stage.DIED, ""),
    )
)  # fmt: skip
_OVERRIDDEN = re.compile(r"^veto overridden", re.IGNORECASE)


class NorthCarolinaOptions(Options):
    """Options of North Carolina's web services."""

    session: str = Field(
        default="",
        pattern=r"^(20\d\d(E\d)?)?$",
        description="one session alone: 2025, or 2021E1 for an extra one; empty: by the date",
    )
    base: WebAddress = Field(
        default=HttpUrl("https://www.ncleg.gov/"), description="address of the list of bills"
    )
    histories: WebAddress = Field(
        default=HttpUrl("https://webservices.ncleg.gov/"), description="address of the histories"
    )
    watch: tuple[str, ...] = Field(
        default=(), description="bill numbers that are ours whatever their titles say: HB 318"
    )
    pages: WebAddress = Field(
        default=HttpUrl("https://www.ncleg.gov/"), description="where pages and texts of bills are"
    )
    max_bills: int = Field(default=30, ge=1, le=300, description="histories asked per check")
    texts: bool = Field(
        default=True, description="whether the first edition of a bill is read for what it does"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """One of our bills as the list tells it."""

    number: str  #: "HB 2"
    title: str
    last: str  #: last action and its day, the stamp of a change


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What is known between checks, of one session; a new one starts from nothing."""

    session: str
    bills: dict[str, _Known]  #: by short number, "H2"
    due: tuple[str, ...] = ()  #: whose history is to be read
    texts: Texts

    def dump(self) -> str:
        """For the cursor."""
        bills = [[short, b.number, b.title, b.last] for short, b in self.bills.items()]
        due = [[short] for short in self.due]
        return packed({"v": _VERSION, "session": self.session, "bills": bills, "due": due,
                       **bill_text.dump(self.texts)})  # fmt: skip


def _load(cursor: str, session: str) -> _State:
    state = unpacked(cursor, _VERSION)
    if state.get("session") != session:
        return _State(session=session, bills={}, texts={})
    found = (row for row in rows(state, "bills") if len(row) == 4)
    return _State(
        session=session,
        bills={r[0]: _Known(number=r[1], title=r[2], last=r[3]) for r in found},
        due=tuple(row[0] for row in rows(state, "due") if row),
        texts=bill_text.load(state),
    )


def first(
    source: Source, options: NorthCarolinaOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The list of the session, and histories still to be read."""
    session = options.session or north_carolina(now.date())[0]
    due = _load(cursor, session).due[: options.max_bills]
    url = f"{_base(options.base)}/Legislation/Bills/LastActionByYear/{session}/All/RSS"
    listed = Request(
        url=url,
        accept="application/rss+xml, application/xml, text/xml",
        context=(("op", _LIST), ("session", session)),
        expect=source.expect,
    )
    return (listed, *_histories(source, options, session, due))


def _base(address: HttpUrl) -> str:
    return str(address).rstrip("/")


def _histories(
    source: Source, options: NorthCarolinaOptions, session: str, shorts: Iterable[str]
) -> tuple[Request, ...]:
    return tuple(
        Request(
            url=f"{_base(options.histories)}/BillHistory/{session}/{short}/RSS",
            purpose=_HISTORY,
            accept="application/rss+xml, application/xml, text/xml",
            context=(("op", _HISTORY), ("session", session), ("bill", short)),
            # A title may be new where the history is as it was.
            conditional=False,
            expect=source.expect,
        )
        for short in shorts
    )


def read(snapshot: Snapshot, context: ReadContext[NorthCarolinaOptions]) -> Reading:
    """The list of bills, the history of one, or its text."""
    if snapshot.request.purpose == bill_text.TEXT:
        item, following = bill_text.text_read(snapshot, context.source.id)
        return Reading(items=(item,), next_requests=following, cursor=context.cursor)
    asked, strict = dict(snapshot.request.context), Strict()
    current = north_carolina(snapshot.captured_at.date())[0]
    session = asked.get("session") or context.options.session or current
    state = _load(context.cursor, session)
    channel = parsed_xml(snapshot, "rss").get("channel")
    if not isinstance(channel, dict):
        raise ExtractError(f"{snapshot.request.url}: a feed without a channel")
    entries = inner({"channel": channel}, "channel")
    if asked.get("op") == _HISTORY:
        return _history(entries, asked.get("bill", ""), state, strict, snapshot, context)
    return _list(entries, state, strict, snapshot, context)


def _list(
    entries: list[object],
    state: _State,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[NorthCarolinaOptions],
) -> Reading:
    found = dict(_listed(strict.records(entries, _ENTRY), state.session, strict))
    least = context.source.expect.min_items
    if len(found) < least:
        reason = f"{len(found)} bills, expected at least {least}"
        return Reading(cursor=context.cursor, rejected=reason)
    watched = {"".join(number.split()).upper() for number in context.options.watch}
    ours = {
        short: bill
        for short, bill in found.items()
        if short in state.bills
        or "".join(bill.number.split()) in watched
        or context.relevant(f"{bill.number}\n{bill.title}".encode())
    }
    fresh = [short for short, bill in ours.items() if state.bills.get(short) != bill]
    due = tuple(dict.fromkeys((*state.due, *fresh)))
    new = [short for short in fresh if short not in state.due]
    options, wanted = context.options, new[: context.options.max_bills]
    return Reading(
        cursor=replace(state, bills={**state.bills, **ours}, due=due).dump(),
        next_requests=_histories(context.source, options, state.session, wanted),
        problems=strict.problems,
        skipped=len(found) - len(ours),
    )


def _listed(found: list[Record], session: str, strict: Strict) -> Iterable[tuple[str, _Known]]:
    """The bills of this session by short number."""
    for one in found:
        title, link = _TITLE.fullmatch(text(one, "title")), _LOOKUP.search(text(one, "link"))
        if title is None or link is None:
            strict.note(f"category_unknown: entry {text(one, 'title')[:60]!r}")
        elif link.group(1) == session:
            last = joined((text(one, "description"), text(one, "pubDate")))
            number = f"{title.group(1)} {title.group(2)}"
            known = _Known(number=number, title=title.group(3).rstrip("."), last=last)
            yield link.group(2).upper(), known


def _history(
    entries: list[object],
    short: str,
    state: _State,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[NorthCarolinaOptions],
) -> Reading:
    known = state.bills.get(short)
    actions = actions_of(strict.records(entries, _LINE), strict)
    state = replace(state, due=tuple(s for s in state.due if s != short))
    if known is None:
        return Reading(cursor=state.dump(), problems=strict.problems)
    bill = _bill(known, short, state.session, actions, _base(context.options.pages))
    item, odd = bill_item(
        bill,
        source_id=context.source.id,
        today=snapshot.captured_at.date(),
        locator=f"bill {known.number}",
        extractor="north_carolina 2",
    )
    asked, texts = bill_text.new_texts([(bill, item)], state.texts, int(context.options.texts))
    return Reading(
        items=(item,),
        next_requests=asked,
        cursor=replace(state, texts=texts).dump(),
        problems=(*strict.problems, *odd),
    )


def actions_of(found: Iterable[Record], strict: Strict) -> tuple[Action, ...]:
    """The lines of a history; a veto is overridden when the second chamber votes so."""
    actions: list[Action] = []
    over: dict[str, date] = {}
    for row in found:
        stated = dates.stated_date(text(row, "pubDate"), "history")
        if stated is None:
            strict.note("date_unreadable: a line of the history without a day")
            continue
        actor = _ACTOR.match(text(row, "title"))
        chamber = _CHAMBERS[actor.group(1).lower()] if actor else ""
        words = text(row, "title")[actor.end() if actor else 0 :]
        hit = next(((stage, m) for pattern, stage, m in _WORDS if pattern.search(words)), None)
        stage, mark = hit or (None, "")
        if _OVERRIDDEN.search(words) and chamber:
            over.setdefault(chamber, stated.day)
            stage = Stage.VETO_OVERRIDDEN if len(over) == 2 else None
        actions.append(Action(day=stated.day, text=words, stage=stage, chamber=chamber, mark=mark))
    return tuple(actions)


def _bill(known: _Known, short: str, session: str, actions: tuple[Action, ...], pages: str) -> Bill:
    chamber = "House" if short.startswith("H") else "Senate"
    # The number of the newest edition is told nowhere; the first one is that which was filed.
    text_of = f"{pages}/Sessions/{session}/Bills/{chamber}/PDF/{short}v1.pdf"
    filed = min((action.day for action in actions), default=None)
    return Bill(
        jurisdiction="NC",
        session=session,
        number=known.number,
        title=known.title,
        special="E" in session,
        year=int(session[:4]),
        actions=actions,
        versions=(Version(name="Edition 1", url=text_of, day=filed),) if actions else (),
        status=known.last.split("\n")[0].removeprefix("Last action: "),
        resolution=not known.number.split()[0].endswith("B"),
        bill_id=f"ncleg {session} {short}",
        url=f"{pages}/BillLookUp/{session}/{short}",
    )


KIND = SourceKind(
    name="north_carolina",
    summary="Bills of the North Carolina General Assembly by its web services, without a key: the "
    "list of a session's bills with the last action of each, and of those that may be ours the "
    "history whenever that changed. The two-year session follows from the date.",
    options=NorthCarolinaOptions,
    first=first,
    read=read,
    example="""\
- id: example_north_carolina
  kind: north_carolina
  name: North Carolina General Assembly, bills
  publisher: North Carolina General Assembly
  tier: official
  document_kind: bill
  states: [NC]
  sees: [state_mandate_introduced, state_limit_introduced, state_mandate_enacted]
  schedule: {every: 6h}
  options: {}
""",
)
