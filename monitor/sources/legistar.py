"""Kind `legistar`: meetings and agenda items of a Legistar client, and what was voted on them.

Schema: Legistar Web API (OData), Events and EventItems. What was decided stands on the agenda
item; the matter's own status is often left behind, so it is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import quote, urlencode

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.moment import StatedDate
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import DocumentKind
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.json_api import Record, Strict, day, joined, parsed, shape, text
from monitor.extract.text import clean, fragment_text
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_ITEMS = "items"
_PAGE_SIZE = 1000
#: Minutes appear without any change of the meeting's own record.
_LOOK_BACK = timedelta(hours=72)
_EVENT = shape(
    "event",
    "EventId EventBodyName EventDate EventLastModifiedUtc",
    known="EventGuid EventRowVersion EventBodyId EventTime EventVideoStatus EventAgendaStatusId "
    "EventAgendaStatusName EventMinutesStatusId EventMinutesStatusName EventLocation "
    "EventMinutesFile EventComment EventVideoPath EventMedia EventItems",
    optional="EventAgendaFile EventInSiteURL EventAgendaLastPublishedUTC "
    "EventMinutesLastPublishedUTC",
)
_ITEM = shape(
    "agenda item",
    "EventItemId EventItemTitle",
    known="EventItemGuid EventItemLastModifiedUtc EventItemRowVersion EventItemEventId "
    "EventItemAgendaSequence EventItemMinutesSequence EventItemVideo EventItemVideoIndex "
    "EventItemVersion EventItemActionId EventItemPassedFlag EventItemRollCallFlag "
    "EventItemFlagExtra EventItemAccelaRecordId EventItemConsent EventItemMoverId EventItemMover "
    "EventItemSeconderId EventItemSeconder EventItemMatterId EventItemMatterGuid "
    "EventItemMatterType EventItemAgendaNumber",
    optional="EventItemAgendaNote EventItemMinutesNote EventItemActionName EventItemActionText "
    "EventItemPassedFlagName EventItemTally EventItemMatterFile EventItemMatterName "
    "EventItemMatterStatus EventItemMatterAttachments",
)
_FILE = shape(
    "attachment",
    "MatterAttachmentHyperlink",
    known="MatterAttachmentId MatterAttachmentGuid MatterAttachmentLastModifiedUtc "
    "MatterAttachmentRowVersion MatterAttachmentName MatterAttachmentFileName "
    "MatterAttachmentMatterVersion MatterAttachmentIsHyperlink MatterAttachmentBinary "
    "MatterAttachmentIsSupportingDocument MatterAttachmentShowOnInternetPage "
    "MatterAttachmentIsMinuteOrder MatterAttachmentIsBoardLetter MatterAttachmentAgiloftId "
    "MatterAttachmentDescription MatterAttachmentPrintWithReports MatterAttachmentSort",
)


class LegistarOptions(Options):
    """Options of Legistar."""

    client: str = Field(
        pattern=r"^[A-Za-z0-9_-]{2,60}$", description="name of the client: harlowcounty"
    )
    place: str = Field(
        default="", max_length=120, description="the place as rules know it: Harlow County, Texas"
    )
    base: WebAddress = Field(
        default=HttpUrl("https://webapi.legistar.com/v1/"), description="address of the interface"
    )
    back_days: int = Field(default=14, ge=4, le=400, description="meetings so long ago are listed")
    ahead_days: int = Field(
        default=45, ge=1, le=400, description="meetings so far ahead are listed"
    )
    token_variable: str = Field(
        default="",
        pattern="^([A-Z][A-Z0-9_]{2,60})?$",
        description="environment variable with the token, where the client asks for one",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meeting:
    """A meeting whose agenda was asked for; `stamp` holds its times of change."""

    number: str
    stamp: str
    on: str  #: ISO day
    body: str
    url: str


def _load(cursor: str) -> dict[str, _Meeting]:
    found = rows(unpacked(cursor, _VERSION), "meetings")
    meetings = (
        _Meeting(number=r[0], stamp=r[1], on=r[2], body=r[3], url=r[4])
        for r in found
        if len(r) == 5
    )
    return {meeting.number: meeting for meeting in meetings}


def _dump(meetings: dict[str, _Meeting]) -> str:
    listed = [[m.number, m.stamp, m.on, m.body, m.url] for m in meetings.values()]
    return packed({"v": _VERSION, "meetings": listed})


def first(
    source: Source, options: LegistarOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The meetings around today, and the agendas of those of the last 72 hours once more."""
    recent = [m for m in _load(cursor).values() if _is_recent(m, now)]
    again = (replace(_items(source, options, m), purpose="main", again=True) for m in recent)
    return (_list(source, options, now, 0), *again)


