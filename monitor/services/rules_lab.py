"""Trying rules: fixtures, explanations, and a draft pack against the running one on real items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from monitor.detect.document import Document
from monitor.detect.engine import findings, findings_of, shadow_findings
from monitor.detect.pack_spec import DocumentSpec
from monitor.detect.rule import Pack, Rule
from monitor.domain.claim import Finding
from monitor.domain.item import Change
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.vocabulary import Worth
from monitor.resolve.gazetteer import Gazetteer

#: Verdicts of a person that mean "no event here".
NOT_RELEVANT = "not_relevant"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureFailure:
    """A fixture that does not hold."""

    rule: str
    expected: str  #: "fires" or "silent"
    text: str
    instead: str  #: what happened


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureReport:
    """All fixtures of a pack."""

    rules: int
    fixtures: int
    failures: tuple[FixtureFailure, ...]


def check(pack: Pack, gazetteer: Gazetteer) -> FixtureReport:
    """Try each rule on its own fixtures; a rule marked shadow is tried as if it were live."""
    failures: list[FixtureFailure] = []
    count = 0
    for rule in pack.rules:
        for expected, specs in (
            ("fires", rule.spec.fixtures.fires), ("silent", rule.spec.fixtures.silent),
        ):  # fmt: skip
            for spec in specs:
                count += 1
                failure = _tried(rule, expected, spec, pack, gazetteer)
                if failure is not None:
                    failures.append(failure)
    return FixtureReport(rules=len(pack.rules), fixtures=count, failures=tuple(failures))


def _tried(
    rule: Rule, expected: str, spec: DocumentSpec, pack: Pack, gazetteer: Gazetteer
) -> FixtureFailure | None:
    document = document_of(spec)
    mine = findings_of(document, pack, gazetteer, rule.id)
    if bool(mine) == (expected == "fires"):
        return None
    found = mine or findings(document, pack, gazetteer)
    instead = ", ".join(f"{one.rule} ({one.worth.value})" for one in found) or "nothing"
    return FixtureFailure(rule=rule.id, expected=expected, text=spec.text, instead=instead)


def document_of(spec: DocumentSpec) -> Document:
    """A fixture as a document."""
    changed = spec.added or spec.removed or spec.links_added or spec.links_removed
    change = Change(
        added=spec.added,
        removed=spec.removed,
        links_added=spec.links_added,
        links_removed=spec.links_removed,
    )
    return Document(
        id="fixture",
        url=spec.url,
        title=spec.title,
        published=StatedDate(day=date.fromisoformat(spec.published)) if spec.published else None,
        kind=spec.kind,
        text=spec.text,
        fields=tuple(sorted(spec.fields.items())),
        change=change if changed else None,
        source_states=spec.states,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """What one pack says of one document."""

    document: str
    title: str
    event_type: str
    state: str | None
    worth: str
    rule: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """A draft pack over documents, beside the running pack.

    `by_week` is (Monday, draft alerts); documents without a date count under None. Precision is
    over alerts in labelled documents: `right` where a person said relevant or named that type.
    """

    documents: int
    by_week: tuple[tuple[date | None, int], ...]
    by_rule: tuple[tuple[str, int, int], ...]  #: rule, alerts, reviews
    gained: tuple[Hit, ...]  #: alerts of the draft only
    lost: tuple[Hit, ...]  #: alerts of the running pack only
    right: int = 0
    wrong: int = 0

    @property
    def precision(self) -> float | None:
        """Share of right alerts in labelled documents; None when none is labelled."""
        total = self.right + self.wrong
        return self.right / total if total else None


@dataclass(slots=True)
class _Tally:
    documents: int = 0
    weeks: Counter[date | None] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    reviews: Counter[str] = field(default_factory=Counter)
    gained: list[Hit] = field(default_factory=list)
    lost: list[Hit] = field(default_factory=list)
    right: int = 0
    wrong: int = 0


def backtest(
    draft: Pack,
    running: Pack,
    documents: Iterable[Document],
    gazetteer: Gazetteer,
    verdicts: Mapping[str, str] | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> Backtest:
    """Read every document with both packs; nothing is stored or told.

    `verdicts` maps document ids to a person's word: "relevant", "not_relevant" or an event type.
    `progress` is called with the number of documents read.
    """
    tally = _Tally()
    for document in documents:
        tally.documents += 1
        new = _hits(findings(document, draft, gazetteer), document)
        old = _hits(findings(document, running, gazetteer), document)
        _compare(tally, document, new, old)
        _judge(tally, new, (verdicts or {}).get(document.id))
        progress(tally.documents)
    return _report(tally)


def _compare(tally: _Tally, document: Document, new: list[Hit], old: list[Hit]) -> None:
    for hit in new:
        (tally.alerts if hit.worth == Worth.ALERT else tally.reviews)[hit.rule] += 1
    tally.weeks[_week(document.published)] += sum(hit.worth == Worth.ALERT for hit in new)
    tally.gained += _only(new, old)
    tally.lost += _only(old, new)


def _only(these: list[Hit], those: list[Hit]) -> Iterator[Hit]:
    known = {(hit.event_type, hit.state) for hit in those if hit.worth == Worth.ALERT}
    return (
        hit
        for hit in these
        if hit.worth == Worth.ALERT and (hit.event_type, hit.state) not in known
    )


def _judge(tally: _Tally, hits: list[Hit], verdict: str | None) -> None:
    if verdict is None:
        return
    for hit in hits:
        if hit.worth != Worth.ALERT:
            continue
        good = verdict != NOT_RELEVANT and verdict in {"relevant", hit.event_type}
        tally.right += good
        tally.wrong += not good


def _hits(found: Iterable[Finding], document: Document) -> list[Hit]:
    return [
        Hit(
            document=document.id,
            title=document.title,
            event_type=one.event_type.value,
            state=one.jurisdiction.state,
            worth=one.worth.value,
            rule=one.rule,
            quote=one.quote.text[:300],
        )
        for one in found
    ]


def _week(published: StatedDate | None) -> date | None:
    if published is None or published.precision not in {Precision.DAY, Precision.WEEK}:
        return None
    return published.day - timedelta(days=published.day.weekday())


def _report(tally: _Tally) -> Backtest:
    rules = sorted({*tally.alerts, *tally.reviews})
    weeks = sorted(tally.weeks.items(), key=lambda row: row[0] or date.min)
    return Backtest(
        documents=tally.documents,
        by_week=tuple(weeks),
        by_rule=tuple((rule, tally.alerts[rule], tally.reviews[rule]) for rule in rules),
        gained=tuple(tally.gained),
        lost=tuple(tally.lost),
        right=tally.right,
        wrong=tally.wrong,
    )


def shadow_report(
    pack: Pack, documents: Iterable[Document], gazetteer: Gazetteer
) -> tuple[Hit, ...]:
    """What the shadow rules would have said; they tell nobody."""
    hits: list[Hit] = []
    for document in documents:
        hits += _hits(shadow_findings(document, pack, gazetteer), document)
    return tuple(replace(hit, worth="shadow") for hit in hits)
