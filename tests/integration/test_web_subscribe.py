"""Subscribing by mail: confirmed, limited, one click to leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from monitor.domain.ident import SubscriptionId
from monitor.domain.subscription import Delivery, DeliveryKind, Subscription
from monitor.notify.tokens import Purpose, sign
from monitor.services.subscriptions import export, seed
from monitor.web.pages_staff import make_limits
from tests.website import ADMIN, NOW, OPTIONS, SECRET, Website, website

OWN = {"Origin": "https://monitor.example"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with website(tmp_path_factory.mktemp("web"), OPTIONS) as made:
        yield made


@pytest.fixture
def site(running: Website) -> Website:
    """The site with nobody subscribed, no mail queued and nothing counted."""
    for subscription in running.store.subscriptions(active_only=False):
        running.store.delete_subscription(subscription.id)
    running.app.state.limits = make_limits()  # type: ignore[attr-defined]
    running.clock.moment += timedelta(minutes=1)
    return running


def _ask(client: httpx.Client, address: str, q: str = "state:TX", **more: str) -> httpx.Response:
    data = {"address": address, "q": q, "cadence": "daily"} | more
    return client.post("/subscribe", data=data, headers=OWN)


def _mails(site: Website) -> list[Delivery]:
    """System mails queued in the present test: the clock moves between tests."""
    now = site.clock.now()
    every = site.store.deliveries()
    return [one for one in every if one.kind is DeliveryKind.SYSTEM and one.created_at == now]


def _subscription(site: Website) -> Subscription | None:
    found = site.store.subscriptions(active_only=False)
    return found[0] if found else None


def test_nothing_starts_before_the_confirmation(site: Website) -> None:
    client = site.client()
    assert "look into your mail" in _ask(client, "ann@desk.example").text
    waiting = _subscription(site)
    assert waiting is not None
    assert (waiting.confirmed, waiting.active, waiting.filter) == (False, False, "state:TX")
    assert site.store.subscriptions() == ()
    [mail] = _mails(site)
    link = json.loads(mail.body)["action"][1]
    assert mail.destination == "ann@desk.example"
    path = link.removeprefix("https://monitor.example")
    assert path != link
    assert client.get(path).status_code == 200  # a scanner follows it
    assert site.store.subscriptions() == ()
    token = httpx.URL(path).params["token"]
    answer = client.post("/confirm", data={"token": token}, headers=OWN)
    assert "has started" in answer.text
    [begun] = site.store.subscriptions()
    assert (begun.confirmed, begun.destination) == (True, "ann@desk.example")


def test_one_click_leaves_by_post_only_and_forgets(site: Website) -> None:
    subscription = Subscription(
        id=SubscriptionId("web-1"),
        filter="state:TX",
        channel="email",
        destination="ann@desk.example",
        made_by="web",
    )
    site.store.save_subscription(subscription)
    token = sign(SECRET, Purpose.LEAVE, "web-1", NOW)
    client = site.client()
    assert client.get("/unsubscribe", params={"token": token}).status_code == 200
    assert _subscription(site) == subscription
    click = {"List-Unsubscribe": "One-Click"}
    for form in ({"data": click}, {"files": {name: (None, v) for name, v in click.items()}}):
        answer = client.post("/unsubscribe", params={"token": token}, **form)  # type: ignore[arg-type]
        assert answer.status_code == 200
        assert not answer.has_redirect_location
    assert _subscription(site) is None


def test_a_token_opens_one_door_only(site: Website) -> None:
    subscription = Subscription(
        id=SubscriptionId("web-1"),
        filter="",
        channel="email",
        destination="a@b.example",
        confirmed=False,
    )
    site.store.save_subscription(subscription)
    client = site.client()
    doors = {
        "/confirm": Purpose.LEAVE,
        "/unsubscribe": Purpose.CONFIRM,
        "/manage": Purpose.LEAVE,
        "/snooze": Purpose.MANAGE,
    }
    for path, wrong in doors.items():
        token = sign(SECRET, wrong, "web-1", NOW)
        assert client.get(path, params={"token": token}).status_code == 404
        client.post(path, data={"token": token, "cadence": "weekly"}, headers=OWN)
        assert client.get(path, params={"token": "forged"}).status_code == 404
    assert _subscription(site) == subscription
    manage = sign(SECRET, Purpose.MANAGE, "web-1", NOW)
    client.post("/manage", data={"token": manage, "cadence": "weekly"}, headers=OWN)
    changed = _subscription(site)
    assert changed is not None
    assert changed.cadence == "weekly"


def test_a_snooze_needs_the_button_and_lasts_as_long_as_chosen(site: Website) -> None:
    subscription = Subscription(
        id=SubscriptionId("web-1"), filter="", channel="email", destination="a@b.example"
    )
    site.store.save_subscription(subscription)
    token = sign(SECRET, Purpose.SNOOZE, "web-1", NOW)
    client = site.client()
    asked = client.get("/snooze", params={"token": token})
    assert asked.status_code == 200
    assert 'name="days"' in asked.text
    assert _subscription(site) == subscription
    for days in ("365", "-1", "x"):
        client.post("/snooze", data={"token": token, "days": days}, headers=OWN)
    leave = sign(SECRET, Purpose.LEAVE, "web-1", NOW)
    refused = client.post("/snooze", data={"token": leave, "days": "7"}, headers=OWN)
    assert refused.status_code == 404
    assert client.post("/snooze", data={"token": token, "days": "7"}).status_code == 403
    assert _subscription(site) == subscription
    for days in (7, 0):
        client.post("/snooze", data={"token": token, "days": str(days)}, headers=OWN)
        changed = _subscription(site)
        assert changed is not None
        assert changed.snoozed_until == site.clock.now() + timedelta(days=days)


def test_who_leaves_a_subscription_of_the_operator_is_not_seeded_again(site: Website) -> None:
    block = Subscription(
        id=SubscriptionId("desk"), filter="", channel="email", destination="ann@desk.example"
    )
    seed(site.store, [block], NOW)
    token = sign(SECRET, Purpose.LEAVE, "desk", NOW)
    site.client().post("/unsubscribe", params={"token": token})
    seed(site.store, [block], NOW + timedelta(days=1))
    ended = _subscription(site)
    assert ended is not None
    assert (ended.active, ended.destination) == (False, "")
    assert export(site.store, "ann@desk.example")["subscriptions"] == []


def test_addresses_and_networks_are_limited(site: Website) -> None:
    client = site.client()
    answers = [_ask(client, "ann@desk.example", f"state:{s}") for s in ("TX", "FL", "GA", "AL")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    many = [_ask(client, f"p{n}@desk.example").status_code for n in range(12)]
    assert many.count(429) >= 5
    assert len(_mails(site)) <= 10


@pytest.mark.parametrize(
    "address",
    [
        "",
        "no-at",
        "a@b",
        "a@b.example\r\nBcc: x@y.example",
        "<a@b.example>",
        "a@b.example,c@d.example",
    ],
)
def test_addresses_that_are_none_get_nothing(site: Website, address: str) -> None:
    assert _ask(site.client(), address).status_code == 400
    assert _mails(site) == []


def test_programs_and_wrong_filters_get_nothing(site: Website) -> None:
    client = site.client()
    assert _ask(client, "bot@desk.example", website="http://spam.example").status_code == 200
    assert _ask(client, "ann@desk.example", q="stat:TX").status_code == 400
    assert _mails(site) == []
    assert _subscription(site) is None


def test_login_tells_nobody_who_has_a_role(site: Website) -> None:
    client = site.client()
    known = client.post("/login", data={"address": "reader@desk.example"}, headers=OWN).text
    unknown = client.post("/login", data={"address": "nobody@desk.example"}, headers=OWN).text
    assert known == unknown
    assert [mail.destination for mail in _mails(site)] == ["reader@desk.example"]


def test_slack_and_webhooks_need_the_role_admin(site: Website) -> None:
    wanted = {"q": "state:TX", "channel": "slack", "destination": "C0123ABCD"}
    assert site.client().post("/subscribe/team", data=wanted, headers=OWN).status_code == 401
    client = site.client()
    client.headers["Cookie"] = f"__Host-session={site.session(ADMIN)}"
    csrf = client.get("/subscribe").text.split('name="csrf" value="')[1].split('"')[0]
    for channel, destination in (
        ("slack", "not a channel"), ("webhook", "http://plain.example"), ("email", "a@b.example"),
        ("webhook", "https://user:pass@host.example"), ("stdout", "x"),
    ):  # fmt: skip
        data = wanted | {"csrf": csrf, "channel": channel, "destination": destination}
        assert client.post("/subscribe/team", data=data, headers=OWN).status_code == 400
    assert site.store.subscriptions() == ()
    data = wanted | {"csrf": csrf}
    assert "has started" in client.post("/subscribe/team", data=data, headers=OWN).text
    [begun] = site.store.subscriptions()
    assert (begun.channel, begun.destination, begun.filter) == ("slack", "C0123ABCD", "state:TX")
