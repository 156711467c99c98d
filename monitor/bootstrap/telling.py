"""The next digest of a subscription, in words, before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.bootstrap.outgoing import correspondence
from monitor.domain.subscription import Subscription
from monitor.notify.digest import body_from_json
from monitor.notify.message import DigestMessage
from monitor.notify.plain_text import text_lines
from monitor.notify.windows import Window, last_boundary

if TYPE_CHECKING:
    from monitor.bootstrap.compose import App


def preview_digest(app: App, subscription: Subscription) -> str:
    """What its digest would say if the window that is open now closed now; nothing is stored."""
    now = app.clock.now()
    last = app.store.last_digest(subscription.id)
    start = last.end if last else last_boundary(now, subscription)
    digest = app.digest_service.preview(subscription, Window(start=start, end=now))
    if digest.empty:
        return f"Nothing to say since {start:%Y-%m-%d %H:%M} UTC: no digest would go out."
    message = DigestMessage(
        delivery_id="preview", body=body_from_json(digest.body, correspondence(app.settings).links)
    )
    return "\n".join(text_lines(message))
