"""A mailing list as a source: mails over real IMAP become items, events, alerts and evidence.

The sheriff's office is real, what it writes is invented.
"""

from __future__ import annotations

import json
import queue
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.bootstrap.compose import App
from monitor.bootstrap.replaying import replay
from monitor.domain.event import Event
from monitor.domain.ident import SourceId
from monitor.domain.snapshot import FetchFailed, Outcome, Request
from monitor.domain.source import Politeness
from monitor.domain.vocabulary import EventType, Rung
from monitor.egress.imap import Account
from monitor.fetch import mailbox
from monitor.ports import FetchJob
from monitor.services.bundle import unpack
from monitor.services.evidence import gather, write
from monitor.services.proof import problems
from tests.apps import SetClock, app_on, check, events
from tests.fakeimap import FakeImap
from tests.fakesmtp import certificate, server_context

FEEDS = """\
version: 1
sources:
  - id: sheriff_list
    kind: mailbox
    name: Sheriff's list
    publisher: Upshur County Sheriff's Office
    tier: official
    document_kind: release
    states: [TX]
    sees: [agreement_signed]
    schedule: {every: 15m}
    politeness: {timeout_s: 5, max_requests: REQUESTS}
    needs_env: [MONITOR_LISTS_PASSWORD]
    options:
      senders: ["news@lists.upshur.example.gov", "@public.govdelivery.example"]
      authserv_id: mx.example.org
MORE
subscriptions:
  - id: all
    filter: ''
    channel: file
    destination: all.jsonl
"""
SENDER = "news@lists.upshur.example.gov"
SIGNED = (
    "The Upshur County Sheriff's Office in Gilmer, Texas, signed a 287(g) task force model\n"
    "agreement with U.S. Immigration and Customs Enforcement on March 17, 2025.\n"
)
PASSED = "mx.example.org; dkim=pass (2048-bit key) header.d=upshur.example.gov; spf=pass"


def mail(
    number: int,
    *,
    text: str = SIGNED,
    subject: str = "Sheriff signs 287(g) agreement",
    sender: str = SENDER,
    result: str = PASSED,
    date: str = "Mon, 17 Mar 2025 09:00:00 -0500",
    html: str = "",
) -> bytes:
    message = EmailMessage()
    if result:
        message["Authentication-Results"] = result
    message["From"] = f"Sheriff <{sender}>"
    message["To"] = "reader-of-ours@example.org"
    message["Subject"] = subject
    message["Date"] = date
    message["Message-ID"] = f"<m{number}@upshur.example.gov>"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


@pytest.fixture
def box() -> Iterator[FakeImap]:
    fake = FakeImap().start()
    yield fake
    fake.stop()


@contextmanager
def running(
    folder: Path, box: FakeImap, more: str = "", requests: int = 40, **environment: str
) -> Iterator[tuple[App, SetClock]]:
    given = {
        "MONITOR_LISTS_HOST": "127.0.0.1",
        "MONITOR_LISTS_PORT": str(box.port),
        "MONITOR_LISTS_USER": box.user,
        "MONITOR_LISTS_PASSWORD": box.password,
        "MONITOR_LISTS_SECURITY": "none",
        "MONITOR_WORKERS": "1",
    } | environment
    feeds = FEEDS.replace("REQUESTS", str(requests)).replace("MORE", more)
    with app_on(folder, feeds, datetime(2025, 3, 17, 10, tzinfo=UTC), given) as (app, clock):
        yield app, clock


def look(app: App, clock: SetClock, hours: float = 1) -> str:
    """One check, some time later; its outcome."""
    clock.at += timedelta(hours=hours)
    return check(app)["sheriff_list"].outcome


def said(app: App) -> str:
    return "\n".join(entry.message for entry in app.store.health(limit=1000))


def told(folder: Path, app: App) -> list[str]:
    """Ids of the events that were told, one for each time."""
    while app.deliver():
        pass
    out = folder / "var" / "outgoing" / "all.jsonl"
    lines = out.read_text().splitlines() if out.exists() else []
    return [one["event_id"] for line in lines for one in json.loads(line)["events"]]


def on(box: FakeImap, day: str, mails: Sequence[bytes]) -> None:
    """Mails that arrive on a day such as 17-Mar-2025."""
    box.put(*mails)
    for uid in box.mails:
        box.arrived.setdefault(uid, day)


