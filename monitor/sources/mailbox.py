"""Kind `mailbox`: mails of an agency's list, read by IMAP, where its site cannot be polled.

Formats: RFC 3501 (UIDs), RFC 5092 (addresses of mails), RFC 5322, RFC 8601 (what the receiving
server proved). The fetcher answers the address of a folder with a list that it makes itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, field_validator, model_validator

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.moment import StatedDate
from monitor.domain.snapshot import Expectation, Request, Snapshot
from monitor.domain.source import Source
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.mail import Mail, message_id_of, proofs, read_mail, sender_of, vouched
from monitor.kinds import Options, ReadContext, SourceKind

_VERSION = 1
MESSAGE = "message"  #: purpose of the request for one mail
#: Mails whose keys are remembered, so that a mailbox that was made again is not read again.
MOST_REMEMBERED = 5_000
#: A first look takes what so many checks can fetch, the newest: nobody is told of it.
IMPORT_CHECKS = 3
#: A Date header further ahead than this is not believed.
_AHEAD = timedelta(days=1)
_SENDER = re.compile(r"(?:[^\s@]{1,64})?@[a-z0-9-]+(?:\.[a-z0-9-]+)+")


class MailboxOptions(Options):
    """Options of a mailbox; its server, user and password come from the environment."""

    folder: str = Field(
        default="INBOX",
        pattern=r"^[A-Za-z0-9 ._/&+,-]{1,100}$",
        description="folder that is read; one for each list keeps them apart",
    )
    senders: tuple[str, ...] = Field(
        min_length=1,
        max_length=50,
        description="addresses, or @domain for all of one; mails of others are not fetched",
    )
    dkim: Literal["require", "record"] = Field(
        default="require",
        description="require: only mails that the receiving server proved to be of the sender's "
        "domain; record: all, with its result beside them",
    )
    authserv_id: str = Field(
        default="",
        max_length=200,
        description="name under which the receiving server writes Authentication-Results",
    )
    back_days: int = Field(
        default=7, ge=1, le=400, description="how far back the first look reaches"
    )
    max_message_bytes: int = Field(
        default=2_000_000, ge=10_000, le=20_000_000, description="of a larger mail the beginning"
    )
    mark_seen: bool = Field(
        default=False, description="mark mails that were read; nothing is ever deleted or moved"
    )

    @field_validator("senders")
    @classmethod
    def _plain(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        lower = tuple(one.strip().lower() for one in value)
        for one in lower:
            if not _SENDER.fullmatch(one):
                raise ValueError(f"{one!r} is neither an address nor @domain")
        return lower

    @model_validator(mode="after")
    def _provable(self) -> MailboxOptions:
        if self.dkim == "require" and not self.authserv_id:
            raise ValueError(
                "dkim: require needs authserv_id, the first word of the Authentication-Results "
                "header that your own mail server writes"
            )
        return self

    def wants(self, sender: str) -> bool:
        """Whether a mail of this address is one for us."""
        return sender in self.senders or f"@{sender.rpartition('@')[2]}" in self.senders


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """How far the folder was read, and which mails that were."""

    validity: int = 0
    uid: int = 0
    read: tuple[str, ...] = ()  #: keys of mails, oldest first

    def dump(self) -> str:
        """For the cursor."""
        kept = [[key] for key in self.read[-MOST_REMEMBERED:]]
        return packed({"v": _VERSION, "at": [[self.validity, self.uid]], "read": kept})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """One mail of a list."""

    uid: int
    size_bytes: int
    received: str  #: ISO moment; ""
    sender: str
    key: str


def _load(cursor: str) -> _State:
    state = unpacked(cursor, _VERSION)
    place = [int(n) for row in rows(state, "at") for n in row if n.isdigit()]
    validity, uid = place if len(place) == 2 else (0, 0)
    return _State(validity=validity, uid=uid, read=tuple(r[0] for r in rows(state, "read") if r))


def first(
    source: Source, options: MailboxOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The list of what came since."""
    state = _load(cursor)
    return (
        Request(
            url=_address(options.folder),
            context=(
                ("folder", options.folder),
                ("validity", str(state.validity)),
                ("after", str(state.uid)),
                ("since", f"{now - timedelta(days=options.back_days):%Y-%m-%d}"),
            ),
            expect=source.expect,
        ),
    )


