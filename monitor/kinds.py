"""What a kind of source, rule or channel is: a frozen record that ends its one module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, ConfigDict, HttpUrl

from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.ports import Channel


class Options(BaseModel):
    """Base of every kind's options: strict about keys, immutable, documented per field."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _no_secret(url: HttpUrl) -> HttpUrl:
    """Addresses are stored, logged and shown; user names and keys have no place in them."""
    if url.username or url.password:
        raise ValueError("take user name and password out of the address")
    names = {name.lower() for name, _ in parse_qsl(url.query or "")}
    if names & {"api_key", "apikey", "key", "token", "access_token", "secret", "password"}:
        raise ValueError("take the key out of the address; keys come from the environment")
    return url


#: An http(s) address in a kind's options.
WebAddress = Annotated[HttpUrl, AfterValidator(_no_secret)]

OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContext(Generic[OptionsT]):
    """What read() may know besides the snapshot; all values, no clock, no store.

    `relevant(raw_bytes)` is the trigger scan: False means that no rule can match the document,
    so it need not be extracted (it errs on the side of reading).
    """

    source: Source
    options: OptionsT
    cursor: str
    relevant: Callable[[bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind(Generic[OptionsT]):
    """A kind of source.

    `first(source, options, cursor, now)` gives the requests a check starts with.
    `read(snapshot, context)` gives items, tables, next requests and the new cursor; it is pure
    and runs in a bounded worker process. Raises ExtractError for a document it cannot read.
    """

    name: str
    summary: str  #: one paragraph for the reference
    options: type[OptionsT]
    first: Callable[[Source, OptionsT, str, datetime], tuple[Request, ...]]
    read: Callable[[Snapshot, ReadContext[OptionsT]], Reading]
    example: str = ""  #: a valid block for feeds.yaml, shown in the reference and tested


SceneT = TypeVar("SceneT")
MatchT = TypeVar("MatchT")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind(Generic[OptionsT, SceneT, MatchT]):
    """A kind of rule: how a block of a rule pack reads an analysed document.

    `prepare(options, terms)` compiles the block once per pack; it raises ValueError, with the
    reason, for a block that cannot work. `match(prepared, scene)` is pure and gives its matches
    in the lines it is given (indexes; -1 is the title), in the order of the text.
    """

    name: str
    summary: str  #: one paragraph for the reference
    options: type[OptionsT]
    prepare: Callable[[OptionsT, Any], Any]
    match: Callable[[Any, SceneT, tuple[int, ...]], tuple[MatchT, ...]]
    example: str = ""  #: a valid block for a rule pack, shown in the reference and tested


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind(Generic[OptionsT]):
    """A kind of channel: its options (filled from settings, never from feeds.yaml) and opener."""

    name: str
    summary: str  #: one paragraph for the reference
    options: type[OptionsT]
    open: Callable[[OptionsT], Channel]
    example: str = ""  #: the lines of a subscription that use it, shown in the reference
