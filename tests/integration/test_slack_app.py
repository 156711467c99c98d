"""The Slack app as Slack speaks to it: signed requests in, real calls to the fake out."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr
from slack_bolt import App, BoltRequest

from monitor.domain.claim import Claim
from monitor.domain.commit import PageCommit
from monitor.domain.ident import SubscriptionId
from monitor.domain.subscription import Cadence
from monitor.notify.message import Links
from monitor.resolve.gazetteer import Gazetteer
from monitor.services.composition import Composition
from monitor.services.query import QueryService
from monitor.slack_app.app import Parts, SlackAppOptions, slack_app
from monitor.slack_app.buttons import Buttons
from monitor.slack_app.commands import MOST_OF_ONE_PERSON, Commands
from monitor.slack_app.http import PATH, slack_site
from storage.store import open_store
from tests import facts
from tests.fakeslack import FakeSlack
from tests.mailroom import BASE, Mailroom, slack, subscription
from tests.website import serving

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@dataclass(slots=True)
class Slack:
    """One workspace that talks to the app."""

    app: App
    fake: FakeSlack
    room: Mailroom
    numbers: list[int] = field(default_factory=list)

    def request(self, body: str, *, age_s: int = 0, secret: str = SECRET, stamp: str = "") -> int:
        moment = stamp or str(int(time.time()) - age_s)
        base = f"v0:{moment}:{body}".encode()
        digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        headers = {
            "content-type": ["application/x-www-form-urlencoded"],
            "x-slack-request-timestamp": [moment],
            "x-slack-signature": [f"v0={digest}"],
        }
        return int(self.app.dispatch(BoltRequest(body=body, headers=headers)).status)

    def command(self, text: str, user: str = "U1", **changes: str) -> dict[str, Any]:
        """What the person sees as the answer."""
        before = len(self.fake.replies)
        fields = {
            "command": "/policy",
            "text": text,
            "user_id": user,
            "team_id": "T1",
            "channel_id": "C1",
            "trigger_id": "t",
            "response_url": self.fake.url + "response",
        }
        assert self.request(urlencode({**fields, **changes})) == 200
        return self._wait(lambda: self.fake.replies[before:])

    def press(self, action: dict[str, Any], user: str = "U1", channel: str = "C1") -> Any:
        before = len(self.fake.replies)
        message = self.fake.visible("C1")[0]
        payload = {
            "type": "block_actions",
            "user": {"id": user, "team_id": "T1"},
            "team": {"id": "T1"},
            "channel": {"id": channel},
            "message": {"ts": message["ts"]},
            "trigger_id": "t",
            "response_url": self.fake.url + "response",
            "actions": [action],
        }
        assert self.request(urlencode({"payload": json.dumps(payload)})) == 200
        return self._wait(lambda: self.fake.replies[before:])

    def interact(self, payload: dict[str, Any]) -> Any:
        """A form or a button without a response address: the answering status and body."""
        base = {"user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}}
        body = urlencode({"payload": json.dumps({**base, **payload})})
        moment = str(int(time.time()))
        digest = hmac.new(SECRET.encode(), f"v0:{moment}:{body}".encode(), hashlib.sha256)
        headers = {
            "content-type": ["application/x-www-form-urlencoded"],
            "x-slack-request-timestamp": [moment],
            "x-slack-signature": [f"v0={digest.hexdigest()}"],
        }
        return self.app.dispatch(BoltRequest(body=body, headers=headers))

    def buttons(self) -> dict[str, dict[str, Any]]:
        """The elements of the first alert's actions, by action."""
        message = self.fake.visible("C1")[0]
        (actions,) = [b for b in message["blocks"] if b["type"] == "actions"]
        return {element["action_id"]: element for element in actions["elements"]}

    def wait(self, condition: Callable[[], Any]) -> Any:
        return self._wait(condition, whole=True)

    def _wait(self, condition: Callable[[], Any], *, whole: bool = False) -> Any:
        deadline = time.monotonic() + 60
        while not (found := condition()):
            assert time.monotonic() < deadline, "no answer"
            time.sleep(0.01)
        return found if whole else found[0]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Slack]:
    fake = FakeSlack(channels={"C1": []}).start()
    fake.users["U1"] = {"id": "U1", "tz": "America/Denver"}
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    room = Mailroom(store, channels={"slack": slack(fake, buttons=True)})
    links = Links(base_url=BASE)
    query = QueryService(store=store, gazetteer=Gazetteer([], []), clock=room.clock)
    composition = Composition(store, room.correspondence)
    parts = Parts(
        store=store,
        commands=Commands(store, query, room.clock, links),
        buttons=Buttons(store, room.clock, composition, links),
    )
    options = SlackAppOptions(
        token=SecretStr(fake.token),
        signing_secret=SecretStr(SECRET),
        api_url=fake.url,
        editors=("UED",),
        teams=("T1",),
    )
    yield Slack(slack_app(options, parts), fake, room)
    store.close()
    fake.stop()


