"""Pages about the monitor itself: sources, digests, limits of the data, liveness."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from monitor.domain.ident import EventId
from monitor.domain.subscription import DeliveryState, Digest
from monitor.notify.digest import body_from_json
from monitor.notify.message import DigestBody, Links
from monitor.services.health import ALARMS
from monitor.web.auth import Role
from monitor.web.parts import Site, person, site
from monitor.web.render import newest_capture, page
from monitor.web.views import event_lines

router = APIRouter(include_in_schema=False)

STATIC = FilePath(__file__).parent / "static"
#: The closed list of files that are served; everything else under /static is 404.
FILES = {
    "app.css": "text/css",
    "htmx-2.0.11.min.js": "text/javascript",
    "htmx-LICENSE.txt": "text/plain",
    "icon.svg": "image/svg+xml",
}


@router.get("/sources", name="sources_page")
def sources_page(request: Request) -> HTMLResponse:
    """Every source, what it is, and when it was last read."""
    own = site(request)
    reports = own.parts.health.reports()
    return page(
        request,
        "sources.html",
        reports=reports,
        detailed=person(request).role >= Role.READER,
        as_of=newest_capture(own),
    )


@router.get("/health", name="health_page")
def health_page(request: Request) -> HTMLResponse:
    """How each source stands and what needs a person."""
    own = site(request)
    store = own.parts.store
    return page(
        request,
        "health.html",
        reports=own.parts.health.reports(),
        alarms=ALARMS,
        entries=store.health(limit=100),
        unknown=store.deliveries(state=DeliveryState.UNKNOWN, limit=100),
        dead=store.deliveries(state=DeliveryState.DEAD, limit=100),
        records=store.last_sequence(),
        queue=own.parts.queue(),
    )


@router.get("/digests", name="digests_page")
def digests_page(request: Request) -> HTMLResponse:
    """Stored digests; strangers see the public ones."""
    return page(request, "digests.html", digests=_visible_digests(request))


@router.get("/digests/{digest_id}", name="digest_page")
def digest_page(
    request: Request, digest_id: Annotated[str, Path(max_length=120, pattern="^[0-9A-Za-z_.:-]+$")]
) -> HTMLResponse:
    """One digest as it went out, without address, reason line and personal links."""
    own = site(request)
    digest = own.parts.store.digest(digest_id)
    if digest is None or not _may_see(request, digest):
        raise HTTPException(404, "no digest has this id")
    body = _body_as_sent(digest)
    marked = _marked_since(own, body) if body else {}
    return page(request, "digest.html", digest=digest, body=body, now_marked=marked)


@router.get("/about", name="about_page")
def about_page(request: Request) -> HTMLResponse:
    """The data, its limits, its licence."""
    own = site(request)
    counts = own.parts.store.roster_counts()
    return page(request, "about.html", counts=counts, as_of=newest_capture(own))


@router.get("/healthz", name="healthz")
def healthz(request: Request) -> PlainTextResponse:
    """For supervisors: 200 when the store answers."""
    site(request).parts.store.last_sequence()
    return PlainTextResponse("ok\n")


@router.get("/metrics", name="metrics")
def metrics(request: Request) -> Response:
    """Numbers for Prometheus; a role is needed, give the scraper a trusted-proxy header."""
    return Response(_metrics(site(request)), media_type=CONTENT_TYPE_LATEST)


@router.get("/static/{name}", name="static_file")
def static_file(name: str) -> FileResponse:
    """Our own few files."""
    if name not in FILES:
        raise HTTPException(404, "no such file")
    headers = {"Cache-Control": "public, max-age=3600"}
    return FileResponse(STATIC / name, media_type=FILES[name], headers=headers)


@router.get("/favicon.ico", name="favicon")
def favicon() -> FileResponse:
    """The icon under the address browsers ask for."""
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


@router.get("/robots.txt", name="robots")
def robots() -> PlainTextResponse:
    """Crawlers may read events, not walk through every filter."""
    text = "User-agent: *\nDisallow: /events?\nDisallow: /api/\nDisallow: /roster?\n"
    return PlainTextResponse(text)


def _visible_digests(request: Request) -> tuple[Digest, ...]:
    everything = person(request).role >= Role.READER
    return site(request).parts.store.digests(limit=200, public_only=not everything)


def _may_see(request: Request, digest: Digest) -> bool:
    return digest.public or person(request).role >= Role.READER


def _body_as_sent(digest: Digest) -> DigestBody | None:
    """The stored body; None for a window in which nothing happened."""
    try:
        return body_from_json(digest.body, Links())
    except ValueError:
        return None


def _marked_since(own: Site, body: DigestBody) -> dict[EventId, str]:
    """How sure we are now of those events that are no longer as sure as they were told to be."""
    told = {EventId(card.event_id): card.rung for group in body.groups for card in group.cards}
    found = (own.parts.store.event(event_id) for event_id in told)
    lines = event_lines(event for event in found if event is not None)
    return {
        line.event.id: line.card.certainty
        for line in lines
        if line.marked and line.marked != told[line.event.id]
    }


def _metrics(own: Site) -> bytes:
    registry = CollectorRegistry()
    newest = newest_capture(own)
    records = Gauge("monitor_log_records", "Records in the event log", registry=registry)
    records.set(own.parts.store.last_sequence())
    captured = Gauge(
        "monitor_newest_capture_timestamp_seconds",
        "When a capture was last accepted from any source",
        registry=registry,
    )
    captured.set(newest.timestamp() if newest else 0)
    standing = Gauge("monitor_sources", "Sources by standing", ["standing"], registry=registry)
    each = Gauge(
        "monitor_source_standing",
        "1: how a source stands",
        ["source", "standing"],
        registry=registry,
    )
    accepted = Gauge(
        "monitor_source_accepted_timestamp_seconds",
        "When bytes of a source were last accepted",
        ["source"],
        registry=registry,
    )
    for report in own.parts.health.reports():
        standing.labels(report.standing.value).inc()
        each.labels(report.source.id, report.standing.value).set(1)
        if report.as_of is not None:
            accepted.labels(report.source.id).set(report.as_of.timestamp())
    outbox = Gauge("monitor_deliveries", "Deliveries not done", ["state"], registry=registry)
    for state in (DeliveryState.QUEUED, DeliveryState.UNKNOWN, DeliveryState.DEAD):
        found = own.parts.store.deliveries(state=state, limit=1000)
        outbox.labels(state.value).set(len(found))
    return generate_latest(registry)
