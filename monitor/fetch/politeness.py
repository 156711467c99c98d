"""Per-host queues: every source of a host shares its limits, and the strictest of them holds.

Values only: the present comes as an argument, in seconds of a monotonic clock.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")

#: Above this many remembered hosts, those that are idle and owe no pause are forgotten.
MAX_IDLE_HOSTS = 20_000


class Turns(Protocol):
    """Leave to ask a host, where other processes ask it as well."""

    def wait_s(self, host: str, pause_s: float) -> float:
        """0 when the host may be asked now, else seconds after which to ask for leave again.

        `pause_s` is what the host is owed after the last request.
        """

    def silence(self, host: str, seconds: float) -> None:
        """The host asked this process for so long a silence: it holds for the others as well."""

    def silence_left_s(self, host: str) -> float:
        """For how long the host still wants silence, whichever process it told; 0: it does not."""


@dataclass(slots=True)
class _Host(Generic[T]):
    queue: deque[T] = field(default_factory=deque)
    limits: dict[str, tuple[float, int]] = field(default_factory=dict)
    min_delay_s: float = 0.0
    concurrency: int = 1
    active: int = 0
    next_at: float = 0.0
    silent_until: float = 0.0
    listed: bool = False  #: stands in `_ready` or `_waiting` once

    @property
    def free_at(self) -> float:
        return max(self.next_at, self.silent_until)


class HostQueues(Generic[T]):
    """Who may go next; one queue a host, hosts take turns."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host[T]] = {}
        self._ready: deque[str] = deque()
        self._waiting: list[tuple[float, str]] = []

    def limit(self, name: str, by: str, min_delay_s: float, concurrency: int) -> None:
        """What one source, or robots.txt, asks for on this host; replaces what it asked before."""
        host, asked = self._host(name), (min_delay_s, concurrency)
        before = host.limits.get(by)
        if before == asked:
            return
        host.limits[by] = asked
        if before is None and len(host.limits) > 1:  # one more voice only makes it stricter
            host.min_delay_s = max(host.min_delay_s, min_delay_s)
            host.concurrency = max(1, min(host.concurrency, concurrency))
            return
        host.min_delay_s = max(delay for delay, _ in host.limits.values())
        host.concurrency = max(1, min(count for _, count in host.limits.values()))

    def push(self, name: str, item: T, now: float, *, first: bool = False) -> None:
        """Queue an item on its host; `first` puts it before the others."""
        host = self._host(name)
        if first:
            host.queue.appendleft(item)
        else:
            host.queue.append(item)
        self._list(name, host, now)

    def pop(self, now: float) -> tuple[str, T] | None:
        """The next item that may start now; its host is busy until done() is called."""
        while self._waiting and self._waiting[0][0] <= now:
            self._ready.append(heapq.heappop(self._waiting)[1])
        while self._ready:
            name = self._ready.popleft()
            host = self._hosts[name]
            host.listed = False
            if not host.queue or host.active >= host.concurrency:
                continue
            if host.free_at > now:  # silenced, or its delay grew, since it was listed
                self._list(name, host, now)
                continue
            item = host.queue.popleft()
            host.active += 1
            host.next_at = now + host.min_delay_s
            self._list(name, host, now)
            return name, item
        return None

    def done(self, name: str, now: float) -> None:
        """An item of the host has ended; the pause counts from here."""
        host = self._hosts[name]
        host.active -= 1
        host.next_at = max(host.next_at, now + host.min_delay_s)
        self._list(name, host, now)

    def put_back(self, name: str, item: T, now: float, wait_s: float) -> None:
        """What pop() gave goes first again, not before `wait_s`: another process has the host."""
        host = self._hosts[name]
        host.active -= 1
        host.next_at = now + wait_s
        self.push(name, item, now, first=True)

    def silence(self, name: str, until: float) -> None:
        """The host asked not to be asked before `until` (Retry-After)."""
        host = self._host(name)
        host.silent_until = max(host.silent_until, until)

    def drain(self, name: str) -> tuple[T, ...]:
        """Take all that waits on the host out of its queue, in order."""
        host = self._host(name)
        items = tuple(host.queue)
        host.queue.clear()
        return items

    def silence_left_s(self, name: str, now: float) -> float:
        """How long the host still wants silence; 0 when it does not."""
        host = self._hosts.get(name)
        return max(0.0, host.silent_until - now) if host else 0.0

    def next_at(self, now: float) -> float | None:
        """When pop() could give something without any done(); None when nothing waits."""
        if self._ready:
            return now
        return self._waiting[0][0] if self._waiting else None

    def _host(self, name: str) -> _Host[T]:
        host = self._hosts.get(name)
        if host is None:
            if len(self._hosts) >= MAX_IDLE_HOSTS:
                self._forget_idle()
            host = self._hosts[name] = _Host()
        return host

    def _list(self, name: str, host: _Host[T], now: float) -> None:
        if host.listed or not host.queue or host.active >= host.concurrency:
            return
        host.listed = True
        if host.free_at <= now:
            self._ready.append(name)
        else:
            heapq.heappush(self._waiting, (host.free_at, name))

    def _forget_idle(self) -> None:
        """Keep the hosts that are busy and the half that was used last, which may owe a pause."""
        busy = {n: h for n, h in self._hosts.items() if h.queue or h.active or h.listed}
        by_age = sorted(self._hosts.items(), key=lambda entry: entry[1].free_at)
        self._hosts = dict(by_age[len(by_age) // 2 :]) | busy