def _is_recent(meeting: _Meeting, now: datetime) -> bool:
    try:
        on = date.fromisoformat(meeting.on)
    except ValueError:
        return False
    return (now - _LOOK_BACK).date() <= on <= now.date()


def _list(source: Source, options: LegistarOptions, now: datetime, skip: int) -> Request:
    start = (now - timedelta(days=options.back_days)).date()
    end = (now + timedelta(days=options.ahead_days)).date()
    values = {
        "$filter": f"EventDate ge datetime'{start}' and EventDate lt datetime'{end}'",
        "$orderby": "EventId",
        "$top": str(_PAGE_SIZE),
        "$skip": str(skip),
    }
    query = urlencode(values, quote_via=quote)
    context = (("op", "events"), ("skip", str(skip)))
    return _request(source, options, f"events?{query}", "page" if skip else "main", context)


def _items(source: Source, options: LegistarOptions, meeting: _Meeting) -> Request:
    path = f"events/{quote(meeting.number)}/eventitems?AgendaNote=1&MinutesNote=1&Attachments=1"
    return _request(source, options, path, _ITEMS, (("op", _ITEMS), ("event", meeting.number)))


def _request(
    source: Source,
    options: LegistarOptions,
    path: str,
    purpose: str,
    context: tuple[tuple[str, str], ...],
) -> Request:
    variable = options.token_variable
    return Request(
        url=f"{str(options.base).rstrip('/')}/{options.client}/{path}",
        purpose=purpose,
        accept="application/json",
        secret_query=(("token", variable),) if variable else (),
        context=context,
        expect=source.expect,
    )


def read(snapshot: Snapshot, context: ReadContext[LegistarOptions]) -> Reading:
    """Meetings, of which the changed ones' agendas are asked for, or the items of one agenda."""
    answer, strict = parsed(snapshot), Strict()
    if not isinstance(answer, list):
        says = text(answer, "Message")[:200] if isinstance(answer, dict) else ""
        raise ExtractError(f"{snapshot.request.url}: no list but {says!r}; is the client still on?")
    if dict(snapshot.request.context).get("op") == _ITEMS:
        return _agenda(answer, strict, snapshot, context)
    return _meetings(answer, strict, snapshot, context)


def _meetings(
    answer: list[object], strict: Strict, snapshot: Snapshot, context: ReadContext[LegistarOptions]
) -> Reading:
    known = _load(context.cursor)
    found = [_meeting(one) for one in strict.records(answer, _EVENT) if text(one, "EventId")]
    changed = [m for m in found if known.get(m.number, m).stamp != m.stamp or m.number not in known]
    asked = [_items(context.source, context.options, meeting) for meeting in changed]
    skip = int(dict(snapshot.request.context).get("skip", "0") or 0)
    if len(answer) >= _PAGE_SIZE:
        now = snapshot.captured_at
        asked.append(_list(context.source, context.options, now, skip + _PAGE_SIZE))
    oldest = (snapshot.captured_at - timedelta(days=2 * context.options.back_days)).date()
    kept = {n: m for n, m in known.items() if m.on >= oldest.isoformat()}
    return Reading(
        next_requests=tuple(asked),
        cursor=_dump({**kept, **{meeting.number: meeting for meeting in found}}),
        problems=strict.problems,
    )


def _meeting(one: Record) -> _Meeting:
    stamps = ("EventLastModifiedUtc", "EventAgendaLastPublishedUTC", "EventMinutesLastPublishedUTC")
    on = day(one, "EventDate")
    return _Meeting(
        number=text(one, "EventId"),
        stamp=" ".join(text(one, name) for name in stamps),
        on=on.isoformat() if on else "",
        body=text(one, "EventBodyName"),
        url=text(one, "EventInSiteURL") or text(one, "EventAgendaFile"),
    )


