"""The slash command: words in, an answer out. Knows nothing of Bolt or HTTP."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import time, timedelta

from monitor.domain.errors import FilterError, MonitorError
from monitor.domain.ident import SubscriptionId, content_id
from monitor.domain.subscription import Cadence, Subscription
from monitor.notify.blockkit import Rendered
from monitor.notify.message import Links
from monitor.notify.personal import cadence_words
from monitor.ports import Clock
from monitor.services import subscriptions as life
from monitor.services.query import QueryService
from monitor.slack_app.answers import (
    events_answer,
    evidence_answer,
    filter_problem,
    help_answer,
    subscription_line,
    subscriptions_answer,
    text_answer,
)
from monitor.slack_app.roles import SlackRole, may, may_change
from monitor.stores import Store

_SHOWN = 10
#: Subscriptions that one person may make.
MOST_OF_ONE_PERSON = 50
_DAYS_OF_PREVIEW = 90
_CADENCES = {
    "immediate": Cadence.IMMEDIATE,
    "immediately": Cadence.IMMEDIATE,
    "hourly": Cadence.HOURLY,
    "daily": Cadence.DAILY,
    "weekly": Cadence.WEEKLY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks, where, and what the role map makes of it."""

    user: str
    channel: str
    role: SlackRole
    time_zone: str = "America/New_York"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenForm:
    """The answer is the modal."""

    filter: str = ""


