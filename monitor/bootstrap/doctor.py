"""`monitor doctor`: everything that must be right, each with what to do where it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.bootstrap.machine import require_zone
from monitor.domain.errors import MonitorError
from monitor.domain.source import Source
from monitor.domain.subscription import DeliveryState
from monitor.services.health import ALARMS, Standing

if TYPE_CHECKING:
    from monitor.bootstrap.compose import App

#: Less free space than this is a warning: a backup doubles what the database takes.
LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at; `state` is "good", "note" or "bad"."""

    what: str
    state: str
    detail: str


def findings(app: App) -> Iterator[Finding]:
    """Look at all of it; one broken part hides no other."""
    told: set[str] = set()
    for what, look in _LOOKS:
        try:
            yield from look(app)
        except MonitorError as error:
            if str(error) not in told:
                yield Finding(what=what, state="bad", detail=str(error))
            told.add(str(error))


def _data(app: App) -> Iterator[Finding]:
    directory = app.settings.data_dir
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        detail = f"{directory} cannot be made: {error.strerror}; MONITOR_DATA_DIR names another"
        yield Finding(what="data directory", state="bad", detail=detail)
        return
    if not os.access(directory, os.W_OK):
        yield Finding(what="data directory", state="bad", detail=f"{directory} is not writable")
        return
    free = shutil.disk_usage(directory).free
    state = "good" if free > LEAST_FREE_BYTES else "bad"
    yield Finding(what="data directory", state=state, detail=f"{directory}, {free >> 20} MB free")


def _store(app: App) -> Iterator[Finding]:
    where = "PostgreSQL" if app.settings.secret("MONITOR_DATABASE_URL") else "SQLite"
    detail = f"{where}, {app.store.last_sequence()} records in the log"
    yield Finding(what="database", state="good", detail=detail)


def _catalogue(app: App) -> Iterator[Finding]:
    sources = app.sources()
    on = sum(source.enabled for source in sources)
    detail = f"{app.settings.feeds}: {len(sources)} sources, {on} on"
    if not on:
        detail += "; `monitor sources probe` switches on what answers"
    yield Finding(what="catalogue", state="good" if on else "bad", detail=detail)
    yield from _off(app, sources)
    for source in sources:
        missing = [n for n in source.needs_env if not app.settings.secret(n)]
        if missing:
            detail = f"{source.id} is off: set {', '.join(missing)}"
            yield Finding(what="key", state="note", detail=detail)


def _off(app: App, sources: Sequence[Source]) -> Iterator[Finding]:
    """Each source that is off, by the reason: those of feeds.yaml on one line, the others alone."""
    configured = []
    for report in app.health.reports():
        source, state = report.source, report.state
        if source.enabled or any(not app.settings.secret(n) for n in source.needs_env):
            continue  # a missing key is told by itself
        if state is not None and state.enabled_at_run_time is False:
            detail = f"{source.id} is off: {report.message}; `monitor sources probe {source.id}`"
            yield Finding(what="source off", state="note", detail=f"{detail} tries it again")
        else:
            configured.append(str(source.id))
    if configured:
        detail = f"{len(configured)} are off in feeds.yaml: {', '.join(sorted(configured))}"
        yield Finding(what="sources off", state="note", detail=detail)


def _rules(app: App) -> Iterator[Finding]:
    count = len(app.pack.value.rules)
    yield Finding(what="rules", state="good", detail=f"{count} rules in force")


def _contact(app: App) -> Iterator[Finding]:
    require_zone(app.settings)
    if not app.settings.get("MONITOR_CONTACT"):
        detail = "MONITOR_CONTACT is empty: a site that wants to complain cannot; `monitor setup`"
        yield Finding(what="contact", state="note", detail=detail)


def _channels(app: App) -> Iterator[Finding]:
    configured = app.channels
    yield Finding(what="channels", state="good", detail=", ".join(sorted(configured)))
    for subscription in app.store.subscriptions():
        if subscription.channel not in configured:
            detail = f"subscription {subscription.id} goes to {subscription.channel}, which is not "
            yield Finding(what="channel", state="bad", detail=f"{detail}configured")
        elif not subscription.destination:
            detail = f"subscription {subscription.id} rests: no destination; `monitor setup`"
            yield Finding(what="channel", state="note", detail=detail)
    if "email" in configured and not app.settings.get("MONITOR_BASE_URL").startswith("https://"):
        detail = "no public https base address: only recipients that you seeded get mail, and they "
        yield Finding(what="mail", state="note", detail=f"{detail}leave by writing back")


def _deliveries(app: App) -> Iterator[Finding]:
    for state in (DeliveryState.UNKNOWN, DeliveryState.DEAD):
        found = app.store.deliveries(state=state, limit=100)
        if found:
            detail = f"{len(found)} {state.value}; the newest: {found[0].error[:120]}"
            yield Finding(what="deliveries", state="bad", detail=detail)


def _sources(app: App) -> Iterator[Finding]:
    reports = app.health.reports()
    bad = [report for report in reports if report.standing in ALARMS]
    for report in bad[:20]:
        detail = f"{report.source.id}: {report.standing.value}: {report.message}"
        yield Finding(what="source", state="bad", detail=detail)
    on = [report for report in reports if report.standing is not Standing.OFF]
    for line in (line for report in on for line in report.moved):
        yield Finding(what="source moved", state="note", detail=line)
    unsure = [r for r in on if r.standing in (Standing.SHAKY, Standing.NEW)]
    if on and len(unsure) == len(on):
        detail = f"none of {len(on)} has answered yet; {unsure[0].source.id}: {unsure[0].message}"
        if "failed:dns" in unsure[0].message:
            detail += ". Is there a network?"
        yield Finding(what="sources", state="note", detail=detail)
    elif on and not bad:
        detail = f"{len(on) - len(unsure)} of {len(on)} stand well"
        yield Finding(what="sources", state="good", detail=detail)


def _roster(app: App) -> Iterator[Finding]:
    counts = app.store.roster_counts()
    if counts is None:
        yield Finding(what="roster", state="note", detail="no publication was read yet")
        return
    stored = len(app.store.agreements())
    state = "good" if stored == counts.ever_listed else "bad"
    detail = f"{counts.active} active of {counts.ever_listed} ever listed; {stored} stored"
    yield Finding(what="roster", state=state, detail=detail)


_LOOKS: tuple[tuple[str, Callable[[App], Iterator[Finding]]], ...] = (
    ("data directory", _data),
    ("database", _store),
    ("catalogue", _catalogue),
    ("rules", _rules),
    ("contact", _contact),
    ("channels", _channels),
    ("deliveries", _deliveries),
    ("sources", _sources),
    ("roster", _roster),
)
