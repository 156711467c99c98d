"""Sources: configured in feeds.yaml, remembered in the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from monitor.domain.ident import SourceId
from monitor.domain.snapshot import Expectation, Request, Validators
from monitor.domain.vocabulary import DocumentKind, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When to look: every `every`, or by `cron`, inside a daily window of the source's zone."""

    every: timedelta = timedelta(hours=1)
    cron: str | None = None
    window_start: time | None = None
    window_end: time | None = None
    time_zone: str = "America/New_York"
    jitter: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """How gently: limits hold for the host, shared by all its sources; the strictest wins."""

    min_delay_s: float = 2.0
    concurrency: int = 1
    timeout_s: float = 30.0
    max_requests: int = 40  #: budget of one check, follow-ups included
    respect_robots: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One block of feeds.yaml; `options` are the typed options of its kind."""

    id: SourceId
    kind: str
    name: str
    options: object
    publisher: str = ""
    tier: Tier = Tier.PRESS
    document_kind: DocumentKind = DocumentKind.NEWS
    states: tuple[str, ...] = ()  #: two-letter states it speaks about; empty: anywhere
    county: str | None = None
    sees: tuple[str, ...] = ()  #: event types it could show; for the coverage table
    schedule: Schedule = field(default_factory=Schedule)
    politeness: Politeness = field(default_factory=Politeness)
    expect: Expectation = field(default_factory=Expectation)
    enabled: bool = True
    checked: date | None = None  #: day of the last live check by a person or a probe; None: never
    needs_env: tuple[str, ...] = ()  #: environment variables without which it stays off
    discovery: bool = False  #: may open nothing by itself
    line: int = 0  #: where in feeds.yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """A follow-up request that failed or exceeded the budget; tried again at the next check."""

    request: Request
    attempts: int = 0
    last_error: str = ""
    silent: bool = False  #: belongs to the first import, so it never pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An address of a source that redirects elsewhere for good."""

    url: str  #: as feeds.yaml has it
    to: str
    since: datetime  #: when it was first seen to


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is remembered of a source between checks; due times derive from it."""

    source_id: SourceId
    cursor: str = ""
    validators: tuple[tuple[str, Validators], ...] = ()  #: by URL
    hashes: tuple[tuple[str, str], ...] = ()  #: last accepted body hash by URL
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None  #: an accepted body or an honest 304
    changed_at: datetime | None = None
    failures: int = 0  #: consecutive
    last_outcome: str = ""
    retry_at: datetime | None = None  #: not before, from Retry-After or backoff
    checks: int = 0
    lying_validators: bool = False  #: a 304 was followed by a different body
    baseline: bool = False  #: the first import is done
    enabled_at_run_time: bool | None = None  #: what the probe or a person decided
    #: when it changed, by file ("" is the whole source), oldest first, the newest 60: its rhythm
    changes: tuple[tuple[str, tuple[datetime, ...]], ...] = ()
    pending: tuple[Postponed, ...] = ()  #: follow-up requests that did not succeed yet
    moved: tuple[Moved, ...] = ()  #: main addresses that redirect for good, by address
    switched_why: str = ""  #: why `enabled_at_run_time` is what it is, in words
