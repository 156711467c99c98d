"""A mail to what a list said in it: sender, subject, date, text, and what the receiver proved.

RFC 5322 and MIME as they arrive, broken ones included; RFC 8601 for the proof. Nothing of the
recipient is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime

from monitor.domain.errors import ExtractError
from monitor.extract.article import read_article
from monitor.extract.charset import decoded
from monitor.extract.text import clean, plain, tree

#: Parts of one mail that are looked at; a bomb of thousands stops there.
MAX_PARTS = 100
MAX_NESTED = 200
#: Below this a text part only says that one should read the other.
_FULL_CHARS = 120
#: A line that was wrapped by the writer's program is about this long at least.
_WRAPPED_CHARS = 55
_BULLET = re.compile(r"\s*(?:[-*•·–>]|\d+[.)])\s")
_COMMENT = re.compile(r"\([^()]*\)")
_DKIM = re.compile(r"\s*dkim\s*=\s*([a-z]+)", re.IGNORECASE)
_SIGNER = re.compile(r"header\.(?:d|i)\s*=\s*[\"']?(?:[^\s@;\"']*@)?([a-z0-9.-]+)", re.IGNORECASE)
_ONLINE = re.compile(r"web ?page|browser|online|web version", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>,;:\"]{1,64}@([a-z0-9-]+(?:\.[a-z0-9-]+)+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One DKIM result of the receiving server; `domain` signed the mail."""

    result: str  #: "pass", "fail", "none" …
    domain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What one mail says."""

    sender: str  #: address in lower case; "" where it is not clear who wrote it
    subject: str
    message_id: str
    list_id: str
    sent_at: datetime | None  #: of the Date header, aware UTC
    text: str  #: one block per line
    web_url: str  #: the same on the web, where the mail says so and the address names no reader
    problems: tuple[str, ...] = ()


def read_mail(raw: bytes) -> Mail:
    """The mail in these bytes. Raises ExtractError for one that is built to exhaust its reader."""
    message = _parsed(raw)
    text, web_url, problems = _content(message)
    return Mail(
        sender=sender_of(message.get_all("From", [])),
        subject=plain(_words(message.get("Subject")), max_chars=500),
        message_id=message_id_of(message.get("Message-ID")),
        list_id=plain(_words(message.get("List-ID")), max_chars=200),
        sent_at=_moment(message.get("Date")),
        text=text,
        web_url=web_url,
        problems=problems,
    )


def proofs(raw: bytes, authserv_id: str) -> tuple[Proof, ...]:
    """The DKIM results that our own receiving server wrote (RFC 8601): those of the topmost header
    with its name that speaks of DKIM. Anybody can write such a header further down."""
    for value in _parsed(raw).get_all("Authentication-Results", []):
        name, _, rest = _COMMENT.sub(" ", " ".join(str(value).split())).partition(";")
        if not authserv_id or name.split()[:1] != [authserv_id]:
            continue
        found = tuple(_proofs(rest))
        if found:
            return found
    return ()


def _proofs(results: str) -> Iterator[Proof]:
    for result in results.split(";"):
        verdict = _DKIM.match(result)
        if verdict:
            signer = _SIGNER.search(result)
            domain = signer.group(1).lower().strip(".") if signer else ""
            yield Proof(result=verdict.group(1).lower(), domain=domain)


def vouched(sender: str, found: tuple[Proof, ...]) -> bool:
    """Whether a signature that passed is of the sender's own domain, or of one above it."""
    domain = sender.rpartition("@")[2]
    return any(
        proof.result == "pass"
        and "." in proof.domain
        and (domain == proof.domain or domain.endswith(f".{proof.domain}"))
        for proof in found
    )


def sender_of(headers: list[str]) -> str:
    """The one address in the one From header, in lower case; "" where there are more or none."""
    if len(headers) != 1:
        return ""
    addresses = [a.strip().lower() for _, a in getaddresses([str(headers[0])[:2000]]) if a]
    if len(addresses) != 1 or not _ADDRESS.fullmatch(addresses[0]):
        return ""
    return addresses[0]


def message_id_of(header: object) -> str:
    """The Message-ID without brackets; "" where there is none."""
    words = str(header or "").strip().strip("<>").split()
    return words[0][:250] if words else ""


def _parsed(raw: bytes) -> Message:
    low = raw.lower()
    if low.count(b"boundary=") + low.count(b"message/") > MAX_NESTED:
        raise ExtractError(f"a mail with more than {MAX_NESTED} nested parts is not read")
    return BytesParser(policy=compat32).parsebytes(raw)


def _words(header: object) -> str:
    """A header's words, encoded ones decoded; what cannot be decoded stays as it is."""
    text = " ".join(str(header or "").split())[:4000]
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(
        piece if isinstance(piece, str) else decoded(piece, charset).text
        for piece, charset in pieces
    )


def _moment(header: object) -> datetime | None:
    try:
        sent = parsedate_to_datetime(str(header)[:100]) if header else None
        if sent is None:
            return None
        aware = sent if sent.tzinfo else sent.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):  # all seen from hostile dates
        return None


def _content(message: Message) -> tuple[str, str, tuple[str, ...]]:
    """(text, address on the web, problems) of the parts that are to be read."""
    written, shown = "", ""
    for part in _text_parts(message):
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            continue
        body = decoded(payload, _charset(part)).text
        if part.get_content_type() == "text/html":
            shown = shown or body
        else:
            written = written or body
    online = _online(shown)
    text = unwrapped(written)
    if len(text) >= _FULL_CHARS or not shown:
        return text, online, () if text else ("no_text: the mail holds no text to read",)
    try:
        page = read_article(shown.encode(), url="", charset="utf-8", media_type="text/html")
    except ExtractError:
        return text, online, () if text else ("no_text: the mail holds no text to read",)
    return (page.text if len(page.text) > len(text) else text), online, ()


def _charset(part: Message) -> str | None:
    named = part.get_param("charset")
    return named if isinstance(named, str) else None


def _text_parts(message: Message) -> Iterator[Message]:
    """Parts with text that are no attachments, in order, the first hundred."""
    for count, part in enumerate(message.walk()):
        if count >= MAX_PARTS:
            return
        attached = str(part.get("Content-Disposition", "")).lower().startswith("attachment")
        if part.get_content_type() in ("text/plain", "text/html") and not attached:
            yield part


def unwrapped(text: str) -> str:
    """Text with the lines of a paragraph joined again that the writer's program had wrapped."""
    lines: list[str] = []
    goes_on = False
    for line in text.replace("\r\n", "\n").split("\n"):
        if goes_on and line.strip() and not _BULLET.match(line):
            lines[-1] = f"{lines[-1]} {line.strip()}"
        else:
            lines.append(line.strip())
        goes_on = len(line.strip()) >= _WRAPPED_CHARS
    return clean("\n".join(lines))


def _online(markup: str) -> str:
    """Where the mail says that one can read it on the web; a query would name the reader."""
    if not markup.strip():
        return ""
    try:
        page = tree(markup[:1_000_000], what="mail")
    except ExtractError:
        return ""
    for anchor in page.iter("a"):
        href = (anchor.get("href") or "").strip()
        told = _ONLINE.search(anchor.text_content()[:200])
        if told and re.fullmatch(r"https://[a-z0-9.-]+/[^\s?#]{1,300}", href):
            return href
    return ""
