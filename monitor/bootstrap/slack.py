"""The Slack app beside a running monitor: Socket Mode where there is an app token, else HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from monitor.bootstrap.outgoing import correspondence
from monitor.domain.errors import ChannelError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from monitor.bootstrap.compose import App
    from monitor.slack_app.app import Parts, SlackAppOptions

_SIGNING = "MONITOR_SLACK_SIGNING_SECRET"


@contextmanager
def slack_in_background(app: App, say: Callable[[str], None]) -> Iterator[None]:
    """Commands and buttons over Socket Mode; without tokens nothing happens.

    A Slack that cannot be reached costs the commands, never the monitor.
    """
    settings = app.settings
    tokens = (settings.secret("MONITOR_SLACK_TOKEN"), settings.secret("MONITOR_SLACK_APP_TOKEN"))
    if not all(tokens):
        yield
        return
    from monitor.slack_app.listening import listening

    options, parts = _desk(app)
    with ExitStack() as stack:
        try:
            stack.enter_context(listening(options, parts))
        except ChannelError as error:
            say(str(error))
        else:
            say("Slack commands and buttons listen")
        yield


def slack_over_http(app: App) -> ASGIApp | None:
    """What answers Slack's requests to /slack/events; None unless it can check who sent them.

    That needs the bot token and the signing secret; with an app token Socket Mode does it instead.
    """
    settings = app.settings
    needed = (settings.secret("MONITOR_SLACK_TOKEN"), settings.secret(_SIGNING))
    if not all(needed) or settings.secret("MONITOR_SLACK_APP_TOKEN"):
        return None
    from monitor.slack_app.app import slack_app
    from monitor.slack_app.http import slack_site

    options, parts = _desk(app)
    return slack_site(slack_app(options, parts, verify_token=False))


def _desk(app: App) -> tuple[SlackAppOptions, Parts]:
    """How the app is set up and what it speaks for."""
    from monitor.services.composition import Composition
    from monitor.slack_app.app import Parts, SlackAppOptions
    from monitor.slack_app.buttons import Buttons
    from monitor.slack_app.commands import Commands

    settings = app.settings
    options = SlackAppOptions(
        token=SecretStr(settings.secret("MONITOR_SLACK_TOKEN").reveal()),
        app_token=SecretStr(settings.secret("MONITOR_SLACK_APP_TOKEN").reveal()),
        signing_secret=SecretStr(settings.secret(_SIGNING).reveal()),
        api_url=settings.get("MONITOR_SLACK_API"),
        time_zone=settings.get("MONITOR_TIME_ZONE"),
        editors=settings.list("MONITOR_SLACK_EDITORS"),
        admins=settings.list("MONITOR_SLACK_ADMINS"),
        teams=settings.list("MONITOR_SLACK_TEAMS"),
        channels=settings.list("MONITOR_SLACK_CHANNELS"),
    )
    letters = correspondence(settings)
    parts = Parts(
        store=app.store,
        commands=Commands(app.store, app.query, app.clock, letters.links),
        buttons=Buttons(app.store, app.clock, Composition(app.store, letters), letters.links),
    )
    return options, parts
