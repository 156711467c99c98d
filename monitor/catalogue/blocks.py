"""The shape of feeds.yaml: what may stand in it, with a description of each field."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from monitor.domain.subscription import Cadence
from monitor.domain.vocabulary import DocumentKind, EventType, Tier
from monitor.kinds import Options

STATES = frozenset({
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN",
    "IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV",
    "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN",
    "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC", "PR", "GU", "VI", "AS", "MP",
})  # fmt: skip
_DURATION = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("give a number and a unit: 90s, 15m, 2h, 1d, 1w")
    return timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})


def _clock(value: object) -> object:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("give a time of day: 08:00")
    return time(int(found.group(1)), int(found.group(2)))


def _span(value: object) -> object:
    parts = value.split("-") if isinstance(value, str) else []
    if len(parts) != 2:
        raise ValueError("give two times of day: 06:00-22:00")
    return (_clock(parts[0].strip()), _clock(parts[1].strip()))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as cause:
        raise ValueError("no such time zone; write it as America/New_York") from cause
    return value


def _state(value: str) -> str:
    if value.upper() not in STATES:
        raise ValueError("not a state or territory; give two letters")
    return value.upper()


def _checked(value: object) -> object:
    if value == "never":
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value)
    raise ValueError("give never, or the day of the last live check as 2025-06-30")


def _cron(value: str) -> str:
    if not re.fullmatch(r"[\d*/,\-]+( [\dA-Za-z*/,\-#]+){4}", value):
        raise ValueError("give five cron fields: minute hour day month weekday")
    return value


def _formed(pattern: str, words: str) -> Callable[[str], str]:
    """A validator for a form that is easier said in words than as a pattern."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"give {words}")
        return value

    return check


def _weekday(value: object) -> object:
    word = value.strip().lower() if isinstance(value, str) else ""
    found = [n for n, name in enumerate(_WEEKDAYS) if len(word) >= 2 and name.startswith(word)]
    if len(found) != 1:
        raise ValueError("give a day of the week: monday")
    return found[0]


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Clock = Annotated[time, BeforeValidator(_clock)]
Span = Annotated[tuple[time, time], BeforeValidator(_span)]
Zone = Annotated[str, AfterValidator(_zone)]
State = Annotated[str, AfterValidator(_state)]
Checked = Annotated[date | None, BeforeValidator(_checked)]
Id = Annotated[
    str, AfterValidator(_formed(r"[a-z0-9][a-z0-9_]{1,63}", "two or more of a-z, 0-9 and _"))
]
EnvName = Annotated[
    str, AfterValidator(_formed(r"[A-Z][A-Z0-9_]{2,60}", "the NAME of an environment variable"))
]
County = Annotated[str, AfterValidator(_formed(r"\d{5}", 'five FIPS digits in quotes: "48201"'))]


class ScheduleBlock(Options):
    """When to look."""

    every: Duration = Field(default=timedelta(hours=1), description="how often, e.g. 30m, 2h, 1d")
    cron: Annotated[str, AfterValidator(_cron)] | None = Field(
        default=None, description="five cron fields instead of `every`"
    )
    window: Span | None = Field(
        default=None, description="only at these times of day, e.g. 06:00-22:00"
    )
    time_zone: Zone = Field(default="America/New_York", description="zone of cron and window")
    jitter: Duration = Field(
        default=timedelta(minutes=2), description="each check is moved by up to this much"
    )

    @model_validator(mode="after")
    def _sane(self) -> ScheduleBlock:
        if not timedelta(minutes=1) <= self.every <= timedelta(days=31):
            raise ValueError("`every` is between 1m and 31d")
        return self


class PolitenessBlock(Options):
    """How gently; limits hold for the host, shared by all its sources, the strictest wins."""

    min_delay_s: float = Field(
        default=2.0, ge=0, le=600, description="seconds between requests to the host"
    )
    concurrency: int = Field(default=1, ge=1, le=4, description="requests to the host at once")
    timeout_s: float = Field(default=30.0, ge=1, le=300, description="seconds for one request")
    max_requests: int = Field(
        default=40, ge=1, le=1000, description="requests of one check, follow-ups included"
    )
    respect_robots: bool = Field(default=True, description="obey robots.txt")


class ExpectBlock(Options):
    """What an answer must satisfy; anything else is rejected and changes nothing."""

    min_bytes: int = Field(default=0, ge=0, description="least size in bytes")
    max_bytes: int = Field(
        default=20_000_000, ge=1, le=200_000_000, description="greatest size in bytes"
    )
    media_types: tuple[str, ...] = Field(
        default=(), description="beginnings of allowed content types, e.g. text/html"
    )
    must_contain: tuple[str, ...] = Field(
        default=(), description="phrases the text must hold, in any case"
    )
    min_items: int = Field(default=0, ge=0, description="least number of entries, links or rows")


