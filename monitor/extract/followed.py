"""Posted agreements that a table's rows link: how they are asked for, and which are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from monitor.domain.roster import RosterRow
from monitor.domain.snapshot import Expectation, Request, Snapshot, Validators
from monitor.extract.cursor import Json, rows

MOA = "moa"  #: purpose of requests for posted agreements, and their extractor
#: So many are remembered, the newest: twice what ICE has posted in six years.
MOST = 3_000
_EXPECTED = Expectation(min_bytes=1000, max_bytes=30_000_000, magic=(b"%PDF",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A document that was fetched, with the facts of the row that linked it; all are text."""

    url: str
    agency: str = ""
    agency_id: str = ""
    county: str = ""  #: FIPS
    model: str = ""
    signed: str = ""  #: ISO day
    state: str = ""
    body: str = ""  #: hash of the bytes, "" before the first answer
    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of_row(cls, row: RosterRow) -> Followed:
        """What a row newly links."""
        return cls(
            url=row.moa or "",
            agency=row.agency,
            agency_id=row.agency_id,
            county=row.county_fips or "",
            model=row.model.value,
            signed=row.signed.isoformat() if row.signed else "",
            state=row.state,
        )

    @classmethod
    def of(cls, snapshot: Snapshot) -> Followed:
        """The document as it was just captured."""
        row = {name.removeprefix("row_"): text for name, text in snapshot.request.context}
        given = {one.name: row.get(one.name, "") for one in fields(cls)}
        return cls(
            **{
                **given,
                "url": snapshot.request.url,
                "body": snapshot.body_hash[:32],
                "etag": snapshot.validators.etag or "",
                "last_modified": snapshot.validators.last_modified or "",
            }
        )

    def request(self) -> Request:
        """The request for it; the row's facts travel along."""
        names = ("agency", "agency_id", "county", "model", "signed", "state")
        return Request(
            url=self.url,
            purpose=MOA,
            accept="application/pdf,*/*;q=0.5",
            expect=_EXPECTED,
            context=tuple((f"row_{name}", getattr(self, name)) for name in names),
            known=Validators(etag=self.etag or None, last_modified=self.last_modified or None),
        )

    def differs(self, other: Followed) -> bool:
        """True where another agency's row links it under another address."""
        return self.url != other.url and self.agency_id != other.agency_id

    def row_text(self) -> str:
        """The row in a few words."""
        return f"{self.agency}, {self.state}, {self.model}"


def followed(state: Json) -> tuple[Followed, ...]:
    """The documents that a cursor's state remembers, oldest first."""
    names = [one.name for one in fields(Followed)]
    stored = (row for row in rows(state, MOA) if len(row) == len(names))
    return tuple(Followed(**dict(zip(names, row, strict=True))) for row in stored)


def kept(known: Sequence[Followed], newest: Followed) -> list[list[str]]:
    """The list with one document captured anew, in its old place or last."""
    replaced = [newest if one.url == newest.url else one for one in known]
    every = replaced if newest in replaced else [*replaced, newest]
    return [list(astuple(one)) for one in every[-MOST:]]