def _agenda(
    answer: list[object], strict: Strict, snapshot: Snapshot, context: ReadContext[LegistarOptions]
) -> Reading:
    meetings = _load(context.cursor)
    number = dict(snapshot.request.context).get("event", "")
    meeting = meetings.get(number) or _Meeting(number=number, stamp="", on="", body="", url="")
    found = strict.records(answer, _ITEM)
    made = [_item(one, meeting, strict, snapshot, context) for one in found]
    ours = [i for i in made if context.relevant(f"{i.title}\n{i.text}".encode())]
    return Reading(
        items=tuple(ours),
        cursor=context.cursor,
        problems=strict.problems,
        skipped=len(made) - len(ours),
    )


def _item(
    one: Record,
    meeting: _Meeting,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[LegistarOptions],
) -> Item:
    on = date.fromisoformat(meeting.on) if meeting.on else None
    held = on is not None and on <= snapshot.captured_at.date()
    title = text(one, "EventItemTitle") or text(one, "EventItemMatterName")
    number = text(one, "EventItemId")
    return Item(
        source_id=context.source.id,
        key=f"{context.options.client} meeting {meeting.number} item {number}",
        url=f"{meeting.url or snapshot.request.url}#item-{number}",
        title=" ".join(title.split())[:600],
        text=_text(one, meeting, context.options),
        kind=DocumentKind.AGENDA,
        # A meeting ahead is no day of publication; the day of the vote is one.
        published=StatedDate(day=on, origin="meeting") if on and held else None,
        fields=_values(one, meeting),
        links=_links(one, strict),
        locator=f"item {number}",
        extractor="legistar 1",
    )


def _worded(day_of_meeting: str) -> str:
    """The day in words, as rules read it."""
    if not day_of_meeting:
        return "a day not stated"
    on = date.fromisoformat(day_of_meeting)
    return f"{on:%B} {on.day}, {on.year}"


def _text(one: Record, meeting: _Meeting, options: LegistarOptions) -> str:
    where = ", ".join(part for part in (meeting.body, options.place) if part)
    notes = (
        fragment_text(text(one, name))
        for name in ("EventItemAgendaNote", "EventItemMinutesNote", "EventItemActionText")
    )
    return clean(
        joined([text(one, "EventItemTitle"), *notes, f"{where}, meeting of {_worded(meeting.on)}."])
    )


def _values(one: Record, meeting: _Meeting) -> tuple[tuple[str, str], ...]:
    action, passed = text(one, "EventItemActionName"), text(one, "EventItemPassedFlagName")
    result = f"{action} ({passed})" if action and passed else action or passed
    values = {
        "agenda_result": f"{result} on {_worded(meeting.on)}" if result else "",
        "body": meeting.body,
        "matter_file": text(one, "EventItemMatterFile"),
        "matter_status": text(one, "EventItemMatterStatus"),
        "meeting_date": meeting.on,
        "tally": text(one, "EventItemTally"),
    }
    return tuple(sorted((name, value) for name, value in values.items() if value))


def _links(one: Record, strict: Strict) -> tuple[str, ...]:
    if not one.get("EventItemMatterAttachments"):
        return ()
    files = strict.records(one["EventItemMatterAttachments"], _FILE)
    urls = (text(file, "MatterAttachmentHyperlink") for file in files)
    return tuple(dict.fromkeys(url for url in urls if url.startswith(("http://", "https://"))))


KIND = SourceKind(
    name="legistar",
    summary="Meetings and agenda items of a city or county that uses Legistar, by its Web API: "
    "items on the agenda, attachments, and the action and vote once they are recorded. Meetings "
    "of the last 72 hours are looked at again, since votes appear without a change of the meeting.",
    options=LegistarOptions,
    first=first,
    read=read,
    example="""\
- id: example_commissioners
  kind: legistar
  name: Harlow County Commissioners Court, agendas
  publisher: Harlow County
  tier: official
  document_kind: agenda
  states: [TX]
  sees: [agreement_pending, agreement_signed, agreement_rejected, agreement_terminated]
  schedule: {every: 6h}
  options: {client: harlowcounty, place: 'Harlow County, Texas'}
""",
)
