"""YAML text to plain values that remember their lines.

YAML 1.1 surprises are off: `no`, `on` and `8:00` are words, dates stay text. Every mapping key
may stand once. Anchors, aliases and merge keys (`<<`) work, bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from monitor.domain.errors import ConfigError
from monitor.extract.yaml_nodes import composed

#: Of what a text is read as; another one makes what was kept of it worthless.
FORMAT = 1
MAX_CHARS = 2_000_000
MAX_VALUES = 200_000
Path = tuple[str | int, ...]
_TEXT = "tag:yaml.org,2002:str"
_TAGS = frozenset({"map", "seq", "str", "bool", "null", "int", "float", "merge"})


class _Loader(yaml.SafeLoader):
    """SafeLoader whose plain words are true/false, null, decimal numbers, else text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false|True|False)$", "tfTF"),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", "-0123456789"),
    ("merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed file: `value` in plain types, `lines` says on which line each path stands."""

    value: object
    lines: dict[Path, int]
    file_name: str
    text: str = field(repr=False)

    def line(self, path: Path) -> int:
        """The 1-based line of a path, or of its nearest parent that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def only_sections(self, names: frozenset[str]) -> str:
        """The file with all other top-level sections blanked, so that lines still agree."""
        kept: list[str] = []
        inside = False
        for row in self.text.splitlines():
            if row[:1].strip() and not row.startswith("#"):
                inside = row.split(":", 1)[0].strip("'\" ") in names
            kept.append(row if inside else "")
        return "\n".join(kept)


def read_document(text: str, file_name: str) -> Document:
    """The file's content. Raises ConfigError for broken YAML, repeated keys and odd tags."""
    if len(text) > MAX_CHARS:
        raise ConfigError(f"{file_name}: longer than {MAX_CHARS:,} characters")
    reader = _Reader(file_name)
    try:
        node = composed(text, _Loader)
        value = reader.value(node, ()) if node is not None else {}
    except yaml.YAMLError as cause:
        raise ConfigError(f"{file_name}{_where(cause)}: {_what(cause)}") from cause
    except RecursionError as cause:
        raise ConfigError(f"{file_name}: nested too deeply") from cause
    if reader.problems:
        raise ConfigError(f"{file_name} was not read", tuple(reader.problems))
    return Document(value=value, lines=reader.lines, file_name=file_name, text=text)


def kept(document: Document) -> str:
    """JSON of the content and of the lines of its sources, for `restored`."""
    root = document.value if isinstance(document.value, dict) else {}
    sources = root.get("sources")
    count = len(sources) if isinstance(sources, list) else 0
    lines = [document.line(("sources", number)) for number in range(count)]
    return json.dumps({"value": document.value, "lines": lines})


def restored(kept: str, text: str, file_name: str) -> Document:
    """The document of this text, of whose lines only those of sources are known.

    So problems are to be told from a document that was read. Raises ValueError for what `kept`
    did not make.
    """
    found = json.loads(kept)
    if not isinstance(found, dict) or not isinstance(found.get("lines"), list):
        raise ValueError("this is no kept document")
    lines: dict[Path, int] = {("sources", n): int(line) for n, line in enumerate(found["lines"])}
    return Document(value=found.get("value"), lines=lines, file_name=file_name, text=text)


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f":{mark.line + 1}" if mark is not None else ""


def _what(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or "no YAML"
    context = getattr(error, "context", None)
    hint = "; indent with spaces" if "\\t" in str(problem) else ""
    if "got '?'" in str(problem):
        hint = "; put an address that holds ? in quotes"
    return f"broken YAML, {problem}" + (f" {context}" if context else "") + hint


class _Reader:
    """Walks the nodes once and keeps lines and problems."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.lines: dict[Path, int] = {}
        self.problems: list[str] = []
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> object:
        self.lines[path] = node.start_mark.line + 1
        self._count += 1
        if self._count > MAX_VALUES or id(node) in self._open:
            if self._count <= MAX_VALUES + 1:
                self._problem(node, path, "aliases make the file endless or enormous")
            return None
        if node.tag == _TEXT and isinstance(node, yaml.ScalarNode):  # most of a file
            return str(node.value)
        self._open.add(id(node))
        try:
            return self._content(node, path)
        finally:
            self._open.discard(id(node))

    def _content(self, node: yaml.Node, path: Path) -> object:
        if node.tag.rpartition(":")[2] not in _TAGS:
            self._problem(node, path, f"the tag {node.tag} is not used here")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, n)) for n, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _scalar(self, node: yaml.Node, path: Path) -> object:
        text, tag = str(node.value), node.tag.rpartition(":")[2]
        if tag == "bool":
            return text.lower() == "true"
        if tag == "null":
            return None
        if tag == "int":
            return int(text) if len(text) < 30 else text
        return float(text) if tag == "float" else text

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        own: dict[str, object] = {}
        merged: dict[str, object] = {}
        # Merged mappings first, so that a key's line is the one where it stands itself.
        for key_node, value_node in node.value:
            if key_node.tag.endswith(":merge"):
                for mapping in self._merged(value_node, path):
                    merged = {**mapping, **merged}
        self.lines[path] = node.start_mark.line + 1
        for key_node, value_node in node.value:
            if not key_node.tag.endswith(":merge"):
                self._entry(key_node, value_node, path, own)
        return {**merged, **own}

    def _entry(
        self, key_node: yaml.Node, value_node: yaml.Node, path: Path, own: dict[str, object]
    ) -> None:
        key = str(key_node.value)
        if key in own:
            self._problem(key_node, (*path, key), "stands twice")
        own[key] = self.value(value_node, (*path, key))
        self.lines[(*path, key)] = key_node.start_mark.line + 1

    def _merged(self, node: yaml.Node, path: Path) -> Iterator[dict[str, object]]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for child in nodes:
            value = self.value(child, path)
            if isinstance(value, dict):
                yield value
            else:
                self._problem(node, path, "`<<` takes a mapping")

    def _problem(self, node: yaml.Node, path: Path, words: str) -> None:
        where = shown_path(path) or "the file"
        self.problems.append(f"{self.file_name}:{node.start_mark.line + 1}: {where}: {words}")


def shown_path(path: Path) -> str:
    """A path as people write it: sources[3].options.url."""
    shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return shown.removeprefix(".")
