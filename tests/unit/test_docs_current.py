"""The pages say what the program does: links, verbs, the coverage table, channels in all places."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
import yaml

from monitor.bootstrap.outgoing import open_channels
from monitor.catalogue.blocks import SubscriptionBlock
from monitor.catalogue.load import parse_catalogue
from monitor.cli.main import app
from monitor.registry import CHANNEL_KINDS, SOURCE_KINDS
from monitor.services.coverage import coverage, markdown, state_rows, summary
from monitor.settings import read_settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("deploy/*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    found = _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    inside = [link.partition("#")[0] for link in found if "://" not in link]
    assert [link for link in inside if link and not (page.parent / link).exists()] == []


def _verbs(group: Any, prefix: str = "monitor") -> dict[str, str]:
    """Each verb and the first sentence of its help."""
    verbs: dict[str, str] = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            verbs |= _verbs(command, f"{prefix} {name}")
        else:
            verbs[f"{prefix} {name}"] = " ".join(command.help.split("\n\n")[0].split())
    return verbs


def test_every_verb_stands_in_the_table_of_commands() -> None:
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    verbs = _verbs(typer.main.get_command(app))
    assert len(verbs) > 30
    rows = [f"| `{verb}` | {words} |" for verb, words in verbs.items()]
    assert [row for row in rows if row not in page] == [], "put these rows into docs/commands.md"
    named = re.findall(r"^\| `(monitor [a-z -]+)` \|", page, re.MULTILINE)
    assert [verb for verb in named if verb not in verbs] == [], "these verbs are gone"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_verbs_in_code_on_a_page_exist(page: Path) -> None:
    verbs = {verb.split()[1] for verb in _verbs(typer.main.get_command(app))}
    code = re.findall(r"`monitor ([a-z][a-z-]+)", page.read_text(encoding="utf-8"))
    assert set(code) <= verbs | {"sources", "channels", "subscriptions", "rules", "ledger"}


def test_the_coverage_tables_are_those_of_the_shipped_catalogue() -> None:
    feeds = (ROOT / "feeds.yaml").read_text(encoding="utf-8")
    catalogue = parse_catalogue(feeds, kinds=SOURCE_KINDS, today=date(2026, 1, 1))
    rows = state_rows(coverage(catalogue.sources))
    for name, option, wanted in (
        ("docs/coverage.md", "--markdown", markdown(rows)),
        ("README.md", "--summary", summary(rows)),
    ):
        page = (ROOT / name).read_text(encoding="utf-8")
        table = page.partition("<!-- coverage:begin -->")[2].partition("<!-- coverage:end -->")[0]
        assert table.strip() == wanted.strip(), f"store `monitor sources coverage {option}` there"


def test_a_key_that_a_source_needs_is_explained() -> None:
    feeds = (ROOT / "feeds.yaml").read_text(encoding="utf-8")
    catalogue = parse_catalogue(feeds, kinds=SOURCE_KINDS, today=date(2026, 1, 1))
    page = (ROOT / "docs/coverage.md").read_text(encoding="utf-8")
    keys = {name for source in catalogue.sources for name in source.needs_env}
    assert [name for name in sorted(keys) if f"`{name}`" not in page] == []


def test_channels_stand_in_all_places(tmp_path: Path) -> None:
    words = set(get_args(SubscriptionBlock.model_fields["channel"].annotation))
    assert words == set(CHANNEL_KINDS)
    values = {
        "MONITOR_DATA_DIR": str(tmp_path),
        "MONITOR_SLACK_TOKEN": "xoxb-1",
        "MONITOR_SMTP_HOST": "127.0.0.1",
        "MONITOR_MAIL_FROM": "Bot <bot@example.org>",
    }
    assert set(open_channels(read_settings(values))) == set(CHANNEL_KINDS)


@pytest.mark.parametrize("name", sorted(CHANNEL_KINDS))
def test_each_channel_is_documented_and_its_example_valid(name: str) -> None:
    kind = CHANNEL_KINDS[name]
    assert kind.name == name
    assert len(kind.summary) > 40
    block = {"id": "example", **yaml.safe_load(kind.example)}
    assert SubscriptionBlock.model_validate(block).channel == name
    page = (ROOT / "docs/channels.md").read_text(encoding="utf-8").replace("E-mail", "Email")
    assert re.search(rf"^## .*\b{name}\b", page, re.MULTILINE | re.IGNORECASE)
