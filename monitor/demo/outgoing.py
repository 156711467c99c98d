"""The demo's ways out: what Slack and a mail server would get, as files to open."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.channels.email import mail_templates
from monitor.domain.subscription import (
    CannotAsk,
    Delivery,
    DeliveryKind,
    Lookup,
    SendOutcome,
    Sent,
)
from monitor.notify.blockkit import post, replies
from monitor.notify.mail import Letterhead, html_of, mail
from monitor.notify.message import Message


@dataclass(slots=True)
class SlackFiles:
    """One HTML page a channel, and every payload as JSON beside it."""

    directory: Path
    name: str = "slack"
    can_ask: bool = False
    can_edit: bool = True
    sent: int = 0
    _shown: dict[str, list[str]] = field(default_factory=dict)

    def send(self, delivery: Delivery, message: Message) -> SendOutcome:
        """Write the payload, and the page of the channel anew."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.sent += 1
        rendered = [post(message), *replies(message)]
        payload: list[dict[str, Any]] = [
            {"text": f"DEMO: {one.text}", "blocks": [_MARK, *one.blocks]} for one in rendered
        ]
        name = f"{self.sent:04}-{delivery.kind.value}.json"
        text = json.dumps(payload, ensure_ascii=False, indent=1)
        (self.directory / name).write_text(text, encoding="utf-8")
        thread = "".join(f"<div class=thread>{_blocks(p['blocks'])}</div>" for p in payload[1:])
        kind = "" if delivery.kind is not DeliveryKind.UPDATE else "<i>edits the message</i>"
        shown = f"<article><p class=day>DEMO {delivery.created_at:%Y-%m-%d} {kind}</p>"
        posts = self._shown.setdefault(delivery.destination, [])
        posts.append(f"{shown}{_blocks(payload[0]['blocks'])}{thread}</article>")
        page = _PAGE.format(title=f"#{delivery.destination} (DEMO)", posts="\n".join(posts))
        (self.directory / f"{delivery.destination}.html").write_text(page, encoding="utf-8")
        return Sent(external_id=f"{delivery.destination}/{self.sent}")

    def find(self, delivery: Delivery) -> Lookup:
        """Files are not asked."""
        return CannotAsk(reason="demo")


@dataclass(slots=True)
class MailFiles:
    """Every mail as .eml and as the HTML a reader sees."""

    directory: Path
    name: str = "email"
    can_ask: bool = False
    can_edit: bool = False
    sent: int = 0

    def send(self, delivery: Delivery, message: Message) -> SendOutcome:
        """Write the mail."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.sent += 1
        letterhead = Letterhead(sender="DEMO Policy Monitor <monitor@example.org>")
        templates = mail_templates()
        built = mail(delivery, message, letterhead, templates)
        built.replace_header("Subject", f"DEMO: {built['Subject']}")
        stem = f"{self.sent:03}-{delivery.created_at:%Y-%m-%d}-{delivery.kind.value}"
        (self.directory / f"{stem}.eml").write_bytes(built.as_bytes())
        page = html_of(message, templates).replace("<body", _BANNER + "<body", 1)
        (self.directory / f"{stem}.html").write_text(page, encoding="utf-8")
        return Sent(external_id=str(built["Message-ID"]))

    def find(self, delivery: Delivery) -> Lookup:
        """Files are not asked."""
        return CannotAsk(reason="demo")


def _blocks(blocks: list[dict[str, Any]]) -> str:
    """Block Kit in plain HTML: enough to read a message, every text escaped."""
    return "".join(f"<div class={html.escape(b['type'])}>{_element(b)}</div>" for b in blocks)


def _element(node: Any) -> str:
    match node:
        case {"type": "link", "url": str(url)}:
            shown = html.escape(str(node.get("text") or url))
            return f"<a rel=noreferrer href='{html.escape(url, quote=True)}'>{shown}</a>"
        case {"type": "rich_text_list", "elements": list(parts)}:
            return "<ul>" + "".join(f"<li>{_element(part)}</li>" for part in parts) + "</ul>"
        case {"text": str(text)}:
            bold = (node.get("style") or {}).get("bold")
            shown = html.escape(text).replace("\n", "<br>")
            return f"<b>{shown}</b>" if bold else shown
        case {"text": dict(inner)}:
            return _element(inner)
        case {"elements": list(parts)} | {"fields": list(parts)}:
            return "".join(_element(part) for part in parts)
        case _:
            return ""


#: Stands first in every payload.
_MARK = {
    "type": "context",
    "elements": [{"type": "mrkdwn", "text": "DEMO: invented texts, real rows of past lists"}],
}
_BANNER = "<p style='background:#b45309;color:#fff;padding:6px;margin:0'>DEMO</p>"

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
body {{ font: 15px/1.45 system-ui, sans-serif; max-width: 44rem; margin: 1rem auto; }}
body {{ padding: 0 1rem }}
article {{ border: 1px solid #ddd; border-radius: 8px; padding: .6rem 1rem; margin: .8rem 0 }}
.header {{ font-weight: 700; font-size: 1.05rem }}
.context, .day {{ color: #666; font-size: .85rem }}
.thread {{ border-left: 3px solid #ddd; margin-left: 1rem; padding-left: .8rem }}
</style></head><body><h1>{title}</h1>
{posts}
</body></html>
"""
