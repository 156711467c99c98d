"""The reference of feeds.yaml as Markdown, made from the option models themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from enum import Enum, StrEnum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, HttpUrl
from pydantic.fields import FieldInfo

from monitor.catalogue.blocks import (
    DefaultsBlock,
    ExpectBlock,
    NearBlock,
    PolitenessBlock,
    ScheduleBlock,
    SourceBlock,
    SubscriptionBlock,
    WatchBlock,
)
from monitor.kinds import SourceKind

_UNITS = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_HEAD = """\
# Reference of feeds.yaml

This page is generated from the program (`monitor sources reference`); a test compares them.

The file is YAML, read strictly: an unknown key, a wrong value or an address that is none stops it
with file, line and the nearest valid word, all faults at once, and what was loaded before stays in
force. `yes`, `no`, `on` and `8:00` are plain words here. Addresses that hold `?` inside `{…}` need
quotes. Mappings under `templates:` can be merged into a source with `<<: *name`.

Top-level sections: `version` (1), `defaults`, `templates`, `sources`, `subscriptions`, `watch`, and
the sections of a rule pack (`vocabularies`, `guards`, `topics`, `set_aside`, `rules`) for your own
rules, see [rules](rules.md).
"""


def reference(kinds: Mapping[str, SourceKind[Any]]) -> str:
    """The whole page; `kinds` is the table of source kinds."""
    parts = [
        _HEAD,
        _section("## A source", SourceBlock),
        _section("### schedule", ScheduleBlock),
        _section("### politeness", PolitenessBlock),
        _section("### expect", ExpectBlock),
        _section("## defaults", DefaultsBlock),
        "## Kinds of source\n",
        *(_kind(kind) for _, kind in sorted(kinds.items())),
        _section("## A subscription", SubscriptionBlock),
        _section("### near", NearBlock),
        _section("## watch, each entry", WatchBlock),
    ]
    return "\n".join(parts)


def _kind(kind: SourceKind[Any]) -> str:
    nested = [
        _section(f"#### {name}, each entry", model)
        for name, model in _nested_models(kind.options).items()
    ]
    example = f"```yaml\n{kind.example}```\n" if kind.example else ""
    table = _table(kind.options)
    return "\n".join((f"### {kind.name}\n", f"{kind.summary}\n", table, *nested, example))


def _nested_models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    found = {}
    for name, field in model.model_fields.items():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found[name] = part
    return found


def _section(title: str, model: type[BaseModel]) -> str:
    summary = (model.__doc__ or "").strip().splitlines()[0]
    return f"{title}\n\n{summary}\n\n{_table(model)}"


def _table(model: type[BaseModel]) -> str:
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        value = extra.get("value") or _type(field.annotation)
        default = extra.get("default") or _default(field)
        rows.append(f"| `{name}` | {value} | {default} | {_cell(field)} |")
    return "\n".join(rows) + "\n"


def _cell(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return "see below"
    if value is None or value == "" or (isinstance(value, tuple | dict) and not value):
        return "none"
    return _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit = next((u for u in _UNITS if seconds % u[0] == 0), (1, "s"))
        return f"`{seconds // unit[0]}{unit[1]}`"
    if isinstance(value, time):
        return f"`{value:%H:%M}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Enum):
        return f"`{value.value}`"
    if isinstance(value, tuple) and any(isinstance(v, BaseModel) for v in value):
        return "one with its defaults"
    if isinstance(value, tuple):
        return ", ".join(f"`{v}`" for v in value)
    return f"`{value}`".replace("|", "\\|")


def _type(annotation: object) -> str:
    """The kind of value, in words."""
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    words = _plain_type(annotation)
    if words:
        return words
    arguments = [a for a in get_args(annotation) if a not in (NoneType, Ellipsis)]
    origin = get_origin(annotation)
    if origin is tuple and Ellipsis in get_args(annotation):
        return f"list of {_type(arguments[0])}"
    if origin is tuple:
        return "span such as `21:00-07:00`"
    if origin is dict:
        return "mapping"
    return _type(arguments[0]) if arguments else "text"


def _plain_type(annotation: object) -> str:
    if not isinstance(annotation, type):
        return ""
    if issubclass(annotation, StrEnum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    if issubclass(annotation, BaseModel):
        return "mapping, see below"
    names = {
        bool: "`true` or `false`",
        int: "whole number",
        float: "number",
        str: "text",
        timedelta: "duration such as `15m`, `2h`, `1d`",
        time: "time of day such as `08:00`",
        HttpUrl: "http(s) address",
    }
    return names.get(annotation, "date or `never`" if annotation.__name__ == "date" else "")
