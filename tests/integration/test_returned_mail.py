"""Mails that come back, read by real IMAP: bounces pause, mails to leave end, others stay alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from monitor.bootstrap.outgoing import returned_mail
from monitor.domain.errors import ConfigError
from monitor.domain.ident import SubscriptionId
from monitor.domain.subscription import Delivery
from monitor.notify.leaving import leave_word
from monitor.notify.tokens import Purpose, sign
from monitor.services.returned import Returned
from monitor.settings import VARIABLES, read_settings
from storage.store import open_store
from tests import facts
from tests.fakeimap import FakeImap
from tests.fakesmtp import FakeSmtp, certificate, server_context
from tests.mailroom import SECRET, Mailroom, mail, subscription
from tests.notices import status_notice

READER = "reader@example.org"


@pytest.fixture
def box() -> Iterator[FakeImap]:
    fake = FakeImap().start()
    yield fake
    fake.stop()


@pytest.fixture
def smtp() -> Iterator[FakeSmtp]:
    fake = FakeSmtp().start()
    yield fake
    fake.stop()


@pytest.fixture
def room(smtp: FakeSmtp, tmp_path: Path) -> Iterator[Mailroom]:
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    channel = mail(smtp.port, bounce_address="bounces@example.org")
    made = Mailroom(store, channels={"email": channel})
    made.subscribe(subscription(channel="email", destination=READER))
    yield made
    store.close()


def environment(box: FakeImap, **more: str) -> dict[str, str]:
    return {
        "MONITOR_IMAP_HOST": "127.0.0.1",
        "MONITOR_IMAP_PORT": str(box.port),
        "MONITOR_IMAP_SECURITY": "none",
        "MONITOR_IMAP_USER": box.user,
        "MONITOR_IMAP_PASSWORD": box.password,
        "MONITOR_SECRET": SECRET,
    } | more


def look(room: Mailroom, box: FakeImap, **more: str) -> Returned:
    """One run, as after a restart."""
    job = returned_mail(read_settings(environment(box, **more)), room.store, room.clock)
    assert job is not None
    return job.run_once()


def told(room: Mailroom) -> Delivery:
    """One mail that went out."""
    room.commit(facts.record(facts.event(1)))
    room.run(2)
    (delivery,) = room.store.deliveries()
    return delivery


def test_a_bounce_to_the_return_path_pauses(room: Mailroom, box: FakeImap, smtp: FakeSmtp) -> None:
    told(room)
    (sent,) = smtp.mails
    assert sent.mail_from is not None
    assert sent.mail_from.startswith("bounces+")
    box.put(b"Subject: lunch?\r\n\r\nAt noon.\r\n", status_notice("", "5.1.1", to=sent.mail_from))
    assert look(room, box) == Returned(bounces=1, others=1)
    paused = room.store.subscription(SubscriptionId("desk"))
    assert paused is not None
    assert (paused.active, paused.paused_reason) == (False, "mails bounce with 5.1.1")
    assert box.seen == {2}, "a mail for somebody else stays unread"


def test_each_mail_is_read_once_also_when_a_run_breaks(room: Mailroom, box: FakeImap) -> None:
    delivery = told(room)
    soft = status_notice(delivery.id, "4.2.2")
    box.put(soft, soft)
    box.refuse.add("STORE")
    for _ in range(2):
        assert "mailbox 127.0.0.1" in look(room, box).problem
    assert look(room, box) == Returned()
    assert list(json.loads(room.store.fact("soft bounces:desk") or "{}")) == [delivery.id]
    assert len([entry for entry in room.store.health() if entry.kind == "mailbox"]) == 1
    box.refuse.clear()
    box.put(soft)
    assert look(room, box).bounces == 1
    assert look(room, box) == Returned()
    box.validity += 1
    assert look(room, box).bounces == 3, "a mailbox that was made again is read again"


def test_the_mail_to_leave_that_programs_send_ends_it(
    room: Mailroom, box: FakeImap, smtp: FakeSmtp
) -> None:
    """The very mailto of the List-Unsubscribe header, as a mail program sends it."""
    told(room)
    (message,) = smtp.messages()
    mailto = urlsplit(message["List-Unsubscribe"].split(", ")[1].strip("<>"))
    (subject,) = parse_qs(mailto.query)["subject"]
    assert mailto.path == "monitor@example.org"
    forged = sign("another secret of somebody", Purpose.LEAVE, "desk", room.clock.now())
    snooze = sign(SECRET, Purpose.SNOOZE, "desk", room.clock.now())
    for word in ("desk", forged, snooze):
        box.put(f"Subject: unsubscribe {word}\r\n\r\n".encode())
    assert look(room, box) == Returned(others=3)
    assert room.store.subscriptions()
    box.put(f"From: x@y.example\r\nSubject: {subject}\r\n\r\n".encode())
    assert look(room, box) == Returned(left=1)
    assert not room.store.subscriptions()
    assert READER not in str(room.store.subscriptions(active_only=False))


def test_without_a_secret_a_person_is_told_once(room: Mailroom, box: FakeImap) -> None:
    box.put(*[b"Subject: Unsubscribe desk\r\n\r\n"] * 3, b"Subject: unsubscribe nobody\r\n\r\n")
    assert look(room, box, MONITOR_SECRET="") == Returned(left=3, others=1)
    assert len(room.store.subscriptions()) == 1
    (entry,) = room.store.health()
    assert entry.tell_operator
    assert "desk" in entry.message


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH"])
@pytest.mark.parametrize("way", ["refused", "cut"])
def test_whatever_breaks_is_one_entry_and_nothing_is_lost(
    room: Mailroom, box: FakeImap, command: str, way: str
) -> None:
    delivery = told(room)
    box.put(status_notice(delivery.id, "5.1.1"))
    if way == "cut":
        box.cut = command
    else:
        box.refuse.add(command)
    assert look(room, box).problem
    assert look(room, box).problem
    entries = [entry for entry in room.store.health() if entry.kind == "mailbox"]
    assert len(entries) == 1
    assert box.password not in entries[0].message
    box.cut = ""
    box.refuse.clear()
    assert look(room, box) == Returned(bounces=1)
    room.clock.pass_(timedelta(days=1))
    box.refuse.add("LOGIN")
    look(room, box)
    assert len([entry for entry in room.store.health() if entry.kind == "mailbox"]) == 2


def test_a_huge_mail_costs_a_bounded_read(room: Mailroom, box: FakeImap) -> None:
    delivery = told(room)
    box.put(status_notice(delivery.id, "5.1.1") + b"x" * 5_000_000, b"\xff\x00" * 40)
    assert look(room, box) == Returned(bounces=1, others=1)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_tls_of_the_mailbox_is_verified(room: Mailroom, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    box = FakeImap(tls=server_context(cert, key)).start()
    try:
        box.put(b"Subject: x\r\n\r\n")
        given = {"MONITOR_IMAP_SECURITY": "tls"}
        assert "TLS failed" in look(room, box, **given).problem
        assert "LOGIN" not in box.commands
        assert look(room, box, MONITOR_IMAP_CA=str(cert), **given) == Returned(others=1)
    finally:
        box.stop()


def test_wrong_settings_say_which_and_never_the_password(room: Mailroom, box: FakeImap) -> None:
    wrong = environment(box, MONITOR_IMAP_HOST="mail.example.org", MONITOR_IMAP_FOLDER='a"b')
    with pytest.raises(ConfigError) as caught:
        returned_mail(read_settings(wrong), room.store, room.clock)
    assert "MONITOR_IMAP_" in str(caught.value)
    assert box.password not in str(caught.value)
    assert returned_mail(read_settings({}), room.store, room.clock) is None
    assert {name for name in wrong if name.startswith("MONITOR_IMAP_")} < set(VARIABLES)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"Subject: UNSUBSCRIBE abc.def-_\r\n\r\n", "abc.def-_"),
        (b"Subject: =?utf-8?q?unsubscribe_abc?=\r\n\r\n", "abc"),
        (b"Subject: unsubscribe\r\n abc\r\n\r\n", "abc"),
        (b"Subject: Re: unsubscribe abc\r\n\r\n", ""),
        (b"Subject: unsubscribe a b\r\n\r\n", ""),
        (b"\r\nunsubscribe abc\r\n", ""),
        (b"Subject: =?x?b?\xff?=\r\n\r\n", ""),
        (b"", ""),
    ],
)
def test_only_a_whole_subject_asks_to_leave(raw: bytes, word: str) -> None:
    assert leave_word(raw) == word
