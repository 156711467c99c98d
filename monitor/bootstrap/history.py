"""The bundled roster history: a new installation has a roster and a history on day one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.bootstrap import knowledge
from monitor.bootstrap.machine import data_text
from monitor.domain.commit import LedgerCommit, PageCommit, Taking
from monitor.domain.ident import SnapshotId
from monitor.domain.source import Source
from monitor.domain.vocabulary import Tier

if TYPE_CHECKING:
    from monitor.bootstrap.compose import App


def roster_source(app: App) -> Source | None:
    """The catalogue's source of ICE's workbooks: the table of the roster tier."""
    known = app.catalogue.value.sources  # on or off, a roster is a roster
    found = (s for s in known if s.kind == "table" and s.tier is Tier.ROSTER)
    return next(found, None)


def load_history(app: App) -> int:
    """Load it under the roster's source where that has no ledger yet; how many agreements."""
    source = roster_source(app)
    if source is None or app.settings.demo or app.store.ledger(source.id) is not None:
        return 0
    from monitor.detect.ledger.bundled import parse_history
    from monitor.detect.ledger.codec import encode
    from monitor.detect.ledger.state import counts_of

    known = knowledge.ledger()
    history = parse_history(data_text("roster_history.csv"), known.counties, known.rules.aliases)
    agreements = tuple(entry.agreement for entry in history.state.entries.values())
    app.store.commit_page(
        PageCommit(
            source_id=source.id,
            ledger=LedgerCommit(
                ledger=source.id,
                state=encode(history.state),
                outcomes=history.outcomes,
                agreements=agreements,
                counts=counts_of(history.state),
            ),
            taking=Taking(
                source_id=source.id,
                snapshot_id=SnapshotId(""),
                at=app.clock.now(),
                decision="history",
            ),
        )
    )
    return len(agreements)
