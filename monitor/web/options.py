"""How the pages are served; values only, made by bootstrap from the settings."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from monitor.domain.errors import ConfigError

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """Options of the pages. `secret` signs sessions and links and is shown nowhere."""

    base_url: str = ""  #: public https address, no path; "" on a loopback-only installation
    secret: str = field(default="", repr=False)
    listen_host: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()  #: further Host names that are answered
    trusted_proxies: tuple[str, ...] = ()  #: addresses or networks whose user header is believed
    user_header: str = "X-Remote-User"
    readers: tuple[str, ...] = ()  #: mail addresses with the role reader
    editors: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()  #: may read the public event routes of the API
    mail: bool = False  #: a mail server is configured
    demo: bool = False
    contact: str = ""
    stale_after_h: float = 36.0  #: the newest accepted capture older than this shows a banner

    @property
    def https(self) -> bool:
        """Whether people reach the pages over TLS."""
        return self.base_url.startswith("https://")

    @property
    def signs_up(self) -> bool:
        """Whether strangers may subscribe by mail: links in mails must work for everybody."""
        return self.mail and self.https and len(self.secret) >= 32

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Host names that are answered, lower case, without port."""
        own = urlsplit(self.base_url).hostname
        return frozenset(
            host.lower() for host in (*LOOPBACK_HOSTS, *self.hosts, *([own] if own else []))
        )

    def checked(self) -> WebOptions:
        """These options, or ConfigError with every reason not to listen this way."""
        problems = []
        if not is_loopback(self.listen_host):
            if not self.https:
                problems.append("MONITOR_BASE_URL: a public https address is needed")
            if len(self.secret) < 32:
                problems.append("MONITOR_SECRET: at least 32 characters are needed")
        for network in self.trusted_proxies:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                problems.append(f"MONITOR_TRUSTED_PROXIES: {network!r} is no address or network")
        if self.base_url and urlsplit(self.base_url).path not in ("", "/"):
            problems.append("MONITOR_BASE_URL: must have no path")
        if problems:
            message = f"the pages do not start on {self.listen_host}"
            raise ConfigError(message, tuple(problems))
        return self


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
