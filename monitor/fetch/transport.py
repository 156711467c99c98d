"""Many exchanges at once over one libcurl multi handle; connections are kept and reused.

Driven by poll() from one thread. wake() alone may be called from others.
"""

from __future__ import annotations

import contextlib
import math
import select
import socket
from collections.abc import Callable, Sequence
from typing import Any

import pycurl

from monitor.egress.body_memory import BodyMemory
from monitor.egress.exchange import Broken, Exchange, Limits, Received
from monitor.egress.gate import Gate, Vetted

#: poll() rather than a selector: libcurl changes its mind about a socket several times a request,
#: which costs a tenth there. What hangs up or fails is ready for both.
_INTEREST = {
    pycurl.POLL_IN: select.POLLIN,
    pycurl.POLL_OUT: select.POLLOUT,
    pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT,
}
_READABLE = select.POLLIN | select.POLLPRI | select.POLLHUP | select.POLLERR
_WRITABLE = select.POLLOUT | select.POLLERR

Done = tuple[object, Received | Broken]


class Transport:
    """Starts exchanges and gives their answers with the tag they were started with."""

    def __init__(
        self,
        gate: Gate,
        *,
        user_agent: str,
        monotonic: Callable[[], float],
        max_connections: int,
        ca_file: str | None = None,
        memory: BodyMemory | None = None,
    ) -> None:
        """`memory` bounds all bodies under way together."""
        self._gate = gate
        self._memory = memory or BodyMemory()
        self._user_agent = user_agent
        self._ca_file = ca_file
        self._monotonic = monotonic
        self._idle: list[Exchange] = []
        self._running: dict[Any, Exchange] = {}
        self._timer_at: float | None = None
        self._sockets = select.poll()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._sockets.register(self._wake_out, select.POLLIN)
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, max_connections)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    @property
    def running(self) -> int:
        """Exchanges under way."""
        return len(self._running)

    def start(
        self,
        vetted: Vetted,
        tag: object,
        *,
        headers: Sequence[bytes],
        limits: Limits,
        method: str = "GET",
        body: bytes = b"",
        url: str = "",
    ) -> None:
        """Begin one exchange; its answer comes out of poll() with `tag`."""
        exchange = self._idle.pop() if self._idle else self._exchange()
        exchange.prepare(vetted, headers=headers, limits=limits, method=method, body=body, url=url)
        exchange.tag = tag
        self._running[exchange.curl] = exchange
        self._multi.add_handle(exchange.curl)

    def poll(self, timeout_s: float) -> list[Done]:
        """Drive what runs until something ended, was woken, or `timeout_s` has passed."""
        timed_out = self._drive(self._wait_s(timeout_s))
        if timed_out or (self._timer_at is not None and self._timer_at <= self._monotonic()):
            self._timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        return self._ended()

    def wake(self) -> None:
        """Make a waiting poll() return; from any thread, also after close()."""
        with contextlib.suppress(OSError):  # full: it wakes anyway; closed: nobody waits
            self._wake_in.send(b"\0")

    def close(self) -> None:
        """Abandon what runs and close all connections."""
        for exchange in self._running.values():
            self._multi.remove_handle(exchange.curl)
            exchange.close()
        for exchange in self._idle:
            exchange.close()
        self._running.clear()
        self._idle.clear()
        self._multi.close()
        self._wake_in.close()
        self._wake_out.close()

    def _exchange(self) -> Exchange:
        return Exchange(
            self._gate, user_agent=self._user_agent, ca_file=self._ca_file, memory=self._memory
        )

    def _wait_s(self, timeout_s: float) -> float:
        if self._timer_at is None:
            return timeout_s
        return max(0.0, min(timeout_s, self._timer_at - self._monotonic()))

    def _drive(self, wait_s: float) -> bool:
        """Hand ready sockets to libcurl; True when libcurl's own timer is due."""
        ready = self._sockets.poll(math.ceil(wait_s * 1000))
        for descriptor, events in ready:
            if descriptor == self._wake_out.fileno():
                self._drain()
            elif events & select.POLLNVAL:  # closed without a word
                self._forget(descriptor)
            else:
                self._multi.socket_action(descriptor, _selected(events))
        return not ready and self._timer_at is not None and self._wait_s(0.0) == 0.0

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_out.recv(4096):
                pass

    def _ended(self) -> list[Done]:
        done: list[Done] = []
        remaining = 1
        while remaining:
            remaining, good, bad = self._multi.info_read()
            done.extend(self._end(curl) for curl in good)
            done.extend(self._end(curl, code, message) for curl, code, message in bad)
        return done

    def _end(self, curl: Any, code: int | None = None, message: str = "") -> Done:
        exchange = self._running.pop(curl)
        self._multi.remove_handle(curl)
        answer, tag = exchange.outcome(code, message), exchange.tag
        exchange.release()
        self._idle.append(exchange)
        for waiting in self._memory.release(exchange):
            assert isinstance(waiting, Exchange)  # noqa: S101 - only exchanges take from it
            waiting.resume()
        return tag, answer

    def _on_socket(self, what: int, descriptor: int, multi: object, data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._forget(descriptor)
        else:
            self._sockets.register(descriptor, _INTEREST[what])

    def _forget(self, descriptor: int) -> None:
        with contextlib.suppress(KeyError):
            self._sockets.unregister(descriptor)

    def _on_timer(self, timeout_ms: int) -> None:
        self._timer_at = None if timeout_ms < 0 else self._monotonic() + timeout_ms / 1000


def _selected(events: int) -> int:
    """What poll() found, in libcurl's words."""
    readable = pycurl.CSELECT_IN if events & _READABLE else 0
    writable = pycurl.CSELECT_OUT if events & _WRITABLE else 0
    return int(readable | writable)
