"""The ledger's state as bytes and back: canonical JSON, compressed, with a version in front."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from monitor.detect.ledger.columns import ListKind
from monitor.detect.ledger.publication import Publication
from monitor.detect.ledger.state import Entry, Held, LedgerState, Mark, PendingEntry
from monitor.domain.errors import StoreError
from monitor.domain.roster import Agreement, RosterRow, RowState
from monitor.domain.vocabulary import Model

VERSION = 1
_MAGIC = b"ledger"
_T = TypeVar("_T")


def encode(state: LedgerState) -> bytes:
    """The state as bytes; equal states give equal bytes."""
    body = {
        "rows": [_row(row) for row in state.rows],
        "unread": [_row(row) for row in state.unread],
        "last": _opt(_mark, state.last),
        "entries": {key: _entry(entry) for key, entry in state.entries.items()},
        "names": {key: [list(pair) for pair in pairs] for key, pairs in state.names.items()},
        "pending": {key: _pending(entry) for key, entry in state.pending.items()},
        "pending_last": _opt(_mark, state.pending_last),
        "held": _opt(_held, state.held),
        "pending_held": _opt(_held, state.pending_held),
        "held_columns": list(state.held_columns),
        "bundled": state.bundled,
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _MAGIC + bytes([VERSION]) + zlib.compress(text.encode(), 6)


def decode(data: bytes) -> LedgerState:
    """The state from bytes. Raises StoreError for bytes that are none or of a newer version."""
    head = len(_MAGIC)
    if data[:head] != _MAGIC or len(data) <= head:
        raise StoreError("the ledger's state is damaged: it does not start as one; restore it")
    if data[head] != VERSION:
        raise StoreError(
            f"the ledger's state has version {data[head]}, this program reads {VERSION}: "
            "run the newer program, or rebuild the ledger from the archive"
        )
    try:
        return _state(json.loads(zlib.decompress(data[head + 1 :])))
    except (zlib.error, ValueError, KeyError, IndexError, TypeError) as cause:
        raise StoreError(f"the ledger's state is damaged ({cause}); restore it") from cause


def _state(body: dict[str, Any]) -> LedgerState:
    return LedgerState(
        rows=tuple(map(_to_row, body["rows"])),
        unread=tuple(map(_to_row, body["unread"])),
        last=_opt(_to_mark, body["last"]),
        entries={key: _to_entry(entry) for key, entry in body["entries"].items()},
        names={
            key: tuple((pair[0], pair[1]) for pair in pairs) for key, pairs in body["names"].items()
        },
        pending={key: _to_pending(entry) for key, entry in body["pending"].items()},
        pending_last=_opt(_to_mark, body["pending_last"]),
        held=_opt(_to_held, body["held"]),
        pending_held=_opt(_to_held, body["pending_held"]),
        held_columns=tuple(body["held_columns"]),
        bundled=body["bundled"],
    )


def _opt(convert: Callable[[Any], _T], value: object) -> _T | None:
    return None if value is None else convert(value)


def _row(row: RosterRow) -> list[Any]:
    return [
        *(row.state, row.agency, row.agency_id, row.type, row.county, row.county_fips),
        *(row.model.value, _opt(date.isoformat, row.signed), row.moa, row.moa_text),
        *(row.addendum, row.addendum_text, row.number, [list(cell) for cell in row.raw]),
    ]


def _to_row(data: list[Any]) -> RosterRow:
    return RosterRow(
        state=data[0],
        agency=data[1],
        agency_id=data[2],
        type=data[3],
        county=data[4],
        county_fips=data[5],
        model=Model(data[6]),
        signed=_opt(date.fromisoformat, data[7]),
        moa=data[8],
        moa_text=data[9],
        addendum=data[10],
        addendum_text=data[11],
        number=data[12],
        raw=tuple((cell[0], cell[1]) for cell in data[13]),
    )


def _mark(mark: Mark) -> list[Any]:
    at = mark.modified_at.isoformat()
    return [mark.stem, at, mark.fingerprint, mark.raw_fingerprint, list(mark.columns)]


def _to_mark(data: list[Any]) -> Mark:
    return Mark(
        stem=data[0],
        modified_at=datetime.fromisoformat(data[1]),
        fingerprint=data[2],
        raw_fingerprint=data[3],
        columns=tuple(data[4]),
    )


def _agreement(agreement: Agreement) -> list[Any]:
    return [
        *(agreement.id, _row(agreement.row), agreement.state.value),
        *(agreement.first_listed_at.isoformat(), agreement.last_seen_at.isoformat()),
        _opt(datetime.isoformat, agreement.missing_since),
        _opt(datetime.isoformat, agreement.ended_at),
        [day.isoformat() for day in agreement.signed_history],
        agreement.from_pending,
    ]


def _to_agreement(data: list[Any]) -> Agreement:
    return Agreement(
        id=data[0],
        row=_to_row(data[1]),
        state=RowState(data[2]),
        first_listed_at=datetime.fromisoformat(data[3]),
        last_seen_at=datetime.fromisoformat(data[4]),
        missing_since=_opt(datetime.fromisoformat, data[5]),
        ended_at=_opt(datetime.fromisoformat, data[6]),
        signed_history=tuple(map(date.fromisoformat, data[7])),
        from_pending=data[8],
    )


def _entry(entry: Entry) -> list[Any]:
    return [
        *(_agreement(entry.agreement), list(entry.absent_in)),
        *(entry.missed_after, entry.missed_in, entry.overwritten, entry.moa),
    ]


def _to_entry(data: list[Any]) -> Entry:
    return Entry(
        agreement=_to_agreement(data[0]),
        absent_in=tuple(data[1]),
        missed_after=data[2],
        missed_in=data[3],
        overwritten=data[4],
        moa=data[5],
    )


def _pending(entry: PendingEntry) -> list[Any]:
    return [
        *(_row(entry.row), entry.first_seen_at.isoformat(), entry.last_seen_at.isoformat()),
        *(entry.listed, _opt(datetime.isoformat, entry.missing_since), list(entry.absent_in)),
        *(entry.promoted, entry.left),
    ]


def _to_pending(data: list[Any]) -> PendingEntry:
    return PendingEntry(
        row=_to_row(data[0]),
        first_seen_at=datetime.fromisoformat(data[1]),
        last_seen_at=datetime.fromisoformat(data[2]),
        listed=data[3],
        missing_since=_opt(datetime.fromisoformat, data[4]),
        absent_in=tuple(data[5]),
        promoted=data[6],
        left=data[7],
    )


def _held(held: Held) -> dict[str, Any]:
    publication = held.publication
    return {
        "kind": publication.kind.value,
        "modified_at": publication.modified_at.isoformat(),
        "stem": publication.stem,
        "fingerprint": publication.fingerprint,
        "raw_fingerprint": publication.raw_fingerprint,
        "rows": [_row(row) for row in publication.rows],
        "unread": [_row(row) for row in publication.unread],
        "columns": list(publication.columns),
        "hidden": publication.hidden,
        "notes": list(publication.notes),
        "misnamed": publication.misnamed,
        "reasons": list(held.reasons),
    }


def _to_held(data: dict[str, Any]) -> Held:
    publication = Publication(
        kind=ListKind(data["kind"]),
        modified_at=datetime.fromisoformat(data["modified_at"]),
        stem=data["stem"],
        fingerprint=data["fingerprint"],
        raw_fingerprint=data["raw_fingerprint"],
        rows=tuple(map(_to_row, data["rows"])),
        unread=tuple(map(_to_row, data["unread"])),
        columns=tuple(data["columns"]),
        hidden=data["hidden"],
        notes=tuple(data["notes"]),
        misnamed=data["misnamed"],
    )
    return Held(publication=publication, reasons=tuple(data["reasons"]))
