"""The packaged history: read back as a ledger, absorbed by the first live list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
import yaml

from monitor.detect.ledger.bundled import History, parse_history
from monitor.detect.ledger.codec import decode, encode
from monitor.domain.errors import ConfigError, StoreError
from monitor.domain.item import Table
from monitor.domain.roster import OutcomeKind, RowState
from monitor.domain.roster_fold import agreements_at, counts
from monitor.domain.states import CODES_BY_NAME
from monitor.domain.vocabulary import Model
from tests.rosters import FULL, MODELS, ROOT, Line, flat, knowledge, sheriff, table, take

NAMES = {code: name.upper() for name, code in CODES_BY_NAME.items()}


@cache
def history() -> History:
    text = (ROOT / "monitor/data/roster_history.csv").read_text(encoding="utf-8")
    known = knowledge()
    return parse_history(text, known.counties, known.rules.aliases)


def test_the_packaged_history_stands_as_published() -> None:
    """Agreements, models and states on days for which the counts are known."""
    for moment, rows, models in (
        (datetime(2025, 5, 29, 23, tzinfo=UTC), 635, (100, 307, 228)),
        (datetime(2025, 12, 4, 23, tzinfo=UTC), 1_202, (143, 624, 435)),
        (datetime(2021, 1, 14, tzinfo=UTC), 150, None),
    ):
        standing = agreements_at(history().outcomes, moment)
        active = [a for a in standing.values() if a.state is RowState.ACTIVE]
        assert abs(len(active) - rows) <= 3, (moment, len(active))
        if models:
            got = [sum(1 for a in active if a.row.model.value == m) for m in ("JEM", "TFM", "WSO")]
            assert all(abs(g - w) <= 2 for g, w in zip(got, models, strict=True)), got


def test_the_history_holds_facts_only() -> None:
    text = (ROOT / "monitor/data/roster_history.csv").read_text(encoding="utf-8")
    assert "@" not in text
    assert "safelinks" not in text
    assert not any(outcome.told for outcome in history().outcomes)
    assert decode(encode(history().state)) == history().state


def live(state_rows: int | None = None, extra: tuple[Line, ...] = ()) -> Table:
    """The list of the history's last day as ICE would publish it now."""
    rows = history().state.rows[:state_rows]
    lines = [
        Line(
            state=NAMES[row.state],
            agency=row.agency,
            type=row.type or "#N/A",
            county=row.county or "#N/A",
            model=MODELS.get(row.model.value, row.model.value),
            signed=row.signed.isoformat() if row.signed else "",
            moa=row.moa,
            addendum=row.addendum,
        )
        for row in rows
    ]
    made = table([*lines, *extra], 0, name="participatingAgencies02012026am", header=FULL)
    return replace(made, modified_at=datetime(2026, 2, 1, 15, tzinfo=UTC))


def test_the_first_live_list_is_absorbed() -> None:
    """Silent, exempt from the guards, counted; what went meanwhile ended unobserved."""
    new = sheriff("Zavala", signed="2026-01-20")
    result = take(history().state, live(900, (new,)))
    (absorbed,) = result.outcomes
    assert absorbed.outcome is OutcomeKind.ABSORBED
    assert not any(outcome.told for outcome in flat(result.outcomes))
    assert result.counts.active == 901
    before = counts(agreements_at(history().outcomes))
    assert result.counts.ever_listed == before.ever_listed + 1
    assert result.counts.unconfirmed <= before.unconfirmed
    standing = agreements_at((*history().outcomes, *result.outcomes))
    assert counts(standing) == result.counts
    after = replace(
        live(900, (new, sheriff("Kenedy"))), modified_at=datetime(2026, 2, 3, tzinfo=UTC)
    )
    told = [o for o in take(result.state, after).outcomes if o.told]
    assert [o.outcome for o in told] == [OutcomeKind.SIGNED]


def test_an_unchanged_live_list_absorbs_nothing() -> None:
    result = take(history().state, live())
    assert [o.outcome for o in result.outcomes] == [OutcomeKind.ABSORBED]
    assert result.counts.active == len(history().state.rows)
    kinds = {member.outcome for member in result.outcomes[0].members}
    assert kinds <= {OutcomeKind.REORDERED, OutcomeKind.MASS_EDIT, OutcomeKind.MOA_TEXT_CHANGED,
                     OutcomeKind.REMOVED, OutcomeKind.COSMETIC}  # fmt: skip


def test_a_spoilt_history_names_its_line() -> None:
    known = knowledge()
    head = (
        "n,a,at,told,outcome,state,agency,type,county,model,signed,moa,addendum,pending,revises\n"
    )
    with pytest.raises(ConfigError, match="line 2"):
        parse_history(
            head + "1,1,yesterday,,signed,,,,,,,,,,\n", known.counties, known.rules.aliases
        )


@pytest.mark.parametrize("data", [b"", b"{}", b"ledger\x09x", b"ledger\x01broken"])
def test_spoilt_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(StoreError):
        decode(data)


def test_cited_figures_are_facts_of_their_own() -> None:
    text = (ROOT / "monitor/data/cited_figures.yaml").read_text(encoding="utf-8")
    figures = yaml.safe_load(text)["figures"]
    assert [(f["day"].year, f["value"], f["unit"]) for f in figures][:2] == [
        (2016, 32, "agencies"),
        (2020, 150, "agreements"),
    ]
    assert all(figure["by"] and figure["said"] for figure in figures)
    assert Model.JEM.value in text
