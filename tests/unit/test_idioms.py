"""The verbs and idioms by which one act may be told, each in every frame of its kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.detect.language.inflection import forms
from monitor.domain.vocabulary import Worth
from tests.detection import read

ACTS = Path(__file__).resolve().parents[1] / "data" / "idioms" / "acts.yaml"


def cases() -> Iterator[Any]:
    for entry in yaml.safe_load(ACTS.read_text()):
        event_type, state = entry["tells"]
        for frame in entry["in"]:
            yield pytest.param(
                (event_type, state), frame, entry["acts"], id=f"{event_type}: {frame[:40]}"
            )


@pytest.mark.parametrize(("tells", "frame", "acts"), list(cases()))
def test_each_act_tells_this_and_nothing_else(
    tells: tuple[str, str | None], frame: str, acts: list[str]
) -> None:
    wrong = {}
    for act in acts:
        if "Monday" in act and "Tuesday" in frame:
            continue  # one day in a sentence
        found = read(frame.format(act), "Local news", "news")
        told = {
            (one.event_type.value, one.jurisdiction.state)
            for one in found
            if one.worth is Worth.ALERT
        }
        if told != {tells}:
            wrong[act] = sorted(told, key=str)
    assert wrong == {}


@pytest.mark.parametrize(
    ("verb", "written"),
    [
        ("sign", {"signed", "signs", "signing"}),
        ("hop", {"hopped", "hops", "hopping"}),
        ("pen", {"penned", "pens", "penning"}),
        ("defer", {"deferred", "defers", "deferring"}),
        ("offer", {"offered", "offers", "offering"}),
        ("fix", {"fixed", "fixes", "fixing"}),
        ("vow", {"vowed", "vows", "vowing"}),
        ("seek", {"sought", "seeks", "seeking"}),
        ("undo", {"undid", "undone", "undoes", "undoing"}),
        ("join", {"joined", "joins", "joining"}),
        ("nullify", {"nullified", "nullifies", "nullifying"}),
    ],
)
def test_forms_of_a_verb(verb: str, written: set[str]) -> None:
    assert set(forms(verb)) == written
