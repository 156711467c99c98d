"""What messages say: counts, certainty, changes, and nothing that was not stated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from monitor.domain.claim import Jurisdiction
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.vocabulary import EventType, Model, RecordKind, Rung, Stage
from monitor.notify.before import before
from monitor.notify.burst import burst_headline
from monitor.notify.charts import TILES, state_map, trend_chart
from monitor.notify.message import Alert, Links, answer, card, summary
from monitor.notify.plain_text import text_lines
from monitor.notify.safety import link, plain, quoted
from monitor.notify.words import CERTAINTY, HAPPENED, KINDS, MODELS
from tests import facts

NO_LINKS = Links()


def _in(state: str | None, number: int, **changes: object) -> list[object]:
    return [
        facts.event(n, jurisdiction=Jurisdiction(state=state), **changes) for n in range(number)
    ]


@pytest.mark.parametrize(
    ("events", "headline"),
    [
        (_in("FL", 23), "23 agreements signed in Florida"),
        (_in("FL", 3, stage=Stage.LISTED), "3 agreements newly listed by ICE in Florida"),
        (
            _in("FL", 2) + _in("TX", 3, stage=Stage.APPROVED_BY_GOVERNING_BODY),
            "5 agreements signed or approved in Texas and Florida",
        ),
        (
            _in("FL", 2) + _in("TX", 1) + _in("GA", 1) + _in("OK", 1),
            "5 agreements signed in 4 states",
        ),
        (
            _in("TX", 2) + _in("TX", 1, event_type=EventType.COURT_RULING),
            "3 changes in Texas: 2 agreements signed, 1 court ruling",
        ),
        (_in(None, 5, event_type=EventType.FEDERAL_INCENTIVE), "5 federal incentives"),
    ],
)
def test_a_burst_counts_what_it_holds(events: list[object], headline: str) -> None:
    assert burst_headline(events) == headline  # type: ignore[arg-type]


def test_every_word_of_the_vocabularies_has_words() -> None:
    assert set(KINDS) == set(EventType)
    assert set(CERTAINTY) == set(Rung)
    assert set(MODELS) == set(Model)
    assert set(HAPPENED) == set(RecordKind)


def test_a_card_says_how_sure_and_in_which_precision() -> None:
    stated = StatedDate(day=date(2025, 6, 1), precision=Precision.MONTH)
    shown = card(facts.event(1, occurred=stated, status=Rung.REPORTED), NO_LINKS)
    assert shown.certainty == "Reported, not yet confirmed officially"
    assert shown.dates == (("happened", "2025-06"),)
    assert shown.where == "Dallas, Texas"
    assert shown.link == ""


def test_a_retracted_event_says_so_first() -> None:
    shown = card(facts.event(1, status=Rung.RETRACTED), NO_LINKS)
    assert summary(Alert(delivery_id="d", card=shown)) == "Retracted: Agreement 1 signed"


def test_was_and_now_in_words() -> None:
    record = facts.record(
        facts.event(1),
        RecordKind.AMENDED,
        changed=(("state", "FL", "TX"), ("model", "TFM", "WSO"), ("agency_id", "a", "b")),
    )
    told = answer(record, NO_LINKS)
    assert [(c.field, c.was, c.now) for c in told.changes] == [
        ("state", "Florida", "Texas"),
        ("model", "Task Force Model", "Warrant Service Officer"),
    ]
    assert told.correction


def test_after_a_merge_the_answer_shows_the_event_that_stays() -> None:
    stays = facts.event(2)
    record = facts.record(facts.event(1, merged_into=stays.id), RecordKind.MERGED)
    assert answer(record, NO_LINKS, {stays.id: stays}).card.event_id == stays.id


def test_the_event_before_a_record() -> None:
    now = facts.event(1, status=Rung.ON_ROSTER)
    changed = (("status", "reported", "official"), ("status", "official", "on_roster"))
    earlier = before(facts.record(now, RecordKind.CLIMBED, changed=changed))
    assert earlier == facts.event(1)
    strange = facts.record(now, RecordKind.AMENDED, changed=(("status", "no such rung", ""),))
    assert before(strange) == now
    assert before(facts.record(now)) is None


def test_without_a_title_the_facts_make_the_headline() -> None:
    assert "Dallas County" in card(facts.event(1, title=""), NO_LINKS).headline


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x y|z<>", "https://a.example/x%20y%7Cz%3C%3E"),
        ("javascript:alert(1)", ""),
        ("https://user:pw@a.example/", ""),
        ("//a.example/", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("https://a.example/" + "x" * 3000, ""),
        ("https://a.example/%C3%A9?q=1#f", "https://a.example/%C3%A9?q=1#f"),
    ],
)
def test_only_plain_web_addresses_are_linked(url: str, shown: str) -> None:
    assert link(url) == shown


def test_quotations_are_cut_at_a_word_and_cleaned() -> None:
    assert len(quoted("word " * 200)) <= 300
    assert quoted("word " * 200).endswith("word…")
    assert plain("a\u202eb\x00c\r\nd\u200be") == "abc de"


def test_the_text_form_names_the_source_and_how_to_leave() -> None:
    shown = card(facts.event(1, url="https://herald.example/a", quote="We signed."), NO_LINKS)
    lines = text_lines(Alert(delivery_id="d", card=shown))
    assert "  “We signed.”" in lines
    assert "  https://herald.example/a" in lines


def test_pictures_are_the_same_bytes_each_time_and_opaque() -> None:
    numbers = (*((state, place + 1) for place, state in enumerate(TILES)), ("", 4))
    assert state_map(numbers) == state_map(numbers)
    assert trend_chart((("2025-06-01", 3), ("2025-06-02", 0))).startswith(b"\x89PNG")
    assert trend_chart(()).startswith(b"\x89PNG")
    assert b"tRNS" not in state_map(numbers)
    assert len(state_map(numbers)) < 54_000
    assert len(set(TILES.values())) == len(TILES) == 56


def test_replaced_events_keep_their_place() -> None:
    event = facts.event(1)
    moved = replace(event, jurisdiction=Jurisdiction(state="FL"))
    earlier = before(facts.record(moved, RecordKind.AMENDED, changed=(("state", "TX", "FL"),)))
    assert earlier is not None
    assert earlier.jurisdiction.state == "TX"
