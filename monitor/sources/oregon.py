"""Kind `oregon`: measures of the Oregon Legislature by its OData service.

Schema: api.oregonlegislature.gov, ODataService.svc, Measures with MeasureHistoryActions and
MeasureDocuments.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote, urlencode

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Bill, Version, bill_item
from monitor.extract.bill_stages import Action, read_action
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.json_api import Record, Strict, day, joined, parsed_record, shape, text
from monitor.extract.sessions import oregon
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 2
_PAGE_SIZE = 500
#: Days asked for again, since a change can appear with an earlier time.
_OVERLAP = timedelta(days=2)
_MEASURE = shape(
    "measure",
    "SessionKey MeasurePrefix MeasureNumber RelatingTo MeasureSummary ModifiedDate "
    "MeasureHistoryActions MeasureDocuments",
    known="CurrentCommitteeCode CurrentLocation id MeasureSponsors AtTheRequestOf ChapterNumber "
    "CreatedDate CurrentSubCommittee CurrentVersion EmergencyClause FiscalAnalyst FiscalImpact "
    "LCNumber MinorityCatchLine PrefixMeaning RelatingToFull RevenueEconomist RevenueImpact "
    "odata.type odata.id odata.etag odata.editLink",
    optional="CatchLine EffectiveDate Vetoed",
)
_ACTION = shape(
    "measure history action",
    "ActionDate ActionText Chamber",
    known="CreatedDate MeasureHistoryId MeasureNumber MeasurePrefix ModifiedDate "
    "PublicNotification SessionKey VoteText",
)
_DOCUMENT = shape(
    "measure document",
    "DocumentUrl VersionDescription",
    known="CreatedDate MeasureNumber MeasurePrefix ModifiedDate SessionKey",
)
_CHAMBERS = {"H": "lower", "S": "upper"}


class OregonOptions(Options):
    """Options of Oregon's OData service."""

    session: str = Field(
        default="",
        pattern=r"^(20\d\d[RSI]\d)?$",
        description="one session alone, by its key: 2025R1; empty: the regular one by the date",
    )
    special: tuple[Annotated[str, Field(pattern=r"^20\d\d[SI]\d$")], ...] = Field(
        default=(), max_length=4, description="special sessions besides: 2025S1"
    )
    base: WebAddress = Field(
        default=HttpUrl("https://api.oregonlegislature.gov/odata/odataservice.svc/"),
        description="address of the service",
    )


