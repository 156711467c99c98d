"""S6, S7, S17, S19: what can be shown from the sources of the program and its lock files."""

from __future__ import annotations

import ast
import re
import subprocess
import time
from datetime import date
from pathlib import Path

import pytest
import re2
from jinja2 import Environment

from monitor.catalogue.load import parse_catalogue
from monitor.channels.email import mail_templates
from monitor.domain.errors import ConfigError
from monitor.registry import SOURCE_KINDS
from monitor.web import render

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("monitor/**/*.py"), *ROOT.glob("storage/**/*.py")]
CATASTROPHIC = (r"(a+)+$", r"(a|aa)+$", r"(.*a){25}$", r"(x+x+)+y", r"^(([a-z])+.)+[A-Z]([a-z])+$")
FEEDS = """
sources:
  - id: p
    kind: listing
    name: P
    sees: [agreement_signed]
    options: {{url: "https://a.example/", href: '{pattern}'}}
"""


#: Modules that compile patterns out of tables; all are the program's own words.
OWN_TABLES = {
    "monitor/resolve/agency.py": "a table of abbreviations in the module",
    "monitor/extract/bill_stages.py": "a table of stages in the module",
    "monitor/extract/moa.py": "a table of phrases in the module",
    "monitor/extract/dates.py": "a table of date forms in the module",
    "monitor/web/pages_staff.py": "a literal above the call",
    "monitor/detect/trigger_markup.py": "literals joined in the module; gaps at most eight long",
    "monitor/extract/congress.py": "a table of actions in the module",
    "monitor/extract/docket.py": "a table of a clerk's words in the module",
    "monitor/sources/north_carolina.py": "a table of actions in the module",
    "monitor/sources/virginia.py": "a table of actions in the module",
    "monitor/fetch/blocks.py": "a table of block pages in the module",
    "monitor/catalogue/document.py": "a table of YAML's own resolvers",
    "monitor/extract/pruning.py": "trafilatura's own tests, which lxml gives to the same engine",
    "monitor/catalogue/blocks.py": "a literal given by the caller in the module",
}
#: Format strings that are no literals where they are used, and where they come from.
OWN_FORMATS = {"monitor/resolve/headline.py": "tables of headlines in the module"}
#: Between a worker and the process that owns it; what comes back may hold known values only.
OWN_PICKLES = {"monitor/services/worker_process.py", "monitor/services/workers.py"}


def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("pattern", [r"(?<=a)b", r"(a)\\1", r"(?=a)", "(" * 10, "a" * 600])
def test_s6_what_is_no_linear_time_pattern_is_refused_when_read(pattern: str) -> None:
    with pytest.raises(ConfigError):
        parse_catalogue(FEEDS.format(pattern=pattern), kinds=SOURCE_KINDS, today=date(2025, 1, 1))


def test_s6_patterns_of_operators_never_reach_the_backtracking_engine() -> None:
    """`re` compiles literals of the program only: what people write goes to RE2."""
    calls = ("compile", "search", "match", "fullmatch", "sub", "findall", "split", "finditer")
    found = []
    for path in SOURCES:
        for node in nodes(path):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in calls
                and not _literal(node.args[0])
            ):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)[:80]}")
    modules = {line.partition(":")[0] for line in found}
    assert modules == set(OWN_TABLES), "give it to re2, or say in OWN_TABLES where it comes from"


def _literal(node: ast.expr) -> bool:
    """Made of the program's own words: literals, constants, and re.escape() of anything."""
    match node:
        case ast.Constant():
            return True
        case ast.BinOp():
            return _literal(node.left) and _literal(node.right)
        case ast.JoinedStr():
            return all(map(_literal, node.values))
        case ast.FormattedValue():
            return _literal(node.value)
        case ast.Name():
            return node.id.lstrip("_").isupper()
        case ast.Attribute():
            return node.attr.lstrip("_").isupper()
        case ast.Call():
            called = ast.unparse(node.func)
            return called in ("re.escape",) or (
                called.endswith(".join") and _literal_parts(node.args[0])
            )
        case _:
            return False


