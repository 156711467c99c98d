"""Headlines: a verb for every stage, neutral words, a name first."""

from __future__ import annotations

import re

import pytest

from monitor.domain.claim import Finding
from monitor.domain.vocabulary import EventType as E
from monitor.domain.vocabulary import Model, Tier
from monitor.domain.vocabulary import Stage as S
from tests.tellings import Log, claims, finding, source

PAPER = source("paper", Tier.PRESS)


def title(told: Finding) -> str:
    log = Log()
    log.check(PAPER, "2025-03-05", claims(PAPER, told, published="2025-03-05"))
    return log.only.title


@pytest.mark.parametrize(
    ("event_type", "stage", "slots", "expected"),
    [
        (
            E.AGREEMENT_SIGNED,
            S.SIGNED,
            {"agency": "Hale County Sheriff's Office", "state": "TX", "model": Model.TFM},
            "Hale County Sheriff's Office (TX) signed a 287(g) Task Force agreement",
        ),
        (
            E.AGREEMENT_SIGNED,
            S.APPROVED_BY_GOVERNING_BODY,
            {"place": "Palmetto", "state": "FL"},
            "Palmetto (FL): governing body voted to approve a 287(g) agreement",
        ),
        (
            E.AGREEMENT_TERMINATED,
            S.VOTED,
            {"agency": "Hale County Sheriff's Office", "state": "TX", "model": Model.JEM},
            "Hale County Sheriff's Office (TX): governing body voted to end the 287(g) Jail "
            "Enforcement agreement",
        ),
        (
            E.STATE_LIMIT_ENACTED,
            S.SIGNED_INTO_LAW,
            {"state": "DE", "bill": "HB 182"},
            "DE HB 182 limiting cooperation with ICE was signed into law",
        ),
        (
            E.STATE_MANDATE_PASSED,
            S.PASSED_ONE_CHAMBER,
            {"state": "TN"},
            "TN bill requiring cooperation with ICE passed one chamber",
        ),
        (
            E.PROGRAM_STATISTIC,
            S.REPORTED,
            {"amount": 1036.0, "unit": "agreements"},
            "Federal government: 1,036 agreements reported",
        ),
    ],
)
def test_a_headline(event_type: E, stage: S, slots: dict[str, object], expected: str) -> None:
    assert title(finding(event_type, stage, **slots)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("event_type", list(E))
def test_every_type_has_a_headline_at_every_stage(event_type: E) -> None:
    for stage in S:
        text = title(finding(event_type, stage, state="TX"))
        assert text.startswith("TX")
        assert not re.search(r"[{}]|None|unknown", text)
        assert not text.endswith(".")


def test_a_vote_is_never_told_as_a_signature() -> None:
    text = title(
        finding(E.AGREEMENT_SIGNED, S.APPROVED_BY_GOVERNING_BODY, state="TX", place="Keller")
    )
    assert "signed" not in text
    text = title(finding(E.AGREEMENT_TERMINATED, S.VOTED, state="TX", place="Keller"))
    assert "ended" not in text
