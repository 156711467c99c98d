"""Which entry is which: keys that survive edits, flipping guids and shared links."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from monitor.extract.cursor import Json, rows
from monitor.extract.feed import Entry
from monitor.extract.links import same_page

#: Entries that left the feed are remembered this long, counted in entries.
MAX_REMEMBERED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One entry as it was last read; hashes are short. All but `raw` are "" for an entry that was
    passed over unread."""

    raw: str  #: hash of its bytes
    key: str = ""  #: the item's
    guid: str = ""  #: hash
    link: str = ""  #: see links.same_page
    content: str = ""  #: hash
    item: str = ""  #: "1" once it was stored as an item: then its edits always count


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A fresh entry with its key; `changed` is False when only counters or order moved,
    `stored` True when an earlier reading of it became an item."""

    entry: Entry
    key: str
    changed: bool
    stored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """What a feed's entries are known by; `prefer_link` once its guids proved unstable."""

    known: tuple[Known, ...] = ()
    prefer_link: bool = False

    @classmethod
    def load(cls, state: Json) -> Identities:
        """From a cursor's state."""
        found = tuple(
            Known(raw=r[0], key=r[1], guid=r[2], link=r[3], content=r[4], item=r[5])
            for r in rows(state, "seen")
            if len(r) == 6
        )
        return cls(known=found, prefer_link=state.get("prefer") == "link")

    def dump(self) -> Json:
        """For a cursor's state."""
        seen = [[k.raw, k.key, k.guid, k.link, k.content, k.item] for k in self.known]
        return {"prefer": "link" if self.prefer_link else "guid", "seen": seen}

    def hashes(self) -> frozenset[str]:
        """Raw hashes of all entries that need no parsing."""
        return frozenset(k.raw for k in self.known)

    def stored(self, key: str) -> bool:
        """Whether this entry became an item."""
        return any(k.item and k.key == key for k in self.known)

    def storing(self, keys: Iterable[str]) -> Identities:
        """The same, with these entries marked as items."""
        wanted = frozenset(keys)
        known = tuple(replace(k, item="1") if k.key in wanted else k for k in self.known)
        return replace(self, known=known)

    def marks(self) -> tuple[bytes, ...]:
        """Byte strings of which a new version of an entry stored as an item would hold one."""
        names = {name for k in self.known if k.item for name in (k.key, k.link) if len(name) > 3}
        escaped = {name.replace("&", "&amp;") for name in names}
        return tuple(name.encode("utf-8", "replace") for name in sorted(names | escaped))


def identified(
    known: Identities,
    hashes: tuple[str, ...],
    fresh: tuple[Entry, ...],
    passed_over: tuple[str, ...] = (),
) -> tuple[tuple[Keyed, ...], Identities]:
    """Keys for the fresh entries of a feed whose entries are `hashes`, and what to remember.

    Known by guid, else link, else content. A guid shared by entries with different links, or a
    link that comes back under another guid, makes the feed's links its identity from then on;
    entries already known keep their keys. Of two entries with one key the first counts.
    """
    present = frozenset(hashes)
    live = tuple(k for k in known.known if k.raw in present)
    gone = tuple(k for k in known.known if k.raw not in present)
    prefer_link = known.prefer_link or _guids_fail(live, gone, fresh)
    matcher = _Matcher(live=live, gone=gone, fresh=fresh, prefer_link=prefer_link)
    taken = {k.key for k in live}
    keyed: list[Keyed] = []
    records: list[Known] = []
    for entry in fresh:
        key, before = matcher.key(entry)
        item = before.item if before is not None else ""
        content = entry.content_hash
        records.append(_record(entry, key, content, item))
        if key in taken and before is None:
            continue
        taken.add(key)
        changed = before is None or before.content != content
        keyed.append(Keyed(entry=entry, key=key, changed=changed, stored=bool(item)))
    unread = tuple(Known(raw=raw) for raw in passed_over)
    replaced = {record.key for record in records}
    rest = [k for k in gone if k.key and k.key not in replaced][:MAX_REMEMBERED]
    remembered = (*records, *unread, *live, *rest)
    return tuple(keyed), Identities(known=remembered, prefer_link=prefer_link)


def _guids_fail(live: tuple[Known, ...], gone: tuple[Known, ...], fresh: tuple[Entry, ...]) -> bool:
    named = [(k.guid, k.link) for k in live] + [(_guid(e), _link(e)) for e in fresh]
    links_of: dict[str, set[str]] = {}
    for guid, link in named:
        if guid and link:
            links_of.setdefault(guid, set()).add(link)
    if any(len(links) > 1 for links in links_of.values()):
        return True
    guids, links = {k.guid for k in (*live, *gone)}, {k.link for k in gone if k.link}
    shared = Counter(link for _, link in named)
    return any(_guid(e) not in guids and _link(e) in links and shared[_link(e)] == 1 for e in fresh)


class _Matcher:
    """Looks entries up among those that left the feed in this reading: an edit replaces one."""

    __slots__ = ("_gone_by_guid", "_gone_by_link", "_prefer_link", "_shared")

    def __init__(
        self,
        *,
        live: tuple[Known, ...],
        gone: tuple[Known, ...],
        fresh: tuple[Entry, ...],
        prefer_link: bool,
    ) -> None:
        self._prefer_link = prefer_link
        self._gone_by_guid = {k.guid: k for k in reversed(gone) if k.guid}
        self._gone_by_link = {k.link: k for k in reversed(gone) if k.link}
        self._shared = Counter([k.link for k in live] + [_link(e) for e in fresh])

    def key(self, entry: Entry) -> tuple[str, Known | None]:
        """The entry's key and the earlier reading it replaces, if there is one."""
        guid, link = _guid(entry), _link(entry)
        link_is_own = bool(link) and self._shared[link] == 1
        before = None
        if guid and not self._prefer_link:
            before = self._gone_by_guid.get(guid)
        if before is None and link_is_own:
            before = self._gone_by_link.get(link)
        if before is not None:
            return before.key, before
        if entry.guid and not (self._prefer_link and link_is_own):
            return entry.guid, None
        if link_is_own:
            return link, None
        return f"content {entry.content_hash}", None


def _record(entry: Entry, key: str, content: str, item: str) -> Known:
    return Known(
        item=item,
        raw=entry.raw_hash,
        key=key,
        guid=_guid(entry),
        link=_link(entry),
        content=content,
    )


def _guid(entry: Entry) -> str:
    return _short(entry.guid)


def _link(entry: Entry) -> str:
    return _page(entry.link) if entry.link else ""


@lru_cache(maxsize=1024)  # asked for several times of each entry of a feed
def _page(link: str) -> str:
    return same_page(link)


@lru_cache(maxsize=1024)
def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10] if text else ""
