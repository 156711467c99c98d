"""Who asks: sessions by one-time mail link, or a user header from a trusted proxy; roles.

Nothing here is a password. A login link is good once and for fifteen minutes; a session for
twelve hours, and ends early when the person leaves or loses the role. Roles come from settings
at every request, so taking an address off the list takes effect at once.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from threading import Lock

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from monitor.ports import Clock
from monitor.stores import HealthStore
from monitor.web.options import WebOptions

LOGIN_LIFE = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=12)


class Role(IntEnum):
    """What a person may do; a higher one includes the lower."""

    ANYONE = 0
    READER = 1  #: health, digests of others, full texts
    EDITOR = 2  #: the review queue
    ADMIN = 3  #: subscriptions to Slack and webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks; `csrf` is bound to the session, "" for strangers."""

    address: str = ""
    role: Role = Role.ANYONE
    csrf: str = ""


class Auth:
    """Issues and reads login links and sessions."""

    def __init__(self, *, options: WebOptions, store: HealthStore, clock: Clock) -> None:
        """Without a configured secret a fresh one is made: sessions then end with the process."""
        self._options = options
        self._store = store
        self._clock = clock
        self._secret = options.secret or secrets.token_urlsafe(32)
        self._spending = Lock()
        self._cookie = "__Host-session" if options.https else "session"

    def role_of(self, address: str) -> Role:
        """The role that settings give an address."""
        wanted = address.strip().casefold()
        for role, addresses in (
            (Role.ADMIN, self._options.admins),
            (Role.EDITOR, self._options.editors),
            (Role.READER, self._options.readers),
        ):
            if wanted and wanted in (one.casefold() for one in addresses):
                return role
        return Role.ANYONE

    def login_token(self, address: str) -> str | None:
        """A token for one login, None for an address without a role."""
        if self.role_of(address) is Role.ANYONE:
            return None
        nonce = secrets.token_urlsafe(24)
        until = self._clock.now() + LOGIN_LIFE
        self._store.set_fact(_fact("login", nonce), until.isoformat())
        return self._serializer("login").dumps([address.strip().casefold(), nonce])

    def redeem(self, token: str) -> str | None:
        """The session cookie's value for a login token, None when it is used, old or forged."""
        try:
            address, nonce = self._serializer("login").loads(token)
        except (BadSignature, ValueError, TypeError):
            return None
        if not self._spend(_fact("login", str(nonce))):
            return None
        begun = self._clock.now().isoformat()
        return self._serializer("session").dumps([str(address), begun, secrets.token_urlsafe(12)])

    def _spend(self, name: str) -> bool:
        """Whether the link was unused and young; it is used from now on."""
        with self._spending:
            until = self._store.fact(name)
            if not until or datetime.fromisoformat(until) < self._clock.now():
                return False
            self._store.set_fact(name, "")
            return True

    def person(self, request: Request) -> Person:
        """Who makes this request; a stranger when nothing proves otherwise."""
        address = self._from_proxy(request)
        value = request.cookies.get(self._cookie, "")
        if not address and value:
            address = self._from_session(value)
        role = self.role_of(address)
        if role is Role.ANYONE:
            return Person()
        return Person(address=address, role=role, csrf=self._csrf(value or address))

    def good_csrf(self, person: Person, token: str) -> bool:
        """Whether a form carries the token of this person's session."""
        return bool(person.csrf) and hmac.compare_digest(person.csrf, token)

    def start(self, response: Response, session: str) -> None:
        """Set the session cookie."""
        response.set_cookie(
            self._cookie,
            session,
            max_age=int(SESSION_LIFE.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._options.https,
            path="/",
        )

    def end(self, response: Response, person: Person) -> None:
        """End every session of the person that began before now."""
        if person.address:
            self._store.set_fact(_fact("left", person.address), self._clock.now().isoformat())
        response.delete_cookie(self._cookie, path="/", secure=self._options.https, httponly=True)

    def _from_proxy(self, request: Request) -> str:
        if not self._options.trusted_proxies or request.client is None:
            return ""
        try:
            peer = ipaddress.ip_address(request.client.host)
        except ValueError:
            return ""
        networks = (ipaddress.ip_network(n, strict=False) for n in self._options.trusted_proxies)
        if not any(peer in network for network in networks):
            return ""
        return request.headers.get(self._options.user_header, "").strip().casefold()

    def _from_session(self, value: str) -> str:
        try:
            address, begun_text, _ = self._serializer("session").loads(value)
            begun = datetime.fromisoformat(begun_text)
        except (BadSignature, ValueError, TypeError):
            return ""
        if self._clock.now() - begun > SESSION_LIFE:
            return ""
        left = self._store.fact(_fact("left", str(address)))
        if left and begun <= datetime.fromisoformat(left):
            return ""
        return str(address)

    def _csrf(self, session: str) -> str:
        return hmac.new(
            self._secret.encode(), f"csrf:{session}".encode(), hashlib.sha256
        ).hexdigest()

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret, salt=f"monitor.web.{purpose}")


def _fact(kind: str, value: str) -> str:
    return f"web.{kind}:{hashlib.sha256(value.encode()).hexdigest()[:32]}"
