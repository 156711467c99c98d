"""Where the values of a YAML document stand, for messages that name file and line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

#: No pack nests deeper or holds more; aliases may do both, or lead back to what holds them.
_DEEPEST, _MOST_VALUES = 40, 200_000


def unfit(node: yaml.Node) -> str:
    """Why the document is no pack of any kind, "" when it may be one."""
    waiting, count = [(node, 0)], 0
    while waiting:
        one, depth = waiting.pop()
        count += 1
        if depth > _DEEPEST or count > _MOST_VALUES:
            return "nested too deeply, or aliases without end"
        if isinstance(one, yaml.SequenceNode):
            waiting += [(value, depth + 1) for value in one.value]
        elif isinstance(one, yaml.MappingNode):
            if not all(isinstance(key, yaml.ScalarNode) for key, _ in one.value):
                return "a key that is a list or a mapping"
            waiting += [(value, depth + 1) for _, value in one.value]
    return ""


def lines_of(node: yaml.Node, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], int]:
    """Path -> line (1-based) of every value."""
    found = {path: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            found |= lines_of(value, (*path, key.value))
            found[(*path, key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            found |= lines_of(value, (*path, number))
    return found


def keys_twice(node: yaml.Node | None) -> Iterable[tuple[int, str]]:
    """(line, key) of every key that stands twice in one mapping."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, key.value
            seen.add(key.value)
            yield from keys_twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from keys_twice(value)
