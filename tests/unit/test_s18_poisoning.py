"""S18: what a publisher of one watched page cannot do to what other publishers said."""

from __future__ import annotations

import pytest

from monitor.domain.claim import Finding
from monitor.domain.ident import SubscriptionId
from monitor.domain.source import Source
from monitor.domain.subscription import Subscription
from monitor.domain.vocabulary import DocumentKind, Model, Rung, Tier
from monitor.domain.vocabulary import EventType as E
from monitor.domain.vocabulary import Stage as S
from monitor.notify.audience import audience
from monitor.notify.routing import hears_first, pages
from monitor.resolve.ladder import MAX_EVIDENCE
from tests.tellings import Log, at, claims, finding, on, source

HOSTILE = source("hostile")
OFFICE = source("sheriff", Tier.OFFICIAL)
ROSTER = source("roster", Tier.ROSTER)


def signed(**slots: object) -> Finding:
    slots = {"state": "TX", "agency": "Hale County Sheriff's Office", **slots}
    return finding(E.AGREEMENT_SIGNED, S.SIGNED, **slots)  # type: ignore[arg-type]


def listed() -> Log:
    """An agreement that the agency announced and the roster lists."""
    log = Log()
    told = signed(model=Model.TFM, county="48189", occurred="2025-03-04", agency_id="a1")
    release = claims(OFFICE, told, published="2025-03-04", kind=DocumentKind.RELEASE)
    row = claims(ROSTER, told, published="2025-03-06", kind=DocumentKind.TABLE)
    log.check(OFFICE, "2025-03-05", release)
    log.check(ROSTER, "2025-03-07", row)
    return log


def test_s18_a_page_cannot_put_an_agreement_on_the_roster_or_make_it_official() -> None:
    log = Log()
    for kind in (DocumentKind.TABLE, DocumentKind.RELEASE, DocumentKind.PAGE):
        told = claims(HOSTILE, signed(), published="2025-03-05", kind=kind, key=kind.value)
        log.check(HOSTILE, "2025-03-05", told)
    assert log.only.status is Rung.REPORTED


def test_s18_a_page_cannot_change_a_fact_that_a_better_publisher_stated() -> None:
    log = listed()
    before = log.only
    lie = signed(
        occurred="2025-03-09",
        agency="Hale County Sheriffs Office",
        agency_id="zzz",
        county="48189",
        attributes=(("agreement_id", "zzz"), ("signed_by_ice", "2020-01-01")),
    )
    log.check(HOSTILE, "2025-03-10", claims(HOSTILE, lie, published="2025-03-10"))
    after = log.only
    for name in (
        "occurred",
        "agency",
        "agency_id",
        "jurisdiction",
        "model",
        "stage",
        "status",
        "tier",
        "url",
        "quote",
        "attributes",
    ):
        assert getattr(after, name) == getattr(before, name), name


def test_s18_a_false_end_is_an_event_of_its_own_and_leaves_the_agreement_standing() -> None:
    log = listed()
    agreement = log.only
    end = finding(
        E.AGREEMENT_TERMINATED, S.TERMINATED, state="TX", agency="Hale County Sheriff's Office"
    )
    log.check(HOSTILE, "2025-03-10", claims(HOSTILE, end, published="2025-03-10"))
    false_end = next(e for e in log.events.values() if e.id != agreement.id)
    assert log.events[agreement.id] == agreement
    assert false_end.status is Rung.REPORTED


def test_s18_taking_a_statement_back_touches_only_what_it_alone_carried() -> None:
    log = listed()
    copied = claims(HOSTILE, signed(), published="2025-03-08", key="copy")
    log.check(HOSTILE, "2025-03-08", copied)
    log.check(HOSTILE, "2025-03-09", withdrawn=copied)
    assert log.only.status is Rung.ON_ROSTER
    assert not log.records[-1].told


def test_s18_a_flood_of_copies_cannot_push_better_evidence_out() -> None:
    log = listed()
    for number in range(MAX_EVIDENCE * 2):
        copy = claims(HOSTILE, signed(), published="2025-03-08", key=str(number))
        log.check(HOSTILE, "2025-03-08", copy)
    assert {Tier.OFFICIAL, Tier.ROSTER} <= {evidence.tier for evidence in log.only.evidence}
    assert not any(record.told for record in log.records[2:])


