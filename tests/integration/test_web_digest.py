"""A digest's permanent page: the body as it was sent, nobody's address, links or reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import html

from monitor.domain.event import Record
from monitor.domain.ident import SubscriptionId
from monitor.domain.subscription import Digest, Subscription
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.notify.audience import audience
from monitor.notify.digest import Reach, body_from_json, digest
from monitor.notify.message import Links
from monitor.notify.windows import Window
from tests.facts import record
from tests.website import NOW, READER, Website, website

WINDOW = Window(start=NOW - timedelta(days=7), end=NOW)
ADDRESS = "ann@desk.example"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with website(tmp_path_factory.mktemp("web")) as made:
        yield made


def made_of(site: Website, records: list[Record], name: str, **known: frozenset) -> Digest:
    """A stored digest of a mail reader who gave a reason."""
    reader = Subscription(
        id=SubscriptionId(name), filter="", channel="email", destination=ADDRESS,
        reason="she asked for it",
    )  # fmt: skip
    (listener,) = audience([reader], NOW).listeners
    made, delivery = digest(listener, WINDOW, records, Reach(**known), now=NOW)
    assert site.store.commit_digest(made, delivery)
    return made


def test_it_shows_what_was_sent_even_after_the_event_changed(site: Website) -> None:
    first, second = site.opened[20], site.opened[21]
    made = made_of(site, [record(first), record(second)], "as-sent")
    changed = replace(first, title="Something else entirely", status=Rung.RETRACTED, updated_at=NOW)
    site.store.append([record(changed, RecordKind.RETRACTED, NOW, reason="wrong county")])
    shown = site.client().get(f"/digests/{made.id}").text
    assert "Something else entirely" not in shown
    page = html.fromstring(shown)
    (marked,) = page.find_class("event marked")
    assert first.title in marked.text_content()
    assert "Retracted since then" in " ".join(marked.text_content().split())
    body = body_from_json(made.body, Links())
    lines = page.xpath("//ol[@class='events']/li")
    assert len(lines) == body.total == len(made.event_ids)
    assert [a.get("href") for a in page.xpath("//h4//a")] == [
        f"/e/{card.event_id}" for group in body.groups for card in group.cards
    ]
    assert body.period in shown


def test_nothing_personal_stands_there(site: Website) -> None:
    made = made_of(site, [record(site.opened[22])], "private")
    for shown in (
        site.client().get(f"/digests/{made.id}").text,
        site.signed_in(READER).get(f"/digests/{made.id}").text,
    ):
        assert ADDRESS not in shown
        assert "she asked for it" not in shown
        assert "token=" not in shown


def test_corrections_come_first_with_was_and_now(site: Website) -> None:
    event = replace(site.opened[23], status=Rung.RETRACTED)
    moved = (("jurisdiction.county", "48113", "48439"),)
    taken = record(event, RecordKind.RETRACTED, NOW, reason="<b>wrong</b> county", changed=moved)
    made = made_of(site, [taken], "corrected", by_digest=frozenset({event.id}))
    page = html.fromstring(site.client().get(f"/digests/{made.id}").text)
    (box,) = page.find_class("banner note")
    assert "Corrections to what was told before" in box.text_content()
    assert "<b>wrong</b> county" in box.text_content()
    assert [one.tag for one in box.iter("del", "ins")] == ["del", "ins"]


def test_a_window_without_news_has_a_page_that_says_so(site: Website) -> None:
    made = made_of(site, [], "quiet")
    answer = site.client().get(f"/digests/{made.id}")
    assert answer.status_code == 200
    assert "no message went out" in answer.text
