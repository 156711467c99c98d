"""Who hears of what at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from monitor.domain.claim import Jurisdiction
from monitor.domain.event import Record
from monitor.domain.subscription import (
    Cadence,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Subscription,
)
from monitor.domain.vocabulary import RecordKind, Rung, Worth
from monitor.notify.audience import audience
from monitor.notify.routing import Past, route
from tests import facts
from tests.mailroom import subscription

NOW = facts.NOW


def routed(
    *records: Record, to: tuple[Subscription, ...] | None = None, past: Past | None = None
) -> tuple[Delivery, ...]:
    heard = audience(to or (subscription(),), NOW, lambda place, km: ("48113",))
    return route(records, heard, now=NOW, past=past)


def test_the_same_input_gives_the_same_rows() -> None:
    record = facts.record(facts.event(1))
    assert routed(record) == routed(record)
    assert len(routed(record)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"silent": True},
        {"late": True},
        {"merged_into": facts.event(2).id},
        {"worth": Worth.REVIEW},
        {"jurisdiction": Jurisdiction(state="FL")},
    ],
)
def test_what_nobody_is_paged_for(changes: dict[str, object]) -> None:
    wanted = subscription(filter="state:TX")
    assert not routed(facts.record(facts.event(1, **changes)), to=(wanted,))


def test_a_record_that_is_not_told_pages_nobody() -> None:
    assert not routed(facts.record(facts.event(1), told=False))


@pytest.mark.parametrize(
    "changes",
    [
        {"active": False},
        {"confirmed": False},
        {"cadence": Cadence.DAILY},
        {"muted": ("state:TX",)},
        {"snoozes": (("county:48113", NOW + timedelta(hours=1)),)},
        {"snoozed_until": NOW + timedelta(hours=1)},
        {"max_per_day": 1},
    ],
)
def test_who_is_not_paged(changes: dict[str, object]) -> None:
    wanted = subscription(**changes)
    past = Past(sent_today={wanted.id: 1})
    assert not routed(facts.record(facts.event(1)), to=(wanted,), past=past)


@pytest.mark.parametrize(
    ("sent", "rung", "heard"),
    [
        (14, Rung.REPORTED, 1),
        (15, Rung.REPORTED, 0),
        (15, Rung.OFFICIAL, 1),
        (19, Rung.ON_ROSTER, 1),
        (20, Rung.OFFICIAL, 0),
    ],
)
def test_the_last_quarter_of_a_day_is_for_what_offices_state(
    sent: int, rung: Rung, heard: int
) -> None:
    """Or a page that invents one signing an hour would leave no room for a true one."""
    wanted = subscription(max_per_day=20)
    past = Past(sent_today={wanted.id: sent})
    record = facts.record(facts.event(1, status=rung))
    assert len(routed(record, to=(wanted,), past=past)) == heard


def test_a_burst_beyond_the_share_of_reports_holds_what_offices_state_alone() -> None:
    wanted = subscription(max_per_day=8)
    records = [
        facts.record(facts.event(n, status=Rung.OFFICIAL if n == 3 else Rung.REPORTED))
        for n in range(1, 9)
    ]
    (one,) = routed(*records, to=(wanted,), past=Past(sent_today={wanted.id: 6}))
    assert one.event_ids == (facts.event(3).id,)


def test_a_snooze_that_is_over_silences_nothing() -> None:
    wanted = subscription(snoozes=(("county:48113", NOW),), snoozed_until=NOW)
    assert routed(facts.record(facts.event(1)), to=(wanted,))


def test_a_radius_is_a_list_of_counties() -> None:
    near = subscription(near=("Dallas, TX", 50.0))
    assert routed(facts.record(facts.event(1)), to=(near,))
    far = facts.event(1, jurisdiction=Jurisdiction(state="TX", county="48001"))
    assert not routed(facts.record(far), to=(near,))


def test_two_subscriptions_of_one_place_give_one_message() -> None:
    both = (subscription("a"), subscription("b", filter="state:TX"))
    (delivery,) = routed(facts.record(facts.event(1)), to=both)
    assert delivery.subscription_id == "a"
    past = Past(reached={facts.event(1).id: (delivery,)})
    climbed = facts.record(
        facts.event(1, status=Rung.OFFICIAL),
        RecordKind.CLIMBED,
        changed=(("status", "reported", "official"),),
    )
    (update,) = routed(climbed, to=both, past=past)
    assert update.kind is DeliveryKind.UPDATE


def test_the_subscription_that_may_speak_first_carries_the_message() -> None:
    night = datetime(2025, 6, 3, 4, 0, tzinfo=UTC)
    quiet = subscription("a", quiet_start=time(22), quiet_end=time(7))
    heard = audience((quiet, subscription("b")), night)
    (delivery,) = route([facts.record(facts.event(1))], heard, now=night)
    assert (delivery.subscription_id, delivery.not_before) == ("b", None)
    (alone,) = route([facts.record(facts.event(1))], audience((quiet,), night), now=night)
    assert alone.not_before == datetime(2025, 6, 3, 12, 0, tzinfo=UTC)


def test_more_than_a_few_at_once_are_one_burst_that_counts_as_one() -> None:
    records = [facts.record(facts.event(number)) for number in range(5)]
    assert [d.kind for d in routed(*records)] == [DeliveryKind.BURST]
    assert len(routed(*records)[0].event_ids) == 5
    assert len(routed(*records[:4])) == 4
    assert len(routed(*records[:4], to=(subscription(max_per_day=3),))) == 3


def test_an_event_that_comes_to_match_is_told_then() -> None:
    wanted = subscription(filter="status:on_roster")
    assert not routed(facts.record(facts.event(1)), to=(wanted,))
    climbed = facts.record(
        facts.event(1, status=Rung.ON_ROSTER),
        RecordKind.CLIMBED,
        changed=(("status", "reported", "on_roster"),),
    )
    assert [d.kind for d in routed(climbed, to=(wanted,))] == [DeliveryKind.ALERT]
    assert not routed(climbed, to=(subscription(),)), "overflow of the first day is not repeated"


def test_a_correction_of_the_state_reaches_old_and_new_readers() -> None:
    moved = facts.record(
        facts.event(1, jurisdiction=Jurisdiction(state="FL")),
        RecordKind.AMENDED,
        changed=(("state", "TX", "FL"),),
    )
    (first,) = routed(facts.record(facts.event(1)), to=(subscription(filter="state:TX"),))
    sent = replace(first, state=DeliveryState.SENT, external_id="C1/1.0")
    both = (
        subscription(filter="state:TX"),
        subscription("fl", filter="state:FL", destination="C2"),
    )
    alert, update = routed(moved, to=both, past=Past(reached={facts.event(1).id: (sent,)}))
    assert (alert.kind, alert.destination) == (DeliveryKind.ALERT, "C2")
    assert (update.kind, update.destination) == (DeliveryKind.UPDATE, "C1")
    assert update.parent_external_id == "C1/1.0"


def test_updates_go_only_where_the_opening_went_and_not_by_mail() -> None:
    opened = facts.event(1)
    climbed = facts.record(
        facts.event(1, status=Rung.OFFICIAL),
        RecordKind.CLIMBED,
        changed=(("status", "reported", "official"),),
    )
    for channel, state, number in (
        ("slack", DeliveryState.SENT, 1),
        ("slack", DeliveryState.QUEUED, 1),
        ("slack", DeliveryState.DEAD, 0),
        ("slack", DeliveryState.CANCELLED, 0),
        ("email", DeliveryState.SENT, 0),
    ):
        there = facts.delivery(1, channel=channel, state=state)
        past = Past(reached={opened.id: (there,)})
        assert len(routed(climbed, past=past)) == number, (channel, state)


def test_an_unreadable_filter_stops_nobody_else() -> None:
    heard = audience((subscription("bad", filter="colour:red"), subscription()), NOW)
    assert [one.subscription.id for one in heard.listeners] == ["desk"]
    assert "colour" in heard.problems[0][1]