def shown(answer: dict[str, Any]) -> str:
    return answer.get("text", "") + json.dumps(answer.get("blocks") or [], ensure_ascii=False)


@pytest.mark.parametrize(
    ("age_s", "secret", "stamp", "status"),
    [
        (0, SECRET, "", 200),
        (290, SECRET, "", 200),
        (310, SECRET, "", 401),
        (0, "wrong", "", 401),
        (0, SECRET, "soon", 401),
    ],
)
def test_only_fresh_signed_requests_are_heard(
    world: Slack, age_s: int, secret: str, stamp: str, status: int
) -> None:
    body = urlencode(
        {"command": "/policy", "text": "help", "user_id": "U1", "team_id": "T1", "channel_id": "C1"}
        | {"response_url": world.fake.url + "response"}
    )
    assert world.request(body, age_s=age_s, secret=secret, stamp=stamp) == status


def test_subscribing_listing_and_leaving(world: Slack) -> None:
    answer = shown(world.command("subscribe state:TX type:signed daily here"))
    assert "daily at 08:00 America/Denver" in answer
    assert "In the last 90 days you would have had" in answer
    (made,) = world.room.store.subscriptions()
    assert (made.filter, made.destination) == ("type:agreement_signed state:TX", "C1")
    assert made.cadence is Cadence.DAILY
    assert made.made_by == "slack:U1"
    assert made.id in shown(world.command("list"))
    assert "belongs to a channel" not in shown(world.command(f"unsubscribe {made.id}"))
    assert not world.room.store.subscriptions(active_only=False)


def test_others_may_not_end_what_is_not_theirs(world: Slack) -> None:
    world.command("subscribe state:TX here")
    (made,) = world.room.store.subscriptions()
    refused = shown(world.command(f"unsubscribe {made.id}", user="U2"))
    assert "an editor may change it" in refused
    hidden = shown(world.command(f"unsubscribe {made.id}", user="U2", channel_id="C9"))
    assert "no subscription" in hidden
    assert "Ended" in shown(world.command(f"unsubscribe {made.id}", user="UED"))


def test_another_workspace_is_not_answered(world: Slack) -> None:
    assert "does not answer here" in shown(world.command("list", team_id="T2"))


def test_a_wrong_filter_is_answered_with_place_and_suggestion(world: Slack) -> None:
    answer = shown(world.command("subscribe sate:TX"))
    assert "Did you mean state" in answer
    assert "^" in answer
    assert not world.room.store.subscriptions(active_only=False)


def test_the_same_wish_is_one_subscription_and_nobody_makes_without_end(world: Slack) -> None:
    """Each is weighed against every event: a member could have made the program crawl."""
    for _ in range(3):
        world.command("subscribe state:TX type:signed")
    assert len(world.room.store.subscriptions()) == 1
    for number in range(MOST_OF_ONE_PERSON - 1):
        world.command(f"subscribe county:48{2 * number + 1:03}")
    assert "nobody may have more" in shown(world.command("subscribe state:FL"))
    assert len(world.room.store.subscriptions()) == MOST_OF_ONE_PERSON
    assert "Subscribed" in shown(world.command("subscribe state:FL", user="U2"))


def test_hostile_words_come_back_as_text(world: Slack) -> None:
    answer = world.command("show <!channel> <@U1> *x* <https://evil.example|click>")
    assert "<!channel>" not in answer["text"]
    assert "<https" not in answer["text"]


def test_search_show_and_roster(world: Slack) -> None:
    event = facts.event(1, url="https://herald.example/a")
    world.room.commit(facts.record(event))
    found = world.command("search state:TX")
    assert "1 event for state:TX" in shown(found)
    assert "Agreement 1 signed" in shown(found)
    assert "Agreement 1 signed" in shown(world.command(f"show {event.id}"))
    assert "No event" in shown(world.command("show nothing"))
    assert "not been read" in shown(world.command("roster"))
    assert "would have had" in shown(world.command("preview state:TX"))
    assert "subscribe FILTER" in shown(world.command("help"))


