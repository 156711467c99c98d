"""Webhooks: signed JSON to a subscriber's address, through the egress gate.

Repeats are the receiver's to discard by `Idempotency-Key`, so after an ambiguous answer the same
delivery is simply sent again. The signature is HMAC-SHA256 of "<timestamp>.<body>".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from ipaddress import ip_network

from pydantic import SecretStr

from monitor.domain.subscription import (
    Ambiguous,
    Delivery,
    Gone,
    Lookup,
    NotFound,
    PayloadBug,
    SendOutcome,
    Sent,
    Transient,
)
from monitor.egress.gate import Gate
from monitor.egress.post import PostResult, post
from monitor.kinds import ChannelKind, Options
from monitor.notify.envelope import envelope


class WebhookOptions(Options):
    """How webhooks are signed and how long they may take."""

    secret: SecretStr = SecretStr("")  #: signs bodies; empty: unsigned
    timeout_s: float = 15.0
    user_agent: str = "policy-monitor"
    allow_networks: tuple[str, ...] = ()  #: private networks (CIDR) that may be reached


@dataclass(slots=True)
class WebhookChannel:
    """POSTs one JSON object per delivery."""

    options: WebhookOptions
    gate: Gate
    name: str = "webhook"
    can_ask: bool = False
    can_edit: bool = False

    def send(self, delivery: Delivery, message: object) -> SendOutcome:
        """POST the envelope; redirects are not followed."""
        body = payload(delivery, message)
        started = delivery.attempted_at or delivery.created_at
        headers = [
            ("Content-Type", "application/json"),
            ("Idempotency-Key", str(delivery.id)),
            *signature_headers(self.options.secret.get_secret_value(), body, started.timestamp()),
        ]
        result = post(
            delivery.destination,
            body,
            headers,
            self.options.timeout_s,
            self.gate,
            user_agent=self.options.user_agent,
        )
        return outcome_of(result)

    def find(self, delivery: Delivery) -> Lookup:
        """Not there, as far as we know: receivers discard what they have by its key."""
        del delivery
        return NotFound()


def payload(delivery: Delivery, message: object) -> bytes:
    """The body: the envelope of docs/webhook.schema.json with sorted keys."""
    return json.dumps(envelope(delivery, message), sort_keys=True).encode()


def signature_headers(secret: str, body: bytes, moment_s: float) -> tuple[tuple[str, str], ...]:
    """X-Monitor-Timestamp (Unix seconds) and X-Monitor-Signature ("v1=" and hex digits)."""
    if not secret:
        return ()
    stamp = str(int(moment_s))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return (("X-Monitor-Timestamp", stamp), ("X-Monitor-Signature", f"v1={digest}"))


def outcome_of(result: PostResult) -> SendOutcome:
    """What the answer means for the delivery."""
    if result.status is None:
        return _unanswered(result)
    reason = f"the webhook answered HTTP {result.status}"
    if 200 <= result.status < 300:
        return Sent(external_id=str(result.status))
    if result.status == 410:
        return Gone(reason=reason)
    if result.status in (400, 413, 415, 422):
        return PayloadBug(reason=reason)
    return Transient(reason=reason, retry_after_s=_retry_after(result))


def _unanswered(result: PostResult) -> SendOutcome:
    reason = f"the webhook cannot be reached: {result.reason} {result.detail}".strip()
    if result.reason == "gate":
        return Gone(reason=f"the webhook's address is refused: {result.detail}")
    return Ambiguous(reason=reason) if result.may_have_arrived else Transient(reason=reason)


def _retry_after(result: PostResult) -> float | None:
    value = dict(result.headers).get("retry-after", "")
    return min(float(value), 86_400.0) if value.isdigit() else None


def open_webhook(options: WebhookOptions) -> WebhookChannel:
    """A channel with a gate of its own. Raises ValueError for a network that is none."""
    networks = [ip_network(network) for network in options.allow_networks]
    return WebhookChannel(
        options=options, gate=Gate(monotonic=time.monotonic, allowed_networks=networks)
    )


KIND = ChannelKind(
    name="webhook",
    summary=(
        "POSTs signed JSON to an https address of the subscriber's; docs/webhook.schema.json "
        "describes it. Switched off, and its owner told, after three days without success."
    ),
    options=WebhookOptions,
    open=open_webhook,
    example="channel: webhook\ndestination: https://example.org/hooks/policy\n",
)
