"""Mailboxes for the fetcher: addresses `imap://lists/…` answered over IMAP, one at a time.

A folder's address gives a list of what came since, made here as JSON; a mail's address gives its
bytes. Which server it is stands in the settings alone. The connection is kept for a short while,
so that the mails of one list share it, and works in a thread of its own.
"""

from __future__ import annotations

import imaplib
import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from urllib.parse import quote

from monitor.domain.ident import body_hash
from monitor.domain.snapshot import FetchFailed, NotModified, Outcome, Snapshot
from monitor.egress.imap import (
    Account,
    bounded,
    close,
    connect,
    data,
    number,
    trouble_of,
)
from monitor.ports import Clock, FetchJob

SCHEME = "imap:"
#: Mails listed by one look; the others wait for the next.
MOST_LISTED = 2_000
_CHUNK = 100
_HEAD_BYTES = 4_000
#: A kept connection that was not used for so long is opened anew: servers end idle ones.
IDLE_S = 60.0
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]{10,40})"')
_FIELD = re.compile(
    r"^(from|message-id):[ \t]*((?:.*)(?:\n[ \t]+.*)*)", re.IGNORECASE | re.MULTILINE
)

Done = Callable[[FetchJob, Outcome], None]


class MailboxReader:
    """Answers jobs of one account; submit() returns at once, `done` is called from its thread."""

    def __init__(
        self,
        account: Account | None,
        *,
        clock: Clock,
        monotonic: Callable[[], float],
        done: Done,
    ) -> None:
        """Without an account every job fails, with what to set."""
        self._account = account
        self._clock = clock
        self._monotonic = monotonic
        self._done = done
        self._thread: ThreadPoolExecutor | None = None
        self._connection: imaplib.IMAP4 | None = None
        self.closed = False
        self._used_at = 0.0

    def submit(self, job: FetchJob) -> None:
        """Take one job; jobs are answered in order."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="mailbox")
        self._thread.submit(self._work, job)

    def close(self) -> None:
        """Abandon what waits and let the connection go."""
        self.closed = True
        if self._thread is not None:
            self._thread.submit(self._drop)
            self._thread.shutdown(wait=False)

    # -- in the thread --------------------------------------------------------------------------

    def _work(self, job: FetchJob) -> None:
        if self.closed:
            return
        try:
            outcome = self._answered(job)
        except Exception as error:  # the boundary of a job: one hostile answer costs one answer
            self._drop()
            outcome = self._failed(
                job, "protocol", f"an answer was not understood: {error!r}"[:300]
            )
        self._done(job, outcome)

    def _answered(self, job: FetchJob) -> Outcome:
        if self._account is None:
            return self._failed(job, "gate", "no mailbox is configured; set MONITOR_LISTS_HOST, "
                                "MONITOR_LISTS_USER and MONITOR_LISTS_PASSWORD")  # fmt: skip
        kept = self._connection is not None
        try:
            return self._asked(job, self._account)
        except (imaplib.IMAP4.error, OSError) as error:
            self._drop()
            # Only a line that was kept may have ended by itself; one fresh try tells.
            if not (kept and isinstance(error, imaplib.IMAP4.abort | OSError)):
                return self._troubled(job, error, self._account)
        try:
            return self._asked(job, self._account)
        except (imaplib.IMAP4.error, OSError) as error:
            self._drop()
            return self._troubled(job, error, self._account)

    def _troubled(self, job: FetchJob, error: Exception, account: Account) -> FetchFailed:
        trouble = trouble_of(error, account)
        hint = ""
        if trouble.reason == "refused":
            hint = "; check MONITOR_LISTS_USER, MONITOR_LISTS_PASSWORD and the folder"
        return self._failed(job, trouble.reason, f"{account.where}: {trouble.detail}{hint}")

    def _asked(self, job: FetchJob, account: Account) -> Outcome:
        given = dict(job.request.context)
        connection = self._open(account)
        with bounded(connection, 4 * job.politeness.timeout_s):
            validity = self._select(connection, given.get("folder", ""), bool(given.get("mark")))
            if "uid" not in given:
                body = _listing(connection, validity, given)
                return self._list(job, body)
            return self._mail(job, connection, validity, given)

    def _open(self, account: Account) -> imaplib.IMAP4:
        now = self._monotonic()
        if self._connection is not None and now - self._used_at > IDLE_S:
            self._drop()
        self._used_at = now
        if self._connection is None:
            self._connection = connect(account)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            close(self._connection)
        self._connection = None

    def _select(self, connection: imaplib.IMAP4, folder: str, mark: bool) -> int:
        """Open the folder, for reading alone unless mails are marked; its UIDVALIDITY."""
        data(connection.select(f'"{folder}"', readonly=not mark))
        return number(connection.response("UIDVALIDITY")[1])

    def _list(self, job: FetchJob, body: bytes) -> Outcome:
        if job.last_hash and body_hash(body) == job.last_hash:
            return NotModified(
                source_id=job.source_id, request=job.request, captured_at=self._clock.now()
            )
        return self._snapshot(job, body, "application/json", ())

    def _mail(
        self, job: FetchJob, connection: imaplib.IMAP4, validity: int, given: Mapping[str, str]
    ) -> Outcome:
        if str(validity) != given["validity"]:
            return self._failed(
                job, "protocol", "the folder was made again (UIDVALIDITY changed) since this mail "
                "was listed; the next list has it",
            )  # fmt: skip
        most = job.request.expect.max_bytes
        asked = f"(BODY.PEEK[]<0.{most}>)"
        parts = data(connection.uid("FETCH", given["uid"], asked))
        raw = next((bytes(part[1]) for part in parts if isinstance(part, tuple)), b"")
        if raw and given.get("mark"):
            data(connection.uid("STORE", given["uid"], "+FLAGS.SILENT", r"(\Seen)"))
        size = int(given.get("size") or 0)
        note: tuple[tuple[str, str], ...] = ()
        if len(raw) >= most and size > most:
            note = (("x-monitor-note", f"the first {most} of {size} bytes were read"),)
        return self._snapshot(job, raw, "message/rfc822", note)

    def _snapshot(
        self, job: FetchJob, body: bytes, media_type: str, headers: tuple[tuple[str, str], ...]
    ) -> Snapshot:
        account = self._account
        server = f"{account.host}:{account.port}" if account else ""
        scheme = "imaps" if account and account.security != "none" else "imap"
        path = job.request.url.partition("//")[2].partition("/")[2]
        return Snapshot(
            source_id=job.source_id,
            request=job.request,
            final_url=f"{scheme}://{server}/{quote(path, safe='/;=%&+,')}",
            status=0,
            headers=headers,
            body=body,
            media_type=media_type,
            robots="a mailbox",
            captured_at=self._clock.now(),
        )

    def _failed(self, job: FetchJob, reason: str, detail: str) -> FetchFailed:
        return FetchFailed(
            source_id=job.source_id,
            request=job.request,
            captured_at=self._clock.now(),
            reason=reason,
            detail=detail,
        )


def _listing(connection: imaplib.IMAP4, validity: int, given: Mapping[str, str]) -> bytes:
    """What came since, by UID: [uid, size, arrival, From, Message-ID] each, as JSON.

    Within the known UIDVALIDITY that is what lies above the last UID; else what arrived since a
    day, as UIDs say nothing then (RFC 3501, section 2.3.1.1).
    """
    after = int(given.get("after") or 0) if given.get("validity") == str(validity) else 0
    words = f"UID {after + 1}:*" if after else f"SINCE {_imap_day(given['since'])}"
    (found, *_) = data(connection.uid("SEARCH", words))
    # "n:*" always names the newest mail, even when it lies below n.
    uids = sorted(uid for uid in map(int, (found or b"").split()) if uid > after)
    listed = uids[:MOST_LISTED]
    rows: list[list[object]] = []
    for start in range(0, len(listed), _CHUNK):
        rows += _heads(connection, listed[start : start + _CHUNK])
    answer = {"validity": validity, "left": len(uids) - len(listed), "messages": sorted(rows)}
    return json.dumps(answer).encode()


def _imap_day(day: str) -> str:
    on = date.fromisoformat(day)
    return f"{on.day}-{_MONTHS[on.month - 1]}-{on.year}"


def _heads(connection: imaplib.IMAP4, uids: list[int]) -> list[list[object]]:
    asked = (
        "(UID RFC822.SIZE INTERNALDATE "
        f"BODY.PEEK[HEADER.FIELDS (FROM MESSAGE-ID)]<0.{_HEAD_BYTES}>)"
    )
    parts = data(connection.uid("FETCH", ",".join(map(str, uids)), asked))
    wanted = set(uids)
    rows = []
    for place, part in enumerate(parts):
        if not isinstance(part, tuple):
            continue
        # Items may stand before the literal or behind it, as the server likes.
        behind = parts[place + 1] if place + 1 < len(parts) else b""
        told = bytes(part[0]) + b" " + (bytes(behind) if isinstance(behind, bytes) else b"")
        uid, size, arrived = _UID.search(told), _SIZE.search(told), _ARRIVED.search(told)
        if uid is None or int(uid[1]) not in wanted:
            continue
        fields = _fields(bytes(part[1]))
        rows.append(
            [
                int(uid[1]),
                int(size[1]) if size else 0,
                _moment(arrived[1].decode("ascii", "replace")) if arrived else "",
                fields.get("from", ""),
                fields.get("message-id", ""),
            ]
        )
    return rows


def _fields(head: bytes) -> dict[str, str]:
    """From and Message-ID; one that stands twice is not believed at all."""
    found: dict[str, str] = {}
    text = head.decode("utf-8", "replace").replace("\r\n", "\n")
    for name, value in _FIELD.findall(text):
        key = name.lower()
        found[key] = "" if key in found else " ".join(value.split())
    return found


def _moment(text: str) -> str:
    """ "17-Jul-2025 02:44:25 -0700" as an ISO moment in UTC; "" where it is none."""
    try:
        read = datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return ""
    return read.astimezone(UTC).isoformat()
