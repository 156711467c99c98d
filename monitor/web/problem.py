"""Errors of the API as problem details (RFC 9457)."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from monitor.domain.errors import FilterError


class Problem(BaseModel):
    """What went wrong, and where in the filter."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    position: int | None = None  #: 0-based, in the filter
    suggestion: str | None = None


def problem(
    request: Request,
    status: int,
    title: str,
    detail: str,
    *,
    position: int | None = None,
    suggestion: str | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """One problem as application/problem+json."""
    body = Problem(
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        position=position,
        suggestion=suggestion,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True),
        status,
        media_type="application/problem+json",
        headers=headers,
    )


def from_filter_error(request: Request, error: FilterError) -> JSONResponse:
    """A filter that could not be read."""
    return problem(
        request,
        400,
        "The filter could not be read",
        str(error),
        position=error.position,
        suggestion=error.suggestion,
    )
