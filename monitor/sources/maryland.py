"""Kind `maryland`: the master list of the Maryland General Assembly, one JSON file a session.

Schema: mgaleg.maryland.gov, Legislation, Open Data: billsmasterlist/legislation.json. The file has
a day for each reading but none for the governor's action, which stands in `Status` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Bill, bill_item, spelled
from monitor.extract.bill_stages import PARTIAL, Action, stage_of_words
from monitor.extract.json_api import Record, Strict, day, joined, parsed, shape, text
from monitor.extract.sessions import maryland
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_MAX_BYTES = 60_000_000
_BILL = shape(
    "bill",
    "BillNumber Title Synopsis Status CrossfileBillNumber PassedByMGA StatusCurrentAsOf "
    "FirstReadingDateHouseOfOrigin ReportDateHouseOfOrigin ReportActionHouseOfOrigin "
    "ThirdReadingDateHouseOfOrigin ThirdReadingActionHouseOfOrigin "
    "ThirdReadingDateOppositeHouse ThirdReadingActionOppositeHouse",
    known="ChapterNumber SponsorPrimary Sponsors CommitteePrimaryOrigin CommitteeSecondaryOrigin "
    "CommitteePrimaryOpposite CommitteeSecondaryOpposite HearingDateTimePrimaryHouseOfOrigin "
    "HearingDateTimeSecondaryHouseOfOrigin SecondReadingDateHouseOfOrigin "
    "SecondReadingActionHouseOfOrigin FirstReadingDateOppositeHouse "
    "HearingDateTimePrimaryOppositeHouse HearingDateTimeSecondaryOppositeHouse "
    "ReportDateOppositeHouse ReportActionOppositeHouse SecondReadingDateOppositeHouse "
    "SecondReadingActionOppositeHouse InteractionBetweenChambers EmergencyBill "
    "ConstitutionalAmendment BroadSubjects NarrowSubjects BillType BillVersion Statutes "
    "YearAndSession",
)
#: Laws that the constitution enacts when the governor does nothing.
_UNSIGNED = "article ii, section 17"
_LAST = frozenset({
    Stage.SIGNED_INTO_LAW, Stage.WITHOUT_SIGNATURE, Stage.VETOED, Stage.VETO_OVERRIDDEN,
    Stage.POCKET_VETO, Stage.DIED,
})  # fmt: skip


class MarylandOptions(Options):
    """Options of Maryland's master list."""

    session: str = Field(
        default="",
        pattern=r"^(20\d\d(RS|S\d))?$",
        description="one session alone: 2026RS; empty: the regular one by the date",
    )
    special: tuple[Annotated[str, Field(pattern=r"^20\d\dS\d$")], ...] = Field(
        default=(), max_length=4, description="special sessions besides: 2025S1"
    )
    base: WebAddress = Field(
        default=HttpUrl("https://mgaleg.maryland.gov/"), description="address of the site"
    )


