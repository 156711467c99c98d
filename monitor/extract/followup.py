"""Articles that a source announced and that are still to be fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from monitor.domain.moment import StatedDate
from monitor.domain.snapshot import Expectation, Request, Snapshot
from monitor.extract.cursor import Json, rows

#: An article that cannot be had for so long is given up for now and told from its announcement.
PATIENCE = timedelta(hours=6)
MAX_PENDING = 200
ARTICLE = "article"
_EXPECT = Expectation(
    min_bytes=64,
    max_bytes=20_000_000,
    media_types=("text/html", "application/xhtml", "application/pdf", "text/plain", "application/"),
)
_FIELDS = ("key", "url", "title", "summary", "published", "origin", "published_at", "author")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followup:
    """An announcement: what the source said of the article, and since when we wait for it."""

    key: str
    url: str
    title: str = ""
    summary: str = ""  #: plain text
    published: str = ""  #: ISO day or ""
    origin: str = ""
    published_at: str = ""  #: ISO moment or ""
    author: str = ""
    since: str = ""  #: ISO moment

    def request(self) -> Request:
        """The request for the article; its context brings the announcement back to read()."""
        context = tuple((name, getattr(self, name)) for name in (*_FIELDS, "since"))
        return Request(
            url=self.url,
            purpose=ARTICLE,
            accept="text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5",
            context=context,
            expect=_EXPECT,
        )

    def stated(self) -> StatedDate | None:
        """The day of publication as announced."""
        if not self.published:
            return None
        return StatedDate(day=date.fromisoformat(self.published), origin=self.origin)

    def moment(self) -> datetime | None:
        """The moment of publication as announced."""
        return datetime.fromisoformat(self.published_at) if self.published_at else None

    def waits(self, now: datetime) -> bool:
        """False once patience has run out."""
        return not self.since or now - datetime.fromisoformat(self.since) < PATIENCE


def announced(snapshot: Snapshot) -> Followup:
    """The announcement that led to this snapshot."""
    context = dict(snapshot.request.context)
    values = {name: context.get(name, "") for name in (*_FIELDS, "since")}
    return Followup(**(values | {"url": snapshot.request.url}))


def load(state: Json) -> tuple[Followup, ...]:
    """Pending follow-ups of a cursor's state, oldest first."""
    names = (*_FIELDS, "since")
    return tuple(
        Followup(**dict(zip(names, row, strict=True)))
        for row in rows(state, "pending")
        if len(row) == len(names)
    )


def fitting(
    pending: Iterable[Followup], room: int = MAX_PENDING
) -> tuple[list[Followup], list[Followup]]:
    """The newest, one per key, at most `room` and 200; and the older ones without room."""
    latest = {f.key: f for f in pending}
    ordered = list(latest.values())
    cut = max(0, len(ordered) - min(room, MAX_PENDING))
    return ordered[cut:], ordered[:cut]


def import_room(max_follow: int) -> int:
    """How many articles a first import follows: what the next few checks can fetch. The rest is
    told from its announcement at once, so that old news is never taken for new later."""
    return 3 * max_follow


def dump(pending: Iterable[Followup]) -> Json:
    """For a cursor's state; see fitting()."""
    names = (*_FIELDS, "since")
    return {"pending": [[getattr(f, name) for name in names] for f in fitting(pending)[0]]}


def without(pending: Iterable[Followup], key: str) -> tuple[Followup, ...]:
    """The pending ones except this key."""
    return tuple(f for f in pending if f.key != key)
