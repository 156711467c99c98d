"""Mails of the site itself (login, confirmation), as rows of the outbox."""

from __future__ import annotations

from monitor.domain.ident import DeliveryId, SubscriptionId, content_id
from monitor.domain.subscription import Delivery, DeliveryKind
from monitor.services.composition import system_body
from monitor.web.parts import Site


def send_notice(
    own: Site, address: str, title: str, paragraphs: tuple[str, ...], action: tuple[str, str]
) -> None:
    """Queue one mail; `action` is (label, address of a page) and makes it unique."""
    delivery = Delivery(
        id=DeliveryId(content_id("web notice", address, title, action[1])),
        subscription_id=SubscriptionId(""),
        kind=DeliveryKind.SYSTEM,
        channel="email",
        destination=address,
        created_at=own.parts.clock.now(),
        body=system_body(title, paragraphs, action),
    )
    own.parts.store.enqueue([delivery])
