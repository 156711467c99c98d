"""Answers of XML interfaces as records, so that they are read as strictly as JSON ones."""

from __future__ import annotations

from lxml import etree

from monitor.domain.errors import ExtractError
from monitor.domain.snapshot import Snapshot
from monitor.extract.feed_split import declares_entities
from monitor.extract.json_api import Record
from monitor.extract.text import plain

_PREVIEW_CHARS = 80
_MAX_DEPTH = 20


def parsed_xml(snapshot: Snapshot, root: str) -> Record:
    """The document element as a record.

    A child without children is a text, one with children a record, children of one name a list;
    attributes and namespaces are dropped, and so is the text between children. Raises
    ExtractError, naming what came instead, for another root, for an HTML page, for what is no XML
    and for XML with DOCTYPE or ENTITY.
    """
    where = snapshot.request.url
    if declares_entities(snapshot.body):
        page = snapshot.body.lstrip()[:200].lower().startswith(b"<!doctype html")
        what = _page(snapshot) if page else "refused, XML with DOCTYPE or ENTITY declarations"
        raise ExtractError(f"{where}: {what}")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        found = etree.fromstring(snapshot.body, parser)
    except (etree.XMLSyntaxError, ValueError) as cause:
        raise ExtractError(f"{where}: {_page(snapshot)}") from cause
    name = _name(found)
    if name != root:
        what = _page(snapshot) if name == "html" else f"<{name[:60]}> instead of <{root}>"
        raise ExtractError(f"{where}: {what}; the format has changed")
    value = _value(found, 0)
    return value if isinstance(value, dict) else {}


def listed(record: Record, name: str) -> list[object] | None:
    """What stands under a name as a list; one thing alone is a list of one, "" an empty one.

    None where the name is missing.
    """
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, list):
        return value
    return [] if value == "" else [value]


def inner(record: Record, name: str, item: str = "item") -> list[object]:
    """The `item`s inside a container; an interface's JSON has the list itself in its place."""
    value = record.get(name)
    if isinstance(value, list):
        return value
    return (listed(value, item) or []) if isinstance(value, dict) else []


def _value(element: etree._Element, depth: int) -> object:
    children = [child for child in element if isinstance(child.tag, str)]
    if not children or depth >= _MAX_DEPTH:
        return " ".join("".join(map(str, element.itertext())).split())
    found: dict[str, object] = {}
    for child in children:
        name, value = _name(child), _value(child, depth + 1)
        if name not in found:
            found[name] = value
            continue
        known = found[name]
        if isinstance(known, list):
            known.append(value)
        else:
            found[name] = [known, value]
    return found


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _page(snapshot: Snapshot) -> str:
    opening = plain(snapshot.body[:2000].decode("utf-8", "replace"), max_chars=_PREVIEW_CHARS)
    page = b"<html" in snapshot.body[:2000].lower()
    return f"{'a page instead of XML' if page else 'no XML'} ({opening!r})"