class SourceBlock(Options):
    """One source."""

    id: Id = Field(description="permanent name: letters, digits, _")
    kind: str = Field(description="kind of source, see below")
    name: str = Field(min_length=2, max_length=200, description="name for people")
    publisher: str = Field(default="", max_length=200, description="who speaks")
    tier: Tier = Field(description="rank of the publisher")
    document_kind: DocumentKind | None = Field(
        default=None, description="sort of text; news for the press, release for officials"
    )
    states: tuple[State, ...] = Field(
        default=(), description="states it speaks about, two letters; empty: anywhere"
    )
    county: County | None = Field(
        default=None, description="county it speaks about, five FIPS digits in quotes"
    )
    sees: tuple[EventType, ...] = Field(
        min_length=1, description="event types it could show; for the coverage table"
    )
    schedule: ScheduleBlock = Field(default_factory=ScheduleBlock, description="when to look")
    politeness: PolitenessBlock = Field(
        default_factory=PolitenessBlock, description="how gently to ask"
    )
    expect: ExpectBlock = Field(
        default_factory=ExpectBlock, description="what an answer must satisfy"
    )
    enabled: bool = Field(default=True, description="false: kept, never asked")
    checked: Checked = Field(
        default=None, description="never, or the day of the last live check by a person"
    )
    needs_env: tuple[EnvName, ...] = Field(
        default=(), description="environment variables without which it stays off"
    )
    discovery: bool = Field(
        default=False, description="a search engine or tip: opens nothing by itself"
    )
    note: str = Field(default="", description="remark for people")
    options: dict[str, object] = Field(description="options of the kind, see below")


class NearBlock(Options):
    """A circle on the map."""

    place: str = Field(description="five FIPS digits of a county, or a place: Conroe, TX")
    km: float = Field(gt=0, le=2000, description="radius in kilometres")


class SubscriptionBlock(Options):
    """Who hears what. Seeds the store by id once; what is edited at run time wins."""

    id: Id = Field(description="permanent name")
    filter: str = Field(default="", description="filter expression; empty is everything")
    channel: Literal["slack", "email", "webhook", "file", "stdout"] = Field(
        description="way out; its secrets come from the environment"
    )
    destination: str = Field(
        default="", description="channel id, address, URL or file; empty: the channel's default"
    )
    cadence: Cadence = Field(default=Cadence.IMMEDIATE, description="how often")
    weekday: Annotated[int, BeforeValidator(_weekday)] = Field(
        default=0,
        description="when a weekly digest goes out",
        json_schema_extra={"value": "day of the week", "default": "`monday`"},
    )
    at: Clock = Field(default=time(8, 0), description="local time of daily and weekly digests")
    time_zone: Zone = Field(default="America/New_York", description="the reader's zone")
    quiet: Span | None = Field(default=None, description="hours without alerts: 21:00-07:00")
    muted: tuple[str, ...] = Field(default=(), description="filter expressions to leave out")
    max_per_day: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="alerts, the last quarter of them for what offices state; the rest is digested",
    )
    near: NearBlock | None = Field(default=None, description="only within a circle")
    reason: str = Field(default="", max_length=300, description="shown as: why you get this")
    include_review: bool = Field(default=False, description="also what is worth a review only")
    active: bool = Field(default=True, description="false: paused")


class WatchBlock(Options):
    """A bill or an act that is ours whatever its own words say, until it is taken out here."""

    state: Annotated[str, AfterValidator(_state)] = Field(description="two letters")
    bill: str = Field(
        default="",
        max_length=20,
        pattern=r"^(?:[A-Za-z][A-Za-z. ]{0,9}\s*\d{1,5}(?:-?[A-Za-z])?)?$",
        description="its number as the state writes it: SB 168",
    )
    matter: Literal["mandate", "limit"] = Field(
        description="mandate: it requires cooperation with ICE; limit: it restricts it"
    )
    names: tuple[Annotated[str, Field(min_length=8, max_length=80)], ...] = Field(
        default=(), max_length=4, description="names under which the press knows the act"
    )

    @model_validator(mode="after")
    def _known_by_something(self) -> WatchBlock:
        if not (self.bill or self.names):
            raise ValueError("give a bill's number or a name")
        return self


class DefaultsBlock(Options):
    """What sources share unless they say otherwise; field by field."""

    schedule: dict[str, object] = Field(default_factory=dict, description="as in a source")
    politeness: dict[str, object] = Field(default_factory=dict, description="as in a source")
