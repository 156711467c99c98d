"""The packaged history of the roster: a compact table of facts, read back as log and state.

One line is one change of one agreement. `n` numbers agreements and `a` agencies in order of first
appearance; an empty cell repeats what the agreement's line before said, "-" says none. Made by
bench/make_roster_history.py from ICE's lists of 2021 to 2025.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from monitor.detect.ledger.directory import Directory
from monitor.detect.ledger.match import key_of
from monitor.detect.ledger.pending import pending_key
from monitor.detect.ledger.publication import Counties
from monitor.detect.ledger.state import Entry, LedgerState, Mark, PendingEntry
from monitor.domain.errors import ConfigError
from monitor.domain.ident import content_id
from monitor.domain.roster import Agreement, LedgerOutcome, OutcomeKind, RosterRow, RowState
from monitor.domain.roster_fold import apply
from monitor.domain.vocabulary import Model
from monitor.resolve.agency import AgencyAliases, agency_id

COLUMNS = (
    *("n", "a", "at", "told", "outcome", "state", "agency", "type", "county", "model"),
    *("signed", "moa", "addendum", "pending", "revises"),
)
MOA_BASE = "https://www.ice.gov/doclib/287gMOA/"
STEM = "packaged history"
_NONE = "-"
_GONE = frozenset({OutcomeKind.MISSING, OutcomeKind.REMOVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The packaged log, and the ledger as it stands at its end, ready to absorb a live list."""

    state: LedgerState
    outcomes: tuple[LedgerOutcome, ...]


def parse_history(text: str, counties: Counties, aliases: AgencyAliases) -> History:
    """Read the packaged table. Raises ConfigError, with the line, where it is not as written."""
    reader = _Reader(counties)
    lines = csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#"))
    outcomes: list[LedgerOutcome] = []
    for number, line in enumerate(lines, 2):
        try:
            outcomes.append(reader.outcome(line))
        except (KeyError, ValueError, TypeError) as cause:
            raise ConfigError(f"roster history, line {number}: {cause}") from cause
    return History(state=_state(outcomes, aliases), outcomes=tuple(outcomes))


class _Reader:
    """Lines to outcomes; remembers the newest row of every agreement."""

    def __init__(self, counties: Counties) -> None:
        self._counties = counties
        self._rows: dict[str, RosterRow] = {}
        self._keys: dict[str, str] = {}
        self._agencies: dict[str, str] = {}
        self._fips: dict[tuple[str, str], str | None] = {}

    def outcome(self, line: Mapping[str, str]) -> LedgerOutcome:
        """One line as an outcome; what an empty cell leaves out comes from the line before."""
        number, kind = line["n"], OutcomeKind(line["outcome"])
        at = _moment(line["at"])
        before = self._rows.get(number)
        row = self._row(line, before)
        if number:
            self._rows[number] = row
        gone = kind in _GONE
        return LedgerOutcome(
            outcome=kind,
            published_at=at,
            told_at=_moment(line["told"]) if line["told"] else at,
            fingerprint=content_id(STEM, line["at"]),
            file_prev=STEM,
            file_next=STEM,
            file_told=STEM,
            before=before,
            after=None if gone else row,
            agreement_id=self._key(number, row),
            from_pending=line["pending"] == "1",
            told=False,
            reason=STEM,
            revises=self._keys.get(line["revises"], ""),
        )

    def _row(self, line: Mapping[str, str], before: RosterRow | None) -> RosterRow:
        base = before or RosterRow(state=line["state"], agency=line["agency"], agency_id="")
        state = line["state"] or base.state
        agency = line["agency"] or base.agency
        county = _cell(line["county"], base.county)
        fips = self._county(state, county)
        row = replace(
            base,
            state=state,
            agency=agency,
            type=_cell(line["type"], base.type) or "",
            county=county,
            county_fips=fips,
            model=Model(line["model"]) if line["model"] else base.model,
            signed=_day(line["signed"], base.signed),
            moa=_link(line["moa"], base.moa),
            addendum=_link(line["addendum"], base.addendum),
        )
        row = replace(row, moa_text="link" if row.moa else "link pending")
        row = replace(row, addendum_text="link" if row.addendum else "")
        return replace(row, agency_id=self._agency(line["a"], row) or base.agency_id)

    def _agency(self, number: str, row: RosterRow) -> str:
        """The permanent id, as the ledger gave it: by first name, with the county where taken."""
        if not number:
            return ""
        if number not in self._agencies:
            found = agency_id(row.state, row.agency)
            if found in self._agencies.values():
                name = key_of(row).canonical
                found = content_id("agency", row.state, name, row.county_fips or "")
            self._agencies[number] = found
        return self._agencies[number]

    def _key(self, number: str, row: RosterRow) -> str:
        if not number:
            return ""
        if number not in self._keys:
            base = f"{row.agency_id}-{row.model.value}"
            taken = set(self._keys.values())
            names = (base, *(f"{base}-{i}" for i in range(2, 1000)))
            self._keys[number] = next(name for name in names if name not in taken)
        return self._keys[number]

    def _county(self, state: str, county: str | None) -> str | None:
        if county is None:
            return None
        if (state, county) not in self._fips:
            found = self._counties.county(state, county)
            self._fips[(state, county)] = found.fips if found else None
        return self._fips[(state, county)]