def test_s18_a_page_that_names_two_agencies_as_one_merges_nothing() -> None:
    log = listed()
    other = signed(agency="Deaf Smith County Sheriff's Office", county="48117", model=Model.TFM)
    log.check(OFFICE, "2025-03-08", claims(OFFICE, other, published="2025-03-08", key="other"))
    both = signed(agency="Hale County and Deaf Smith County Sheriff's Offices")
    log.check(HOSTILE, "2025-03-09", claims(HOSTILE, both, published="2025-03-09"))
    assert all(event.merged_into is None for event in log.events.values())
    assert len(log.events) == 3


PAPER, OTHER = source("paper"), source("other")


def everybody() -> Subscription:
    return Subscription(id=SubscriptionId("all"), filter="", channel="file", destination="x")


def _heard(log: Log) -> list[str]:
    """What a subscriber to everything would be told of at once, as record kinds."""
    everything = audience([everybody()], at("2025-04-05"))
    (listener,) = everything.listeners
    return [r.kind.value for r in log.records if pages(r) and hears_first(listener, r)]


@pytest.mark.parametrize("victim", [PAPER, OFFICE], ids=["press", "office"])
@pytest.mark.parametrize("dated", ["2025-04-04", None], ids=["dated", "undated"])
@pytest.mark.parametrize("back", ["2024-12-01", "2025-01-20", "2025-03-04"])
def test_s18_a_back_dated_page_cannot_make_the_true_telling_a_confirmation(
    victim: Source, dated: str | None, back: str
) -> None:
    """He tells of it first, dated so long ago that nobody is told; then it is told in truth."""
    log = Log()
    lie = claims(HOSTILE, signed(occurred=dated), published=back)
    log.check(HOSTILE, "2025-04-04", lie)
    truth = claims(victim, signed(occurred="2025-04-04"), published="2025-04-05")
    log.check(victim, "2025-04-05", truth)
    assert len(_heard(log)) == 1, [(r.kind, r.told, r.event.silent) for r in log.records]


def test_s18_an_undated_truth_is_heard_beside_an_undated_back_dated_page() -> None:
    log = Log()
    log.check(HOSTILE, "2025-04-04", claims(HOSTILE, signed(), published="2025-03-04"))
    log.check(PAPER, "2025-04-05", claims(PAPER, signed(), published="2025-04-05"))
    assert len(_heard(log)) == 1


def test_an_old_story_told_again_stays_silent() -> None:
    """The other side: what was old when it was first seen is no news when somebody repeats it."""
    log = Log()
    old = claims(PAPER, signed(occurred="2025-03-03"), published="2025-03-03")
    log.check(PAPER, "2025-04-04", old)
    again = claims(OTHER, signed(occurred="2025-03-03"), published="2025-04-05")
    log.check(OTHER, "2025-04-05", again)
    assert _heard(log) == []


def test_s18_who_only_repeated_it_cannot_correct_it_by_an_edit() -> None:
    """Two papers of one rank: the second may correct what it said itself, alone."""
    log = Log()
    log.check(
        PAPER, "2025-03-05", claims(PAPER, signed(occurred="2025-03-04"), published="2025-03-05")
    )
    told = signed(occurred="2025-03-04")
    log.check(HOSTILE, "2025-03-06", claims(HOSTILE, told, published="2025-03-06", key="a"))
    before = log.only
    lie = signed(occurred="2025-03-09", model=Model.JEM)
    log.check(
        HOSTILE, "2025-03-10", claims(HOSTILE, lie, published="2025-03-06", key="a", revision=2)
    )
    assert log.events[before.id].occurred == before.occurred
    assert log.records[-1].kind.value != "amended"


def test_who_told_it_alone_corrects_itself() -> None:
    log = Log()
    first = claims(PAPER, signed(occurred="2025-03-04"), published="2025-03-05", key="a")
    log.check(PAPER, "2025-03-05", first)
    second = claims(
        PAPER, signed(occurred="2025-03-03"), published="2025-03-05", key="a", revision=2
    )
    log.check(PAPER, "2025-03-06", second)
    assert log.only.occurred == on("2025-03-03")
