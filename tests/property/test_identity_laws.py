"""Laws of identity: addresses settle, decisions repeat, revisions count every change."""

from __future__ import annotations

import string
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.decide import candidate_keys, resolve, revise
from monitor.domain.claim import Claim
from monitor.domain.event import Event
from monitor.domain.ident import SnapshotId, SourceId
from monitor.domain.item import Item, Revision
from monitor.domain.vocabulary import DocumentKind, EventType, Model, Stage, Tier
from monitor.resolve.canonical_url import canonical_url
from monitor.resolve.cluster import likeness, own_keys
from monitor.resolve.policy import Policy
from monitor.resolve.resolution import grouped
from monitor.resolve.telling import telling_of_claim
from tests.tellings import at, claims, finding, source

PATHS = st.text(string.ascii_letters + "0123456789/-_.%~é &=?#", max_size=40)
HOSTS = st.sampled_from(
    [
        "example.org",
        "www.Example.org",
        "m.news.example",
        "amp.example.co.uk",
        "bücher.example",
        "example.org:8080",
        "example.org:443",
        "user:pw@example.org",
        "web.archive.org",
        "www-x.cdn.ampproject.org",
        "www.google.com",
        "l.facebook.com",
        "127.0.0.1",
        "[::1]",
    ]
)
WRAPS = st.sampled_from(
    [
        "{}",
        "https://web.archive.org/web/20250102030405/{}",
        "https://www.google.com/url?q={}",
        "https://x.safelinks.protection.outlook.com/?url={}",
        "{}?utm_source=a&fbclid=b",
        "{}/amp/",
        "{}/index.html",
        "{}#top",
        " {} ",
    ]
)


@given(st.sampled_from(["http://", "https://", "HTTPS://", "//"]), HOSTS, PATHS, WRAPS, WRAPS)
@settings(max_examples=300, deadline=None)
def test_a_canonical_address_is_its_own(
    scheme: str, host: str, path: str, inner: str, outer: str
) -> None:
    url = outer.format(inner.format(f"{scheme}{host}/{path}"))
    once = canonical_url(url)
    assert canonical_url(once) == once


@given(st.text(max_size=60))
def test_any_text_has_a_canonical_form_that_settles(text: str) -> None:
    once = canonical_url(text)
    assert canonical_url(once) == once


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=8), st.booleans())
def test_every_change_counts_and_nothing_else(contents: list[str], vanishes: bool) -> None:
    known: dict[object, Revision] = {}
    numbers = []
    for text in contents:
        item = Item(source_id=SourceId("s"), key="k", url="u", text=text)
        for made in revise(
            [item, item], known, snapshot_id=SnapshotId("x"), captured_at=at("2025-01-01")
        ):  # type: ignore[arg-type]
            known[item.id] = made
            numbers.append(made.number)
    changes = 1 + sum(a != b for a, b in pairwise(contents))
    assert numbers == list(range(1, changes + 1))
    if vanishes:
        gone = set(known)
        (last,) = revise(
            (), known, snapshot_id=SnapshotId("y"), captured_at=at("2025-01-02"), gone=gone
        )  # type: ignore[arg-type]
        assert (last.gone, last.number) == (True, changes + 1)
        again = revise(
            (),
            {last.item.id: last},
            snapshot_id=SnapshotId("z"),
            captured_at=at("2025-01-03"),
            gone=gone,
        )  # type: ignore[arg-type]
        assert again == ()


KINDS = (
    (EventType.AGREEMENT_SIGNED, Stage.SIGNED),
    (EventType.AGREEMENT_SIGNED, Stage.APPROVED_BY_GOVERNING_BODY),
    (EventType.AGREEMENT_TERMINATED, Stage.REMOVED),
    (EventType.STATE_LIMIT_ENACTED, Stage.SIGNED_INTO_LAW),
    (EventType.COURT_RULING, Stage.UPHELD),
    (EventType.FEDERAL_DESIGNATION, Stage.LISTED),
    (EventType.PROGRAM_STATISTIC, Stage.REPORTED),
)
DAYS = st.sampled_from(["2025-01-31", "2025-02-01", "2025-03-15", "2025-12-31", "2025-02"])


