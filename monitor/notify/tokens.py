"""Signed, expiring links, each good for one purpose: possession is the permission.

HMAC-SHA256 by itsdangerous; the purpose is part of the key derivation, so a link to confirm opens
nothing else. The moment is an argument: verifying needs no clock. Only POST may act on a token.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer

from monitor.domain.errors import ConfigError


class Purpose(StrEnum):
    """What a link lets its bearer do."""

    CONFIRM = "confirm"  #: double opt-in
    LEAVE = "unsubscribe"
    MANAGE = "manage"
    SNOOZE = "snooze"


#: How long links last: the law wants ways out of a mail to work for a month at least (CAN-SPAM 30
#: days); ours work for a year. A confirmation is asked for again instead.
LIFETIME = {
    Purpose.CONFIRM: timedelta(days=3),
    Purpose.LEAVE: timedelta(days=366),
    Purpose.MANAGE: timedelta(days=31),
    Purpose.SNOOZE: timedelta(days=31),
}

MIN_SECRET_CHARS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A token that is genuine, for this purpose and in time: whose it is."""

    subject: str
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class BadToken:
    """A token that opens nothing; `expired` may be told to the bearer, the rest may not."""

    expired: bool = False


def sign(secret: str, purpose: Purpose, subject: str, now: datetime) -> str:
    """A token for the subject (a subscription id), good until LIFETIME[purpose] after `now`.

    Equal arguments give equal tokens. Raises ConfigError for a secret that is too short.
    """
    expires = int((now.astimezone(UTC) + LIFETIME[purpose]).timestamp())
    return _serializer(secret, purpose).dumps([subject, expires])


def verify(secret: str, purpose: Purpose, token: str, now: datetime) -> Bearer | BadToken:
    """Whose token this is. Compares in constant time; never raises for a bad token."""
    if len(token) > 1000:
        return BadToken()
    try:
        loaded = _serializer(secret, purpose).loads(token)
        subject, expires = loaded
    except (BadData, ValueError, TypeError):
        return BadToken()
    if not isinstance(subject, str) or not isinstance(expires, int):
        return BadToken()
    if now.timestamp() >= expires:
        return BadToken(expired=True)
    return Bearer(subject=subject, purpose=purpose)


def _serializer(secret: str, purpose: Purpose) -> URLSafeSerializer:
    if len(secret) < MIN_SECRET_CHARS:
        raise ConfigError(
            f"MONITOR_SECRET has fewer than {MIN_SECRET_CHARS} characters; "
            "set a long random one to sign links"
        )
    return URLSafeSerializer(
        secret,
        salt=f"policy-monitor {purpose.value}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
