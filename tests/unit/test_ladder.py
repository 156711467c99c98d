"""What one more claim makes of an event, who hears of it, and what nobody may do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.decide import withdrawals
from monitor.domain.claim import Finding
from monitor.domain.ident import ClaimId
from monitor.domain.item import Item, Revision
from monitor.domain.vocabulary import DocumentKind, Instrument, Model, Rung, Tier, Worth
from monitor.domain.vocabulary import EventType as E
from monitor.domain.vocabulary import Stage as S
from monitor.resolve import people
from monitor.resolve.ladder import MAX_EVIDENCE, rung_of
from monitor.resolve.policy import late_before
from tests.tellings import Log, at, claims, finding, source

PAPER = source("paper")
RADIO = source("radio")
OFFICE = source("sheriff", Tier.OFFICIAL)
GOVERNOR = source("governor", Tier.OFFICIAL)
ROSTER = source("roster", Tier.ROSTER)
STATUS = source("bills", Tier.AGGREGATOR)
TIPS = source("tips", Tier.PRESS, discovery=True)


def signed(**slots: object) -> Finding:
    slots = {"state": "TX", "agency": "Hale County Sheriff's Office", **slots}
    return finding(E.AGREEMENT_SIGNED, S.SIGNED, **slots)  # type: ignore[arg-type]


def bill(stage: S = S.SIGNED_INTO_LAW, **slots: object) -> Finding:
    return finding(E.STATE_MANDATE_ENACTED, stage, state="GA", bill="HB 1105", **slots)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("publisher", "told", "kind", "rung"),
    [
        (PAPER, signed(), DocumentKind.NEWS, Rung.REPORTED),
        (PAPER, signed(), DocumentKind.TABLE, Rung.REPORTED),
        (OFFICE, signed(), DocumentKind.RELEASE, Rung.OFFICIAL),
        (ROSTER, signed(), DocumentKind.TABLE, Rung.ON_ROSTER),
        (ROSTER, signed(), DocumentKind.RELEASE, Rung.OFFICIAL),
        (STATUS, signed(), DocumentKind.NEWS, Rung.REPORTED),
        (STATUS, bill(), DocumentKind.BILL, Rung.OFFICIAL),
        (GOVERNOR, bill(), DocumentKind.RELEASE, Rung.REPORTED),
        (PAPER, bill(), DocumentKind.BILL, Rung.REPORTED),
        (TIPS, signed(), DocumentKind.NEWS, Rung.REPORTED),
    ],
)
def test_a_claim_reaches_its_publishers_rung_and_no_further(
    publisher: object, told: Finding, kind: DocumentKind, rung: Rung
) -> None:
    (claim,) = claims(publisher, told, published="2025-03-05", kind=kind)  # type: ignore[arg-type]
    assert rung_of(claim) is rung


def test_an_executive_order_told_by_the_governor_is_official() -> None:
    order = replace(
        finding(E.STATE_MANDATE_ENACTED, S.ISSUED, state="VA"),
        instrument=Instrument.EXECUTIVE_ORDER,
    )
    (claim,) = claims(GOVERNOR, order, published="2025-02-27", kind=DocumentKind.RELEASE)
    assert rung_of(claim) is Rung.OFFICIAL


def test_press_never_moves_a_bill() -> None:
    log = Log()
    law = bill(occurred="2025-05-01")
    log.check(
        STATUS, "2025-05-02", claims(STATUS, law, published="2025-05-01", kind=DocumentKind.BILL)
    )
    wrong = bill(S.VETO_OVERRIDDEN, occurred="2025-05-01")
    log.check(PAPER, "2025-05-03", claims(PAPER, wrong, published="2025-05-02"))
    event = log.only
    assert (event.stage, event.status) == (S.SIGNED_INTO_LAW, Rung.OFFICIAL)
    assert log.kinds == ["opened", "corroborated"]


def test_a_better_publisher_corrects_and_a_worse_one_does_not() -> None:
    log = Log()
    log.check(
        PAPER, "2025-03-05", claims(PAPER, signed(occurred="2025-03-05"), published="2025-03-05")
    )
    log.check(
        OFFICE, "2025-03-06", claims(OFFICE, signed(occurred="2025-03-03"), published="2025-03-06")
    )
    log.check(
        RADIO, "2025-03-07", claims(RADIO, signed(occurred="2025-03-06"), published="2025-03-07")
    )
    assert str(log.only.occurred.day) == "2025-03-03"
    assert log.kinds == ["opened", "climbed", "corroborated"]
    assert ("occurred", "2025-03-05", "2025-03-03") in log.records[1].changed


def test_a_tip_opens_nothing_lifts_nothing_and_fills_nothing_in() -> None:
    log = Log()
    decision = log.check(TIPS, "2025-03-05", claims(TIPS, signed(), published="2025-03-05"))
    assert not decision.records
    assert decision.dropped[0][1].startswith("a discovery source")
    log.check(PAPER, "2025-03-05", claims(PAPER, signed(), published="2025-03-05"))
    log.check(TIPS, "2025-03-06", claims(TIPS, signed(model=Model.TFM), published="2025-03-06"))
    assert log.only.model is None
    assert log.only.tier is Tier.PRESS


def test_first_import_is_silent_and_a_live_confirmation_is_news() -> None:
    log = Log()
    log.check(PAPER, "2025-03-05", claims(PAPER, signed(), published="2025-03-04"), baseline=True)
    assert log.only.silent
    assert not log.records[0].told
    row = signed(occurred="2025-03-04")
    log.check(
        ROSTER,
        "2025-03-09",
        claims(ROSTER, row, published="2025-03-09", kind=DocumentKind.TABLE),
    )
    assert (log.kinds[1], log.records[1].told, log.only.silent) == ("climbed", True, False)


@pytest.mark.parametrize(
    ("published", "captured", "silent"),
    [
        ("2025-03-05", "2025-04-04", False),
        ("2025-03-05", "2025-04-05", True),
        ("2025-03", "2025-04-15", False),
        (None, "2025-04-15", False),
    ],
)
def test_what_was_published_long_before_its_first_capture_is_silent(
    published: str | None, captured: str, silent: bool
) -> None:
    log = Log()
    log.check(PAPER, captured, claims(PAPER, signed(), published=published))
    assert log.only.silent is silent


def test_a_row_counts_by_its_workbook_not_by_signed() -> None:
    log = Log()
    row = signed(occurred="2024-01-10")
    log.check(
        ROSTER, "2025-03-15", claims(ROSTER, row, published="2025-03-14", kind=DocumentKind.TABLE)
    )
    assert not log.only.silent
    assert log.records[0].told


def test_after_a_downtime_what_is_older_goes_to_a_digest() -> None:
    now = at("2025-03-05")
    since = late_before(at("2025-03-01"), now, now - now)
    log = Log()
    old = claims(PAPER, signed(), published="2025-03-03")
    fresh = claims(
        PAPER, signed(agency="Deaf Smith County Sheriff's Office"), published="2025-03-05"
    )
    log.check(PAPER, "2025-03-05", old, fresh, late_before=since)
    assert [event.late for event in log.events.values()] == [True, False]
    assert late_before(now, now, now - now) is None


def test_the_first_live_publication_over_a_history_is_absorbed() -> None:
    log = Log()
    log.check(ROSTER, "2025-03-05", claims(ROSTER, signed(), published="2025-03-04"), absorbed=True)
    assert log.kinds == ["absorbed"]
    assert log.only.silent


def test_an_event_told_by_everybody_keeps_a_bounded_list_and_its_best_evidence() -> None:
    log = Log()
    for number in range(MAX_EVIDENCE + 20):
        outlet = source(f"outlet{number}")
        log.check(outlet, "2025-03-05", claims(outlet, signed(), published="2025-03-05"))
    log.check(OFFICE, "2025-03-06", claims(OFFICE, signed(), published="2025-03-06"))
    assert len(log.only.evidence) == MAX_EVIDENCE
    assert log.only.evidence[-1].tier is Tier.OFFICIAL
    assert log.only.evidence[0].source_id == "outlet0"


def _edited(before: str, after: str, kind: DocumentKind, *, extractor: str = "x") -> tuple:
    items = [
        Item(
            source_id=PAPER.id,
            key="a",
            url="https://p.example/a",
            text=text,
            kind=kind,
            extractor=name,
        )
        for text, name in ((before, "x"), (after, extractor))
    ]
    return tuple(
        Revision(item=item, number=n, snapshot_id=f"s{n}", captured_at=at("2025-03-05"))  # type: ignore[arg-type]
        for n, item in enumerate(items, 1)
    )


def test_a_statement_taken_out_of_an_article_is_disputed_and_its_confirmation_lifts_it_again() -> (
    None
):
    log = Log()
    told = claims(PAPER, signed(), published="2025-03-05", key="story")
    log.check(PAPER, "2025-03-05", told)
    previous, revision = _edited("was", "now", DocumentKind.NEWS)
    gone = withdrawals(told, (), revision, previous)
    log.check(PAPER, "2025-03-06", withdrawn=gone)
    assert log.only.status is Rung.DISPUTED
    assert log.records[1].told
    assert ("source_text", "signed an agreement", "(not in the text any more)") in (
        log.records[1].changed
    )
    log.check(OFFICE, "2025-03-07", claims(OFFICE, signed(), published="2025-03-07"))
    assert (log.kinds[2], log.only.status) == ("climbed", Rung.OFFICIAL)


def test_a_statement_kept_by_another_publisher_stands() -> None:
    log = Log()
    told = claims(PAPER, signed(), published="2025-03-05", key="story")
    log.check(PAPER, "2025-03-05", told)
    log.check(RADIO, "2025-03-05", claims(RADIO, signed(), published="2025-03-05"))
    log.check(PAPER, "2025-03-06", withdrawn=told)
    assert (log.kinds[-1], log.only.status) == ("amended", Rung.REPORTED)
    assert not log.records[-1].told


def test_a_page_that_vanished_is_said_and_disputes_nothing() -> None:
    log = Log()
    told = claims(PAPER, signed(), published="2025-03-05", key="story")
    log.check(PAPER, "2025-03-05", told)
    log.check(PAPER, "2025-03-06", withdrawn=told, gone=frozenset([told[0].item_id]))
    assert (log.kinds[-1], log.only.status) == ("amended", Rung.REPORTED)
    assert log.records[-1].reason.startswith("no longer published")


def test_noise_withdraws_nothing() -> None:
    told = claims(PAPER, signed(), published="2025-03-05", key="story")
    agenda = _edited("was", "now", DocumentKind.AGENDA)
    rederived = _edited("was", "now", DocumentKind.NEWS, extractor="y")
    for previous, revision in (agenda, rederived):
        assert withdrawals(told, (), revision, previous) == ()
    repeated = claims(PAPER, signed(), published="2025-03-05", key="story", revision=2)
    previous, revision = _edited("was", "now", DocumentKind.NEWS)
    assert withdrawals(told, repeated, revision, previous) == ()


def _two_events() -> Log:
    log = Log()
    log.check(PAPER, "2025-03-05", claims(PAPER, signed(), published="2025-03-05"))
    other = signed(agency="Hale Center Police Department", place="Hale Center")
    log.check(OFFICE, "2025-03-06", claims(OFFICE, other, published="2025-03-06"))
    return log


def test_merging_and_taking_it_back_gives_the_same_two_events() -> None:
    log = _two_events()
    into, other = log.events.values()
    away, union = (
        r.event
        for r in people.merged(into, other, now=at("2025-03-07"), actor="reviewer", reason="same")
    )
    assert away.merged_into == into.id
    assert (len(union.evidence), union.status, union.tier) == (2, Rung.OFFICIAL, Tier.OFFICIAL)
    less, again = (
        r.event
        for r in people.unmerged(union, away, now=at("2025-03-08"), actor="reviewer", reason="no")
    )
    assert again == replace(other, updated_at=at("2025-03-08"))
    assert less == replace(into, updated_at=at("2025-03-08"))


def test_splitting_gives_each_event_the_rung_of_its_own_evidence() -> None:
    log = Log()
    log.check(PAPER, "2025-03-05", claims(PAPER, signed(), published="2025-03-05"))
    log.check(OFFICE, "2025-03-06", claims(OFFICE, signed(), published="2025-03-06"))
    event = log.only
    rest, new = (
        r.event
        for r in people.split(
            event,
            {event.evidence[1].claim_id},
            now=at("2025-03-07"),
            actor="reviewer",
            reason="two",
        )
    )
    assert (rest.id, rest.status, len(rest.evidence)) == (event.id, Rung.REPORTED, 1)
    assert (new.status, new.links) == (Rung.OFFICIAL, (("split_from", event.id),))
    assert rest.links == (("split_off", new.id),)


def test_what_people_cannot_do_is_refused_with_a_remedy() -> None:
    log = _two_events()
    event, other = log.events.values()
    act = {"now": at("2025-03-07"), "actor": "reviewer", "reason": "x"}
    with pytest.raises(people.ReviewError, match="itself"):
        people.merged(event, event, **act)
    with pytest.raises(people.ReviewError, match="leave at least one"):
        people.split(event, {ClaimId(event.evidence[0].claim_id)}, **act)
    with pytest.raises(people.ReviewError, match="nothing to restore"):
        people.restored(event, **act)
    away = replace(other, merged_into=event.id)
    with pytest.raises(people.ReviewError, match="merged into"):
        people.merged(event, away, **act)


def test_retracting_and_restoring_keeps_the_rung() -> None:
    log = Log()
    log.check(OFFICE, "2025-03-06", claims(OFFICE, signed(), published="2025-03-06"))
    (gone,) = people.retracted(log.only, now=at("2025-03-07"), actor="reviewer", reason="wrong")
    assert (gone.event.status, gone.told, gone.chain) == (Rung.RETRACTED, True, "people")
    (back,) = people.restored(gone.event, now=at("2025-03-08"), actor="reviewer", reason="right")
    assert back.event.status is Rung.OFFICIAL


def test_a_press_copy_does_not_bring_a_retracted_event_back_but_the_roster_does() -> None:
    log = Log()
    log.check(PAPER, "2025-03-05", claims(PAPER, signed(), published="2025-03-05"))
    (gone,) = people.retracted(log.only, now=at("2025-03-06"), actor="reviewer", reason="wrong")
    log.events[gone.event.id] = gone.event
    log.check(RADIO, "2025-03-07", claims(RADIO, signed(), published="2025-03-07"))
    assert log.only.status is Rung.RETRACTED
    assert not log.records[-1].told
    row = claims(ROSTER, signed(), published="2025-03-09", kind=DocumentKind.TABLE)
    log.check(ROSTER, "2025-03-09", row)
    assert log.only.status is Rung.ON_ROSTER


def test_a_review_makes_it_an_alert_or_retracts_it() -> None:
    log = Log()
    weak = signed(worth=Worth.REVIEW)
    log.check(PAPER, "2025-03-05", claims(PAPER, weak, published="2025-03-05"))
    (yes,) = people.reviewed(log.only, relevant=True, now=at("2025-03-06"), actor="reviewer")
    (no,) = people.reviewed(log.only, relevant=False, now=at("2025-03-06"), actor="reviewer")
    assert (yes.event.worth, yes.told) == (Worth.ALERT, True)
    assert (no.event.status, no.told) == (Rung.RETRACTED, False)