def _address(folder: str) -> str:
    """The folder's address (RFC 5092); the server is named by the environment alone."""
    return f"imap://lists/{folder.replace(' ', '%20')}"


def read(snapshot: Snapshot, context: ReadContext[MailboxOptions]) -> Reading:
    """A list gives requests for the mails that are ours; a mail gives an item."""
    state = _load(context.cursor)
    if snapshot.request.purpose == MESSAGE:
        return _message(state, snapshot, context)
    return _list(state, snapshot, context)


def _list(state: _State, snapshot: Snapshot, context: ReadContext[MailboxOptions]) -> Reading:
    validity, left, listed = _answer(snapshot)
    problems: list[str] = []
    if state.validity not in (0, validity):
        problems.append(
            f"uidvalidity_changed: the folder {context.options.folder} was made again; mails of "
            f"the last {context.options.back_days} days are looked at, those read before are known"
        )
    known = frozenset(state.read)
    ours = [one for one in listed if context.options.wants(one.sender) and one.key not in known]
    # Half of a check's requests: what waits from an earlier check has the other half.
    room = max(1, context.source.politeness.max_requests // 2)
    if not state.validity and len(ours) > IMPORT_CHECKS * room:
        problems.append(f"import: {len(ours) - IMPORT_CHECKS * room} older mails are left out")
        ours = ours[-IMPORT_CHECKS * room :]
    taken = ours[:room]
    reached = listed[-1].uid if len(taken) == len(ours) and listed else state.uid
    if len(taken) < len(ours):
        reached, left = taken[-1].uid, left + len(ours) - len(taken)
    if left:
        problems.append(f"waiting: {left} mails are looked at in the next checks")
    after = _State(validity=validity, uid=reached, read=state.read)
    return Reading(
        cursor=after.dump(),
        next_requests=tuple(_request(one, validity, context.options) for one in taken),
        problems=tuple(problems),
        skipped=len(listed) - len(ours),
    )


def _answer(snapshot: Snapshot) -> tuple[int, int, tuple[_Listed, ...]]:
    """(UIDVALIDITY, how many were not listed for want of room, the mails by UID)."""
    try:
        answer = json.loads(snapshot.body)
        listed = tuple(_listed(row) for row in answer["messages"])
        return int(answer["validity"]), int(answer["left"]), listed
    except (ValueError, KeyError, TypeError) as cause:
        raise ExtractError(f"{snapshot.request.url}: this is no list of mails") from cause


def _listed(row: list[object]) -> _Listed:
    uid, size, received, sender, message_id = row
    address = sender_of([str(sender)])
    return _Listed(
        uid=int(str(uid)),
        size_bytes=int(str(size)),
        received=str(received),
        sender=address,
        key=_key(message_id_of(message_id), address, str(received), str(size)),
    )


def _key(message_id: str, *otherwise: str) -> str:
    """By which a mail is known wherever it lies: its Message-ID, else what is known of it."""
    words = message_id or "\n".join(otherwise)
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _request(one: _Listed, validity: int, options: MailboxOptions) -> Request:
    return Request(
        url=f"{_address(options.folder)};UIDVALIDITY={validity}/;UID={one.uid}",
        purpose=MESSAGE,
        conditional=False,
        context=(
            ("folder", options.folder),
            ("validity", str(validity)),
            ("uid", str(one.uid)),
            ("size", str(one.size_bytes)),
            ("received", one.received),
            ("key", one.key),
            ("mark", "1" if options.mark_seen else ""),
        ),
        expect=Expectation(max_bytes=options.max_message_bytes),
    )


def _message(state: _State, snapshot: Snapshot, context: ReadContext[MailboxOptions]) -> Reading:
    given = dict(snapshot.request.context)
    uid, key = given.get("uid", "?"), given.get("key", "")
    cursor = _State(
        validity=state.validity, uid=state.uid, read=(*(k for k in state.read if k != key), key)
    ).dump()
    if not snapshot.body:
        return Reading(cursor=cursor, problems=(f"vanished: mail {uid} was deleted before it was "
                                                "read",))  # fmt: skip
    try:
        mail = read_mail(snapshot.body)
        found = proofs(snapshot.body, context.options.authserv_id)
    except (ExtractError, RecursionError) as error:
        return Reading(cursor=cursor, problems=(f"unreadable: mail {uid}: {error}"[:300],))
    problem = _refused(mail, vouched(mail.sender, found), context.options)
    if problem:
        return Reading(cursor=cursor, problems=(f"{problem}: mail {uid} is not taken",), skipped=1)
    results = ", ".join(f"{proof.result} {proof.domain}".strip() for proof in found) or "none"
    item, problems = _item(mail, results, snapshot, context)
    if not context.relevant(f"{item.title}\n{item.text}".encode()):
        return Reading(cursor=cursor, problems=problems, skipped=1)
    return Reading(items=(item,), cursor=cursor, problems=problems)


def _refused(mail: Mail, proved: bool, options: MailboxOptions) -> str:
    """Why a mail is not taken; "" where it is."""
    if not options.wants(mail.sender):
        return "sender_unclear"
    if options.dkim == "require" and not proved:
        return f"dkim: the server did not prove that it is of {mail.sender.rpartition('@')[2]}"
    return ""


def _item(
    mail: Mail, dkim: str, snapshot: Snapshot, context: ReadContext[MailboxOptions]
) -> tuple[Item, tuple[str, ...]]:
    given = dict(snapshot.request.context)
    problems = list(mail.problems)
    sent = mail.sent_at
    if sent is None or sent > snapshot.captured_at + _AHEAD:
        problems.append(f"date_unreadable: mail {given.get('uid')}: its arrival is taken instead")
        sent = _arrival(given.get("received", "")) or snapshot.captured_at
    if snapshot.headers:
        problems.append(f"truncated: mail {given.get('uid')}: {snapshot.headers[0][1]}")
    values = {
        "dkim": dkim,
        "from": mail.sender.rpartition("@")[2],
        "list_id": mail.list_id,
        "mail": given.get("key", ""),
    }
    item = Item(
        source_id=context.source.id,
        key=given.get("key") or _key(mail.message_id, mail.subject),
        # Without an address on the web: the mail's own (RFC 2392), which nothing links to.
        url=mail.web_url or f"mid:{given.get('key', '')}",
        title=mail.subject,
        text=mail.text,
        kind=context.source.document_kind,
        published=StatedDate(day=sent.date(), origin="Date header"),
        published_at=sent,
        author=context.source.publisher,
        fields=tuple(sorted((name, value) for name, value in values.items() if value)),
        locator=f"mail {given.get('uid', '')}",
        extractor="mail 1",
    )
    return item, tuple(problems)


def _arrival(received: str) -> datetime | None:
    return datetime.fromisoformat(received) if received else None


KIND = SourceKind(
    name="mailbox",
    summary="Mails of an agency's list, read by IMAP from the mailbox that MONITOR_LISTS_HOST, "
    "MONITOR_LISTS_USER and MONITOR_LISTS_PASSWORD name, where a site cannot be polled. Only mails "
    "of `senders` are fetched; the raw mail is kept as evidence, and what the receiving server "
    "says of its DKIM signature beside it. Mails are never deleted, and marked only with "
    "`mark_seen`.",
    options=MailboxOptions,
    first=first,
    read=read,
    example="""\
- id: example_mailbox
  kind: mailbox
  name: Sheriff's list
  publisher: Example County Sheriff's Office
  tier: official
  document_kind: release
  states: [TX]
  sees: [agreement_signed, agreement_terminated]
  schedule: {every: 15m}
  needs_env: [MONITOR_LISTS_PASSWORD]
  enabled: false
  options:
    folder: INBOX
    senders: ["@public.govdelivery.com"]
    authserv_id: mx.example.org
""",
)
