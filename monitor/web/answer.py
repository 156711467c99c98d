"""How API answers leave: JSON with ETag and 304, Link to the next page, bounded caching."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from monitor.domain.errors import FilterError
from monitor.web.render import local_link, permalink

CACHE = "public, max-age=60"


def answer(
    request: Request, body: BaseModel, *, fields: Sequence[str] = (), following: str = ""
) -> Response:
    """The body as JSON; `fields` keeps only these of its items; `following` is the next page."""
    data = body.model_dump(mode="json")
    if fields:
        data["items"] = [{k: v for k, v in item.items() if k in fields} for item in data["items"]]
    content = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    headers = {"ETag": etag_of(content), "Cache-Control": CACHE}
    if following:
        headers["Link"] = f'<{following}>; rel="next"'
    if is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


def etag_of(content: bytes) -> str:
    """A strong validator over the bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(request: Request, etag: str) -> bool:
    """Whether the client has exactly this (If-None-Match, RFC 9110 section 13.1.2)."""
    known = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return etag in tags or "*" in tags


def next_link(request: Request, **changed: object) -> str:
    """This request's address with other parameters."""
    query: dict[str, object] = {**request.query_params, **changed}
    return permalink(request, local_link(request.url.path, **query))


def chosen_fields(text: str | None, known: Sequence[str]) -> tuple[str, ...]:
    """The fields of a comma list, always with `id`; () for all. Raises FilterError."""
    if not text:
        return ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in known:
            message = f"no field is called {name[:40]!r}; there are {', '.join(known)}"
            raise FilterError(message, position=max(0, text.find(name)))
    return ("id", *names)
