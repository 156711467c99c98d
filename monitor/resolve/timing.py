"""What the dates of a claim are believed, and whether what it tells is news. Pure.

Publishers choose the dates of their pages. None may hide an event by them, its own or another's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from monitor.domain.claim import Claim
from monitor.domain.event import Event
from monitor.domain.moment import Precision, StatedDate
from monitor.resolve.facts import RANK
from monitor.resolve.policy import Policy
from monitor.resolve.telling import span_of

_OLD_STORY = timedelta(days=60)
#: Tellings of one piece of news follow each other within so many days.
_SAME_NEWS_DAYS = 7
#: A page is at most a time zone ahead of its capture.
_AHEAD = timedelta(days=2)
#: What is said to happen later than this is a slip of the pen or a lie: hearings, sunsets and
#: first sessions lie nearer.
_FAR_AHEAD = timedelta(days=3 * 366)


def believed(claim: Claim, captured: datetime) -> Claim:
    """The claim without dates that cannot be: published after its capture, or happening in years
    to come (one roster had a signing in 2028)."""
    finding, day = claim.finding, captured.date()
    if claim.published and claim.published.day > day + _AHEAD:
        claim = replace(claim, published=None)
    if finding.occurred and finding.occurred.day > day + _FAR_AHEAD:
        claim = replace(claim, finding=replace(finding, occurred=None))
    return claim


def is_silent(claim: Claim, now: datetime, policy: Policy) -> bool:
    """First import, backfill, or an own publication older than the policy's age at capture.

    A roster row counts by its workbook's time, which is its claim's publication, never by SIGNED.
    """
    if policy.baseline or policy.absorbed:
        return True
    if claim.published is None:
        return False
    captured = policy.captured.get(claim.snapshot_id, now).date()
    return captured - _published_by(claim, captured) > policy.max_age


def _published_by(claim: Claim, captured: date) -> date:
    """The last day on which it can have been published: none is older than what it tells of.

    Otherwise a back-dated page could tell of today's signing unheard, and make everybody else's
    telling of it a mere confirmation.
    """
    stated = span_of(claim.published)[1] if claim.published else captured
    told = claim.finding.occurred
    if told is None or told.precision is not Precision.DAY or told.day > captured:
        return stated
    return max(stated, told.day)


def is_late(claim: Claim, policy: Policy) -> bool:
    """Arrived after a downtime: without a day, or with one before the fresh hours."""
    if policy.late_before is None:
        return False
    if claim.published is None or claim.published.precision is not Precision.DAY:
        return True
    return claim.published.day < policy.late_before.date()


def first_published(event: Event, claim: Claim) -> StatedDate | None:
    """The first publication known; a page that is dated before what it tells of proves none, and
    a lesser publisher's date moves none."""
    known, stated = event.published, claim.published
    if known is None or stated is None:
        return known or stated
    happened = event.occurred.day if event.occurred else stated.day
    if RANK[claim.tier] < RANK[event.tier] or span_of(stated)[1] < happened:
        return known
    return min(known, stated, key=lambda date: date.day)


def is_news(
    event: Event,
    claim: Claim,
    now: datetime,
    policy: Policy,
    *,
    climbed: bool,
    days_apart: int,
) -> bool:
    """Whether a live claim makes news of a silent event.

    A better publisher does, unless it is an old story. Any other does where the silent telling
    cannot have been of the same news: it lies days apart, or before what the claim dates.
    """
    if is_silent(claim, now, policy) or any(e.source_id == claim.source_id for e in event.evidence):
        return climbed and not is_silent(claim, now, policy) and _is_young(event, now)
    published, told = event.published, claim.finding.occurred
    if published is None:
        return climbed
    known_by = span_of(published)[1]
    dated = told.day if told and told.precision is Precision.DAY else None
    later = dated is not None and known_by < dated <= now.date()
    return later or days_apart > _SAME_NEWS_DAYS or (climbed and _is_young(event, now))


def _is_young(event: Event, now: datetime) -> bool:
    return event.published is None or now.date() - span_of(event.published)[1] <= _OLD_STORY