def test_the_form_opens_says_what_is_wrong_and_subscribes(world: Slack) -> None:
    fields = {"command": "/policy", "text": "subscribe", "user_id": "U1", "team_id": "T1"}
    world.request(urlencode({**fields, "channel_id": "C1", "trigger_id": "t"}))
    world.wait(lambda: world.fake.called("views.open"))
    view = world.fake.called("views.open")[0]["view"]
    assert view["callback_id"] == "subscribe"

    def values(expression: str) -> dict[str, Any]:
        chosen = {"selected_option": {"value": "weekly"}}
        return {
            "filter": {"value": {"value": expression}},
            "cadence": {"value": chosen},
            "at": {"value": {"selected_time": "09:30"}},
            "where": {"value": {"selected_option": {"value": "me"}}},
        }

    def submit(expression: str) -> Any:
        state = {"values": values(expression)}
        return world.interact(
            {
                "type": "view_submission",
                "view": {
                    "type": "modal",
                    "callback_id": "subscribe",
                    "private_metadata": "C1",
                    "state": state,
                },
            }
        )

    answered = json.loads(submit("colour:red").body)
    assert "colour" in answered["errors"]["filter"]
    assert submit("state:FL").status == 200
    (made,) = world.room.store.subscriptions()
    assert (made.destination, made.cadence, made.at.hour) == ("U1", Cadence.WEEKLY, 9)
    home = world.wait(lambda: world.fake.called("views.publish"))[0]
    assert made.id in json.dumps(home["view"])


def _alert(world: Slack) -> Claim:
    world.room.subscribe(subscription(made_by="slack:U1"))
    claim = facts.claim()
    world.room.store.commit_page(
        PageCommit(
            source_id=facts.SOURCE,
            snapshots=(facts.snapshot(),),
            revisions=(facts.revision(),),
            claims=(claim,),
        )
    )
    world.room.commit(facts.record(facts.event(1), claim=claim))
    world.room.run(1)
    return claim


def test_acknowledging_shows_who_and_when_and_survives_later_edits(world: Slack) -> None:
    _alert(world)
    world.press(world.buttons()["acknowledge"] | {"block_id": "alert"})
    message = world.fake.visible("C1")[0]
    assert message["edited"]
    assert {"type": "user", "user_id": "U1"} in message["blocks"][-3]["elements"][0]["elements"]
    again = world.press(world.buttons()["acknowledge"] | {"block_id": "alert"})
    assert "before" in again["text"]


def _chosen(world: Slack, action: str) -> dict[str, Any]:
    menu = world.buttons()["more"]
    (option,) = [o for o in menu["options"] if o["value"].startswith(action)]
    return {"type": "overflow", "action_id": "more", "block_id": "alert", "selected_option": option}


def test_snooze_mute_and_evidence(world: Slack) -> None:
    _alert(world)
    assert "county:48113" in world.press(_chosen(world, "snooze_place"))["text"]
    assert "agreement" in world.press(_chosen(world, "mute_kind"))["text"]
    stored = world.room.store.subscription(SubscriptionId("desk"))
    assert stored is not None
    assert [expression for expression, _ in stored.snoozes] == ["county:48113"]
    assert stored.muted == ("type:agreement_signed",)
    assert not world.room.commit(facts.record(facts.event(2)))
    answer = world.press(world.buttons()["evidence"] | {"block_id": "alert"})
    assert "Agreement 1 signed" in shown(answer)


def test_not_relevant_labels_the_document_for_editors_only(world: Slack) -> None:
    _alert(world)
    assert "may not" in world.press(_chosen(world, "not_relevant"))["text"]
    assert not world.room.store.labels()
    assert "Labelled" in world.press(_chosen(world, "not_relevant"), user="UED")["text"]
    ((item, verdict),) = world.room.store.labels()
    assert (item.id, verdict) == (facts.revision().item.id, "not_relevant")


def test_a_press_from_another_channel_or_with_a_made_up_value_does_nothing(world: Slack) -> None:
    _alert(world)
    elsewhere = world.press(_chosen(world, "mute_kind"), channel="C9")
    assert "not known" in elsewhere["text"]
    forged = {"type": "button", "action_id": "acknowledge", "block_id": "alert", "value": "a|b"}
    assert "not known" in world.press(forged)["text"]
    stored = world.room.store.subscription(SubscriptionId("desk"))
    assert stored is not None
    assert not stored.muted


def test_over_http_the_same_signature_is_asked_for(world: Slack) -> None:
    fields = {"command": "/policy", "text": "help", "user_id": "U1", "team_id": "T1"}
    body = urlencode({**fields, "response_url": world.fake.url + "response"})
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    signed = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": f"v0={digest}",
    }
    with serving(slack_site(world.app)) as url:
        assert httpx.post(url + PATH, content=body, headers=signed).status_code == 200
        world.wait(lambda: world.fake.replies)
        assert httpx.get(url + PATH).status_code == 405
        for wrong in ({"x-slack-signature": "v0=0"}, {"x-slack-request-timestamp": "soon"}):
            answer = httpx.post(url + PATH, content=body, headers=signed | wrong)
            assert answer.status_code == 401
        assert len(world.fake.replies) == 1