def _literal_parts(node: ast.expr) -> bool:
    match node:
        case ast.GeneratorExp() | ast.ListComp():
            return _literal(node.elt)
        case ast.Call():
            return ast.unparse(node).startswith(("map(re.escape", "sorted(map(re.escape"))
        case _:
            return _literal(node)


@pytest.mark.parametrize("pattern", CATASTROPHIC)
def test_s6_catastrophic_patterns_end(pattern: str) -> None:
    """In the time of the text's length; a backtracking engine would need longer than the test."""
    started = time.monotonic()
    re2.search(pattern, "a" * 50_000 + "!")
    assert time.monotonic() - started < 60, "not linear"


def test_s7_templates_are_files_of_the_package_and_escape() -> None:
    made: list[Environment] = [mail_templates()]
    for environment in made:
        assert environment.loader is not None
        assert environment.get_template("mail.html.j2")
        escape = environment.autoescape
        assert escape if isinstance(escape, bool) else escape("mail.html.j2")
    assert "select_autoescape" in Path(render.__file__).read_text(encoding="utf-8")


def test_s7_nobody_from_outside_writes_a_template_or_a_format() -> None:
    """No template from a string, and format strings are literals of the program."""
    found = []
    for path in SOURCES:
        for node in nodes(path):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            where = f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)[:80]}"
            if node.func.attr in ("from_string", "format_map", "safe_substitute", "vformat"):
                found.append(where)
            if node.func.attr == "format" and not _literal(node.func.value):
                found.append(where)
    assert {line.partition(":")[0] for line in found} == set(OWN_FORMATS)


def test_s7_nothing_is_evaluated() -> None:
    names = {"eval", "exec", "compile", "__import__"}
    modules = {"pickle", "marshal", "shelve", "dill"}
    found = []
    for path in SOURCES:
        for node in nodes(path):
            match node:
                case ast.Call(func=ast.Name(id=name)) if name in names:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}()")
                case ast.Import(names=parts) if any(p.name in modules for p in parts):
                    found.append(path.relative_to(ROOT).as_posix())
                case ast.Attribute(attr="unsafe_load" | "full_load" | "UnsafeLoader"):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: yaml")
    assert set(found) == OWN_PICKLES


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_s17_every_locked_package_has_hashes_and_no_index_is_named(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(lines) > 30
    assert [line[:60] for line in lines if not re.match(r"^[a-z0-9._-]+(\[.*\])?==", line)] == []
    assert [line[:60] for line in lines if "--hash=sha256:" not in line] == []
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", text)


SECRETS = re.compile(
    r"xox[abprs]-[0-9A-Za-z]{10,}-[0-9A-Za-z-]{10,}|xapp-\d-[A-Z0-9]{8,}-|AKIA[0-9A-Z]{16}"
    r"|-----BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY-----|gh[pousr]_[0-9A-Za-z]{30,}"
    r"|hooks\.slack\.com/services/T[0-9A-Z]{8,}/B[0-9A-Z]{8,}/[0-9A-Za-z]{20,}"
    r"|sk_live_[0-9A-Za-z]{20,}|https?://[^/\s:@'\"]+:[^/\s:@'\"{}]{12,}@[a-z0-9.-]+\.(com|net|io)"
)


def _tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.split("\0") if name]


def test_s17_no_secret_is_in_the_tree() -> None:
    found = []
    for path in _tracked():
        if path.is_file() and path.stat().st_size < 5_000_000 and path != Path(__file__):
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{path.relative_to(ROOT)}: {hit[0][:20]}…" for hit in SECRETS.finditer(text)]
    assert found == []
    names = {path.name for path in _tracked()}
    assert not names & {".env", "monitor.env", "id_rsa", "credentials.json", "monitor.sqlite"}


def test_s17_rule_packs_hold_no_code() -> None:
    for path in ROOT.glob("monitor/data/rules/*.yaml"):
        assert "!!python" not in path.read_text(encoding="utf-8"), path.name


def test_s19_no_language_model_is_asked() -> None:
    """There is no such step at all; quotes are offsets into the stored text."""
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    models = ("openai", "anthropic", "transformers", "langchain", "litellm", "ollama", "torch")
    assert [name for name in models if re.search(rf"^{name}\b", locked, re.MULTILINE)] == []