class Commands:
    """Answers to the slash command, by its first word."""

    def __init__(
        self,
        store: Store,
        query: QueryService,
        clock: Clock,
        links: Links,
        command: str = "/policy",
    ) -> None:
        """`links` are those of our own pages; `command` is shown in help."""
        self._store = store
        self._query = query
        self._clock = clock
        self._links = links
        self._command = command

    def answer(self, text: str, speaker: Speaker) -> Rendered | OpenForm:
        """The answer to one command line; problems are answers too."""
        word, _, rest = text.strip().partition(" ")
        rest = rest.strip()
        verbs = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "list": self._list,
            "preview": self._preview,
            "search": self._search,
            "show": self._show,
            "roster": self._roster,
            "snooze": self._snooze,
            "resume": self._resume,
        }
        if not may(speaker.role, "read"):
            return text_answer("This app does not answer here.")
        verb = verbs.get(word.lower())
        if verb is None:
            return help_answer(self._command)
        try:
            return verb(rest, speaker)
        except FilterError as error:
            return filter_problem(rest, error)
        except MonitorError as error:
            return text_answer(str(error))

    def subscribed(
        self, speaker: Speaker, expression: str, cadence: Cadence, *, here: bool, at: time
    ) -> Subscription:
        """Store a new subscription, or find the same one. Raises FilterError, also for too many:
        each is weighed against every event."""
        canonical = self._query.ask(expression).expression
        destination = speaker.channel if here and speaker.channel else speaker.user
        own = life.owned_by(self._store, f"slack:{speaker.user}")
        wish = (canonical, destination, cadence, at, True)
        for known in own:
            if wish == (known.filter, known.destination, known.cadence, known.at, known.active):
                return known
        if len(own) >= MOST_OF_ONE_PERSON:
            raise FilterError(
                f"you have {len(own)} subscriptions, and nobody may have more; end one first",
                position=0,
            )
        wanted = "slack-" + content_id(destination, canonical, cadence)[:8]
        made = Subscription(
            id=life.free_id(self._store, wanted),
            filter=canonical,
            channel="slack",
            destination=destination,
            cadence=cadence,
            at=at,
            time_zone=speaker.time_zone,
            made_by=f"slack:{speaker.user}",
        )
        return life.save(self._store, made, self._clock.now(), self._query.gazetteer.find_counties)

    def mine(self, speaker: Speaker) -> tuple[Subscription, ...]:
        """The subscriptions of a person and of the channel where they speak."""
        places = {speaker.user, speaker.channel}
        return tuple(
            one
            for one in self._store.subscriptions(active_only=False)
            if one.made_by == f"slack:{speaker.user}"
            or (one.channel == "slack" and one.destination in places)
        )

    def own(self, subscription_id: str, speaker: Speaker) -> Subscription | str:
        """A subscription that this person may change, or why not."""
        found = self._store.subscription(SubscriptionId(subscription_id))
        if found is None or (found not in self.mine(speaker) and speaker.role < SlackRole.ADMIN):
            return f"I know no subscription {subscription_id!r} of yours; list shows them."
        if not may_change(speaker.role, speaker.user, found):
            return f"{subscription_id} belongs to a channel; an editor may change it."
        return found

    def preview_sentence(self, subscription: Subscription) -> str:
        """What the last days would have brought. Raises FilterError."""
        shown, _ = life.previewed(
            self._store,
            subscription,
            self._clock.now(),
            days=_DAYS_OF_PREVIEW,
            counties_near=self._near,
        )
        return shown.sentence

    def _subscribe(self, rest: str, speaker: Speaker) -> Rendered | OpenForm:
        expression, cadence, here = _read(rest)
        if not rest:
            return OpenForm()
        made = self.subscribed(speaker, expression, cadence, here=here, at=time(8))
        asked = made.filter or "everything"
        preview = self.preview_sentence(made)
        return text_answer(f"Subscribed as {made.id}: {asked}, {cadence_words(made)}. {preview}")

    def _unsubscribe(self, rest: str, speaker: Speaker) -> Rendered:
        found = self.own(rest, speaker)
        if isinstance(found, str):
            return text_answer(found)
        self._store.delete_subscription(found.id)
        return text_answer(f"Ended: {subscription_line(found)}")

    def _list(self, rest: str, speaker: Speaker) -> Rendered:
        del rest
        return subscriptions_answer(self.mine(speaker))

    def _preview(self, rest: str, speaker: Speaker) -> Rendered:
        expression, cadence, _ = _read(rest)
        wanted = Subscription(
            id=SubscriptionId("preview"),
            filter=self._query.ask(expression).expression,
            channel="slack",
            destination=speaker.user,
            cadence=cadence,
            time_zone=speaker.time_zone,
        )
        return text_answer(self.preview_sentence(wanted))

    def _search(self, rest: str, speaker: Speaker) -> Rendered:
        del speaker
        asked = self._query.ask(rest, limit=_SHOWN)
        page = self._query.events(asked)
        count = self._query.count(asked)
        plus, plural = "+" if count.capped else "", "" if count.value == 1 else "s"
        title = f"{count.value:,}{plus} event{plural} for {asked.expression or 'everything'}"
        more = f"the newest {len(page.items)} are shown" if page.next_cursor else ""
        link = self._links.query(asked.expression)
        return events_answer(title, page.items, self._links, more=more, all_link=link)

    def _show(self, rest: str, speaker: Speaker) -> Rendered:
        del speaker
        view = self._query.event(rest)
        if view is None:
            return text_answer(f"No event has the id {rest[:60]!r}; search shows ids.")
        return evidence_answer(view.event, self._links)

    def _roster(self, rest: str, speaker: Speaker) -> Rendered:
        del speaker
        view = self._query.roster(None, rest)
        if view.counts is None:
            return text_answer("ICE's roster has not been read yet.")
        models = ", ".join(f"{model} {number}" for model, number in view.by_model)
        as_of = f"{view.published_at:%Y-%m-%d}" if view.published_at else "unknown"
        states = ", ".join(f"{state} {number}" for state, number in view.by_state[:15])
        return text_answer(
            f"{len(view.listed):,} agreements of {view.agencies:,} agencies as of {as_of}"
            f" ({models}). {states}"
        )

    def _snooze(self, rest: str, speaker: Speaker) -> Rendered:
        subscription_id, _, days = rest.partition(" ")
        found = self.own(subscription_id, speaker)
        if isinstance(found, str):
            return text_answer(found)
        if not days.strip().isdigit() or not 0 < int(days) <= 366:
            return text_answer("Say for how many days, for example: snooze desk 7")
        until = self._clock.now() + timedelta(days=int(days))
        changed = life.snooze(self._store, found, until)
        return text_answer(f"Quiet: {subscription_line(changed)}")

    def _resume(self, rest: str, speaker: Speaker) -> Rendered:
        found = self.own(rest, speaker)
        if isinstance(found, str):
            return text_answer(found)
        awake = dataclasses.replace(found, snoozed_until=None)
        return text_answer(f"Running: {subscription_line(life.resume(self._store, awake))}")

    def _near(self, place: str, radius_km: int) -> tuple[str, ...]:
        return tuple(county.fips for county in self._query.gazetteer.near(place, radius_km))


def _read(rest: str) -> tuple[str, Cadence, bool]:
    """Filter, cadence and "here" of a command line; the last two stand at its end."""
    words, cadence, here = rest.split(" "), Cadence.IMMEDIATE, False
    while words:
        last = words[-1].lower()
        if last == "here":
            here = True
        elif last in _CADENCES:
            cadence = _CADENCES[last]
        elif last == "once" and len(words) > 1 and words[-2].lower() == "at":
            words.pop()
        elif last:
            break
        words.pop()
    return " ".join(words), cadence, here
