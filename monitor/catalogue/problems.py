"""Problems of a configuration file in words: file, line, path, what to do, nearest valid word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError

from monitor.catalogue.document import Document, Path, shown_path

_WORDS = {
    "missing": "is missing",
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list: [a, b]",
    "dict_type": "must be a mapping: key: value",
    "model_type": "must be a mapping: key: value",
}


def problem(document: Document, path: Path, words: str, label: str = "") -> str:
    """One line: `feeds.yaml:12: sources[3] (id).options.url: words`."""
    where = shown_path(path)
    if label and len(path) >= 2:
        head = shown_path(path[:2])
        where = f"{head} ({label}){where.removeprefix(head)}"
    return f"{document.file_name}:{document.line(path)}: {where}: {words}"


def problems_of(
    error: ValidationError, document: Document, path: Path, model: type[BaseModel], label: str = ""
) -> tuple[str, ...]:
    """All problems of one block, in the order of the file."""
    found = []
    for detail in error.errors(include_url=False):
        inner = tuple(part for part in detail["loc"] if part not in ("[key]",))
        words = _words(detail["type"], str(detail["msg"]), detail.get("ctx") or {})
        words += _suggestion(detail["type"], inner, detail.get("input"), words, model)
        found.append(problem(document, (*path, *inner), words, label))
    return tuple(found)


def suggestion(word: str, valid: Iterable[str]) -> str:
    """`; did you mean X?` for the nearest valid word, or the list when none is near."""
    words = sorted(set(valid))
    near = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; it is one of {', '.join(words)}" if 0 < len(words) <= 30 else ""


def _words(kind: str, message: str, context: dict[str, object]) -> str:
    if kind == "extra_forbidden":
        return "unknown key"
    if kind in _WORDS:
        return _WORDS[kind]
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return f"{text[:1].lower()}{text[1:]}"


def _suggestion(
    kind: str, inner: tuple[str | int, ...], value: object, words: str, model: type[BaseModel]
) -> str:
    if kind == "extra_forbidden":
        return suggestion(str(inner[-1]), _fields(model, inner[:-1]))
    if kind in ("enum", "literal_error"):
        near = get_close_matches(str(value).lower(), re.findall(r"'([^']+)'", words), n=1)
        return f"; did you mean {near[0]}?" if near else ""
    return ""


def _fields(model: type[BaseModel], inner: tuple[str | int, ...]) -> tuple[str, ...]:
    """The field names valid at a place inside a model."""
    for part in inner:
        field = model.model_fields.get(str(part))
        if isinstance(part, int) or field is None:
            continue
        nested = _nested(field.annotation)
        if nested is None:
            return ()
        model = nested
    return tuple(model.model_fields)


def _nested(annotation: object) -> type[BaseModel] | None:
    """The model inside `Model`, `Model | None`, `tuple[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _nested(part)
        if found is not None:
            return found
    return None
