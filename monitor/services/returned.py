"""Mails that came back: bounces suppress, mails that ask to leave end a subscription."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from monitor.domain.errors import ChannelError
from monitor.domain.health import HealthEntry
from monitor.domain.ident import SubscriptionId
from monitor.notify.bounce import bounce
from monitor.notify.leaving import leave_word
from monitor.notify.tokens import MIN_SECRET_CHARS, BadToken, Purpose, verify
from monitor.ports import Clock
from monitor.services import subscriptions as life
from monitor.stores import Store

#: (UIDVALIDITY, UID) of a mail.
Place = tuple[int, int]
#: Reads what is new after a place and gives each mail with its place to the callable.
ReadNew = Callable[[Place, Callable[[bytes, Place], bool]], object]

_POSITION = "mailbox: read to"
_TROUBLE = "mailbox: trouble told"
_ASKED = "asked to leave by mail:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a look into the mailbox did; `others` were mails for somebody else."""

    bounces: int = 0
    left: int = 0
    others: int = 0
    problem: str = ""


class ReturnedMail:
    """The job that reads the mailbox."""

    def __init__(self, store: Store, clock: Clock, read_new: ReadNew, secret: str) -> None:
        """`secret` is the one that signs links; without it nobody can leave by mail alone."""
        self._store = store
        self._clock = clock
        self._read_new = read_new
        self._secret = secret

    def run_once(self) -> Returned:
        """Take what is new. A mailbox that cannot be read is one health entry until it can."""
        counts = Counter[str]()
        problem = ""

        def take(raw: bytes, place: Place) -> bool:
            word = self._take(raw)
            counts[word] += 1
            self._store.set_fact(_POSITION, json.dumps(place))
            return word != "others"

        try:
            self._read_new(self._position(), take)
            self._store.set_fact(_TROUBLE, "")
        except ChannelError as error:
            problem = str(error)
            self._tell_once(problem)
        return Returned(
            bounces=counts["bounces"],
            left=counts["left"],
            others=counts["others"],
            problem=problem,
        )

    def _take(self, raw: bytes) -> str:
        """What kind of mail it was: "bounces", "left" or "others"."""
        came_back = bounce(raw)
        if came_back is not None:
            life.record_bounce(self._store, came_back)
            return "bounces"
        word = leave_word(raw)
        return "left" if word and self._leave(word) else "others"

    def _leave(self, word: str) -> bool:
        if len(self._secret) < MIN_SECRET_CHARS:
            return self._ask_operator(word)
        bearer = verify(self._secret, Purpose.LEAVE, word, self._clock.now())
        if isinstance(bearer, BadToken):
            return False
        found = self._store.subscription(SubscriptionId(bearer.subject))
        if found is not None:
            life.leave(self._store, found)
        return True

    def _ask_operator(self, word: str) -> bool:
        """Without signatures anybody could write this mail: a person decides."""
        found = self._store.subscription(SubscriptionId(word))
        if found is None or found.channel != "email" or not found.active:
            return False
        if not self._store.fact(_ASKED + found.id):
            self._store.set_fact(_ASKED + found.id, self._clock.now().isoformat())
            message = (
                f"a mail asks to leave the subscription {found.id}; take its reader out of "
                f"feeds.yaml or run `monitor subscriptions pause {found.id}`"
            )
            self._add(message)
        return True

    def _position(self) -> Place:
        validity, uid = json.loads(self._store.fact(_POSITION) or "[0, 0]")
        return int(validity), int(uid)

    def _tell_once(self, problem: str) -> None:
        if not self._store.fact(_TROUBLE):
            self._store.set_fact(_TROUBLE, self._clock.now().isoformat())
            self._add(f"bounces are not read: {problem}")

    def _add(self, message: str) -> None:
        now = self._clock.now()
        entry = HealthEntry(at=now, kind="mailbox", message=message, tell_operator=True)
        self._store.add_health([entry])
