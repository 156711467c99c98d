"""Items and their revisions: entries, articles, rows, bills, agenda items, pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.ident import ItemId, SnapshotId, SourceId, content_id
from monitor.domain.moment import StatedDate
from monitor.domain.snapshot import Request
from monitor.domain.vocabulary import DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing a source publishes, as read from one snapshot.

    `key` is stable within the source (guid, canonical URL, bill number, row key).
    `text` is what rules read; offsets of quotes point into it. `fields` are structured values
    (bill number, status, action date …) as (name, value) pairs, sorted by name.
    """

    source_id: SourceId
    key: str
    url: str
    title: str = ""
    text: str = ""
    kind: DocumentKind = DocumentKind.PAGE
    published: StatedDate | None = None
    published_at: datetime | None = None  #: aware UTC where the source gives a full time
    modified_at: datetime | None = None
    author: str = ""
    language: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    locator: str = ""
    extractor: str = ""  #: name and version of what produced `text`
    id: ItemId = field(init=False)
    digest: str = field(init=False)  #: of what a reader would call content

    def __post_init__(self) -> None:
        """Derive the id (source and key) and the digest (title, text, fields, links)."""
        object.__setattr__(self, "id", ItemId(content_id(self.source_id, self.key)))
        parts = [self.title, self.text, *(f"{n}={v}" for n, v in self.fields), *self.links]
        object.__setattr__(self, "digest", content_id(*parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The `number`-th content of an item (from 1); `gone` marks that the source dropped it."""

    item: Item
    number: int
    snapshot_id: SnapshotId
    captured_at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What differs between two revisions of one item, as sentences, list items and links."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    links_added: tuple[str, ...] = ()
    links_removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A keyed table as read from one snapshot: header, rows of cells, links beside them."""

    name: str  #: which table of the source, e.g. "participating", "pending"
    header: tuple[str, ...]
    rows: tuple[TableRow, ...]
    modified_at: datetime | None = None  #: the document's own time; orders publications
    file_name: str = ""  #: the publisher's base name; never an order, never an identity
    notes: tuple[str, ...] = ()  #: oddities of the container: "hidden rows: 134", "second sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """Cells as text, in header order; `links` in the same order, None where there is none."""

    number: int  #: 1-based row in the document
    cells: tuple[str, ...]
    links: tuple[str | None, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The pure result of read(): what the snapshot holds, what to fetch next, where we are."""

    items: tuple[Item, ...] = ()
    tables: tuple[Table, ...] = ()
    next_requests: tuple[Request, ...] = ()
    cursor: str = ""  #: opaque to all but the kind; stored with the page's transaction
    listed: tuple[str, ...] | None = None  #: keys the source lists now; None: not a complete list
    complete: bool = False  #: True when `listed` is the whole set, so absence means gone
    gone: tuple[str, ...] = ()  #: keys the source dropped, told one by one where no list is whole
    problems: tuple[str, ...] = ()  #: health entries: vanished selector, unknown field, zero items
    rejected: str | None = None  #: the body fails the source's expectation; nothing is committed
    skipped: int = 0  #: items that held no trigger and were not extracted
