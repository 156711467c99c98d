"""Mails from messages: text and HTML of one model, the same bytes whenever built again.

RFC 8058 (one-click leave), RFC 2919 (List-Id), RFC 3834 (Auto-Submitted), RFC 2387 (related
parts). Message-ID, Date and MIME boundaries derive from the delivery.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

import css_inline
from jinja2 import Environment

from monitor.domain.errors import ChannelError
from monitor.domain.states import STATES
from monitor.domain.subscription import Delivery
from monitor.notify import safety
from monitor.notify.charts import state_map, trend_chart
from monitor.notify.message import (
    Burst,
    DigestBody,
    DigestMessage,
    Message,
    Personal,
    Update,
    summary,
)
from monitor.notify.plain_text import text_lines

#: Gmail cuts HTML off at about 102 KB, the ways out with it; ours stays well below.
MAX_HTML_BYTES = 80_000
#: How much of a picture its alternative text reads out; the table beside it holds everything.
_ALT_STATES, _ALT_DAYS = 12, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What is the same on all mails."""

    sender: str  #: "Name <address>" or an address
    list_name: str = "policy-monitor"
    product: str = "Policy monitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG shown in the HTML part by its content id."""

    cid: str
    alt: str
    data: bytes


def mail(
    delivery: Delivery, message: Message, letterhead: Letterhead, templates: Environment
) -> EmailMessage:
    """The mail of a delivery. Raises ChannelError for an address that cannot stand in a header."""
    personal = personal_of(message)
    built = EmailMessage(policy=SMTP)
    built["Subject"] = safety.header(summary(message), 180)
    built["From"] = _address(letterhead.sender)
    built["To"] = _address(delivery.destination)
    built["Date"] = format_datetime(delivery.created_at)
    built["Message-ID"] = message_id(delivery, letterhead)
    for name, value in _list_headers(personal, letterhead):
        built[name] = value
    text = "\n".join(text_lines(message)) + "\n"
    built.set_content(text, cte="quoted-printable")
    if not delivery.plain:
        _add_html(built, delivery, message, templates)
    return _with_boundaries(built, delivery)


def message_id(delivery: Delivery, letterhead: Letterhead) -> str:
    """The Message-ID of a delivery, the same on every build."""
    return f"<{delivery.id}@{_domain(letterhead.sender)}>"


def personal_of(message: Message) -> Personal:
    """The personal part, wherever the kind of message keeps it."""
    return message.opening.personal if isinstance(message, Update) else message.personal


def html_of(message: Message, templates: Environment, pictures: tuple[Picture, ...] = ()) -> str:
    """The HTML part, styles inlined, within MAX_HTML_BYTES: long lists are cut and say so.

    Raises ValueError when even without its list it is longer.
    """
    for shown in (120, 60, 30, 10, 0):
        rendered = _rendered(message, shown, templates, pictures)
        if len(rendered.encode()) <= MAX_HTML_BYTES:
            return rendered
    raise ValueError("a mail stays above its size limit even without its list; report it")


def _rendered(
    message: Message, shown: int, templates: Environment, pictures: tuple[Picture, ...]
) -> str:
    template = templates.get_template("mail.html.j2")
    html = template.render(
        message=_listing(message, shown),
        hidden=max(0, len(message.cards) - shown) if isinstance(message, Burst) else 0,
        kind=type(message).__name__,
        title=summary(message),
        personal=personal_of(message),
        pictures=pictures,
        state_names=STATES,
    )
    inliner = css_inline.CSSInliner(
        keep_at_rules=True, keep_style_tags=False, load_remote_stylesheets=False
    )
    return str(inliner.inline(html))


def _listing(message: Message, shown: int) -> Message:
    """The message with at most `shown` events listed, those of a digest in order of its groups."""
    if isinstance(message, Burst):
        return replace(message, cards=message.cards[:shown])
    if not isinstance(message, DigestMessage):
        return message
    groups = []
    for group in message.body.groups:
        groups.append(replace(group, cards=group.cards[:shown]))
        shown -= len(groups[-1].cards)
    return replace(message, body=replace(message.body, groups=tuple(groups)))


def _add_html(
    built: EmailMessage, delivery: Delivery, message: Message, templates: Environment
) -> None:
    pictures = _pictures(delivery, message)
    built.add_alternative(
        html_of(message, templates, pictures), subtype="html", cte="quoted-printable"
    )
    parts = built.get_payload()
    html_part = parts[-1] if isinstance(parts, list) else None
    if not isinstance(html_part, EmailMessage):
        return
    for picture in pictures:
        html_part.add_related(
            picture.data,
            "image",
            "png",
            cid=f"<{picture.cid}>",
            disposition="inline",
            filename=picture.cid.partition("@")[0] + ".png",
        )


def _pictures(delivery: Delivery, message: Message) -> tuple[Picture, ...]:
    if not isinstance(message, DigestMessage) or not message.body.total:
        return ()
    body = message.body
    found = [
        Picture(cid=f"map@{delivery.id}", alt=_map_alt(body), data=state_map(body.by_state)),
    ]
    if len(body.trend) > 1:
        trend = Picture(
            cid=f"trend@{delivery.id}", alt=_trend_alt(body), data=trend_chart(body.trend)
        )
        found.append(trend)
    return tuple(found)


def _map_alt(body: DigestBody) -> str:
    shown = [f"{state or 'federal'} {number}" for state, number in body.by_state]
    return f"Map of events by state: {_in_short(shown[:_ALT_STATES], len(shown))}"


def _trend_alt(body: DigestBody) -> str:
    shown = [f"{day} {number}" for day, number in body.trend]
    return f"Events by day: {_in_short(shown[-_ALT_DAYS:], len(shown))}"


def _in_short(shown: list[str], total: int) -> str:
    """Some of them, and how many more the table beside the picture holds."""
    rest = total - len(shown)
    return ", ".join(shown) + (f", and {rest} more in the table" if rest else "")


def _list_headers(personal: Personal, letterhead: Letterhead) -> Iterator[tuple[str, str]]:
    yield "List-Id", f"{letterhead.product} <{letterhead.list_name}.{_domain(letterhead.sender)}>"
    yield "Auto-Submitted", "auto-generated"
    yield "Precedence", "bulk"
    yield "X-Auto-Response-Suppress", "OOF, AutoReply"
    ways = [way for way in (personal.one_click_url, personal.leave_mailto) if way]
    if ways:
        yield "List-Unsubscribe", ", ".join(f"<{way}>" for way in ways)
    if personal.one_click_url.startswith("https://"):
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _address(written: str) -> Address:
    """A header's address. Raises ChannelError for one with line breaks or without a domain."""
    name, address = parseaddr(written)
    try:
        if any(ord(character) < 32 for character in written):
            raise ValueError("control character")
        return Address(display_name=safety.header(name, 80), addr_spec=address)
    except (ValueError, IndexError) as error:
        raise ChannelError(f"{safety.plain(written, 60)!r} is no mail address") from error


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _with_boundaries(built: EmailMessage, delivery: Delivery) -> EmailMessage:
    multiparts = [part for part in built.walk() if part.is_multipart()]
    for number, part in enumerate(multiparts):
        part.set_boundary(f"=_{delivery.id}_{number}")
    return built
