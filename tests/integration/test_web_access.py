"""Who reaches which route: deny by default, one-time logins, same origin, proxies, headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from monitor.domain.errors import ConfigError
from monitor.web.access import ACCESS, NO_SESSION_FORMS
from monitor.web.auth import Role
from monitor.web.options import WebOptions
from tests.facts import revision
from tests.website import ADMIN, EDITOR, LOCAL, OPTIONS, READER, Website, serving, website


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with website(tmp_path_factory.mktemp("web")) as made:
        yield made


def _routes(app: object) -> list[APIRoute]:
    assert isinstance(app, FastAPI)
    found: list[APIRoute] = []
    for route in app.routes:
        router = getattr(route, "original_router", None)
        found += [r for r in (router.routes if router else [route]) if isinstance(r, APIRoute)]
    return found


def _path(site: Website, route: APIRoute) -> str:
    values = {
        "event_id": site.opened[20].id, "state": "TX", "fips": "48113", "bill": "SB8",
        "agency_id": site.store.agreements()[0].row.agency_id, "digest_id": "digest-1",
        "name": "app.css", "token": "none", "item_id": revision("bill").item.id,
        "snapshot_id": site.opened[20].evidence[0].snapshot_id,
    }  # fmt: skip
    return route.path.format(**values)


def test_every_route_is_in_the_table_and_the_table_holds_no_other(site: Website) -> None:
    names = {route.name for route in _routes(site.app)}
    assert len(names) > 40
    assert names == set(ACCESS)


@pytest.mark.parametrize(
    ("address", "role"),
    [("", Role.ANYONE), (READER, Role.READER), (EDITOR, Role.EDITOR), (ADMIN, Role.ADMIN)],
)
def test_each_role_reaches_exactly_its_routes(site: Website, address: str, role: Role) -> None:
    client = site.signed_in(address) if address else site.client()
    for route in _routes(site.app):
        if "GET" not in route.methods:
            continue
        query = {"before": "2025-04-01", "after": "2025-09-01"} if "diff" in route.path else {}
        answer = client.get(_path(site, route), params=query)
        if role >= ACCESS[route.name]:
            good = (
                (200, 301, 404)
                if route.name.endswith(("confirm_page", "leave_page", "manage_page", "snooze_page"))
                else (200, 301)
            )
            assert answer.status_code in good, (route.path, answer.status_code)
        else:
            assert answer.status_code == (403 if address else 401), route.path


def test_a_route_that_nobody_listed_answers_nobody(site: Website) -> None:
    app = FastAPI(dependencies=site.app.router.dependencies)  # type: ignore[attr-defined]
    app.state.site = site.site
    app.get("/forgotten", name="forgotten")(lambda: "secret")
    with serving(app) as url:
        assert httpx.get(f"{url}/forgotten").status_code == 404


def test_unsafe_requests_need_our_own_origin(site: Website) -> None:
    paths = {route.path for route in _routes(site.app) if "POST" in route.methods}
    foreign = {"Origin": "https://evil.example"}
    for path in paths - {"/unsubscribe"}:
        assert site.client().post(path).status_code == 403
        assert site.client().post(path, headers=foreign).status_code == 403
        crossed = {"Sec-Fetch-Site": "cross-site", "Origin": site.url}
        assert site.client().post(path, headers=crossed).status_code == 403


def test_forms_with_a_session_need_its_token(site: Website) -> None:
    client = site.signed_in(EDITOR)
    own = {"Origin": site.url}
    for route in _routes(site.app):
        if "POST" in route.methods and route.name not in NO_SESSION_FORMS:
            for data in ({}, {"csrf": "wrong"}):
                assert client.post(route.path, data=data, headers=own).status_code == 403
    assert site.client().post("/review", headers=own).status_code == 401


def test_a_login_link_works_once_and_for_a_while(site: Website) -> None:
    auth, own = site.site.auth, {"Origin": site.url}
    token = auth.login_token(READER)
    assert token is not None
    client = site.client()
    assert client.get(f"/login/{token}").status_code == 200  # a scanner follows the link
    assert client.get("/health").status_code == 401
    assert client.post("/login/redeem", data={"token": token}, headers=own).status_code == 303
    assert client.get("/health").status_code == 200
    assert (
        site.client().post("/login/redeem", data={"token": token}, headers=own).status_code == 400
    )
    old = auth.login_token(READER)
    site.clock.moment += timedelta(minutes=16)
    assert site.client().post("/login/redeem", data={"token": old}, headers=own).status_code == 400
    site.clock.moment += timedelta(hours=13)
    assert client.get("/health").status_code == 401  # the session is over
    site.clock.moment -= timedelta(hours=13, minutes=16)
    assert auth.login_token("stranger@desk.example") is None


def test_leaving_ends_every_session_of_the_person(site: Website) -> None:
    one, other = site.signed_in(EDITOR), site.signed_in(EDITOR)
    csrf = one.get("/review").text.split('name="csrf" value="')[1].split('"')[0]
    site.clock.moment += timedelta(seconds=1)
    left = one.post("/logout", data={"csrf": csrf}, headers={"Origin": site.url})
    assert left.status_code == 303
    assert other.get("/review").status_code == 401


def test_forged_sessions_and_headers_are_strangers(site: Website) -> None:
    client = site.client(cookies={"session": "forged.value"})
    assert client.get("/health").status_code == 401
    header = {"X-Remote-User": ADMIN}
    assert site.client().get("/health", headers=header).status_code == 401


def test_a_trusted_proxy_names_the_person(tmp_path: Path) -> None:
    with website(tmp_path, replace(LOCAL, trusted_proxies=("127.0.0.0/8",))) as site:
        assert site.client().get("/review", headers={"X-Remote-User": EDITOR}).status_code == 200
        assert site.client().get("/review", headers={"X-Remote-User": "x@y.z"}).status_code == 401
        assert site.client().get("/review").status_code == 401


def test_only_known_hosts_are_answered_and_every_answer_is_dressed(site: Website) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "", "[::bad"):
        assert site.client().get("/", headers={"Host": host}).status_code in (400, 421)
    for path in ("/", "/nope", "/health", "/api/v1/events", "/events.csv", "/static/app.css"):
        headers = site.client().get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"


def test_other_sites_read_public_events_only_where_configured(site: Website) -> None:
    partner = {"Origin": "https://partner.example"}
    allowed = site.client().get("/api/v1/events", headers=partner).headers
    assert allowed["access-control-allow-origin"] == "https://partner.example"
    stranger = site.client().get("/api/v1/events", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers
    for path in ("/api/v1/sources", "/", "/login"):
        headers = site.client().get(path, headers=partner).headers
        assert "access-control-allow-origin" not in headers


def test_large_requests_are_refused(site: Website) -> None:
    own = {"Origin": site.url}
    large = b"q=" + b"x" * 100_000
    assert site.client().post("/login", content=large, headers=own).status_code == 413
    parts = (b"x" * 10_000 for _ in range(20))  # chunked, without a length
    form = own | {"Content-Type": "application/x-www-form-urlencoded"}
    assert site.client().post("/login", content=parts, headers=form).status_code in (400, 413)


@pytest.mark.parametrize(
    "options",
    [
        WebOptions(listen_host="0.0.0.0"),
        replace(OPTIONS, listen_host="0.0.0.0", base_url="http://monitor.example"),
        replace(OPTIONS, listen_host="::", secret="short"),
        replace(OPTIONS, base_url="https://monitor.example/path"),
        replace(OPTIONS, trusted_proxies=("nonsense",)),
    ],
)
def test_unsafe_ways_to_listen_are_refused(options: WebOptions) -> None:
    with pytest.raises(ConfigError):
        options.checked()


def test_safe_ways_to_listen_pass_and_the_secret_is_not_shown() -> None:
    assert WebOptions().checked()
    assert replace(OPTIONS, listen_host="0.0.0.0").checked()
    assert OPTIONS.secret not in repr(OPTIONS)