def _cell(text: str, before: str | None) -> str | None:
    return before if not text else None if text == _NONE else text


def _day(text: str, before: date | None) -> date | None:
    found = _cell(text, before.isoformat() if before else None)
    return date.fromisoformat(found) if found else None


def _link(text: str, before: str | None) -> str | None:
    found = _cell(text, before)
    return found if found is None or "://" in found else MOA_BASE + found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _state(outcomes: list[LedgerOutcome], aliases: AgencyAliases) -> LedgerState:
    """The ledger at the end of the log."""
    standing: dict[str, Agreement] = {}
    for outcome in outcomes:
        apply(standing, outcome)
    directory = Directory({}, aliases, ())
    for outcome in outcomes:
        row = outcome.after
        if row is not None and outcome.agreement_id:
            directory.learn(row, row.agency_id)
    rows = [a.row for a in standing.values() if a.state is RowState.ACTIVE]
    last = max((outcome.told_at for outcome in outcomes), default=datetime.min.replace(tzinfo=UTC))
    return LedgerState(
        rows=tuple(replace(row, number=number) for number, row in enumerate(rows, 2)),
        last=Mark(stem=STEM, modified_at=last, fingerprint="", raw_fingerprint=""),
        entries={key: Entry(agreement=agreement) for key, agreement in standing.items()},
        names=directory.names,
        pending=_pending(outcomes),
        bundled=True,
    )


def _pending(outcomes: Iterable[LedgerOutcome]) -> dict[str, PendingEntry]:
    return {
        pending_key(outcome.after): PendingEntry(
            row=outcome.after,
            first_seen_at=outcome.published_at,
            last_seen_at=outcome.told_at,
        )
        for outcome in outcomes
        if outcome.outcome is OutcomeKind.PENDING_ADDED and outcome.after
    }


# --- writing, for the generator -------------------------------------------------------------


def history_lines(
    outcomes: Iterable[LedgerOutcome], pending: Iterable[PendingEntry]
) -> Iterator[dict[str, str]]:
    """A log as lines of the packaged table; what people call cosmetic is left out."""
    writer = _Writer()
    for outcome in outcomes:
        yield from writer.lines(outcome)
    for entry in pending:
        yield _pending_line(entry)


class _Writer:
    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}
        self._agencies: dict[str, str] = {}
        self._last: dict[str, dict[str, str]] = {}

    def lines(self, outcome: LedgerOutcome) -> Iterator[dict[str, str]]:
        for member in outcome.members:
            yield from self.lines(member)
        row = outcome.before if outcome.outcome in _GONE else outcome.after
        if row is None or not outcome.agreement_id or outcome.outcome is OutcomeKind.HELD:
            return
        number = self._numbers.setdefault(outcome.agreement_id, str(len(self._numbers) + 1))
        values = _values(row)
        known = self._last.get(number, {})
        changed = {name: text for name, text in values.items() if known.get(name) != text}
        if outcome.outcome is OutcomeKind.COSMETIC and not changed:
            return
        self._last[number] = values
        agency = self._agencies.setdefault(row.agency_id, str(len(self._agencies) + 1))
        told = outcome.told_at != outcome.published_at
        yield (
            dict.fromkeys(COLUMNS, "")
            | changed
            | {
                "n": number,
                "a": agency,
                "at": _minute(outcome.published_at),
                "told": _minute(outcome.told_at) if told else "",
                "outcome": outcome.outcome.value,
                "pending": "1" if outcome.from_pending else "",
                "revises": self._numbers.get(outcome.revises, ""),
            }
        )


def _pending_line(entry: PendingEntry) -> dict[str, str]:
    values = _values(entry.row)
    return (
        dict.fromkeys(COLUMNS, "")
        | values
        | {
            "at": _minute(entry.first_seen_at),
            "told": _minute(entry.last_seen_at),
            "outcome": OutcomeKind.PENDING_ADDED.value,
        }
    )


def _values(row: RosterRow) -> dict[str, str]:
    return {
        "state": row.state,
        "agency": row.agency,
        "type": row.type or _NONE,
        "county": row.county or _NONE,
        "model": row.model.value,
        "signed": row.signed.isoformat() if row.signed else _NONE,
        "moa": (row.moa or _NONE).removeprefix(MOA_BASE),
        "addendum": (row.addendum or _NONE).removeprefix(MOA_BASE),
    }


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
