"""The pure steps joined: what changed, what is claimed, what the log should say about it.

A check calls, in this order and each after one bounded read of the store:

1. `revise(items, known, …)`            which items have a new content
2. `engine.findings` / `ledger.step`    what a text or a table says (elsewhere, also pure)
3. `bind(source, revision, findings)`   findings tied to the stored revision that makes them
4. `candidate_keys(claims)`             what to read: `store.candidate_events(keys)`
5. `resolve(claims, candidates, …)`     the records to commit
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from monitor.detect.bill_lists import each_bill
from monitor.detect.bills import STAGES
from monitor.domain.claim import Claim, Finding
from monitor.domain.event import Decision, Event
from monitor.domain.ident import ItemId, SnapshotId
from monitor.domain.item import Item, Revision
from monitor.domain.moment import StatedDate
from monitor.domain.source import Source
from monitor.domain.vocabulary import DocumentKind, Tier
from monitor.resolve import cluster, resolution
from monitor.resolve.policy import Policy


def revise(
    items: Iterable[Item],
    known: Mapping[ItemId, Revision],
    *,
    snapshot_id: SnapshotId,
    captured_at: datetime,
    gone: Collection[ItemId] = (),
) -> tuple[Revision, ...]:
    """The new revisions of these items, in their order, then those of items that are gone.

    An item whose digest equals that of its newest known revision gives none; contents A, B, A, B
    give revisions 1, 2, 3, 4. `gone` names known items that a complete list no longer holds; each
    gives one revision with `gone` set, once. A key that appears twice in one reading counts once.
    """
    seen: dict[ItemId, Revision | None] = {}
    for item in items:
        if item.id not in seen:
            seen[item.id] = _revision(item, known.get(item.id), snapshot_id, captured_at)
    vanished = [
        Revision(
            item=last.item,
            number=last.number + 1,
            snapshot_id=snapshot_id,
            captured_at=captured_at,
            gone=True,
        )
        for item_id, last in known.items()
        if item_id in gone and item_id not in seen and not last.gone
    ]
    return (*(found for found in seen.values() if found), *vanished)


def _revision(
    item: Item, last: Revision | None, snapshot_id: SnapshotId, captured_at: datetime
) -> Revision | None:
    if last is not None and not last.gone and last.item.digest == item.digest:
        return None
    number = last.number + 1 if last else 1
    return Revision(item=item, number=number, snapshot_id=snapshot_id, captured_at=captured_at)


def rederived(revision: Revision, previous: Revision | None) -> bool:
    """True where only our extractor changed, so that a difference says nothing about the source."""
    return (
        previous is not None
        and bool(previous.item.extractor)
        and previous.item.extractor != revision.item.extractor
    )


def bind(source: Source, revision: Revision, findings: Sequence[Finding]) -> tuple[Claim, ...]:
    """One claim per finding, in order, tied to the revision; the tier is the source's own.

    A finding about a list of bills gives one claim for each of them.

    For a table the revision is that of the publication (one item per publication, its key the
    fingerprint), so that a claim's id never repeats. A finding's attribute "row" or "page" gives
    the locator, otherwise the quote's offsets do.
    """
    item = revision.item
    return tuple(
        Claim(
            source_id=source.id,
            item_id=item.id,
            revision=revision.number,
            slot=slot,
            snapshot_id=revision.snapshot_id,
            locator=_locator(finding, item.kind),
            tier=Tier.DISCOVERY if source.discovery else source.tier,
            kind=item.kind,
            finding=finding,
            url=item.url,
            title=item.title,
            published=_published(item, finding),
        )
        for slot, finding in enumerate(each_bill(findings))
    )


def _published(item: Item, finding: Finding) -> StatedDate | None:
    """Each action of a bill was published on its own day, however late the history is read."""
    structured = item.kind is DocumentKind.BILL and any(name == STAGES for name, _ in item.fields)
    return finding.occurred or item.published if structured else item.published


def _locator(finding: Finding, kind: DocumentKind) -> str:
    named = dict(finding.attributes)
    for unit in ("row", "page"):
        if unit in named:
            return f"{unit} {named[unit]}"
    if kind is DocumentKind.TABLE:
        return ""
    if finding.quote.start < 0:
        return "title"
    return f"chars {finding.quote.start}-{finding.quote.end}"


def candidate_keys(claims: Iterable[Claim]) -> tuple[str, ...]:
    """The keys under which the events of these claims may be stored, sorted, for one bounded read.

    A page with very many claims (a first workbook) is better resolved in portions: the read is
    bounded, and an event that was not read cannot be joined.
    """
    return tuple(sorted({key for claim in claims for key in cluster.lookup_keys(claim)}))


def resolve(
    claims: Sequence[Claim],
    candidates: Sequence[Event],
    now: datetime,
    policy: Policy,
    *,
    withdrawn: Sequence[Claim] = (),
) -> Decision:
    """What the log should say about these claims, given the events read under their keys.

    `withdrawn` are claims of earlier revisions that the newest revision no longer makes (see
    `withdrawals()`). Deterministic: the same values give the same records, ids included.
    """
    return resolution.resolve(claims, candidates, now, policy, withdrawn=withdrawn)


def can_withdraw(revision: Revision, previous: Revision | None) -> bool:
    """Whether what the previous revision said can be withdrawn by this one.

    Not where only our extractor changed. Bills, agendas and living pages drop old lines as a
    matter of course, so there only a vanished item counts.
    """
    if previous is None or previous.gone or rederived(revision, previous):
        return False
    withdrawing = (DocumentKind.NEWS, DocumentKind.RELEASE, DocumentKind.RULING)
    return revision.gone or revision.item.kind in withdrawing


def withdrawals(
    before: Sequence[Claim], after: Sequence[Claim], revision: Revision, previous: Revision | None
) -> tuple[Claim, ...]:
    """The claims of `previous` that `revision` no longer makes: a stealth edit or a vanished item.

    Empty where nothing can be withdrawn (see `can_withdraw`).
    """
    if not can_withdraw(revision, previous):
        return ()
    if revision.gone:
        return tuple(before)
    return tuple(claim for claim in before if not any(_repeats(claim, new) for new in after))


def _repeats(old: Claim, new: Claim) -> bool:
    return (old.finding.event_type, old.finding.jurisdiction.state) == (
        new.finding.event_type,
        new.finding.jurisdiction.state,
    ) and cluster.compatible(old, new)
