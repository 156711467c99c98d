"""Pages for people with a role: login, review, captured texts, versions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from monitor.domain.errors import MonitorError
from monitor.domain.ident import ItemId, SnapshotId
from monitor.domain.vocabulary import Rung, Worth
from monitor.services.review import Review
from monitor.web.headers import SEALED_POLICY
from monitor.web.limits import Limit, network_of
from monitor.web.notices import send_notice
from monitor.web.parts import person, site
from monitor.web.render import page, permalink
from monitor.web.views import event_lines

router = APIRouter(include_in_schema=False)

CAPTURE_SHOWN_BYTES = 2_000_000
REDLINE_WORDS = 20_000
WAITING = "worth:review -status:retracted"


@router.get("/login", name="login_page")
def login_page(request: Request) -> HTMLResponse:
    """Ask for a one-time link."""
    return _login(request)


@router.post("/login", name="login")
def login(request: Request, address: Annotated[str, Form(max_length=254)] = "") -> HTMLResponse:
    """Send a link where the address has a role; the answer is the same either way."""
    own = site(request)
    now = own.parts.clock.now()
    host = request.client.host if request.client else ""
    limits: dict[str, Limit] = request.app.state.limits
    allowed = limits["login_network"].allows(network_of(host), now) and limits[
        "login_address"
    ].allows(address.casefold(), now)
    token = own.auth.login_token(address) if allowed and own.options.mail else None
    if token is not None:
        link = permalink(request, f"/login/{token}")
        text = (
            "This link signs you in once, within fifteen minutes.",
            "Not you? Ignore this mail.",
        )
        send_notice(own, address.strip(), "Sign in to the policy monitor", text, ("Sign in", link))
    return _login(request, sent=True)


@router.get("/login/{token}", name="login_link_page")
def login_link_page(request: Request, token: Annotated[str, Path(max_length=1000)]) -> HTMLResponse:
    """A button: mail scanners follow links, so a GET never signs in."""
    return _login(request, token=token)


@router.post("/login/redeem", name="login_redeem")
def login_redeem(request: Request, token: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Sign in with a link that is unused and young."""
    own = site(request)
    session = own.auth.redeem(token)
    if session is None:
        return _login(request, used=True, status=400)
    answer = RedirectResponse("/", status_code=303)
    own.auth.start(answer, session)
    return answer


@router.post("/logout", name="logout")
def logout(request: Request) -> RedirectResponse:
    """End all sessions of this person."""
    answer = RedirectResponse("/", status_code=303)
    site(request).auth.end(answer, person(request))
    return answer


@router.get("/review", name="review_page")
def review_page(request: Request) -> HTMLResponse:
    """Events that wait for a person."""
    return _queue(request, "")