def first(
    source: Source, options: MarylandOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The file of each session: the regular one of the day, and the special ones named."""
    current = (options.session,) if options.session else maryland(now.date())
    wanted = dict.fromkeys((*current, *options.special))
    return tuple(_file(source, options, session) for session in wanted)


def _file(source: Source, options: MarylandOptions, session: str) -> Request:
    base = str(options.base).rstrip("/")
    url = f"{base}/{session}/misc/billsmasterlist/legislation.json"
    asked = (("session", session),)
    return Request(
        url=url,
        accept="application/json",
        context=asked,
        expect=source.expect.with_room(_MAX_BYTES),
    )


def read(snapshot: Snapshot, context: ReadContext[MarylandOptions]) -> Reading:
    """The bills that may be ours; a record whose number is no number of a bill is left out."""
    answer, strict = parsed(snapshot), Strict()
    if not isinstance(answer, list):
        raise ExtractError(f"{snapshot.request.url}: no list of bills; the format has changed")
    least = context.source.expect.min_items
    if len(answer) < least:
        reason = f"{len(answer)} bills, expected at least {least}"
        return Reading(cursor=context.cursor, rejected=reason)
    found = strict.records(answer, _BILL)
    session = _session(snapshot, context.options)
    items: list[Item] = []
    problems: list[str] = []
    for one in found:
        words = joined((text(one, "BillNumber"), text(one, "Title"), text(one, "Synopsis")))
        if text(one, "BillNumber") and context.relevant(words.encode()):
            item, odd = bill_item(
                _bill(one, session),
                source_id=context.source.id,
                today=snapshot.captured_at.date(),
                locator=f"bill {text(one, 'BillNumber')}",
                extractor="maryland 1",
            )
            items.append(item)
            problems += odd
    return Reading(
        items=tuple(items),
        cursor="1",
        problems=(*strict.problems, *problems),
        skipped=len(found) - len(items),
    )


def _session(snapshot: Snapshot, options: MarylandOptions) -> str:
    """The session that was asked for; that of the day where the request does not say."""
    asked = dict(snapshot.request.context).get("session", "")
    return asked or options.session or maryland(snapshot.captured_at.date())[0]


def _bill(one: Record, session: str) -> Bill:
    number, crossfile = text(one, "BillNumber"), text(one, "CrossfileBillNumber")
    status = text(one, "Status")
    page = f"mgawebsite/Legislation/Details/{number.lower()}?ys={session}"
    return Bill(
        jurisdiction="MD",
        session=session,
        number=spelled("MD", number),
        title=text(one, "Title"),
        summary=text(one, "Synopsis"),
        special=not session.endswith("RS"),
        year=int(session[:4]),
        actions=tuple(_actions(one, number)),
        status=status,
        undated=_last_stage(one, status),
        as_of=day(one, "StatusCurrentAsOf"),
        companions=(spelled("MD", crossfile),) if crossfile else (),
        resolution=number[1:2] in ("R", "J"),
        bill_id=f"mga {session} {number}",
        url=f"https://mgaleg.maryland.gov/{page}",
    )


def _actions(one: Record, number: str) -> Iterable[Action]:
    """The dated steps: first reading, committee report, both chambers' third readings."""
    origin = "upper" if number.upper().startswith("S") else "lower"
    opposite = "lower" if origin == "upper" else "upper"
    filed = day(one, "FirstReadingDateHouseOfOrigin")
    if filed:
        yield Action(day=filed, text="First Reading", stage=Stage.INTRODUCED, chamber=origin)
    report, words = day(one, "ReportDateHouseOfOrigin"), text(one, "ReportActionHouseOfOrigin")
    if report:
        favorable = words.lower().startswith("favorable")
        yield Action(day=report, text=words, stage=Stage.IN_COMMITTEE if favorable else None)
    for name, chamber in (("HouseOfOrigin", origin), ("OppositeHouse", opposite)):
        third = day(one, f"ThirdReadingDate{name}")
        words = text(one, f"ThirdReadingAction{name}")
        if third:
            yield _third_reading(one, third, words, chamber, second=chamber == opposite)


def _third_reading(one: Record, on: date, words: str, chamber: str, *, second: bool) -> Action:
    """A passage; in the second chamber it is that of both once the General Assembly says so."""
    passed = words.lower().startswith(("passed", "adopted"))
    done = one.get("PassedByMGA") is True
    return Action(
        day=on,
        text=f"Third Reading {words}".strip(),
        stage=Stage.PASSED_ONE_CHAMBER if passed else None,
        chamber=chamber,
        mark=PARTIAL if second and not done else "",
    )


def _last_stage(one: Record, status: str) -> tuple[Stage, str] | None:
    """What the status alone tells: the governor's action, or the end."""
    if _UNSIGNED in status.lower():
        return Stage.WITHOUT_SIGNATURE, status
    stage = stage_of_words(status)
    return (stage, status) if stage in _LAST and stage is not None else None


KIND = SourceKind(
    name="maryland",
    summary="The Maryland General Assembly's own master list, one JSON file a session without a "
    "key. Readings have their days; the governor's action stands in the status alone and is told "
    "without a day. Cross-filed bills are linked. The session follows from the date.",
    options=MarylandOptions,
    first=first,
    read=read,
    example="""\
- id: example_maryland
  kind: maryland
  name: Maryland General Assembly, master list
  publisher: Maryland General Assembly
  tier: official
  document_kind: bill
  states: [MD]
  sees: [state_mandate_introduced, state_limit_introduced, state_limit_enacted]
  schedule: {every: 6h}
  options: {special: [2025S1]}
""",
)
