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


#: An act in the past tense in them is denied, asked about, made up or long gone.
NOT_DONE = (
    "In 2019, {who} {act}.",
    "It is not true that {who} {act}, a spokesman said.",
    "A spokesman denied that {who} {act}.",
    "Rumors that {who} {act} are false, officials said.",
    "The candidate recalled how {who} {act} in 2017.",
    "Her novel is set in a town where {who} {act}.",
)
ACTORS = {
    "agreement_signed": "the Polk County, Iowa, sheriff's office",
    "agreement_terminated": "the Polk County, Iowa, sheriff's office",
    "agreement_rejected": "the Polk County, Iowa, sheriff's office",
    "state_limit_enacted": "Washington Gov. Bob Ferguson",
    "state_limit_passed": "the New Mexico Legislature",
    "sanctuary_adopted": "the Boise, Idaho, City Council",
    "detainer_policy_change": "the Pueblo County, Colorado, jail",
}
NOT_PAST = ("is ", "will ", "has ", "won't ", "can", "may ", "no longer ")


@pytest.mark.parametrize("frame", NOT_DONE)
def test_what_was_not_done_or_long_ago_is_not_told(frame: str) -> None:
    wrong = []
    for entry in yaml.safe_load(ACTS.read_text()):
        who = ACTORS.get(entry["tells"][0])
        for act in entry["acts"] if who else []:
            if act.startswith(NOT_PAST) or "Monday" in act:
                continue
            text = frame.format(who=who, act=act)
            found = read(text[0].upper() + text[1:], "Local news", "news")
            if any(one.worth is Worth.ALERT for one in found):
                wrong.append(act)
    assert wrong == []


WHO = (
    "The Polk County, Iowa, sheriff's office",
    "DES MOINES, Iowa - The Polk County sheriff's office",
    "Iowa's Polk County sheriff's office",
)
BESIDE = (
    " and joins 40 others in Texas",
    ", the Florida governor said",
    " after Georgia passed a law",
    ", following the example of Tampa, Florida",
    ", according to the Texas Tribune",
    ", making it the first agency outside Florida and Texas to do so",
    ". Its neighbor, Hall County, Georgia, has had one since 2008",
)


@pytest.mark.parametrize("who", WHO)
def test_other_states_in_the_sentence_do_not_hide_its_own(who: str) -> None:
    for beside in BESIDE:
        found = read(f"{who} signed a 287(g) agreement with ICE on Monday{beside}.")
        told = {one.jurisdiction.state for one in found if one.worth is Worth.ALERT}
        assert told == {"IA"}, beside


def test_whom_one_follows_is_not_who_acted() -> None:
    found = read(
        "PEORIA, Ill. - The police department here signed a 287(g) agreement with ICE on Monday, "
        "following the example of Tampa, Florida."
    )
    assert {one.jurisdiction.place for one in found} == {"Peoria"}


def test_a_name_of_two_states_under_a_dateline_of_the_other_is_left_to_its_own_words() -> None:
    found = read(
        "KANSAS CITY, Mo. - The Johnson County sheriff in Kansas signed a 287(g) agreement Monday."
    )
    assert {one.jurisdiction.state for one in found} == {None}
