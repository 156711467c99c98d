"""What detection reads: one item's text with what is known about where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.item import Change, Item
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


def document_of(
    item: Item, source_states: tuple[str, ...] = (), change: Change | None = None
) -> Document:
    """An item as the rules see it; `change` is what its newest revision changed."""
    return Document(
        id=item.id,
        url=item.url,
        title=item.title,
        published=item.published,
        kind=item.kind,
        text=item.text,
        fields=item.fields,
        change=change,
        source_states=source_states,
    )
