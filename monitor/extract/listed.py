"""Articles that an index page listed, and when they count as taken down."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from monitor.extract.cursor import Json, rows

_REMEMBERED = 1000
#: So many looks at its own address must find nothing before an article counts as taken down; one,
#: where so many index readings did not list it either.
LOST_AFTER = 3
#: What one look at an article's own address counts. 410 means that it is meant so (RFC 9110,
#: section 15.5.11), and is looked at once more all the same.
LOST_BY_STATUS = {404: 1, 410: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An article that the index listed; `missing` counts index readings without it, `lost` looks
    that found nothing at its own address, `item` is "1" once it was stored: then its edits always
    count, with or without a trigger."""

    key: str
    url: str
    title: str = ""
    published: str = ""
    missing: int = 0
    item: str = ""
    lost: int = 0


def missed(
    known: Iterable[Listed], present: Collection[str], *, judged: bool
) -> tuple[list[Listed], list[Listed]]:
    """The known articles with their misses counted, and those whose own address should be asked.

    Only an article between others that are still listed can be missed: what stands below the
    last one may just have moved to the next page. `judged` is true for the first index page alone.
    An index that drops an article says little (it may be filed elsewhere); its own address
    decides, asked at the third miss, the sixth, the twelfth …, and when it is listed again.
    """
    entries = list(known)
    if not judged:
        return entries, []
    places = [n for n, entry in enumerate(entries) if entry.key in present]
    last = places[-1] if places else -1
    kept: list[Listed] = []
    ask: list[Listed] = []
    for place, entry in enumerate(entries):
        if entry.key in present:
            kept.append(replace(entry, missing=0))
            ask += [kept[-1]] * (entry.missing >= LOST_AFTER)
        elif place >= last:
            kept.append(entry)
        else:
            kept.append(replace(entry, missing=entry.missing + 1))
            ask += [kept[-1]] * _worth_asking(kept[-1].missing)
    return kept, ask


def _worth_asking(misses: int) -> bool:
    """At LOST_AFTER misses, and each time they doubled."""
    times, rest = divmod(misses, LOST_AFTER)
    return rest == 0 and times > 0 and times & (times - 1) == 0


def found_nothing(entry: Listed, weight: int) -> Listed:
    """After a look that found nothing at its address; the index having dropped it decides."""
    lost = LOST_AFTER if entry.missing >= LOST_AFTER else entry.lost + weight
    return replace(entry, lost=min(lost, LOST_AFTER))


def load(state: Json) -> list[Listed]:
    """The articles of a cursor's state, newest first."""
    return [
        Listed(
            key=r[0],
            url=r[1],
            title=r[2],
            published=r[3],
            missing=int(r[4]),
            item=r[5],
            lost=int(r[6]) if len(r) > 6 and r[6].isdigit() else 0,
        )
        for r in rows(state, "known")
        if len(r) in (6, 7) and r[4].isdigit()
    ]


def dump(known: Iterable[Listed]) -> Json:
    """For a cursor's state: the newest thousand."""
    fields = [
        [
            k.key,
            k.url,
            k.title,
            k.published,
            str(k.missing),
            k.item,
            *([str(k.lost)] * bool(k.lost)),
        ]
        for k in list(known)[:_REMEMBERED]
    ]
    return {"known": fields}


def _lost(entry: Listed) -> list[str]:
    return [str(entry.lost)] if entry.lost else []
