"""Explaining a document and trying a draft pack against the running one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from monitor.detect.explain import explain
from monitor.detect.pack import RuleYaml, load
from monitor.detect.rule import Pack
from monitor.domain.vocabulary import Worth
from monitor.registry import RULE_KINDS
from monitor.services.rules_lab import backtest, shadow_report
from tests.detection import DATA, document, gazetteer, read, shipped_pack

EXTRA = """\
rules:
  - id: bake-sale
    about: An agency held a bake sale with the program.
    type: other_cooperation
    stage: announced
    direction: neutral
    shadow: SHADOW
    phrases: ["<held> ..3 bake sale"]
    fixtures: {fires: ["The 287(g) unit held a bake sale."], silent: ["No 287(g) sale."]}
"""


def with_extra(*, shadow: bool, drop: tuple[str, ...] = ()) -> Pack:
    files = {path.name: path.read_text() for path in (DATA / "rules").glob("*.yaml")}
    if drop:
        for name, text in list(files.items()):
            value = yaml.load(text, Loader=RuleYaml)
            value["rules"] = [r for r in value.get("rules", []) if not r["id"].startswith(drop)]
            files[name] = yaml.safe_dump(value)
    return load(files | {"own.yaml": EXTRA.replace("SHADOW", str(shadow).lower())}, RULE_KINDS)


def test_explain_names_the_guard_and_the_words_that_stopped() -> None:
    told = explain(
        document("The Sauk County sheriff may sign a 287(g) agreement. He would not say more."),
        shipped_pack(),
        gazetteer(),
    )
    assert told.anchored and told.findings == ()
    told = explain(
        document("A judge ruled for the sheriff who signed a 287(g) agreement with ICE."),
        shipped_pack(),
        gazetteer(),
        "agreement-signed",
    )
    assert [(one.guard, one.words) for one in told.stopped] == [("relative", "who")]
    assert told.stopped[0].matched.startswith("signed a PROGRAM")


def test_explain_says_what_is_lowered_as_told_in_passing() -> None:
    story = (
        "The Cuyahoga County Sheriff's Office in Ohio signed a 287(g) agreement with ICE on "
        "Monday. The sheriff said he was glad of it. Deputies will be trained in immigration law, "
        "he said. The jail holds 900 people. The sheriff of Polk County, Florida, stopped "
        "honoring detainers."
    )
    told = explain(document(story), shipped_pack(), gazetteer())
    (late,) = (one for one in told.findings if one.jurisdiction.state == "FL")
    (why,) = (one for one in told.stopped if one.guard == "head")
    assert (late.worth, why.rule, why.weakened) == (Worth.REVIEW, late.rule, True)
    assert why.sentence == "The sheriff of Polk County, Florida, stopped honoring detainers."


def test_explain_gives_the_nearest_miss_and_what_it_lacks() -> None:
    told = explain(
        document("The Sauk County sheriff praised the 287(g) paper."),
        shipped_pack(),
        gazetteer(),
        "agreement-signed",
    )
    assert told.stopped == () and len(told.nearest) == 1
    miss = told.nearest[0]
    assert 0 < miss.found < miss.parts
    assert miss.lacks
    assert miss.sentence == "The Sauk County sheriff praised the 287(g) paper."


def test_explain_refuses_an_unknown_rule_and_says_when_nothing_was_read() -> None:
    with pytest.raises(KeyError):
        explain(document("x"), shipped_pack(), gazetteer(), "no-such-rule")
    assert not explain(document("The fair opens on Monday."), shipped_pack(), gazetteer()).anchored


def test_backtest_tells_gained_lost_and_precision() -> None:
    signed = replace(document("The Sauk County sheriff signed a 287(g) agreement."), id="signed")
    ended = replace(document("The Sauk County sheriff ended the 287(g) agreement."), id="ended")
    draft = with_extra(shadow=False, drop=("agreement-ended", "general-over"))
    seen: list[int] = []
    report = backtest(
        draft,
        shipped_pack(),
        [signed, ended],
        gazetteer(),
        {"signed": "agreement_signed", "ended": "not_relevant"},
        seen.append,
    )
    assert seen == [1, 2]
    assert [hit.document for hit in report.lost] == ["ended"]
    assert report.gained == ()
    assert (report.right, report.wrong, report.precision) == (1, 0, 1.0)
    assert [alerts for _, alerts in report.by_week] == [1]


def test_a_shadow_rule_is_counted_and_tells_nobody() -> None:
    pack = with_extra(shadow=True)
    fair = document("The 287(g) unit held a bake sale.")
    assert read("The 287(g) unit held a bake sale.") == ()
    hits = shadow_report(pack, [fair], gazetteer())
    assert [(hit.rule, hit.worth) for hit in hits] == [("bake-sale", "shadow")]
    assert backtest(pack, shipped_pack(), [fair], gazetteer()).gained == ()
