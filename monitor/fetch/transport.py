"""Many exchanges at once over one libcurl multi handle; connections are kept and reused.

Driven by poll() from one thread. wake() alone may be called from others.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Callable, Sequence
from typing import Any

import pycurl

from monitor.egress.body_memory import BodyMemory
from monitor.egress.exchange import Broken, Exchange, Limits, Received
from monitor.egress.gate import Gate, Vetted

_INTEREST = {
    pycurl.POLL_IN: selectors.EVENT_READ,
    pycurl.POLL_OUT: selectors.EVENT_WRITE,
    pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE,
}
_SELECTED = {
    selectors.EVENT_READ: pycurl.CSELECT_IN,
    selectors.EVENT_WRITE: pycurl.CSELECT_OUT,
    selectors.EVENT_READ | selectors.EVENT_WRITE: pycurl.CSELECT_IN | pycurl.CSELECT_OUT,
}

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
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ)
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
        self._selector.close()
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
        ready = self._selector.select(wait_s)
        for key, mask in ready:
            if key.fileobj is self._wake_out:
                self._drain()
            else:
                self._multi.socket_action(key.fd, _SELECTED[mask])
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
            # libcurl may have closed it already, and another may have its number by now.
            with contextlib.suppress(KeyError, ValueError, OSError):
                self._selector.unregister(descriptor)
            return
        interest = _INTEREST[what]
        try:
            self._selector.modify(descriptor, interest)
        except KeyError:
            self._selector.register(descriptor, interest)

    def _on_timer(self, timeout_ms: int) -> None:
        self._timer_at = None if timeout_ms < 0 else self._monotonic() + timeout_ms / 1000
