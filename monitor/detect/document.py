"""What detection reads: one item's text with what is known about where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.item import Change
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document. `source_states` are the two-letter states its source reports about.

    `fields` are structured values as (name, value) pairs; `change` is set when the item is a
    later revision of a page, and then rules marked `on: added` or `on: removed` look there.
    """

    id: str
    url: str
    title: str
    published: StatedDate | None
    kind: DocumentKind
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    change: Change | None = None
    source_states: tuple[str, ...] = ()
