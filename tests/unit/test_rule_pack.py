"""Loading rule packs: whole or not at all, with file, line and the nearest word."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from monitor.detect.pack import RuleYaml, load
from monitor.detect.phrase import PhraseProblem, parse
from monitor.detect.schema import json_schema
from monitor.domain.errors import ConfigError
from monitor.domain.vocabulary import EventType
from monitor.registry import RULE_KINDS
from monitor.services.rules_lab import check
from tests.detection import DATA, gazetteer, shipped_pack

GOOD = """\
vocabularies:
  agreement:
    about: The paper.
    symbol: true
    terms: ["agreement"]
rules:
  - id: tiny-rule
    about: A rule.
    type: agreement_signed
    stage: signed
    direction: toward_cooperation
    phrases: ["<signed> ... {agreement}"]
    fixtures: {fires: ["It signed an agreement on 287(g)."], silent: ["Nothing."]}
"""


def problems(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        load({"own.yaml": text}, RULE_KINDS)
    return str(error.value)


def test_shipped_rules_hold_their_fixtures() -> None:
    report = check(shipped_pack(), gazetteer())
    assert report.rules >= 60
    assert report.failures == ()


def test_every_event_type_has_a_rule() -> None:
    covered = {rule.spec.type for rule in shipped_pack().rules if rule.spec.type}
    for rule in shipped_pack().rules:
        covered |= set(rule.spec.types.values())
    assert set(EventType) - covered == set()


def test_schema_file_is_the_generated_one_and_accepts_the_pack() -> None:
    schema = json_schema(RULE_KINDS)
    assert json.loads((DATA / "rules" / "schema.json").read_text()) == schema
    for path in sorted((DATA / "rules").glob("*.yaml")):
        jsonschema.validate(yaml.load(path.read_text(), Loader=RuleYaml), schema)


def test_a_wrong_block_fails_the_schema_too() -> None:
    wrong = yaml.load(GOOD.replace("stage: signed", "stage: singed"), Loader=RuleYaml)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, json_schema(RULE_KINDS))


@pytest.mark.parametrize("kind", sorted(RULE_KINDS))
def test_examples_of_kinds_load_and_hold(kind: str) -> None:
    block = yaml.load(RULE_KINDS[kind].example, Loader=RuleYaml)
    files = {path.name: path.read_text() for path in (DATA / "rules").glob("*.yaml")}
    pack = load(files | {"own.yaml": yaml.safe_dump({"rules": [block]})}, RULE_KINDS)
    failures = [f for f in check(pack, gazetteer()).failures if f.rule == block["id"]]
    assert failures == []


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("stage: signed", "stage: singed"), 10, "did you mean 'signed'"),
        (("direction:", "dirction:"), 11, "did you mean 'direction'"),
        (("{agreement}", "{agrement}"), 7, "did you mean 'agreement'"),
        (("phrases: [", "guards: [negaton]\n    phrases: ["), 7, "unknown guard 'negaton'"),
        (("<signed>", "<signed"), 7, "'<' is not closed"),
        (("{agreement}", "agreement"), 7, "'agreement' never matches: lines show it as AGREEMENT"),
        (("{agreement}", "(pact|a (deal|agreement))"), 7, "write {agreement}"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_hint(
    change: tuple[str, str], line: int, words: str
) -> None:
    told = problems(GOOD.replace(*change))
    assert f"own.yaml:{line}: " in told
    assert words in told


def test_a_vocabulary_too_asks_only_for_what_lines_show() -> None:
    paper = '  paper:\n    about: P.\n    terms: ["written agreement"]\n'
    assert "own.yaml:2: 'agreement' never" in problems(
        GOOD.replace("  agreement:", paper + "  agreement:")
    )
    anchor = paper.replace(
        "    terms", "    anchor: true\n    terms"
    )  # looked for in the text itself
    assert load({"own.yaml": GOOD.replace("  agreement:", anchor + "  agreement:")}, RULE_KINDS)


def test_all_phrases_that_are_wrong_are_told_at_once() -> None:
    written = 'phrases: ["<signed> ... {agreement}"]'
    told = problems(GOOD.replace(written, 'phrases: ["<signed it", "an agreement"]'))
    assert "'<' is not closed" in told and "'agreement' never matches" in told
    told = problems(
        GOOD.replace(written, 'phrases: ["<signed> an agreement", "<inked> a pact"]').replace(
            'terms: ["agreement"]', 'terms: ["agreement", "pact"]'
        )
    )
    assert "'agreement' never matches" in told and "'pact' never matches" in told


def test_what_uses_a_broken_guard_is_no_second_mistake() -> None:
    guard = 'guards:\n  odd:\n    about: O.\n    before: ["agreement"]\nrules:\n'
    used = GOOD.replace("rules:\n", guard).replace("phrases: [", "guards: [odd]\n    phrases: [")
    told = problems(used)
    assert "'agreement' never matches" in told and "unknown guard" not in told


def test_a_small_pack_loads() -> None:
    assert load({"own.yaml": GOOD}, RULE_KINDS).rule("tiny-rule") is not None


def test_all_mistakes_are_told_at_once() -> None:
    told = problems(GOOD.replace("stage: signed", "stage: singed").replace("about: A", "abut: A"))
    assert "stage" in told and "abut" in told


def test_broken_yaml_a_double_key_and_an_unknown_kind() -> None:
    assert "own.yaml:1: not valid YAML" in problems("rules: [}")
    assert "stands twice" in problems(GOOD + "rules: []\n")
    assert "unknown kind 'phrse'; did you mean 'phrase'?" in problems(
        GOOD.replace("    about: A rule.", "    about: A rule.\n    kind: phrse")
    )


def test_a_rule_without_silent_fixture_or_with_a_known_id_is_refused() -> None:
    assert "silent" in problems(GOOD.replace(', silent: ["Nothing."]', ""))
    again = GOOD + GOOD.split("rules:\n")[1]
    assert "'tiny-rule' is already at own.yaml:7" in problems(again)


def test_a_vocabulary_that_uses_itself_is_refused() -> None:
    looped = GOOD.replace("rules:", '  one:\n    about: x\n    terms: ["{one} more"]\nrules:', 1)
    assert "uses itself" in problems(looped)


def test_words_of_yaml_stay_words() -> None:
    value = yaml.load("{on: removed, off: no, yes: true}", Loader=RuleYaml)
    assert value == {"on": "removed", "off": "no", "yes": True}


@pytest.mark.parametrize("phrase", ["", "(a|b", "a)", "<>", "a|", "{a b}", "x{y}", "()"])
def test_unreadable_phrases_are_refused(phrase: str) -> None:
    with pytest.raises(PhraseProblem):
        parse(phrase)


def test_an_anchor_that_begins_a_longer_one_is_found_where_only_it_is_whole() -> None:
    pack = shipped_pack()
    assert {"ice", "ice hold"} <= set(pack.anchors())
    assert pack.anchored("Dodge County answers ICE holding requests") == [21]
    assert pack.anchored("The icebox has a price holding") == []
