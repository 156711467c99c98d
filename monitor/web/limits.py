"""How often a stranger may ask for a mail: per address and per network, in this process."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

#: Keys remembered at most; the longest unused are forgotten first.
MAX_KEYS = 20_000


@dataclass(slots=True)
class Limit:
    """At most `times` within `span` for each key."""

    times: int
    span: timedelta
    _seen: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def allows(self, key: str, now: datetime) -> bool:
        """Whether one more is within the limit; it is counted when it is."""
        with self._lock:
            moments = self._seen.setdefault(key, deque())
            self._seen.move_to_end(key)
            while moments and now - moments[0] > self.span:
                moments.popleft()
            if len(self._seen) > MAX_KEYS:
                self._seen.popitem(last=False)
            if len(moments) >= self.times:
                return False
            moments.append(now)
            return True


def network_of(host: str) -> str:
    """The network a limit counts: /24 of IPv4, /48 of IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
