"""Slack: one post per delivery, found again by the delivery id in the message's metadata.

The client never retries by itself (slack_sdk's default handler posts twice when a connection
drops); the outbox decides, after asking. With an incoming webhook instead of a token nothing can
be asked or edited: `on_unknown` says what then happens.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, cast
from urllib.error import URLError

from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from monitor.domain.subscription import (
    Ambiguous,
    CannotAsk,
    Delivery,
    DeliveryKind,
    Found,
    Gone,
    InstallBroken,
    Lookup,
    NotFound,
    PayloadBug,
    SendOutcome,
    Sent,
    Transient,
)
from monitor.kinds import ChannelKind, Options
from monitor.notify.bare_post import plain_post
from monitor.notify.blockkit import Rendered, post, replies
from monitor.notify.message import Message, Update
from monitor.notify.slack_codes import outcome_of

EVENT_TYPE = "policy_monitor_delivery"
_PAGES = 20
_PAGE = 200
_LOOK_BACK = timedelta(seconds=60)

_UNEDITABLE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


class SlackOptions(Options):
    """How to reach Slack; the environment gives it (docs/channels.md)."""

    token: SecretStr = SecretStr("")  #: bot token
    webhook_url: SecretStr = SecretStr("")  #: incoming webhook, used where there is no token
    api_url: str = "https://slack.com/api/"
    timeout_s: float = 20.0
    buttons: bool = False  #: an app listens to clicks
    on_unknown: Literal["hold", "resend"] = "hold"  #: webhook only: after an ambiguous answer


class _Refused(Exception):
    """A call that did not succeed, as the outcome it means."""

    def __init__(self, outcome: SendOutcome, code: str = "") -> None:
        super().__init__(code)
        self.outcome = outcome
        self.code = code


@dataclass(slots=True)
class SlackChannel:
    """Posts with a bot token or an incoming webhook."""

    options: SlackOptions
    name: str = "slack"
    can_ask: bool = field(init=False)  #: only with a token: webhooks return no id, show no history
    can_edit: bool = field(init=False)
    min_interval_s: float = 1.0  #: Slack's "1 per second" and channel
    _opened: dict[str, str] = field(default_factory=dict)  #: user -> direct message channel

    def __post_init__(self) -> None:
        """Read from the options what this installation can do."""
        self.can_ask = self.can_edit = bool(self.options.token.get_secret_value())

    def send(self, delivery: Delivery, message: object) -> SendOutcome:
        """Post what of the message is not there yet; for an Update edit first, then answer."""
        content = cast(Message, message)
        try:
            if not self.can_ask:
                return self._send_webhook(delivery, content)
            return self._send_posts(delivery, content)
        except _Refused as refused:
            return refused.outcome

    def find(self, delivery: Delivery) -> Lookup:
        """Whether all parts of the delivery stand in the channel or its thread."""
        if not self.can_ask:
            held = self.options.on_unknown == "hold"
            return CannotAsk(reason="an incoming webhook shows no history") if held else NotFound()
        try:
            channel = self._channel(delivery)
            parts = self._existing(delivery, channel)
        except _Refused as refused:
            return _lookup_of(refused)
        head = parts.get(0)
        if head is None or head.total > len(parts):
            return NotFound()
        return Found(external_id=f"{channel}/{head.ts}")

    def _send_posts(self, delivery: Delivery, message: Message) -> SendOutcome:
        channel = self._channel(delivery)
        there = self._existing(delivery, channel) if delivery.attempts > 1 else {}
        thread = _parent_ts(delivery)
        shown = message.opening if isinstance(message, Update) else message
        head = post(shown, buttons=self.options.buttons)
        if isinstance(message, Update) and thread:
            self._edit(channel, thread, head)
            posts = replies(message)
        else:
            posts = (head, *replies(message))
        if delivery.plain:
            posts = (plain_post(message),)
        first_ts = ""
        for number, rendered in enumerate(posts):
            wanted = _Part(number=number, total=len(posts))
            part = there.get(number) or self._post(
                delivery, channel, rendered, thread or first_ts, wanted
            )
            first_ts = first_ts or part.ts
        return Sent(external_id=f"{channel}/{first_ts}")

    def _post(
        self, delivery: Delivery, channel: str, rendered: Rendered, thread: str, part: _Part
    ) -> _Part:
        payload = {
            "delivery_id": str(delivery.id),
            "part": part.number,
            "parts": part.total,
        }
        answer = self._call(
            "chat.postMessage",
            {
                "channel": channel,
                "text": rendered.text,
                "unfurl_links": False,
                "unfurl_media": False,
                "metadata": {"event_type": EVENT_TYPE, "event_payload": payload},
                **({"blocks": list(rendered.blocks)} if rendered.blocks else {}),
                **({"thread_ts": thread} if thread else {}),
            },
        )
        return _Part(number=part.number, total=part.total, ts=str(answer.get("ts", "")))

    def _edit(self, channel: str, ts: str, rendered: Rendered) -> None:
        """Editing twice is harmless, so an ambiguous answer is only a reason to try again."""
        arguments = {"channel": channel, "ts": ts, "text": rendered.text}
        try:
            self._call("chat.update", {**arguments, "blocks": list(rendered.blocks)})
        except _Refused as refused:
            if refused.code in _UNEDITABLE:
                return
            if isinstance(refused.outcome, Ambiguous):
                again = Transient(reason=refused.outcome.reason)
                raise _Refused(again, refused.code) from refused
            raise

    def _channel(self, delivery: Delivery) -> str:
        parent = delivery.parent_external_id.partition("/")[0]
        if parent and delivery.kind is DeliveryKind.UPDATE:
            return parent
        wanted = delivery.destination
        if not wanted.startswith(("U", "W")):
            return wanted
        if wanted not in self._opened:
            try:
                answer = self._call("conversations.open", {"users": wanted})
            except _Refused as refused:
                if isinstance(refused.outcome, Ambiguous):  # opening a conversation posts nothing
                    raise _Refused(Transient(reason=refused.outcome.reason)) from refused
                raise
            self._opened[wanted] = str(answer["channel"]["id"])
        return self._opened[wanted]

    def _existing(self, delivery: Delivery, channel: str) -> dict[int, _Part]:
        """The delivery's parts that stand there. Raises _Refused when Slack cannot be asked."""
        parent = _parent_ts(delivery)
        if parent:
            return _parts_of(delivery, self._messages("conversations.replies", channel, parent))
        oldest = f"{(delivery.created_at - _LOOK_BACK).timestamp():.6f}"
        found = _parts_of(delivery, self._messages("conversations.history", channel, oldest=oldest))
        head = found.get(0)
        if head is not None and head.total > 1:
            replied = self._messages("conversations.replies", channel, head.ts)
            found = {**_parts_of(delivery, replied), **found}
        return found

    def _messages(
        self, method: str, channel: str, ts: str = "", oldest: str = "0"
    ) -> Iterator[Mapping[str, Any]]:
        arguments: dict[str, Any] = {
            "channel": channel,
            "oldest": oldest,
            "limit": _PAGE,
            "include_all_metadata": True,
            **({"ts": ts} if ts else {}),
        }
        for _ in range(_PAGES):
            try:
                answer = self._call(method, arguments)
            except _Refused as refused:
                if isinstance(refused.outcome, Ambiguous):  # reading changes nothing
                    raise _Refused(Transient(reason=refused.outcome.reason)) from refused
                raise
            yield from answer.get("messages", ())
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            arguments["cursor"] = cursor
        raise _Refused(Ambiguous(reason=f"more than {_PAGES * _PAGE} messages to look through"))

    def _call(self, method: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
        client = WebClient(
            token=self.options.token.get_secret_value(),
            base_url=self.options.api_url,
            timeout=int(self.options.timeout_s) or 1,
            retry_handlers=[],
        )
        try:
            answer = client.api_call(method, json=arguments)
        except SlackApiError as error:
            raise _refused(error, method) from error
        except (URLError, OSError, http.client.HTTPException, SlackClientError) as error:
            raise _Refused(connection_outcome(error, method)) from error
        return cast(Mapping[str, Any], answer.data)

    def _send_webhook(self, delivery: Delivery, message: Message) -> SendOutcome:
        rendered = plain_post(message) if delivery.plain else post(message)
        client = WebhookClient(
            self.options.webhook_url.get_secret_value(),
            timeout=int(self.options.timeout_s) or 1,
            retry_handlers=[],
        )
        try:
            answer = client.send(
                text=rendered.text,
                blocks=list(rendered.blocks) or None,
                unfurl_links=False,
                unfurl_media=False,
            )
        except (URLError, OSError, http.client.HTTPException, SlackClientError) as error:
            return connection_outcome(error, "the incoming webhook")
        if answer.status_code == 200 and answer.body == "ok":
            return Sent()
        return outcome_of(answer.body.strip()[:80], answer.status_code, _header_of(answer.headers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One post of a delivery that has several."""

    number: int
    total: int
    ts: str = ""


def connection_outcome(error: Exception, what: str) -> SendOutcome:
    """Transient where no request can have left, Ambiguous wherever one may have arrived."""
    cause = error.reason if isinstance(error, URLError) else error
    reason = f"{what}: {type(cause).__name__}"
    if isinstance(cause, (ConnectionRefusedError, socket.gaierror)):
        return Transient(reason=reason)
    return Ambiguous(reason=reason)


def _refused(error: SlackApiError, method: str) -> _Refused:
    response = error.response
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error", ""))
    outcome = outcome_of(code, response.status_code, _header_of(response.headers))
    if not code and 200 <= response.status_code < 300:
        outcome = Ambiguous(reason=f"{method}: Slack's answer is not readable")
    return _Refused(outcome, code)


def _lookup_of(refused: _Refused) -> Lookup:
    from_scope = refused.code in ("missing_scope", "no_permission", "access_denied")
    match refused.outcome:
        case Gone(reason=reason) | Ambiguous(reason=reason) | PayloadBug(reason=reason):
            return CannotAsk(reason=reason)
        case InstallBroken(reason=reason) if from_scope:
            return CannotAsk(reason=f"{reason}: the app may not read the channel's history")
        case InstallBroken(reason=reason) | Transient(reason=reason):
            return CannotAsk(reason=reason, later=True)
        case Sent():
            return NotFound()


def _parts_of(delivery: Delivery, messages: Iterator[Mapping[str, Any]]) -> dict[int, _Part]:
    found: dict[int, _Part] = {}
    for message in messages:
        metadata = message.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        if payload.get("delivery_id") != delivery.id:
            continue
        part = _Part(
            number=int(payload.get("part", 0)),
            total=int(payload.get("parts", 1)),
            ts=str(message.get("ts", "")),
        )
        found[part.number] = part
    return found


def _parent_ts(delivery: Delivery) -> str:
    if delivery.kind is not DeliveryKind.UPDATE:
        return ""
    return delivery.parent_external_id.partition("/")[2]


def _header_of(headers: Mapping[str, Any]) -> str:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            return str(value[0] if isinstance(value, list) else value)
    return ""


KIND = ChannelKind(
    name="slack",
    summary=(
        "Posts to a Slack channel or person with a bot token: threads, edits and corrections, "
        "found again by metadata. With an incoming webhook only plain posting is possible."
    ),
    options=SlackOptions,
    open=SlackChannel,
    example="channel: slack\ndestination: C0123456789\n",
)
