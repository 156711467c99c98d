"""feeds.yaml: strict reading, all problems at once, each with line, path and nearest word."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from monitor.catalogue.changes import catalogue_changes
from monitor.catalogue.load import Catalogue, parse_catalogue
from monitor.domain.errors import ConfigError
from monitor.domain.subscription import Cadence
from monitor.domain.vocabulary import DocumentKind, Tier
from monitor.registry import SOURCE_KINDS

TODAY = date(2025, 6, 5)
GOOD = """\
version: 1
defaults:
  schedule: {every: 2h, jitter: 5m}
templates:
  press: &press
    kind: feed
    tier: press
    sees: [agreement_signed, agreement_terminated]
sources:
  - <<: *press
    id: tx_news
    name: Texas News
    states: [TX]
    schedule: {window: 06:00-22:00, time_zone: America/Chicago}
    options: {url: https://news.example.org/feed/}
  - id: agency
    kind: feed
    name: Agency releases
    tier: official
    checked: 2025-05-01
    needs_env: [AGENCY_KEY]
    enabled: false
    sees: [federal_program_change]
    expect: {min_items: 1, media_types: [application/rss]}
    options: {url: https://agency.example.gov/rss, follow: never}
subscriptions:
  - id: desk
    filter: state:TX type:agreement_signed
    channel: file
    cadence: weekly
    weekday: friday
    at: 8:00
    quiet: 21:00-07:00
"""


def parsed(text: str) -> Catalogue:
    return parse_catalogue(text, kinds=SOURCE_KINDS, today=TODAY)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    return caught.value.problems


def test_everything_is_typed() -> None:
    got = parsed(GOOD)
    news, agency = got.sources
    assert (news.states, news.tier, news.document_kind) == (("TX",), Tier.PRESS, DocumentKind.NEWS)
    assert news.schedule.every == timedelta(hours=2)
    assert news.schedule.window_start == time(6) and news.schedule.jitter == timedelta(minutes=5)
    assert news.line == 10 and agency.line == 16
    assert agency.checked == date(2025, 5, 1) and not agency.enabled
    assert agency.document_kind is DocumentKind.RELEASE
    assert agency.expect.min_items == 1 and agency.needs_env == ("AGENCY_KEY",)
    (desk,) = got.subscriptions
    assert desk.cadence is Cadence.WEEKLY and desk.weekday == 4 and desk.at == time(8)
    assert desk.quiet_start == time(21)


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("    states: [TX]", "    stats: [TX]", 13, "unknown key; did you mean states?"),
        ("follow: never", "follow: nevre", 25, "did you mean never?"),
        ("follow: never", "folow: never", 25, "options.folow: unknown key; did you mean follow?"),
        ("https://agency.example.gov/rss", "agency.example.gov/rss", 25, "options.url"),
        ("https://agency.example.gov/rss", "ftp://agency.example.gov/", 25, "http"),
        ("https://agency.example.gov/rss", "https://a:b@agency.gov/", 25, "user name"),
        ("https://agency.example.gov/rss", "'https://x.gov/?api_key=1'", 25, "take the key out"),
        ("[TX]", "[Texas]", 13, "two letters"),
        ("every: 2h", "every: 2 hors", 14, "number and a unit"),
        ("kind: feed\n    name", "kind: fead\n    name", 17, "did you mean feed?"),
        ("tier: official", "tier: offical", 19, "did you mean official?"),
        ("checked: 2025-05-01", "checked: yesterday", 20, "give never"),
        ("federal_program_change", "federal_program", 23, "did you mean federal_program_change?"),
        ("state:TX type:agreement_signed", "state:TX typ:signed", 28, "did you mean type"),
        ("state:TX type:agreement_signed", "source:tx_newz", 28, "did you mean tx_news?"),
        ("weekday: friday", "weekday: someday", 31, "day of the week"),
        ("America/Chicago", "America/Chicagoo", 14, "no such time zone"),
        ("subscriptions:", "subscripions:", 26, "did you mean subscriptions?"),
        ("version: 1", "version: 2", 1, "reads version 1"),
        ("id: agency", "id: tx_news", 16, "stands already on line 10"),
        ("min_items: 1", "min_items: -1", 24, "greater than or equal to 0"),
    ],
)
def test_each_fault_is_told_with_line_and_hint(
    before: str, after: str, line: int, words: str
) -> None:
    assert before in GOOD
    told = problems(GOOD.replace(before, after))
    assert any(p.startswith(f"feeds.yaml:{line}:") and words in p for p in told), told


def test_all_faults_at_once_in_the_order_of_the_file() -> None:
    text = GOOD.replace("[TX]", "[Texas]").replace("follow: never", "follow: x")
    text = text.replace("channel: file", "channel: pigeon")
    told = problems(text)
    assert len(told) == 3
    assert [int(p.split(":")[1]) for p in told] == sorted(int(p.split(":")[1]) for p in told)
    assert "sources[1] (agency).options.follow" in told[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sources: [", "broken YAML"),
        ("sources:\n\t- id: x", "broken YAML"),
        ("", "sources"),
        ("[]", "must be a mapping"),
        ("sources: []", "at least one"),
        ("a: &a [*a]\nsources: []", "endless"),
        ("sources: [{id: x, id: y}]", "stands twice"),
        ("sources: !!python/object:os.system []", "is not used here"),
        ("sources: [null, 3, {}]", "must be a mapping"),
    ],
)
def test_broken_files_are_named(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parsed(text)


def test_alias_bomb_is_refused() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ConfigError, match="endless or enormous"):
        parsed("\n".join(rows))


def test_own_rules_keep_their_lines_and_are_checked() -> None:
    text = GOOD + "rules:\n  - id: own-rule\n    type: agreement_signed\n"
    got = parsed(text)
    row = text.splitlines().index("  - id: own-rule")
    assert got.own_rules.splitlines()[row] == "  - id: own-rule"
    assert "sources" not in got.own_rules
    with pytest.raises(ConfigError, match="no such vocabulary"):
        parse_catalogue(
            text,
            kinds=SOURCE_KINDS,
            today=TODAY,
            check_rules=lambda _: ("feeds.yaml:34: rules[0]: no such vocabulary",),
        )


def test_a_rule_no_source_can_reach_is_an_error() -> None:
    (told,) = problems(GOOD + "rules:\n  - id: own-rule\n    type: lawsuit_filed\n")
    assert "unreachable rule: no source sees lawsuit_filed" in told


def test_changes_are_told() -> None:
    before = parsed(GOOD)
    text = GOOD.replace("[TX]", "[TX, OK]").replace("id: desk", "id: newsdesk")
    assert catalogue_changes(before, parsed(text)) == (
        "source tx_news changed: states",
        "subscription newsdesk added",
        "subscription desk removed",
    )
    assert catalogue_changes(before, parsed("\n" + GOOD)) == ()
