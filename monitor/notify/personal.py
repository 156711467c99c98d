"""What only the recipient sees: why, and the links to change, snooze and leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from urllib.parse import quote

from monitor.domain.subscription import Cadence, Subscription
from monitor.notify import safety
from monitor.notify.audience import whole_filter
from monitor.notify.message import Links, Personal
from monitor.notify.tokens import MIN_SECRET_CHARS, Purpose, sign

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """What personal links are made of. Without https or secret only a mailto way out is given."""

    links: Links = field(default_factory=Links)
    secret: str = field(default="", repr=False)
    mail_from: str = ""  #: sender ("Name <address>" or an address): gets "unsubscribe" mails

    @property
    def public(self) -> bool:
        """Whether links in mails work for everybody: https base address and a secret."""
        return self.links.base_url.startswith("https://") and bool(self.secret)


def personal(subscription: Subscription, correspondence: Correspondence, now: datetime) -> Personal:
    """The personal part of a message to this subscription; links count from `now`."""
    reason = why(subscription)
    if subscription.channel != "email":
        return Personal(reason=reason)
    mailto = _mailto(subscription, correspondence, now)
    if not correspondence.public:
        return Personal(reason=reason, leave_mailto=mailto)

    def act(purpose: Purpose) -> str:
        token = sign(correspondence.secret, purpose, subscription.id, now)
        return correspondence.links.act(purpose.value, token)

    leave = act(Purpose.LEAVE)
    return Personal(
        reason=reason,
        manage_url=act(Purpose.MANAGE),
        snooze_url=act(Purpose.SNOOZE),
        leave_url=leave,
        one_click_url=leave,
        leave_mailto=mailto,
    )


def why(subscription: Subscription) -> str:
    """ "You get this because …": the subscriber's own reason, else the filter and the cadence."""
    if subscription.reason:
        return f"You get this because: {safety.plain(subscription.reason, 200)}"
    asked = safety.plain(whole_filter(subscription), 200) or "everything"
    return f"You get this because you subscribed to {asked}, {cadence_words(subscription)}."


def cadence_words(subscription: Subscription) -> str:
    """How often, in words."""
    at = f"{subscription.at:%H:%M} {subscription.time_zone}"
    match subscription.cadence:
        case Cadence.IMMEDIATE:
            return "at once"
        case Cadence.HOURLY:
            return "hourly"
        case Cadence.DAILY:
            return f"daily at {at}"
        case Cadence.WEEKLY:
            return f"weekly on {_WEEKDAYS[subscription.weekday]} at {at}"


def _mailto(subscription: Subscription, correspondence: Correspondence, now: datetime) -> str:
    """A mail whose subject lets its bearer leave; without a secret it names the subscription."""
    address = parseaddr(correspondence.mail_from)[1]
    if not address:
        return ""
    signs = len(correspondence.secret) >= MIN_SECRET_CHARS
    word = (
        sign(correspondence.secret, Purpose.LEAVE, subscription.id, now)
        if signs
        else subscription.id
    )
    subject = quote(f"unsubscribe {word}")
    return f"mailto:{quote(address, safe='@+.-_')}?subject={subject}"