def test_a_release_that_was_mailed_is_an_event_an_alert_and_proved(
    tmp_path: Path, box: FakeImap
) -> None:
    html = (
        "<p>Sheriff signs</p><a href='https://lists.upshur.example.gov/bulletins/77'>"
        "View this in your browser</a>"
    )
    with running(tmp_path, box) as (app, clock):
        on(box, "09-Mar-2025", [mail(1, subject="Fair", text="A fair.")])
        clock.at = datetime(2025, 3, 10, tzinfo=UTC)
        assert look(app, clock) == "read"
        clock.at = datetime(2025, 3, 17, 14, 30, tzinfo=UTC)
        raw = mail(2, html=html)
        on(box, "17-Mar-2025", [raw, mail(3, sender="somebody@example.net"), b"\xff\x00\r\n\r\n"])
        assert look(app, clock) == "changed"
        (event,) = events(app)
        assert (event.event_type, event.status) == (EventType.AGREEMENT_SIGNED, Rung.OFFICIAL)
        assert (event.jurisdiction.county, str(event.occurred.day)) == ("48459", "2025-03-17")  # type: ignore[union-attr]
        (evidence,) = event.evidence
        assert evidence.url == "https://lists.upshur.example.gov/bulletins/77"
        assert told(tmp_path, app) == [event.id]
        kept(app, event, raw)
        # Nobody else's mail was fetched, and nothing in the mailbox changed.
        assert not box.seen
        assert "SELECT" not in box.commands
        assert "STORE" not in box.commands
        fetched = [line for line in box.lines if "BODY.PEEK[]" in line]
        assert [line.split(" ")[2] for line in fetched] == ["1", "2"]
        assert box.logins == 1, "one connection as long as it is of use"
        assert look(app, clock) == "read", "nothing came since: an empty list"
        assert look(app, clock) == "not_modified"
        bundle = write(gather(app.store, event.id), at=clock.now(), program="policy-monitor/test")
        assert problems(bundle) == ()
        assert "captures.warc.gz" in unpack(bundle)
        again = replay(app)
        assert (again.differences, again.notes) == ([], [])
        assert box.password not in said(app)
        files = [f for f in (tmp_path / "var").rglob("*") if f.is_file()]
        assert not [f for f in files if box.password.encode() in f.read_bytes()]


def kept(app: App, event: Event, raw: bytes) -> None:
    """The raw mail is the evidence; both times and the proof stand beside it."""
    snapshot = app.store.snapshot(event.evidence[0].snapshot_id)  # type: ignore[arg-type]
    assert snapshot is not None
    assert snapshot.body == raw
    assert snapshot.request.url == "imap://lists/INBOX;UIDVALIDITY=7/;UID=2"
    (item,) = [revision.item for revision in app.store.items()]
    fields = dict(item.fields)
    assert (fields["dkim"], fields["from"]) == ("pass upshur.example.gov", SENDER.split("@")[1])
    assert item.published_at == datetime(2025, 3, 17, 14, tzinfo=UTC)
    assert snapshot.captured_at == datetime(2025, 3, 17, 15, 30, tzinfo=UTC)
    assert "reader-of-ours" not in item.text + str(item.fields) + item.url


def test_a_mail_that_is_not_proved_opens_nothing(tmp_path: Path, box: FakeImap) -> None:
    results = (
        "",
        "mx.example.org; dkim=fail header.d=upshur.example.gov",
        "mx.example.org; dkim=pass header.d=example.gov.evil.example",
        "mx.example.org; dkim=pass header.d=gov",
        "other.example.org; dkim=pass header.d=upshur.example.gov",
        "mx.example.org; spf=pass (dkim=pass header.d=upshur.example.gov)",
    )
    # A forged header further down does not help either.
    forged = b"Authentication-Results: mx.example.org; dkim=none\r\n" + mail(90)
    with running(tmp_path, box) as (app, clock):
        look(app, clock)
        on(box, "17-Mar-2025", [mail(n, result=result) for n, result in enumerate(results)])
        on(box, "17-Mar-2025", [forged])
        look(app, clock)
        assert not events(app)
        assert said(app).count("dkim: the server did not prove") == 7
        on(box, "17-Mar-2025", [mail(91)])
        look(app, clock)
        assert len(events(app)) == 1


