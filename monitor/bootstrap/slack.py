"""The Slack app beside a running monitor: Socket Mode where there is an app token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from monitor.bootstrap.outgoing import correspondence
from monitor.domain.errors import ChannelError

if TYPE_CHECKING:
    from monitor.bootstrap.compose import App


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
    from monitor.services.composition import Composition
    from monitor.slack_app.app import Parts, SlackAppOptions
    from monitor.slack_app.buttons import Buttons
    from monitor.slack_app.commands import Commands
    from monitor.slack_app.listening import listening

    options = SlackAppOptions(
        token=SecretStr(tokens[0].reveal()),
        app_token=SecretStr(tokens[1].reveal()),
        api_url=settings.get("MONITOR_SLACK_API"),
        time_zone=settings.get("MONITOR_TIME_ZONE"),
        editors=settings.list("MONITOR_SLACK_EDITORS"),
        admins=settings.list("MONITOR_SLACK_ADMINS"),
    )
    letters = correspondence(settings)
    parts = Parts(
        store=app.store,
        commands=Commands(app.store, app.query, app.clock, letters.links),
        buttons=Buttons(app.store, app.clock, Composition(app.store, letters), letters.links),
    )
    with ExitStack() as stack:
        try:
            stack.enter_context(listening(options, parts))
        except ChannelError as error:
            say(str(error))
        else:
            say("Slack commands and buttons listen")
        yield
