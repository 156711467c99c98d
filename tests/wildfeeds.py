"""Feeds with defects as met in the wild, made from a seed: the same seed gives the same feed."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass

Defect = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class WildFeed:
    """A feed, the form it began as, and what was done to it."""

    form: str
    defects: tuple[str, ...]
    body: bytes


def _entries(dice: random.Random) -> list[tuple[str, str, str]]:
    count = dice.randint(1, 12)
    topics = ["school board", "287(g) vote", "sheriff’s office", "café opening", "detainer policy"]
    return [
        (f"https://news.example.org/{n}", f"{dice.choice(topics)} {n}", "Text of the story. " * 5)
        for n in range(count)
    ]


def rss(dice: random.Random) -> bytes:
    """RSS 2.0."""
    items = "".join(
        f"<item><title>{title}</title><link>{url}</link><guid>{url}</guid>"
        f"<pubDate>Thu, 05 Jun 2025 0{n % 9}:00:00 GMT</pubDate>"
        f"<description><![CDATA[<p>{text}</p>]]></description></item>\n"
        for n, (url, title, text) in enumerate(_entries(dice))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>News</title>'
        f"<link>https://news.example.org/</link>{items}</channel></rss>"
    ).encode()


def atom(dice: random.Random) -> bytes:
    """Atom 1.0."""
    items = "".join(
        f'<entry><id>tag:news.example.org,2025:{n}</id><title>{title}</title><link href="{url}"/>'
        f"<updated>2025-06-05T0{n % 9}:00:00Z</updated><summary>{text}</summary></entry>\n"
        for n, (url, title, text) in enumerate(_entries(dice))
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>News</title><id>urn:x</id>{items}</feed>"
    ).encode()


def rdf(dice: random.Random) -> bytes:
    """RSS 1.0."""
    items = "".join(
        f'<item rdf:about="{url}"><title>{title}</title><link>{url}</link>'
        f"<description>{text}</description><dc:date>2025-06-05</dc:date></item>"
        for url, title, text in _entries(dice)
    )
    return (
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="https://news.example.org/"><title>News</title></channel>{items}'
        "</rdf:RDF>"
    ).encode()


def json_feed(dice: random.Random) -> bytes:
    """JSON Feed 1.1."""
    day = "2025-06-05"
    items = [
        {
            "id": url,
            "url": url,
            "title": title,
            "content_text": text,
            "date_published": day,
        }
        for url, title, text in _entries(dice)
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": items}
    return json.dumps(feed).encode()


FORMS: dict[str, Callable[[random.Random], bytes]] = {
    "rss": rss,
    "atom": atom,
    "rdf": rdf,
    "json": json_feed,
}


def _cut(body: bytes, dice: random.Random) -> bytes:
    return body[: dice.randint(1, len(body))]


def _swap(old: bytes, new: bytes) -> Defect:
    return lambda body, _: body.replace(old, new)


def _once(old: bytes, new: bytes) -> Defect:
    return lambda body, _: body.replace(old, new, 1)


def _noise(body: bytes, dice: random.Random) -> bytes:
    data = bytearray(body)
    for _ in range(dice.randint(1, 30)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(data)


def _insert(new: bytes) -> Defect:
    def insert(body: bytes, dice: random.Random) -> bytes:
        at = dice.randrange(len(body))
        return body[:at] + new + body[at:]

    return insert


def _recode(charset: str) -> Defect:
    return lambda body, _: body.decode("utf-8", "replace").encode(charset, "replace")


def _shuffle_lines(body: bytes, dice: random.Random) -> bytes:
    lines = body.splitlines()
    dice.shuffle(lines)
    return b"\n".join(lines)


DEFECTS: dict[str, Defect] = {
    "cut short": _cut,
    "flipped bytes": _noise,
    "raw ampersands": _swap(b"Text of", b"Text & more of"),
    "undeclared entity": _swap(b"Text of", b"Text&nbsp;of&foo;"),
    "bare less-than": _swap(b"Text of", b"Text 3 < 4 of"),
    "control characters": _insert(b"\x00\x01\x0b\x1f"),
    "unclosed entry": _once(b"</item>", b""),
    "unclosed atom entry": _once(b"</entry>", b""),
    "doubled closing tag": _once(b"</item>", b"</item></item>"),
    "no root end": lambda body, _: body.removesuffix(b"</channel></rss>").removesuffix(b"</feed>"),
    "no declaration": lambda body, _: body[body.find(b"?>") + 2 :] if b"?>" in body else body,
    "wrong declared charset": _swap(b"UTF-8", b"US-ASCII"),
    "unknown declared charset": _swap(b"utf-8", b"x-klingon"),
    "really latin-1": _recode("latin-1"),
    "really windows-1252": _recode("cp1252"),
    "really utf-16": _recode("utf-16"),
    "really utf-32": _recode("utf-32"),
    "leading blank lines": lambda body, _: b"\n\n  " + body,
    "leading php warning": lambda body, _: b"<br />\n<b>Warning</b>: x in /a.php<br />\n" + body,
    "byte order mark twice": lambda body, _: b"\xef\xbb\xbf\xef\xbb\xbf" + body,
    "trailing html": lambda body, _: body + b"<script>var a='<item>';</script><!-- cached -->",
    "unclosed cdata": _once(b"]]>", b""),
    "entry in a comment": _insert(b"<!-- <item><title>old</title></item> -->"),
    "nested entry": _once(b"<title>", b"<item><title>inner</title></item><title>"),
    "mixed case tags": _swap(b"item>", b"Item>"),
    "no guid": _swap(b"guid", b"x-id"),
    "same guid everywhere": lambda body, _: body.replace(b"<guid>https", b"<guid>x</guid><g>https"),
    "same link everywhere": _swap(b"news.example.org/", b"news.example.org/?x="),
    "no links": _swap(b"link", b"lnk"),
    "bad dates": _swap(b"2025", b"20255"),
    "huge title": _once(b"</title>", b" long" * 20_000 + b"</title>"),
    "deep nesting": _once(b"Text of", b"<b>" * 3_000 + b"Text of"),
    "billion laughs": lambda body, _: b'<!DOCTYPE x [<!ENTITY a "ha">]>' + body,
    "html page": lambda body, _: b"<!DOCTYPE html><html><body>Sorry</body></html>",
    "empty": lambda body, _: b"",
    "gzip not undone": lambda body, _: zlib.compress(body),
    "shuffled lines": _shuffle_lines,
    "javascript links": _swap(b"https://news", b"javascript:alert(1)//news"),
    "relative links": _swap(b"https://news.example.org", b""),
    "namespace prefix gone": _swap(b"dc:", b"undeclared:"),
}


def wild_feeds(count: int, seed: int = 287) -> list[WildFeed]:
    """`count` feeds: every form, every defect at least once, then pairs of defects."""
    dice = random.Random(seed)
    names = list(DEFECTS)
    forms = list(FORMS)
    made = []
    for number in range(count):
        form = forms[number % len(forms)]
        chosen = [names[(number // len(forms)) % len(names)]]
        if number >= len(forms) * len(names) // 2:
            chosen.append(dice.choice(names))
        body = FORMS[form](dice)
        for name in chosen:
            body = DEFECTS[name](body, dice) if body else body
        made.append(WildFeed(form=form, defects=tuple(chosen), body=body))
    return made
