"""The Bolt app: everything is acknowledged at once and answered afterwards.

Socket Mode needs no public address and is the default; over HTTP Bolt checks Slack's signature
(HMAC, five minutes). Slack waits three seconds for an acknowledgement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Any

from pydantic import SecretStr
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.middleware.request_verification import RequestVerification
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from monitor.domain.errors import ChannelError, FilterError
from monitor.domain.subscription import Cadence
from monitor.kinds import Options
from monitor.notify.blockkit import Rendered
from monitor.services import subscriptions as life
from monitor.slack_app.answers import form, home, text_answer
from monitor.slack_app.buttons import Buttons
from monitor.slack_app.commands import Commands, OpenForm, Speaker
from monitor.slack_app.roles import RoleMap
from monitor.stores import Store

Body = dict[str, Any]  # JSON as Slack sends it


class SlackAppOptions(Options):
    """How the app reaches Slack and whom it obeys; the environment gives it (docs/channels.md)."""

    token: SecretStr
    app_token: SecretStr = SecretStr("")  #: for Socket Mode
    signing_secret: SecretStr = SecretStr("")  #: for HTTP
    api_url: str = "https://slack.com/api/"
    command: str = "/policy"
    time_zone: str = "America/New_York"  #: of people whose own cannot be read
    editors: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @property
    def roles(self) -> RoleMap:
        """The role map."""
        return RoleMap(
            editors=frozenset(self.editors),
            admins=frozenset(self.admins),
            teams=frozenset(self.teams),
            channels=frozenset(self.channels),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the app speaks for."""

    store: Store
    commands: Commands
    buttons: Buttons


def slack_app(options: SlackAppOptions, parts: Parts, *, verify_token: bool = True) -> App:
    """The app with all its listeners. `verify_token` asks Slack at once whether the token works."""
    client = WebClient(
        token=options.token.get_secret_value(), base_url=options.api_url, retry_handlers=[]
    )
    app = App(
        client=client,
        request_verification_enabled=False,  # Signed does it, and more strictly
        before_authorize=Signed(options.signing_secret.get_secret_value()),
        token_verification_enabled=verify_token,
    )
    desk = _Desk(options, parts)
    app.command(options.command)(desk.command)
    for action in ("evidence", "acknowledge", "more"):
        app.action({"block_id": "alert", "action_id": action})(desk.pressed)
    app.action("open_form")(desk.open_form)
    for action in ("home_pause", "home_resume", "home_leave", "home_preview"):
        app.action(action)(desk.home_pressed)
    app.view("subscribe")(desk.submitted)
    app.event("app_home_opened")(desk.home_opened)
    return app


def run_socket(app: App, options: SlackAppOptions) -> SocketModeHandler:
    """Listen over Socket Mode in threads of its own. Raises ChannelError without an app token.

    Call close() on the result to stop.
    """
    if not options.app_token.get_secret_value():
        raise ChannelError("Socket Mode needs MONITOR_SLACK_APP_TOKEN (xapp-…) of the Slack app")
    handler = SocketModeHandler(app, options.app_token.get_secret_value())
    handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it without types
    return handler


class Signed(RequestVerification):
    """Slack's signature over HTTP; without a signing secret nothing is heard over HTTP at all."""

    def process(
        self, *, req: BoltRequest, resp: BoltResponse, next: Callable[[], BoltResponse]
    ) -> BoltResponse:
        """Let the request pass, or answer 401; a timestamp that is no number is one too."""
        if req.mode == "socket_mode":
            return next()
        stamp = req.headers.get("x-slack-request-timestamp", [""])[0]
        if not self._signing_secret or not stamp.isascii() or not stamp.isdigit():
            return BoltResponse(status=401, body="")
        return super().process(req=req, resp=resp, next=next)


