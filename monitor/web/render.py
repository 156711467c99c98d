"""HTML from templates: everything is escaped, and no template sees more than it is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from monitor.domain.moment import StatedDate
from monitor.notify import safety
from monitor.notify.words import CERTAINTY, DIRECTIONS, MODELS, day_words, kind_title, state_name
from monitor.web.auth import Role
from monitor.web.parts import Site, person, site

TEMPLATES = Path(__file__).parent / "templates"


def make_environment() -> Environment:
    """The template engine with our few filters."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        plain=safety.plain,
        safe_url=safety.link,
        minute=minute,
        as_of=_as_of,
        day=_day,
        stated=_stated,
        number=_number,
        state_name=state_name,
        few=_few,
        words=lambda value: str(value).replace("_", " "),
        kind=kind_title,
        model_words=lambda value: MODELS[value],
        certainty=lambda value: CERTAINTY[value],
        direction_words=lambda value: DIRECTIONS[value],
    )
    return environment


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """One page; `values` are what the template shows."""
    own = site(request)
    who = getattr(request.state, "person", None)
    environment: Environment = request.app.state.templates
    html = environment.get_template(template).render(
        person=who,
        status=status,
        demo=own.options.demo,
        contact=own.options.contact,
        path=request.url.path,
        link=local_link,
        now=own.parts.clock.now(),
        stale=stale_since(own),
        **values,
    )
    headers = {"Vary": "Cookie"}
    if who is None or not who.address:
        headers["Cache-Control"] = "no-cache"
    return HTMLResponse(html, status, headers=headers)


def stale_since(own: Site) -> datetime | None:
    """When the newest capture was accepted, where that is too long ago; None when fresh or new.

    A demonstration plays in the past and is marked as such already.
    """
    newest = newest_capture(own)
    if newest is None or own.options.demo:
        return None
    old = own.parts.clock.now() - newest > timedelta(hours=own.options.stale_after_h)
    return newest if old else None


def newest_capture(own: Site) -> datetime | None:
    """When anything was last accepted from any source, to a few seconds."""
    return own.capture.newest(own.parts)


def permalink(request: Request, path: str) -> str:
    """The public address of a path: the configured base, else this request's own."""
    base = site(request).options.base_url or str(request.base_url)
    return base.rstrip("/") + path


def is_logged_in(request: Request) -> bool:
    """Whether a person with a role asks."""
    return bool(person(request).address)


def is_editor(request: Request) -> bool:
    """Whether a person asks who sees what waits for a review."""
    return person(request).role >= Role.EDITOR


def minute(moment: datetime | None) -> str:
    """A moment for people: UTC to the minute, a dash for none."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "–"


def _few(names: Sequence[str]) -> str:
    """The first three of them, and whether there are more."""
    return safety.plain(", ".join(names[:3])) + (" …" if names[3:] else "")


def _as_of(moment: datetime | None) -> str:
    """What follows "log": the moment of its newest capture, or that there is none."""
    return f"as of {minute(moment)}" if moment else "empty so far: nothing was captured yet"


def _day(value: date | datetime | None) -> str:
    return f"{value:%Y-%m-%d}" if value else "–"


def _stated(value: StatedDate | None) -> str:
    return day_words(value) if value else "not stated"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.10g}"


def local_link(path: str, **query: object) -> str:
    """A path of our own with the query parameters that are not empty."""
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path
