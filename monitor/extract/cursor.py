"""What a kind remembers between checks, as one string: JSON, compressed when long."""

from __future__ import annotations

import base64
import json
import zlib

from monitor.domain.errors import ExtractError

_PLAIN_CHARS = 2000
_MAX_BYTES = 20_000_000
_MARK = "z:"
_LEVEL = 1  #: half the time of level 6 or less, up to a seventh more bytes; made at each change

Json = dict[str, object]


def packed(state: Json) -> str:
    """The state as a string; equal states give equal strings."""
    text = json.dumps(state, separators=(",", ":"), ensure_ascii=False, sort_keys=False)
    if len(text) <= _PLAIN_CHARS:
        return text
    return _MARK + base64.b64encode(zlib.compress(text.encode(), _LEVEL)).decode("ascii")


def unpacked(cursor: str, version: int) -> Json:
    """The state that packed() wrote; empty for "" and for a state of another version.

    An older version is forgotten rather than guessed at: the source is then read as if new,
    which costs work and repeats nothing, since items keep their identity. Raises ExtractError
    when the string is not one of ours.
    """
    if not cursor:
        return {}
    try:
        text = cursor
        if cursor.startswith(_MARK):
            data = base64.b64decode(cursor.removeprefix(_MARK), validate=True)
            text = zlib.decompressobj().decompress(data, _MAX_BYTES).decode()
        state = json.loads(text)
    except (ValueError, zlib.error) as cause:
        raise ExtractError("stored cursor is damaged: clear it to read the source anew") from cause
    if not isinstance(state, dict) or state.get("v") != version:
        return {}
    return state


def rows(state: Json, name: str) -> list[list[str]]:
    """A stored list of lists of strings; what has another shape is left out."""
    found = state.get(name)
    if not isinstance(found, list):
        return []
    return [[str(cell) for cell in row] for row in found if isinstance(row, list)]