@router.post("/review", name="review")
def review(
    request: Request,
    event: Annotated[str, Form(max_length=64, pattern="^[0-9A-Za-z_-]*$")] = "",
    verdict: Annotated[str, Form(max_length=10)] = "",
    reason: Annotated[str, Form(max_length=200)] = "",
    other: Annotated[str, Form(max_length=200)] = "",
    claims: Annotated[list[str] | None, Form(max_length=200)] = None,
    back: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """One decision, as a record of the log; then back to the event or the queue."""
    decision = Decision(event=event, verdict=verdict, reason=reason, other=other)
    try:
        done = decide(site(request).parts.review, decision, claims or [])
    except MonitorError as error:
        return _queue(request, str(error), status=400)
    if back == "event":
        return RedirectResponse(f"/e/{event}", status_code=303)
    return _queue(request, done)


@router.get("/capture/{snapshot_id}", name="capture")
def capture(
    request: Request, snapshot_id: Annotated[str, Path(max_length=64, pattern="^[0-9a-z]+$")]
) -> PlainTextResponse:
    """The captured bytes as plain text: nothing runs, loads or is rendered."""
    snapshot = site(request).parts.store.snapshot(SnapshotId(snapshot_id))
    if snapshot is None:
        raise HTTPException(404, "this capture is not stored, or was pruned")
    text = snapshot.body[:CAPTURE_SHOWN_BYTES].decode(_charset(snapshot.charset), "replace")
    headers = {"Content-Security-Policy": SEALED_POLICY, "Cache-Control": "no-store"}
    return PlainTextResponse(text, headers=headers)


@router.get("/versions/{item_id}", name="versions_page")
def versions_page(
    request: Request,
    item_id: Annotated[str, Path(max_length=64, pattern="^[0-9a-z]+$")],
    a: Annotated[int, Query(ge=0, le=100_000)] = 0,
    b: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> HTMLResponse:
    """Two versions of a document side by side, with what was added and taken away."""
    revisions = site(request).parts.store.item_revisions(ItemId(item_id))
    if not revisions:
        raise HTTPException(404, "no document has this id")
    by_number = {revision.number: revision for revision in revisions}
    newer = by_number.get(b, revisions[-1])
    older = by_number.get(a, revisions[max(0, len(revisions) - 2)])
    return page(
        request,
        "versions.html",
        revisions=revisions,
        a=older,
        b=newer,
        source=older.item.source_id,
        redline=redline(older.item.text, newer.item.text),
    )


def redline(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """("same" | "gone" | "new", text) runs that turn one text into the other, word by word.

    Texts of more than 20,000 words are compared by line, so that the time stays bounded.
    """
    pattern = r"\s+|[^\s]+"
    old, new = re.findall(pattern, before), re.findall(pattern, after)
    if len(old) + len(new) > REDLINE_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    runs: list[tuple[str, str]] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=True).get_opcodes():
        if kind == "equal":
            runs.append(("same", "".join(old[i:j])))
            continue
        runs += [(name, text) for name, text in _replaced(old[i:j], new[k:m]) if text]
    return tuple(runs)


def make_limits() -> dict[str, Limit]:
    """Fresh counters for the forms that strangers may send."""
    hour, day = timedelta(hours=1), timedelta(days=1)
    return {
        "login_address": Limit(5, hour),
        "login_network": Limit(20, hour),
        "signup_address": Limit(3, day),
        "signup_network": Limit(10, hour),
    }


def _replaced(old: list[str], new: list[str]) -> tuple[tuple[str, str], ...]:
    return (("gone", "".join(old)), ("new", "".join(new)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided of one event; `other` is the other event, or the agency's name."""

    event: str
    verdict: str
    reason: str
    other: str = ""


def decide(service: Review, asked: Decision, claims: Sequence[str]) -> str:
    """Carry a decision out; says what was done. Raises MonitorError where it does not fit."""
    why = {"actor": "editor", "reason": asked.reason}
    match asked.verdict:
        case "accept":
            service.accept(asked.event, **why)
            return "Accepted."
        case "reject":
            service.reject(asked.event, **why)
            return "Rejected; it is retracted wherever it was told."
        case "dispute":
            service.dispute(asked.event, **why)
            return "Marked as disputed."
        case "restore":
            service.restore(asked.event, **why)
            return "Restored."
        case "merge":
            service.merge(asked.other, asked.event, **why)
            return "Merged; the old address leads to the other event."
        case "split":
            service.split(asked.event, claims, **why)
            return "Split; the chosen evidence tells of an event of its own."
        case "rename":
            service.rename(asked.event, asked.other, **why)
            return "The agency is known by this name now."
        case _:
            raise HTTPException(400, "no such verdict")


def _queue(request: Request, message: str, status: int = 200) -> HTMLResponse:
    own = site(request)
    asked = own.parts.query.ask(WAITING, limit=50)
    events = own.parts.query.events(asked).items
    waiting = [e for e in events if e.worth is Worth.REVIEW and e.status is not Rung.RETRACTED]
    return page(
        request,
        "review.html",
        status=status,
        message=message,
        lines=event_lines(waiting),
        count=own.parts.query.count(asked),
    )


def _login(
    request: Request, *, sent: bool = False, used: bool = False, token: str = "", status: int = 200
) -> HTMLResponse:
    answer = page(
        request,
        "login.html",
        status=status,
        sent=sent,
        used=used,
        token=token,
        mail=site(request).options.mail,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _charset(name: str | None) -> str:
    try:
        "".encode(name or "utf-8")
    except LookupError:
        return "utf-8"
    return name or "utf-8"