def test_what_is_only_recorded_is_taken_with_its_result(tmp_path: Path, box: FakeImap) -> None:
    with running(tmp_path, box, "      dkim: record\n      mark_seen: true") as (app, clock):
        look(app, clock)
        on(box, "17-Mar-2025", [mail(1, result="mx.example.org; dkim=fail header.d=x.example")])
        look(app, clock)
        (item,) = [revision.item for revision in app.store.items()]
        assert dict(item.fields)["dkim"] == "fail x.example"
        assert box.seen == {1}


@pytest.mark.long
def test_ten_thousand_mails_are_bounded_and_each_is_told_once(
    tmp_path: Path, box: FakeImap
) -> None:
    with running(tmp_path, box, requests=10) as (app, clock):
        look(app, clock)
        other = mail(7777, sender="x@example.net")
        for n in range(1, 10_001):
            box.mails[n] = other.replace(b"<m7777@", b"<o%d@" % n)
        on(box, "17-Mar-2025", [mail(n) for n in range(20_000, 20_012)])
        for _ in range(9):
            look(app, clock)
        assert "waiting: 8012 mails" in said(app)
        fetched = [line for line in box.lines if "BODY.PEEK[]" in line]
        assert len(fetched) == 12
        assert len(told(tmp_path, app)) == len(events(app)) == 1
        listed = [line for line in box.lines if "HEADER.FIELDS" in line]
        assert len(listed) == 100 + 3, "the twelve come five at a time, half of the requests"


def test_a_mailbox_that_was_made_again_tells_nothing_twice(tmp_path: Path, box: FakeImap) -> None:
    with running(tmp_path, box) as (app, clock):
        look(app, clock)
        on(box, "17-Mar-2025", [mail(1)])
        look(app, clock)
        first = told(tmp_path, app)
        box.validity, box.mails = 8, {40: mail(0, subject="Old", text="Old."), 41: mail(1)}
        box.arrived = {40: "01-Jan-2024", 41: "17-Mar-2025"}
        look(app, clock)
        assert "uidvalidity_changed" in said(app)
        on(box, "17-Mar-2025", [mail(5, text=SIGNED.replace("Upshur", "Gregg"))])
        look(app, clock)
        assert len(told(tmp_path, app)) == len(first) + 1 == 2
        fetched = [line.split(" ")[2] for line in box.lines if "BODY.PEEK[]" in line]
        assert fetched == ["1", "42"]


@pytest.mark.long
def test_whatever_breaks_is_named_and_nothing_is_lost(
    tmp_path: Path, box: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "IDLE_S", -1.0)  # a connection for each request
    places = iter(("Upshur", "Gregg", "Wood", "Smith", "Rusk", "Titus", "Camp", "Morris"))
    with running(tmp_path, box) as (app, clock):
        look(app, clock)
        for number, place in enumerate(places):
            command = ("LOGIN", "EXAMINE", "SEARCH", "FETCH")[number % 4]
            on(box, "17-Mar-2025", [mail(number, text=SIGNED.replace("Upshur", place))])
            if number < 4:
                box.refuse = {command}
            else:
                box.cut = command
            assert look(app, clock, 0.2) == ("failed:refused" if number < 4 else "failed:reset")
            box.cut, box.refuse = "", set()
            look(app, clock, 0.2)
            assert len(told(tmp_path, app)) == number + 1, (command, place)
        assert "mailbox 127.0.0.1" in said(app)
        assert box.password not in said(app)


def test_a_reset_in_the_middle_of_a_mail_loses_none(tmp_path: Path, box: FakeImap) -> None:
    texts = [SIGNED.replace("Upshur", name) for name in ("Upshur", "Gregg", "Wood", "Smith")]
    with running(tmp_path, box) as (app, clock):
        look(app, clock)
        on(box, "17-Mar-2025", [mail(n, text=text) for n, text in enumerate(texts)])
        box.reset_after = 2
        look(app, clock)
        assert "failed:reset" in said(app)
        box.reset_after = None
        look(app, clock, 0.2)
        found = told(tmp_path, app)
        assert len(found) == len(set(found)) == 4


