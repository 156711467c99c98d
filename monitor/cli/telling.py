"""Verbs about who hears what: digest, subscriptions."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.bootstrap.compose import open_app
from monitor.cli.asking import FormatOption
from monitor.cli.output import Format, fail, say, show
from monitor.domain.ident import SubscriptionId
from monitor.domain.subscription import Subscription

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
    from monitor.bootstrap.telling import preview_digest

    with open_app() as app:
        if preview:
            typer.echo(preview_digest(app, _found(app.store.subscription, subscription)))
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
    from monitor.bootstrap.telling import preview_subscription

    with open_app() as app:
        say(preview_subscription(app, _found(app.store.subscription, subscription), days))


def subscriptions_pause(subscription: SubscriptionArgument) -> None:
    """Stop it; nothing is lost, digests catch up when it is resumed."""
    _switch(subscription, active=False)


def subscriptions_resume(subscription: SubscriptionArgument) -> None:
    """Start it again."""
    _switch(subscription, active=True)


def _switch(subscription: str, *, active: bool) -> None:
    from dataclasses import replace

    with open_app() as app:
        found = _found(app.store.subscription, subscription)
        reason = "" if active else "paused by the operator"
        changed = replace(found, active=active, paused_reason=reason, origin="run time")
        app.store.save_subscription(changed)
        say(f"{found.id} is {'active' if active else 'paused'}")


def subscriptions_export(
    address: Annotated[str, typer.Argument(help="a person's address or channel id")],
) -> None:
    """Everything stored about an address, as JSON."""
    from monitor.bootstrap.telling import export_address

    with open_app() as app:
        typer.echo(export_address(app, address))


def subscriptions_erase(
    address: Annotated[str, typer.Argument(help="a person's address or channel id")],
) -> None:
    """Forget an address: its subscriptions and the destinations of past deliveries."""
    with open_app() as app:
        say(f"{app.store.erase_address(address)} rows about it were erased")


def _found(look: object, subscription: str) -> Subscription:
    found = look(SubscriptionId(subscription)) if callable(look) else None
    if not isinstance(found, Subscription):
        fail(f"no subscription {subscription!r}; `monitor subscriptions list` shows them")
    return found
