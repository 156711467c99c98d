"""Verbs about who hears what: digest, subscriptions."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from monitor.bootstrap.compose import App, open_app
from monitor.bootstrap.telling import preview_digest
from monitor.cli.asking import FormatOption
from monitor.cli.output import Format, fail, say, show
from monitor.domain.ident import SubscriptionId
from monitor.domain.subscription import Subscription
from monitor.services import subscriptions

SubscriptionArgument = Annotated[str, typer.Argument(help="subscription id")]


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("digest")(digest)
    group = typer.Typer(help="who hears what", no_args_is_help=True)
    group.command("list")(subscriptions_list)
    group.command("preview")(subscriptions_preview)
    group.command("pause")(subscriptions_pause)
    group.command("resume")(subscriptions_resume)
    group.command("export")(subscriptions_export)
    group.command("erase")(subscriptions_erase)
    app.add_typer(group, name="subscriptions")


def digest(
    subscription: SubscriptionArgument,
    preview: Annotated[bool, typer.Option("--preview", help="show it, send nothing")] = False,
) -> None:
    """What the next digest of a subscription would say; without --preview, close due windows."""
    with open_app() as app:
        if preview:
            typer.echo(preview_digest(app, _found(app, subscription)))
        else:
            app.digests()
            say(f"{app.deliver()} messages sent")


def subscriptions_list(format: FormatOption = Format.AUTO) -> None:
    """All subscriptions."""
    with open_app() as app:
        rows = [
            {
                "id": one.id,
                "filter": one.filter or "everything",
                "channel": one.channel,
                "destination": one.destination,
                "cadence": one.cadence.value,
                "state": "active" if one.active else f"paused: {one.paused_reason}",
                "origin": one.origin,
            }
            for one in app.store.subscriptions(active_only=False)
        ]
    columns = ("id", "filter", "channel", "destination", "cadence", "state", "origin")
    show(rows, columns, format)


def subscriptions_preview(
    subscription: SubscriptionArgument,
    days: Annotated[int, typer.Option(help="how many days back")] = 90,
) -> None:
    """What it would have brought: computed by replay, as live delivery would."""
    with open_app() as app:
        found, _ = subscriptions.previewed(
            app.store,
            _found(app, subscription),
            app.clock.now(),
            days=days,
            counties_near=app.counties_near,
        )
        say(found.sentence)


def subscriptions_pause(subscription: SubscriptionArgument) -> None:
    """Stop it; digests catch up when it is resumed."""
    with open_app() as app:
        subscriptions.pause(app.store, _found(app, subscription), "paused by the operator")
        say(f"{subscription} is paused")


def subscriptions_resume(subscription: SubscriptionArgument) -> None:
    """Start it again."""
    with open_app() as app:
        subscriptions.resume(app.store, _found(app, subscription))
        say(f"{subscription} is active")


def subscriptions_export(
    address: Annotated[str, typer.Argument(help="a person's address or channel id")],
) -> None:
    """Everything stored about an address, as JSON."""
    with open_app() as app:
        found = subscriptions.export(app.store, address)
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))


def subscriptions_erase(
    address: Annotated[str, typer.Argument(help="a person's address or channel id")],
) -> None:
    """Forget an address: its subscriptions and the destinations of past deliveries."""
    with open_app() as app:
        say(f"{subscriptions.erase(app.store, address)} rows about it were erased")


def _found(app: App, subscription: str) -> Subscription:
    found = app.store.subscription(SubscriptionId(subscription))
    if found is None:
        fail(f"no subscription {subscription!r}; `monitor subscriptions list` shows them")
    return found