HOSTILE = {
    "bomb of parts": b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    + b"--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 5_000,
    "nested mails": b"Content-Type: message/rfc822\r\n\r\n" * 5_000,
    "bad base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
    "no such charset": b"Content-Type: text/plain; charset=x-nothing\r\n\r\n\xff\xfe\xfd",
    "bad words": b"Subject: =?utf-8?b?AAA?= =?x?q?=GG?=\r\n\r\nx",
    "bad date": b"Date: Mon, 99 Foo 2025 99:99:99 +9999\r\n\r\nx",
    "nothing": b"",
}


def test_hostile_mails_are_named_and_stop_nobody(tmp_path: Path, box: FakeImap) -> None:
    head = f"Authentication-Results: {PASSED}\r\nFrom: {SENDER}\r\n".encode()
    mails = [
        head + f"Message-ID: <h{n}@x.example>\r\n".encode() + raw
        for n, raw in enumerate(HOSTILE.values())
    ]
    two = head + b"From: other@example.net\r\nMessage-ID: <two@x.example>\r\n\r\n" + SIGNED.encode()
    huge = mail(90, text=SIGNED + "x" * 3_000_000)
    with running(tmp_path, box) as (app, clock):
        look(app, clock)
        on(box, "17-Mar-2025", [*mails, two, huge, mail(91, text=SIGNED.replace("Upshur", "Wood"))])
        look(app, clock)
        assert len(told(tmp_path, app)) == 2, "the huge one by its beginning, and the last"
        words = said(app)
        assert words.count(" unreadable: mail") == 2
        assert "truncated: mail 9: the first 2000000 of" in words
        assert not app.store.source_states()[app.sources()[0].id].pending


@pytest.mark.parametrize("way", ["announced", "drips"])
def test_what_never_ends_is_cut(box: FakeImap, way: str) -> None:
    """A piece larger than any that is asked for, and one that comes byte by byte."""
    box.put(mail(1))
    setattr(box, way, 10**12 if way == "announced" else True)
    account = Account(
        host="127.0.0.1", port=box.port, user=box.user, password=SecretStr(box.password),
        security="none",
    )  # fmt: skip
    answers: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    reader = mailbox.MailboxReader(
        account, clock=SetClock(datetime(2025, 3, 17, tzinfo=UTC)), monotonic=lambda: 0.0,
        done=lambda _, outcome: answers.put(outcome),
    )  # fmt: skip
    about = (("folder", "INBOX"), ("validity", "7"), ("uid", "1"))
    request = Request(url="imap://lists/INBOX;UIDVALIDITY=7/;UID=1", context=about)
    gentle = Politeness(timeout_s=0.1)
    reader.submit(FetchJob(source_id=SourceId("s"), request=request, politeness=gentle))
    outcome = answers.get(timeout=60)
    reader.close()
    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "reset"
    assert box.password not in outcome.detail


def test_a_mail_deleted_meanwhile_is_named(tmp_path: Path, box: FakeImap) -> None:
    with running(tmp_path, box) as (app, clock):
        look(app, clock)
        on(box, "17-Mar-2025", [mail(1)])
        box.vanishing = {1}
        look(app, clock)
        box.vanishing = set()
        assert "vanished: mail 1" in said(app)
        look(app, clock)
        assert not events(app)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_tls_is_verified_and_required(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    box = FakeImap(tls=server_context(cert, key)).start()
    try:
        box.put(mail(1))
        with running(tmp_path, box, MONITOR_LISTS_SECURITY="tls") as (app, clock):
            assert look(app, clock) == "failed:tls"
            assert "LOGIN" not in box.commands
        secure = {"MONITOR_LISTS_SECURITY": "tls", "MONITOR_LISTS_CA": str(cert)}
        with running(tmp_path, box, **secure) as (app, clock):
            assert look(app, clock) == "changed"
        far = {"MONITOR_LISTS_HOST": "mail.example.org"}
        with (
            pytest.raises(Exception, match="MONITOR_LISTS_") as caught,
            running(tmp_path, box, **far) as (app, clock),
        ):
            look(app, clock)
        assert box.password not in str(caught.value)
    finally:
        box.stop()


def test_without_a_server_it_says_what_to_set(tmp_path: Path, box: FakeImap) -> None:
    with running(tmp_path, box, MONITOR_LISTS_HOST="") as (app, clock):
        assert look(app, clock) == "failed:gate"
        assert "set MONITOR_LISTS_HOST" in said(app)
    with running(tmp_path, box, MONITOR_LISTS_PASSWORD="") as (app, _):
        assert not [source for source in app.sources() if source.enabled]
