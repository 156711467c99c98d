"""Standard output: messages as text, for trying out and for a terminal that is watched."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import cast

from monitor.domain.subscription import CannotAsk, Delivery, Lookup, SendOutcome, Sent, Transient
from monitor.kinds import ChannelKind, Options
from monitor.notify.message import Message
from monitor.notify.plain_text import text_lines


class StdoutOptions(Options):
    """Nothing to configure."""


@dataclass(slots=True)
class StdoutChannel:
    """Writes to the terminal."""

    options: StdoutOptions
    name: str = "stdout"
    can_ask: bool = False
    can_edit: bool = False

    def send(self, delivery: Delivery, message: object) -> SendOutcome:
        """Write the message and flush."""
        del delivery
        try:
            sys.stdout.write(payload(cast(Message, message)))
            sys.stdout.flush()
        except OSError as error:
            return Transient(reason=f"cannot write to the terminal: {error.strerror}")
        return Sent()

    def find(self, delivery: Delivery) -> Lookup:
        """A terminal remembers nothing."""
        del delivery
        return CannotAsk(reason="a terminal cannot be asked")


def payload(message: Message) -> str:
    """The message as lines of text and an empty line."""
    return "\n".join((*text_lines(message), "", ""))


KIND = ChannelKind(
    name="stdout",
    summary="Writes messages as text to standard output.",
    options=StdoutOptions,
    open=StdoutChannel,
    example="channel: stdout\ndestination: terminal\n",
)
