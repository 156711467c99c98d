"""What the command line asks of a running installation, as rows and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from monitor.bootstrap import doctor
from monitor.domain.ident import DeliveryId, SubscriptionId, content_id
from monitor.domain.source import Source
from monitor.domain.subscription import Ambiguous, Delivery, DeliveryKind, Sent, Transient

if TYPE_CHECKING:
    from monitor.bootstrap.compose import App
    from monitor.services.probe import Probed

Row = dict[str, object]


def probe_sources(app: App, sources: Sequence[Source]) -> Iterator[Probed]:
    """Probe these sources; what the results decide is stored when all are in."""
    from monitor.registry import first_requests
    from monitor.services.probe import probe, switch

    found = []
    for result in probe(
        sources,
        fetcher=app.fetcher,
        workers=app.workers,
        clock=app.clock,
        first=first_requests,
    ):
        found.append(result)
        yield result
    now = app.clock.now()
    switch(app.store, found, app.store.source_states(), now)
    app.store.set_fact("probed", now.isoformat())


def doctor_rows(app: App) -> list[Row]:
    """What `monitor doctor` shows."""
    return [{"what": f.what, "state": f.state, "detail": f.detail} for f in doctor.findings(app)]


def discover_site(app: App, url: str) -> tuple[str, tuple[str, ...]]:
    """(blocks for feeds.yaml, problems) of a site."""
    from monitor.services.discover import discover

    found = discover(url, app.fetcher)
    parts = [
        # One line, whatever the site calls itself: what follows a line break would be a block.
        "# "
        + " ".join(f"{offer.what}: {offer.title or offer.url} ({offer.evidence})".split())
        + f"\n{offer.block}"
        for offer in found.offers
    ]
    return "\n".join(parts), found.problems


def coverage_rows(app: App) -> list[Row]:
    """Who could see what."""
    from monitor.services.coverage import coverage

    return [
        {
            "state": cell.state,
            "event_type": cell.event_type.value,
            "sources": [*cell.own, *cell.wide],
            "needs_key": list(cell.keyed),
            "delay": str(cell.delay) if cell.delay else "",
            "gap": "nobody looks" if not (cell.own or cell.wide) else "",
        }
        for cell in coverage(app.sources(), lambda source: source.enabled)
    ]


def coverage_markdown(app: App) -> str:
    """The table by state."""
    from monitor.services.coverage import coverage, markdown, state_rows

    return markdown(state_rows(coverage(app.catalogue.value.sources)))


def coverage_summary(app: App) -> str:
    """The short table, by who looks."""
    from monitor.services.coverage import coverage, state_rows, summary

    return summary(state_rows(coverage(app.catalogue.value.sources)))


def feeds_reference() -> str:
    """docs/feeds-reference.md."""
    from monitor.catalogue.reference import reference
    from monitor.registry import SOURCE_KINDS

    return reference(SOURCE_KINDS)


def channel_rows(app: App) -> list[Row]:
    """The kinds of channel, and which are configured."""
    from monitor.registry import CHANNEL_KINDS

    return [
        {
            "channel": name,
            "configured": name in app.channels,
            "can_ask": name in app.channels and app.channels[name].can_ask,
            "detail": " ".join(kind.summary.split()),
        }
        for name, kind in sorted(CHANNEL_KINDS.items())
    ]


#: What to do about a refusal, by its class.
_ADVICE = {
    "Gone": "It is not there or not open to us: look at the id, invite the app into the channel",
    "InstallBroken": "Token, login or scope is wrong: `monitor setup` asks again",
    "PayloadBug": "The message itself was refused: please report it",
}


def try_channel(app: App, name: str, destination: str) -> tuple[bool, str]:
    """Send one test message; (whether it was confirmed, what came of it in words)."""
    from monitor.registry import CHANNEL_KINDS
    from monitor.services.composition import system_body, system_message

    if name not in CHANNEL_KINDS:
        return False, f"there is no channel {name!r}; there are {', '.join(sorted(CHANNEL_KINDS))}"
    channel = app.channels.get(name)
    if channel is None:
        return False, f"{name} is not configured; `monitor setup` asks for what it needs"
    to = destination or default_destination(app, name)
    if not to:
        return False, f"say where: `monitor channels test {name} DESTINATION`"
    now = app.clock.now()
    delivery = Delivery(
        id=DeliveryId(content_id("test", name, to, now.isoformat())),
        subscription_id=SubscriptionId("test"),
        kind=DeliveryKind.SYSTEM,
        channel=name,
        destination=to,
        created_at=now,
        attempted_at=now,
        body=system_body("Test of the policy monitor", ["If you read this, this channel works."]),
    )
    match channel.send(delivery, system_message(delivery)):
        case Sent(external_id=found):
            mark = f" ({found})" if found and found != to else ""
            return True, f"{name} confirmed the message to {to}{mark}"
        case Ambiguous(reason=reason) | Transient(reason=reason):
            return False, f"{name} did not confirm: {reason}"
        case refused:
            advice = _ADVICE[type(refused).__name__]
            return False, f"{name} refused: {refused.reason}. {advice}"


def default_destination(app: App, channel: str) -> str:
    """Where a channel goes when nothing else is said."""
    defaults = {
        "slack": app.settings.get("MONITOR_SLACK_CHANNEL"),
        "email": app.settings.get("MONITOR_MAIL_TO"),
        "file": "alerts.jsonl",
        "stdout": "stdout",
    }
    return defaults.get(channel, "")
