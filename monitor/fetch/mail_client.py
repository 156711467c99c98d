"""The HTTP client with a mailbox beside it: one fetcher for both, driven by one thread."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from monitor.domain.snapshot import Outcome
from monitor.egress.imap import Account
from monitor.fetch.client import Client
from monitor.fetch.mailbox import SCHEME, MailboxReader
from monitor.ports import FetchJob

#: Mails read and not yet taken by poll(); then the mailbox waits.
MOST_MAILS = 8


class MailClient(Client):
    """A Client that also answers addresses `imap://lists/…`."""

    def __init__(self, *, mailbox: Account | None, **http: Any) -> None:
        """`mailbox` is where those addresses lead; the rest is Client's."""
        super().__init__(**http)
        self._mails: deque[tuple[FetchJob, Outcome]] = deque()
        self._room = threading.Semaphore(MOST_MAILS)
        self._mailbox = MailboxReader(
            mailbox, clock=http["clock"], monotonic=http["monotonic"], done=self._arrived
        )

    def submit(self, job: FetchJob) -> None:
        """Take one job, over HTTP or IMAP."""
        if job.request.url.startswith(SCHEME):
            self._pending += 1
            self._mailbox.submit(job)
        else:
            super().submit(job)

    def close(self) -> None:
        """Drop all connections and abandon what is in flight."""
        self._mailbox.close()
        self._room.release(MOST_MAILS)
        super().close()

    def _arrived(self, job: FetchJob, outcome: Outcome) -> None:
        """Called from the mailbox's thread, which waits while nobody takes what it read."""
        self._room.acquire()
        self._mails.append((job, outcome))
        if not self._mailbox.closed:
            self._transport.wake()

    def _start_resolved(self) -> None:
        """In each round of poll(): what another thread has ready."""
        while self._mails:
            self._ready.append(self._mails.popleft())
            self._room.release()
        super()._start_resolved()
