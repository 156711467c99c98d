"""A snapshot that was read: taken in by itself, or with those of other sources at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from monitor.domain.ident import SourceId
from monitor.domain.item import Reading
from monitor.domain.snapshot import Rejected, Snapshot
from monitor.services import check_state as state_of
from monitor.services.check_state import OpenCheck
from monitor.services.intake import Intake, Taken

#: Readings stored in one transaction: the disk is waited for once, and others wait shortly.
TOGETHER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A snapshot of a check and the future of its reading, which is done."""

    check: OpenCheck
    snapshot: Snapshot
    future: Future[Reading]

    @property
    def plain(self) -> bool:
        """Whether it holds items alone; a list of agreements takes long and is stored alone."""
        if self.future.exception() is not None:
            return False
        reading = self.future.result()
        return reading.rejected is None and not reading.tables

    def taken(self, intake: Intake) -> Taken:
        """Take it in. Raises StoreError with nothing stored, and what the reading raised."""
        check, kept = self.check, state_of.request_key(self.snapshot.request)
        before = check.postponed.get(kept)
        silent = before is not None and before.silent
        state = replace(
            check.state, cursor=check.cursor, baseline=check.state.baseline and not silent
        )
        return intake.take(check.source, state, self.snapshot, self.future.result())

    def rejected(self, reason: str, detail: str, snapshot: Snapshot | None = None) -> Rejected:
        """The outcome of what cannot be taken in."""
        return Rejected(
            source_id=self.check.source.id,
            request=self.snapshot.request,
            captured_at=self.snapshot.captured_at,
            reason=reason,
            detail=detail,
            snapshot=snapshot,
        )


def taken_together(read: Sequence[Read], intake: Intake) -> dict[SourceId, Taken]:
    """What the plain ones among them come to, stored in one transaction.

    Empty where it was not stored, and where there is but one: each is then taken by itself, so
    that a fault costs the document or the check that has it. The sources are different ones.
    """
    plain = [one for one in read if one.plain]
    if len(plain) < 2:
        return {}
    try:
        with intake.together():
            return {one.check.source.id: one.taken(intake) for one in plain}
    except Exception:  # the boundary: found again, and recorded, where it is taken by itself
        return {}
