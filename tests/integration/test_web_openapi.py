"""Schemathesis over the whole OpenAPI: no server error and no undocumented answer."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.website import Website, website

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with website(tmp_path_factory.mktemp("web")) as made:
        yield made


def _run(site: Website, examples: int) -> int:
    document = httpx.get(f"{site.url}/api/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=site.url)
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        tried += 1

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), data=st.data())
        def probe(case: schemathesis.Case, data: st.DataObject) -> None:
            case.call_and_validate(checks=CHECKS)

        probe()
    return tried


def test_no_server_error_and_no_undocumented_answer(site: Website) -> None:
    assert _run(site, 12) == 18


@pytest.mark.long
def test_no_server_error_in_many_more_tries(site: Website) -> None:
    assert _run(site, 300) == 18


def test_the_document_describes_every_parameter_limit_and_error(site: Website) -> None:
    document = httpx.get(f"{site.url}/api/openapi.json").json()
    for path, methods in document["paths"].items():
        assert set(methods) == {"get"}, path  # read-only
        operation = methods["get"]
        assert operation["description"], path
        assert {"200", "304", "400", "404", "422", "503"} <= set(operation["responses"]), path
        for parameter in operation.get("parameters", ()):
            schema = str(parameter["schema"])
            bounded = ("maxLength", "maximum", "pattern")
            assert any(bound in schema for bound in bounded), (path, parameter["name"])
