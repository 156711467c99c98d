"""S1: the gate is the only way to an address from outside; every other way out is listed here.

A module that opens connections by itself must be added with its reason, and may only reach
hosts that stand in the settings.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).parents[2]
NETWORK = {
    "socket", "ssl", "http", "urllib.request", "urllib3", "requests", "httpx", "aiohttp",
    "pycurl", "smtplib", "imaplib", "poplib", "ftplib", "nntplib", "telnetlib", "asyncio",
    "xmlrpc", "websocket", "websockets", "slack_sdk", "slack_bolt", "socketserver", "niquests",
    "primp", "uvicorn", "subprocess",
}  # fmt: skip

#: Module -> why it may. "gate": every address passes Gate.vet. "settings": hosts of the settings.
#: "listens": takes connections, opens none. "local": reaches no network.
ALLOWED = {
    "monitor/egress/exchange.py": "gate",
    "monitor/egress/gate.py": "gate",
    "monitor/egress/post.py": "gate",
    "monitor/egress/imap.py": "settings",
    "monitor/fetch/transport.py": "gate",
    "monitor/channels/slack.py": "settings",
    "monitor/channels/email.py": "settings",
    "monitor/channels/mailbox.py": "settings",
    "monitor/fetch/mailbox.py": "settings",
    "monitor/slack_app": "settings",
    "monitor/web": "listens",
    "monitor/demo": "listens",
    "monitor/cli": "listens",
    "monitor/services/workers.py": "local",
    "monitor/bootstrap": "local",
    "monitor/jobs": "settings",
}


@functools.cache
def parsed(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in parsed(path):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def reaches_out(names: set[str]) -> set[str]:
    return {n for n in names if any(n == way or n.startswith(f"{way}.") for way in NETWORK)}


def test_no_module_has_a_way_out_of_its_own() -> None:
    found = {}
    for path in sorted([*ROOT.glob("monitor/**/*.py"), *ROOT.glob("storage/**/*.py")]):
        name = path.relative_to(ROOT).as_posix()
        ways = reaches_out(imported(path))
        if ways and not any(name == a or name.startswith(f"{a}/") for a in ALLOWED):
            found[name] = sorted(ways)
    assert found == {}, "route it through monitor.egress, or add it to ALLOWED with its reason"


def test_no_parser_is_asked_to_fetch() -> None:
    """trafilatura and feedparser can download by themselves; nothing here lets them."""
    calls = ("fetch_url", "fetch_response", "urlopen", "urlretrieve", "load_html_from_url")
    found = [
        (path.relative_to(ROOT).as_posix(), node.attr if isinstance(node, ast.Attribute) else "")
        for path in ROOT.glob("monitor/**/*.py")
        for node in parsed(path)
        if (isinstance(node, ast.Attribute) and node.attr in calls)
        or (isinstance(node, ast.Name) and node.id in calls)
    ]
    assert found == []
