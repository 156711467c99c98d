"""Subscribing by mail: confirmed, limited, and as easy to leave as to begin."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from monitor.domain.errors import FilterError
from monitor.domain.ident import SubscriptionId, content_id
from monitor.domain.subscription import Cadence, Subscription
from monitor.notify.safety import link
from monitor.notify.tokens import BadToken, Purpose, sign, verify
from monitor.services import subscriptions as life
from monitor.web.limits import Limit, network_of
from monitor.web.notices import send_notice
from monitor.web.parts import Site, site
from monitor.web.render import minute, page, permalink

router = APIRouter(include_in_schema=False)

#: For how many days a reader may snooze all of a subscription, in words.
SNOOZE_DAYS = {1: "for a day", 7: "for a week", 30: "for 30 days", 0: "not at all"}
CADENCES = (Cadence.IMMEDIATE, Cadence.DAILY, Cadence.WEEKLY)
#: One address, no display name, no quoting: what people have (RFC 5321 local part, plain host).
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_SLACK_CHANNEL = re.compile(r"[CGD][A-Z0-9]{6,20}")
Token = Annotated[str, Query(max_length=1000)]
FormToken = Annotated[str, Form(max_length=1000)]

#: Paths that mail programs post to without being on our pages (RFC 8058).
ONE_CLICK_PATHS = frozenset({"/unsubscribe"})


@router.get("/subscribe", name="subscribe_page")
def subscribe_page(
    request: Request, q: Annotated[str, Query(max_length=4000)] = ""
) -> HTMLResponse:
    """How to follow a query: feeds for anyone, mail where it is set up."""
    return _form(request, q)


@router.post("/subscribe", name="subscribe")
def subscribe(
    request: Request,
    q: Annotated[str, Form(max_length=2000)] = "",
    address: Annotated[str, Form(max_length=254)] = "",
    cadence: Annotated[str, Form(max_length=20)] = "daily",
    website: Annotated[str, Form(max_length=200)] = "",
) -> HTMLResponse:
    """Ask for confirmation by mail; nothing else is ever sent before that."""
    own = site(request)
    if not own.options.signs_up:
        return _form(request, q, problem="This site sends no mail.", status=403)
    try:
        expression = own.parts.query.ask(q).expression
    except FilterError as error:
        return _form(request, q, error=error, status=400)
    address = address.strip()
    if not _ADDRESS.fullmatch(address) or cadence not in CADENCES:
        return _form(request, q, problem="Please give one mail address.", status=400)
    if website:  # only programs fill the field that people do not see
        return _done(request)
    if not _within_limits(request, own, address):
        problem = "Too many requests from this network or for this address; try tomorrow."
        return _form(request, q, problem=problem, status=429)
    _ask_to_confirm(request, own, expression, address, Cadence(cadence))
    return _done(request)


@router.post("/subscribe/team", name="subscribe_team")
def subscribe_team(
    request: Request,
    q: Annotated[str, Form(max_length=2000)] = "",
    channel: Annotated[str, Form(max_length=20)] = "",
    destination: Annotated[str, Form(max_length=500)] = "",
    cadence: Annotated[str, Form(max_length=20)] = "immediate",
) -> HTMLResponse:
    """Follow a query in a Slack channel or by webhook; for people with the role admin."""
    own = site(request)
    expression = own.parts.query.ask(q).expression
    destination = destination.strip()
    if not _fits(channel, destination) or cadence not in CADENCES:
        problem = "Give a Slack channel id (C0123ABCD) or the https address of a webhook."
        return _form(request, q, problem=problem, status=400)
    made = Subscription(
        id=SubscriptionId("web-" + content_id(channel, destination, expression)[:20]),
        filter=expression,
        channel=channel,
        destination=destination,
        cadence=Cadence(cadence),
        made_by="web",
        origin="run time",
        created_at=own.parts.clock.now(),
    )
    own.parts.store.save_subscription(made)
    return _form(request, q, started=True)


@router.get("/confirm", name="confirm_page")
def confirm_page(request: Request, token: Token = "") -> HTMLResponse:
    """A button: mail scanners follow links, so a GET changes nothing."""
    return _token_page(request, Purpose.CONFIRM, token)


@router.post("/confirm", name="confirm")
def confirm(request: Request, token: FormToken = "") -> HTMLResponse:
    """Start the subscription."""
    found = _bearer(site(request), Purpose.CONFIRM, token)
    if found is not None:
        now = site(request).parts.clock.now()
        begun = replace(found, confirmed=True, active=True, created_at=found.created_at or now)
        site(request).parts.store.save_subscription(begun)
    return _token_page(request, Purpose.CONFIRM, token, done="The subscription has started.")


@router.get("/unsubscribe", name="leave_page")
def leave_page(request: Request, token: Token = "") -> HTMLResponse:
    """A button to leave."""
    return _token_page(request, Purpose.LEAVE, token)


@router.post("/unsubscribe", name="leave")
def leave(
    request: Request, token: Token = "", form_token: Annotated[str, Form(alias="token")] = ""
) -> Response:
    """Leave: from our page, or with one click from a mail program (RFC 8058; no redirect)."""
    found = _bearer(site(request), Purpose.LEAVE, form_token or token)
    if found is not None:
        life.leave(site(request).parts.store, found)
    if not form_token:
        return PlainTextResponse("unsubscribed\n")
    done = (
        "You have left. Nothing more is sent for this subscription, and the address is forgotten."
    )
    return _token_page(request, Purpose.LEAVE, form_token, done=done)


@router.get("/manage", name="manage_page")
def manage_page(request: Request, token: Token = "") -> HTMLResponse:
    """Change how often."""
    return _token_page(request, Purpose.MANAGE, token)


@router.post("/manage", name="manage")
def manage(
    request: Request, token: FormToken = "", cadence: Annotated[str, Form(max_length=20)] = ""
) -> HTMLResponse:
    """Store the new cadence."""
    found = _bearer(site(request), Purpose.MANAGE, token)
    if found is None or cadence not in CADENCES:
        return _token_page(request, Purpose.MANAGE, token)
    changed = replace(found, cadence=Cadence(cadence), origin="run time")
    site(request).parts.store.save_subscription(changed)
    return _token_page(request, Purpose.MANAGE, token, done=f"From now on: {cadence}.")


@router.get("/snooze", name="snooze_page")
def snooze_page(request: Request, token: Token = "") -> HTMLResponse:
    """For how long nothing is to come."""
    return _token_page(request, Purpose.SNOOZE, token)


@router.post("/snooze", name="snooze")
def snooze(
    request: Request, token: FormToken = "", days: Annotated[int, Form()] = 0
) -> HTMLResponse:
    """Nothing is sent for so many days; 0 ends a snooze."""
    own = site(request)
    found = _bearer(own, Purpose.SNOOZE, token)
    if found is None or days not in SNOOZE_DAYS:
        return _token_page(request, Purpose.SNOOZE, token)
    until = own.parts.clock.now() + timedelta(days=days)
    life.snooze(own.parts.store, found, until)
    words = f"Nothing is sent before {minute(until)}; what happens meanwhile is in the next digest."
    done = words if days else "The snooze has ended."
    return _token_page(request, Purpose.SNOOZE, token, done=done)


_WORDS = {
    Purpose.CONFIRM: ("Confirm the subscription", "Start the subscription"),
    Purpose.LEAVE: ("Leave the subscription", "Leave"),
    Purpose.MANAGE: ("Change the subscription", "Save"),
    Purpose.SNOOZE: ("Snooze the subscription", "Snooze"),
}


def _within_limits(request: Request, own: Site, address: str) -> bool:
    now = own.parts.clock.now()
    limits: dict[str, Limit] = request.app.state.limits
    host = request.client.host if request.client else ""
    return limits["signup_network"].allows(network_of(host), now) and limits[
        "signup_address"
    ].allows(address.casefold(), now)


def _ask_to_confirm(
    request: Request, own: Site, expression: str, address: str, cadence: Cadence
) -> None:
    now = own.parts.clock.now()
    subscription_id = SubscriptionId("web-" + content_id(address.casefold(), expression)[:20])
    known = own.parts.store.subscription(subscription_id)
    if known is not None and known.confirmed:
        return
    wanted = Subscription(
        id=subscription_id,
        filter=expression,
        channel="email",
        destination=address,
        cadence=cadence,
        made_by="web",
        origin="run time",
        confirmed=False,
        active=False,
        created_at=now,
    )
    own.parts.store.save_subscription(wanted)
    token = sign(own.options.secret, Purpose.CONFIRM, subscription_id, now)
    page_url = permalink(request, f"/confirm?token={token}")
    text = (
        f"Somebody asked for mails about: {expression or 'all events'} ({cadence}).",
        "If that was you, confirm within three days. If not, ignore this mail: nothing is sent.",
    )
    send_notice(own, address, "Confirm your subscription", text, ("Confirm", page_url))


def _bearer(own: Site, purpose: Purpose, token: str) -> Subscription | None:
    if not own.options.secret:
        return None
    found = verify(own.options.secret, purpose, token, own.parts.clock.now())
    if isinstance(found, BadToken):
        return None
    return own.parts.store.subscription(SubscriptionId(found.subject))


def _token_page(request: Request, purpose: Purpose, token: str, *, done: str = "") -> HTMLResponse:
    subscription = _bearer(site(request), purpose, token)
    gone = subscription is None and not (done and purpose is Purpose.LEAVE)
    title, button = _WORDS[purpose]
    answer = page(
        request,
        "token.html",
        status=404 if gone else 200,
        title=title,
        button=button,
        action=f"/{purpose.value}",
        token=token,
        subscription=subscription,
        cadences=[c.value for c in CADENCES] if purpose is Purpose.MANAGE else [],
        snoozes=SNOOZE_DAYS if purpose is Purpose.SNOOZE else {},
        done="" if gone else done,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _fits(channel: str, destination: str) -> bool:
    if channel == "slack":
        return _SLACK_CHANNEL.fullmatch(destination) is not None
    return channel == "webhook" and link(destination).startswith("https://")


def _form(
    request: Request,
    expression: str,
    *,
    started: bool = False,
    error: FilterError | None = None,
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    if error is None:
        try:
            expression = site(request).parts.query.ask(expression).expression
        except FilterError as found:
            error, status = found, 400
    return page(
        request,
        "subscribe.html",
        status=status,
        expression=expression,
        error=error,
        problem=problem,
        done=False,
        started=started,
        mail=site(request).options.signs_up,
    )


def _done(request: Request) -> HTMLResponse:
    return page(
        request,
        "subscribe.html",
        expression="",
        error=None,
        problem="",
        done=True,
        mail=True,
        started=False,
    )
