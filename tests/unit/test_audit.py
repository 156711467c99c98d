"""S17: an audit says clean only where somebody who knows the advisories said so."""

from __future__ import annotations

import json

import pytest

from tests.audit import CLEAN, FOUND, NOT_AUDITED, Answer, read, unfit, verdict

VULNERABLE = {"name": "jinja2", "version": "2.11.2", "vulns": [{"id": "X-1", "fix_versions": []}]}
SOUND = {"name": "lxml", "version": "6.0", "vulns": []}
UNKNOWN = {"name": "own", "version": "1", "skip_reason": "not found"}


def said(*packages: dict[str, object]) -> Answer:
    return read(json.dumps({"dependencies": packages}), "")


def test_an_answer_is_read() -> None:
    answer = said(VULNERABLE, SOUND, UNKNOWN)
    assert (answer.audited, answer.skipped) == (2, ("own",))
    assert answer.found == ("jinja2 2.11.2: X-1 (fixed in no release yet)",)


@pytest.mark.parametrize("output", ["", "null", "[]", "{", '{"dependencies": null}'])
def test_no_answer_is_a_problem_and_never_clean(output: str) -> None:
    answer = read(output, "warning\nConnectionError: away\n")
    assert answer.problem == "ConnectionError: away"
    assert unfit(answer)
    code, lines = verdict([("requirements.lock", answer)])
    assert code == NOT_AUDITED and "NOT audited" in lines[0]


def test_a_source_that_knows_nothing_is_not_believed() -> None:
    """An index that knows no advisories answers "not found" or "none" to everything."""
    assert unfit(said(UNKNOWN)) and unfit(said(SOUND))
    assert not unfit(said(VULNERABLE))


def test_the_verdict_over_all_locks() -> None:
    good, bad = ("a", said(SOUND)), ("b", said(VULNERABLE))
    assert verdict([good])[0] == CLEAN
    assert verdict([good, bad])[0] == FOUND
    assert verdict([bad, ("c", Answer(problem="away"))])[0] == FOUND
    assert "not audited, unknown to the source: own" in verdict([("d", said(UNKNOWN))])[1][1]