def first(
    source: Source, options: OregonOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """Measures modified since the last check; all of a session that was not asked for yet."""
    known = _known(cursor)
    current = (options.session,) if options.session else oregon(now.date())
    wanted = dict.fromkeys((*current, *options.special))
    return tuple(_request(source, options, name, known.get(name, ""), 0) for name in wanted)


def _known(cursor: str) -> dict[str, str]:
    """From which day to ask, by session."""
    found = rows(unpacked(cursor, _VERSION), "since")
    return {row[0]: row[1] for row in found if len(row) == 2}


def _request(
    source: Source, options: OregonOptions, session: str, since: str, skip: int
) -> Request:
    wanted = f"SessionKey eq '{session}'"
    if since:
        wanted += f" and ModifiedDate ge datetime'{since}T00:00:00'"
    values = {
        "$filter": wanted,
        "$expand": "MeasureHistoryActions,MeasureDocuments",
        "$orderby": "MeasurePrefix,MeasureNumber",
        "$top": str(_PAGE_SIZE),
        "$skip": str(skip),
        "$format": "json",
    }
    return Request(
        url=f"{str(options.base).rstrip('/')}/Measures?{urlencode(values, quote_via=quote)}",
        purpose="page" if skip else "main",
        accept="application/json",
        context=(("session", session), ("since", since), ("skip", str(skip))),
        expect=source.expect,
    )


def read(snapshot: Snapshot, context: ReadContext[OregonOptions]) -> Reading:
    """The measures of a page that may be ours, and the next page."""
    answer, strict = parsed_record(snapshot), Strict()
    if not isinstance(answer.get("value"), list):
        raise ExtractError(f"{snapshot.request.url}: no list of measures; the format has changed")
    found = strict.records(answer["value"], _MEASURE)
    ours = [one for one in found if context.relevant(_words(one).encode())]
    asked = dict(snapshot.request.context)
    session = asked.get("session") or _session(snapshot, context.options)
    made = [_item(one, session, strict, snapshot, context) for one in ours]
    skip = int(asked.get("skip", "0") or 0)
    full = len(found) >= _PAGE_SIZE
    since = asked.get("since", "")
    following = _request(context.source, context.options, session, since, skip + _PAGE_SIZE)
    known = _known(context.cursor)
    reached = max(known.get(session, ""), _reached(found, snapshot))
    return Reading(
        items=tuple(item for item, _ in made),
        next_requests=(following,) if full else (),
        cursor=packed({"v": _VERSION, "since": [*map(list, {**known, session: reached}.items())]}),
        problems=(*strict.problems, *(line for _, odd in made for line in odd)),
        skipped=len(found) - len(ours),
    )


def _session(snapshot: Snapshot, options: OregonOptions) -> str:
    return options.session or oregon(snapshot.captured_at.date())[0]


def _reached(found: Iterable[Record], snapshot: Snapshot) -> str:
    """From which day to ask next time; a day in the future moves nothing."""
    today = snapshot.captured_at.date()
    days = [on for one in found if (on := day(one, "ModifiedDate")) and on <= today]
    return (max(days) - _OVERLAP).isoformat() if days else ""


def _words(one: Record) -> str:
    number = f"{text(one, 'MeasurePrefix')} {text(one, 'MeasureNumber')}"
    return joined((number, text(one, "RelatingTo"), text(one, "CatchLine"), _summary(one)))


def _summary(one: Record) -> str:
    return " ".join(text(one, "MeasureSummary").split())


def _item(
    one: Record,
    session: str,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[OregonOptions],
) -> tuple[Item, tuple[str, ...]]:
    return bill_item(
        _bill(one, session, strict),
        source_id=context.source.id,
        today=snapshot.captured_at.date(),
        locator=f"measure {text(one, 'MeasurePrefix')} {text(one, 'MeasureNumber')}",
        extractor="oregon 1",
    )


def _bill(one: Record, session: str, strict: Strict) -> Bill:
    prefix, number = text(one, "MeasurePrefix"), text(one, "MeasureNumber")
    actions = tuple(_actions(one, strict))
    vetoed = one.get("Vetoed") is True and not any(a.stage is Stage.VETOED for a in actions)
    return Bill(
        jurisdiction="OR",
        session=session,
        number=f"{prefix} {number}",
        title=text(one, "RelatingTo"),
        summary=joined((text(one, "CatchLine"), _summary(one))),
        special=session[4] == "S",
        year=int(session[:4]),
        actions=actions,
        undated=(Stage.VETOED, "Vetoed") if vetoed else None,
        versions=tuple(
            Version(name=text(row, "VersionDescription"), url=text(row, "DocumentUrl"))
            for row in strict.records(one.get("MeasureDocuments"), _DOCUMENT)
        ),
        resolution=not prefix.endswith("B"),
        bill_id=f"olis {session} {prefix}{number}",
        url=f"https://olis.oregonlegislature.gov/liz/{session}/Measures/Overview/{prefix}{number}",
    )


def _actions(one: Record, strict: Strict) -> Iterable[Action]:
    for row in strict.records(one.get("MeasureHistoryActions"), _ACTION):
        on = day(row, "ActionDate")
        if on is None:
            strict.note("date_unreadable: an action without a day")
            continue
        yield read_action(on, text(row, "ActionText"), _CHAMBERS.get(text(row, "Chamber"), ""))


KIND = SourceKind(
    name="oregon",
    summary="Measures of the Oregon Legislature by its OData service, without a key: all of a "
    "session at first, then those modified since, with their history and texts. The session "
    "follows from the date.",
    options=OregonOptions,
    first=first,
    read=read,
    example="""\
- id: example_oregon
  kind: oregon
  name: Oregon Legislature, measures
  publisher: Oregon Legislative Assembly
  tier: official
  document_kind: bill
  states: [OR]
  sees: [state_mandate_introduced, state_limit_introduced, state_limit_enacted]
  schedule: {every: 6h}
  options: {special: [2025S1]}
""",
)
