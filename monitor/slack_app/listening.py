"""The app listening over Socket Mode for a while; Slack's errors become ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from slack_sdk.errors import SlackApiError, SlackClientError

from monitor.domain.errors import ChannelError
from monitor.slack_app.app import Parts, SlackAppOptions, run_socket, slack_app


@contextmanager
def listening(options: SlackAppOptions, parts: Parts) -> Iterator[None]:
    """Listen until the block ends. Raises ChannelError when Slack cannot be reached or refuses."""
    try:
        handler = run_socket(slack_app(options, parts), options)
    except (SlackApiError, SlackClientError, OSError) as error:
        message = f"Slack commands cannot start: {error}; check tokens and network"
        raise ChannelError(message) from error
    try:
        yield
    finally:
        handler.close()  # type: ignore[no-untyped-call]  # slack_bolt has no types here
