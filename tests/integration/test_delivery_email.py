"""Mail over real SMTP: what is sent, how errors are classed, when nothing is repeated."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import lxml.html
import pytest

from monitor.domain.subscription import Cadence, DeliveryState
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.notify.message import Links
from monitor.notify.personal import Correspondence
from storage.store import open_store
from tests import facts, website
from tests.fakesmtp import FakeSmtp, SmtpFault, certificate, server_context
from tests.mailroom import SECRET, Mailroom, mail, subscription

READER = "reader@example.org"


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    started = FakeSmtp().start()
    yield started
    started.stop()


@pytest.fixture
def room(server: FakeSmtp, tmp_path: Path) -> Iterator[Mailroom]:
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    made = Mailroom(store, channels={"email": mail(server.port)})
    made.subscribe(subscription(channel="email", destination=READER))
    yield made
    store.close()


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_an_alert_mail_has_text_html_and_every_way_out(room: Mailroom, server: FakeSmtp) -> None:
    room.commit(facts.record(facts.event(1, url="https://herald.example/a", quote="We signed.")))
    room.run()
    (message,) = server.messages()
    assert message["Subject"] == "Agreement 1 signed"
    assert message["To"] == READER
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "Policy monitor <policy-monitor.example.org>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    https, mailto = message["List-Unsubscribe"].split(", ")
    assert https.startswith("<https://monitor.example.org/unsubscribe?token=")
    assert mailto.startswith("<mailto:monitor@example.org?subject=unsubscribe")
    for kind in ("plain", "html"):
        shown = body(message, kind)
        assert "We signed." in shown
        assert "You get this because you subscribed to everything" in shown
        assert "/unsubscribe?token=" in shown
        assert "/manage?token=" in shown
        assert "/snooze?token=" in shown
    for way in ("unsubscribe", "manage", "snooze"):
        assert body(message, "html").count(f"/{way}?token=") == 2
    assert "prefers-color-scheme: dark" in body(message, "html")


def test_two_builds_of_a_mail_are_the_same_bytes(room: Mailroom, server: FakeSmtp) -> None:
    server.faults.append(SmtpFault(at="DATA", answer="451 4.7.1 greylisted", accept=True))
    room.commit(facts.record(facts.event(1)))
    room.run()
    first, second = server.mails
    assert first.content == second.content


def test_without_a_public_address_there_is_a_mailto_and_no_one_click(
    room: Mailroom, server: FakeSmtp
) -> None:
    local = Links(base_url="http://127.0.0.1:8287")
    room.correspondence = Correspondence(links=local, mail_from="monitor@example.org")
    room.commit(facts.record(facts.event(1)))
    room.run()
    (message,) = server.messages()
    assert message["List-Unsubscribe-Post"] is None
    assert message["List-Unsubscribe"].startswith("<mailto:")
    assert "mailto:" in body(message, "html")
    room.subscribe(subscription("own", channel="email", destination="x@y.org", made_by="web"))
    room.commit(facts.record(facts.event(2)))
    room.run()
    assert [mail.rcpt_tos for mail in server.mails] == [[READER], [READER]]
    (refused,) = room.store.deliveries(state=DeliveryState.CANCELLED)
    assert "MONITOR_BASE_URL" in refused.error


@pytest.mark.parametrize(
    ("fault", "states", "mails"),
    [
        (SmtpFault(at="RCPT", answer="550 5.1.1 no such user"), ["dead"], 0),
        (SmtpFault(at="RCPT", answer="452 4.2.2 mailbox full"), ["sent"], 1),
        (SmtpFault(at="RCPT", answer="451 4.7.1 greylisted"), ["sent"], 1),
        (SmtpFault(at="MAIL", answer="452 4.3.1 no space"), ["sent"], 1),
        (SmtpFault(at="MAIL"), ["sent"], 1),
        (SmtpFault(at="RCPT"), ["sent"], 1),
        (SmtpFault(at="DATA", answer="451 4.3.0 later"), ["sent"], 1),
        (SmtpFault(at="DATA", answer="554 5.6.0 refused"), ["sent"], 1),
        (SmtpFault(at="DATA"), ["unknown"], 0),
        (SmtpFault(at="DATA", accept=True), ["unknown"], 1),
    ],
    ids=lambda value: str(value) if isinstance(value, SmtpFault) else "",
)
def test_smtp_faults_are_classed_and_no_mail_goes_out_twice(
    room: Mailroom, server: FakeSmtp, fault: SmtpFault, states: list[str], mails: int
) -> None:
    server.faults.append(fault)
    room.commit(facts.record(facts.event(1)))
    room.run()
    assert room.states() == states
    assert len(server.mails) == mails


def test_a_dead_address_is_suppressed_without_naming_it(room: Mailroom, server: FakeSmtp) -> None:
    server.faults.append(SmtpFault(at="RCPT", answer=f"550 5.1.1 <{READER}> unknown"))
    room.commit(facts.record(facts.event(1)))
    room.run()
    paused = room.store.subscription(subscription().id)
    assert paused is not None
    assert not paused.active
    assert "550 5.1.1" in paused.paused_reason
    assert READER not in paused.paused_reason
    assert all(READER not in entry.message for entry in room.store.health())
    room.commit(facts.record(facts.event(2)))
    room.run()
    assert not server.mails


def test_a_refused_message_is_sent_once_more_as_text_only(room: Mailroom, server: FakeSmtp) -> None:
    server.faults.append(SmtpFault(at="DATA", answer="554 5.6.0 no HTML here"))
    room.commit(facts.record(facts.event(1)))
    room.run()
    (message,) = server.messages()
    assert message.get_content_type() == "text/plain"


def test_an_unreachable_server_is_tried_again(room: Mailroom, server: FakeSmtp) -> None:
    port = server.port
    server.stop()
    room.commit(facts.record(facts.event(1)))
    room.deliver.run_once()
    (delivery,) = room.store.deliveries()
    assert delivery.state is DeliveryState.QUEUED
    assert str(port) in delivery.error


def test_an_address_that_is_none_stops_only_its_own_subscription(
    room: Mailroom, server: FakeSmtp
) -> None:
    bad = subscription("bad", channel="email", destination="a@b.org\r\nBcc: all@example.org")
    room.subscribe(bad)
    room.commit(facts.record(facts.event(1)))
    room.run()
    assert [mail.rcpt_tos for mail in server.mails] == [[READER]]
    paused = room.store.subscription(bad.id)
    assert paused is not None
    assert not paused.active


def test_hostile_titles_stay_text(room: Mailroom, server: FakeSmtp) -> None:
    evil = 'Deal\r\nBcc: x@y.org\r\n\r\n<script>alert(1)</script> <img src="https://t.example/p">'
    room.commit(facts.record(facts.event(1, title=evil, quote=evil, agency=evil)))
    room.run()
    (message,) = server.messages()
    assert message["Bcc"] is None
    assert server.mails[0].rcpt_tos == [READER]
    shown = body(message, "html")
    assert "<script" not in shown
    assert "<img" not in shown


def test_what_climbs_waits_for_the_digest_and_so_do_corrections(
    room: Mailroom, server: FakeSmtp
) -> None:
    room.commit(facts.record(facts.event(1)))
    room.run(2)
    wrong = facts.event(1, status=Rung.RETRACTED)
    room.commit(facts.record(wrong, RecordKind.RETRACTED, at=room.clock.now(), reason="Taken back"))
    room.run(2)
    assert len(server.mails) == 1
    room.clock.pass_(timedelta(days=1))
    room.digests.run_once()
    room.run(2)
    _, second = server.messages()
    assert "CORRECTIONS" in body(second, "plain")
    assert "Taken back" in body(second, "html")


def test_a_weekly_digest_shows_a_map_a_table_and_stays_small(
    room: Mailroom, server: FakeSmtp
) -> None:
    start = room.clock.now()
    weekly = replace(
        subscription(channel="email", destination=READER),
        cadence=Cadence.WEEKLY,
        weekday=(start + timedelta(days=6)).weekday(),
        created_at=start - timedelta(hours=1),
    )
    room.subscribe(weekly)
    long = "Some Very Long County Name Sheriff's Office and Department of Public Safety " * 2
    for number in range(300):
        state = ("TX", "FL", "GA", "OK", "VA")[number % 5]
        event = facts.event(number, at=room.clock.now(), agency=long, quote=long * 2)
        event = replace(event, jurisdiction=replace(event.jurisdiction, state=state))
        room.commit(facts.record(event))
        room.clock.pass_(timedelta(minutes=20))
    room.clock.pass_(timedelta(days=3))
    assert room.digests.run_once().made == 1
    assert room.digests.run_once().made == 0
    room.run(1)
    (message,) = server.messages()
    html = body(message, "html")
    assert len(html.encode()) <= 80_000
    assert "300 events" in html
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert len(pictures) == 2
    assert html.count("cid:") == 2
    page = lxml.html.fromstring(html)
    states = {"TX": 60, "FL": 60, "GA": 60, "OK": 60, "VA": 60}
    by_state, by_day = [image.get("alt") for image in page.iter("img")]
    assert by_state.startswith("Map of events by state: ")
    assert all(f"{state} {number}" in by_state for state, number in states.items())
    told_by_day = by_day.removeprefix("Events by day: ").split(", ")
    beside = [cell.text_content() for cell in page.xpath("//table[@class='counts']//td")]
    pairs = dict(zip(beside[::2], map(int, beside[1::2]), strict=True))
    assert states.items() <= pairs.items()
    days = [f"2025-{name} {number}" for name, number in pairs.items() if "-" in name]
    assert days == told_by_day
    assert sum(pairs.values()) == 600
    assert ", ".join(days) in " ".join(body(message, "plain").split())
    assert "https://monitor.example.org/digests/" in body(message, "plain")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")  # TLS is there before AUTH
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_is_verified(tmp_path: Path, security: str) -> None:
    cert, key = certificate(tmp_path)
    server = FakeSmtp(
        tls=server_context(cert, key), implicit_tls=security == "tls", login=("me", "pass")
    )
    server.start()
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    try:
        given = {"security": security, "user": "me", "password": "pass"}
        room = Mailroom(store, channels={"email": mail(server.port, **given)})
        room.subscribe(subscription(channel="email", destination=READER))
        room.commit(facts.record(facts.event(1)))
        room.deliver.run_once()
        assert not server.mails
        assert "TLS failed" in room.store.deliveries()[0].error
        trusted = {**given, "ca_file": cert}
        room.channels["email"] = mail(server.port, **{**trusted, "password": "wrong"})
        room.clock.pass_(timedelta(hours=1))
        room.deliver.run_once()
        assert "login" in room.store.deliveries()[0].error
        room.channels["email"] = mail(server.port, **trusted)
        room.clock.pass_(timedelta(hours=1))
        room.run()
        assert len(server.mails) == 1
    finally:
        store.close()
        server.stop()


def test_one_click_leaves_without_cookies_and_a_get_changes_nothing(
    room: Mailroom, server: FakeSmtp, tmp_path: Path
) -> None:
    """RFC 8058: the very link of the mail, posted to the very page."""
    room.commit(facts.record(facts.event(1)))
    room.run(1)
    (message,) = server.messages()
    link = message["List-Unsubscribe"].split(", ")[0].strip("<>")
    directory = tmp_path / "site"
    directory.mkdir()
    options = replace(website.OPTIONS, base_url="", secret=SECRET)
    with website.website(directory, options) as site:
        own = subscription(channel="email", destination=READER, made_by="web")
        site.store.save_subscription(own)
        here = link.replace("https://monitor.example.org", site.url)
        site.clock.moment = room.clock.now()
        assert httpx.get(here).status_code == 200
        assert site.store.subscription(subscription().id) is not None
        answer = httpx.post(here, files={"List-Unsubscribe": (None, "One-Click")})
        assert answer.status_code == 200
        assert not answer.history
        assert site.store.subscription(subscription().id) is None


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the key")
def test_a_signature_over_both_list_headers_survives_the_way(
    room: Mailroom, server: FakeSmtp, tmp_path: Path
) -> None:
    """What a relay's DKIM signature must cover (RFC 8058 section 4) stays as we built it."""
    dkim = pytest.importorskip("dkim")
    key = tmp_path / "dkim.pem"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True)
    public = subprocess.run(
        ["openssl", "rsa", "-in", key, "-pubout", "-outform", "DER"],
        check=True,
        capture_output=True,
    ).stdout
    room.commit(facts.record(facts.event(1, title="Doña Ana County’s agreement")))
    room.run(1)
    raw = server.mails[0].content
    assert isinstance(raw, bytes)
    covered = [b"from", b"to", b"subject", b"list-unsubscribe", b"list-unsubscribe-post"]
    signature = dkim.sign(raw, b"s", b"example.org", key.read_bytes(), include_headers=covered)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    assert dkim.verify(signature + raw, dnsfunc=lambda name, timeout=5: record)


def test_a_long_burst_is_cut_and_says_by_how_much(room: Mailroom, server: FakeSmtp) -> None:
    long = "A very long name of an office, with <angle> & ampersand, " * 10
    room.commit(
        *(facts.record(facts.event(n, title=f"{n} {long}", quote=long)) for n in range(200))
    )
    room.run(1)
    (message,) = server.messages()
    html = body(message, "html")
    assert len(html.encode()) <= 80_000
    listed = html.count("Reported, not yet confirmed officially")
    assert f"and {200 - listed} more" in html
    assert message["Subject"].startswith("200 agreements signed")