class _Desk:
    """The listeners; Bolt fills their arguments by name."""

    def __init__(self, options: SlackAppOptions, parts: Parts) -> None:
        self._options = options
        self._parts = parts

    def command(
        self, ack: Callable[[], None], body: Body, client: WebClient, respond: Callable[..., Any]
    ) -> None:
        """The slash command."""
        ack()
        speaker = self._speaker(body, client)
        answer = self._parts.commands.answer(str(body.get("text", "")), speaker)
        if isinstance(answer, OpenForm):
            view = form(speaker.channel, answer.filter)
            client.views_open(trigger_id=str(body.get("trigger_id", "")), view=view)
            return
        _respond(respond, answer)

    def pressed(
        self,
        ack: Callable[[], None],
        body: Body,
        action: Body,
        client: WebClient,
        respond: Callable[..., Any],
    ) -> None:
        """A button or menu on an alert."""
        ack()
        name, value = _pressed_value(action)
        channel = str((body.get("channel") or {}).get("id", ""))
        speaker = self._speaker(body, client)
        reaction = self._parts.buttons.react(name, value, speaker, channel)
        if reaction.edited is not None:
            _edit(client, channel, str((body.get("message") or {}).get("ts", "")), reaction.edited)
        _respond(respond, reaction.answer)

    def open_form(self, ack: Callable[[], None], body: Body, client: WebClient) -> None:
        """The button of the App Home."""
        ack()
        client.views_open(trigger_id=str(body.get("trigger_id", "")), view=form(""))

    def submitted(self, ack: Callable[..., None], body: Body, client: WebClient) -> None:
        """The form: a filter that cannot be read is shown at its field."""
        view = body.get("view") or {}
        values = view.get("state", {}).get("values", {})
        speaker = self._speaker(body, client, str(view.get("private_metadata", "")))
        try:
            made = self._parts.commands.subscribed(
                speaker,
                _field(values, "filter", "value"),
                Cadence(_option_of(values, "cadence") or "immediate"),
                here=_option_of(values, "where") == "here",
                at=time.fromisoformat(_field(values, "at", "selected_time") or "08:00"),
            )
        except FilterError as error:
            hint = f" Did you mean {error.suggestion}?" if error.suggestion else ""
            ack(response_action="errors", errors={"filter": f"{error}.{hint}"[:150]})
            return
        ack()
        del made
        self._publish_home(client, speaker)

    def home_opened(self, event: Body, body: Body, client: WebClient) -> None:
        """Somebody looks at the App Home."""
        if event.get("tab") == "home":
            user = {"id": str(event.get("user", "")), "team_id": str(body.get("team_id", ""))}
            self._publish_home(client, self._speaker({"user": user}, client))

    def home_pressed(
        self, ack: Callable[[], None], body: Body, action: Body, client: WebClient
    ) -> None:
        """Pause, resume, preview or leave from the App Home."""
        ack()
        speaker = self._speaker(body, client)
        found = self._parts.commands.own(str(action.get("value", "")), speaker)
        if isinstance(found, str):
            _say(client, speaker.user, text_answer(found))
            return
        match str(action.get("action_id", "")):
            case "home_pause":
                life.pause(self._parts.store, found, "paused in Slack")
            case "home_resume":
                life.resume(self._parts.store, found)
            case "home_leave":
                self._parts.store.delete_subscription(found.id)
            case _:
                _say(
                    client, speaker.user, text_answer(self._parts.commands.preview_sentence(found))
                )
        self._publish_home(client, speaker)

    def _publish_home(self, client: WebClient, speaker: Speaker) -> None:
        mine = self._parts.commands.mine(speaker)
        client.views_publish(user_id=speaker.user, view=home(mine, self._options.command))

    def _speaker(self, body: Body, client: WebClient, channel: str = "") -> Speaker:
        user = body.get("user") or {}
        user_id = str(body.get("user_id") or user.get("id", ""))
        team = body.get("team") or {}
        team_id = str(body.get("team_id") or team.get("id") or user.get("team_id", ""))
        where = channel or str(body.get("channel_id") or (body.get("channel") or {}).get("id", ""))
        role = self._options.roles.role(user_id, team_id, where)
        return Speaker(
            user=user_id, channel=where, role=role, time_zone=self._zone(client, user_id)
        )

    def _zone(self, client: WebClient, user: str) -> str:
        """The person's own time zone; the default where it cannot be read."""
        try:
            answer = client.users_info(user=user)
        except (SlackApiError, OSError):
            return self._options.time_zone
        return str((answer.get("user") or {}).get("tz") or self._options.time_zone)


def _pressed_value(action: Body) -> tuple[str, str]:
    """(action, delivery|event): a menu's action stands in front of its value."""
    if action.get("type") == "overflow":
        chosen = str((action.get("selected_option") or {}).get("value", ""))
        name, _, value = chosen.partition("|")
        return name, value
    return str(action.get("action_id", "")), str(action.get("value", ""))


def _respond(respond: Callable[..., Any], answer: Rendered) -> None:
    respond(
        text=answer.text,
        blocks=list(answer.blocks) or None,
        response_type="ephemeral",
        replace_original=False,
        unfurl_links=False,
        unfurl_media=False,
    )


def _edit(client: WebClient, channel: str, ts: str, rendered: Rendered) -> None:
    try:
        client.chat_update(channel=channel, ts=ts, text=rendered.text, blocks=list(rendered.blocks))
    except (SlackApiError, OSError):
        return  # the acknowledgement is stored; the next edit of the message shows it


def _say(client: WebClient, user: str, answer: Rendered) -> None:
    client.chat_postMessage(channel=user, text=answer.text, blocks=list(answer.blocks) or None)


def _field(values: Body, block: str, key: str) -> str:
    return str(((values.get(block) or {}).get("value") or {}).get(key) or "")


def _option_of(values: Body, block: str) -> str:
    chosen = ((values.get(block) or {}).get("value") or {}).get("selected_option") or {}
    return str(chosen.get("value") or "")
