"""What a kind of source, rule or channel is: a frozen record that ends its one module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source


class Options(BaseModel):
    """Base of every kind's options: strict about keys, immutable, documented per field."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


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