@st.composite
def tellings(draw: st.DrawFn, number: int = 0) -> tuple[Claim, ...]:
    """The claims of one document of a source of its own."""
    event_type, stage = draw(st.sampled_from(KINDS))
    told = finding(
        event_type,
        stage,
        state=draw(st.sampled_from(["TX", "FL", None])),
        county=draw(st.sampled_from(["48189", None])),
        place=draw(st.sampled_from(["Plainview", None])),
        agency=draw(
            st.sampled_from(["Hale County Sheriff's Office", "Plainview Police Department", None])
        ),
        model=draw(st.sampled_from([Model.TFM, Model.JEM, None])),
        bill=draw(st.sampled_from(["SB 1", "HB 2", None])),
        occurred=draw(st.one_of(st.none(), DAYS)),
        amount=draw(st.sampled_from([10.0, 20.0, None])),
        unit="agreements",
    )
    tier = draw(st.sampled_from([tier for tier in Tier if tier is not Tier.DISCOVERY]))
    kind = draw(st.sampled_from([DocumentKind.NEWS, DocumentKind.TABLE, DocumentKind.BILL]))
    return claims(
        source(f"s{draw(st.integers(0, 3))}", tier),
        told,
        published=draw(DAYS),
        kind=kind,
        key=str(draw(st.integers(0, 3))),
    )


DOCUMENTS = st.lists(tellings(), min_size=1, max_size=8)


def _resolved(made: list[Claim], known: dict[str, Event], day: str) -> list[object]:
    policy = Policy(source=source("s"))
    records = []
    for claim in made:
        keys = set(candidate_keys([claim]))
        near = tuple(e for e in known.values() if keys & {e.event_key, *e.keys})
        decision = resolve([claim], near, at(day), policy)
        for record in decision.records:
            known[record.event.id] = record.event
        records += decision.records
    return records


@given(DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_the_same_claims_twice_change_no_event(documents: list[tuple[Claim, ...]]) -> None:
    made = list({claim.id: claim for group in documents for claim in group}.values())
    known: dict[str, Event] = {}
    first = _resolved(made, known, "2026-01-01")
    count = len(known)
    ids = [record.id for record in first]  # type: ignore[attr-defined]
    assert len(set(ids)) == len(ids)
    again = _resolved(made, known, "2026-01-02")
    assert len(known) == count
    assert not [r for r in again if r.kind.value in ("opened", "corroborated")]  # type: ignore[attr-defined]


@given(DOCUMENTS)
@settings(max_examples=100, deadline=None)
def test_a_decision_does_not_depend_on_the_order_of_candidates(
    documents: list[tuple[Claim, ...]],
) -> None:
    made = list({claim.id: claim for group in documents for claim in group}.values())
    known: dict[str, Event] = {}
    _resolved(made[:-1], known, "2026-01-01")
    policy = Policy(source=source("s"))
    forward = resolve(made[-1:], tuple(known.values()), at("2026-01-02"), policy)
    backward = resolve(made[-1:], tuple(known.values())[::-1], at("2026-01-02"), policy)
    assert forward == backward


@given(tellings(), tellings())
@settings(max_examples=300, deadline=None)
def test_likeness_is_symmetric_and_found_by_keys(
    one: tuple[Claim, ...], other: tuple[Claim, ...]
) -> None:
    left, right = telling_of_claim(one[0]), telling_of_claim(other[0])
    there, back = likeness(left, right), likeness(right, left)
    assert there == back
    if there is not None and not left.documents & right.documents:
        assert set(candidate_keys(one)) & set(own_keys(right))


@given(DOCUMENTS)
@settings(max_examples=50, deadline=None)
def test_groups_name_every_claim_and_different_events_differently(
    documents: list[tuple[Claim, ...]],
) -> None:
    made = list({claim.id: claim for group in documents for claim in group}.values())
    names = grouped(made, at("2026-01-01"), Policy(source=source("s")))
    assert set(names) == {claim.id for claim in made}
