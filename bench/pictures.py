"""Draws the documentation pictures: messages as Slack and a mail program would show them.

    python -m bench.pictures docs/pictures

Needs Debian's chromium. The events are invented; the renderer below is a rough likeness of Slack.
"""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from monitor.channels.email import mail_templates
from monitor.domain.claim import Jurisdiction
from monitor.domain.event import Event, Evidence, Record
from monitor.domain.ident import ClaimId, EventId, RecordId, SourceId, SubscriptionId
from monitor.domain.moment import StatedDate
from monitor.domain.subscription import Cadence, Subscription
from monitor.domain.vocabulary import (
    Direction,
    EventType,
    Model,
    RecordKind,
    Rung,
    Stage,
    Tier,
    Worth,
)
from monitor.notify.audience import listener
from monitor.notify.blockkit import Rendered, post, replies
from monitor.notify.burst import burst_headline
from monitor.notify.charts import state_map, trend_chart
from monitor.notify.digest import Reach, body_from_json, digest
from monitor.notify.mail import Picture, html_of
from monitor.notify.message import Alert, Burst, DigestMessage, Links, Message, Update, answer, card
from monitor.notify.personal import Correspondence, personal
from monitor.notify.windows import Window
from monitor.resolve.headline import headline

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
LINKS = Links(base_url="https://monitor.example.org")
LETTERS = Correspondence(links=LINKS, secret="a secret for pictures", mail_from="m@example.org")
READER = Subscription(
    id=SubscriptionId("desk"),
    filter="state:TX,FL,GA,OK,VA,NM",
    channel="email",
    destination="reader@example.org",
    cadence=Cadence.WEEKLY,
    time_zone="America/Chicago",
)
COUNTIES = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ironwood")
STATES = ("FL", "TX", "GA", "OK", "VA", "FL", "TX", "FL", "NM")

STYLE = """
body{margin:0;padding:18px;font:15px/1.46 Lato,"DejaVu Sans",sans-serif;background:BG;color:FG}
.m{display:flex;gap:10px;max-width:600px;margin-bottom:14px}.a{width:36px;height:36px;flex:none;
border-radius:6px;background:#1e3a5f}.n{font-weight:700}.t{color:#868686;font-size:12px}
h3{font-size:17px;margin:4px 0 6px}.r{margin:3px 0;white-space:pre-wrap}.q{border-left:4px solid
#ccc;padding-left:10px;margin:5px 0}.c{color:#868686;font-size:12.5px;margin-top:5px}a{color:LINK;
text-decoration:none}ul{margin:4px 0;padding-left:22px}.b{display:inline-block;border:1px solid
#8886;border-radius:6px;padding:4px 11px;margin:6px 8px 0 0;font-weight:700;font-size:13px}
.th{margin-left:46px;border-left:3px solid #8883;padding-left:12px}.e{color:#868686;font-size:11px}
"""


def event(number: int, **changes: Any) -> Event:
    """An invented event."""
    state = STATES[number % len(STATES)]
    agency = f"{COUNTIES[number % len(COUNTIES)]} County Sheriff's Office"
    made = Event(
        id=EventId(f"{number:032x}"),
        event_type=EventType.AGREEMENT_SIGNED,
        stage=Stage.SIGNED,
        direction=Direction.TOWARD,
        status=Rung.OFFICIAL,
        tier=Tier.OFFICIAL,
        worth=Worth.ALERT,
        jurisdiction=Jurisdiction(state=state, place=agency.partition(" Sheriff")[0]),
        agency=agency,
        model=Model.TFM,
        occurred=StatedDate(day=date(2026, 2, 26)),
        published=StatedDate(day=date(2026, 2, 27)),
        captured_at=NOW,
        recorded_at=NOW,
        updated_at=NOW,
        url="https://sheriff.example.org/news/287g",
        source_id=SourceId("sheriff"),
        quote="The Sheriff's Office today signed a 287(g) Task Force Model agreement with ICE.",
        evidence=(
            Evidence(
                claim_id=ClaimId("c"),
                source_id=SourceId("sheriff"),
                snapshot_id="s",
                body_hash="h",
                url="https://sheriff.example.org/news/287g",
                title="Sheriff's Office joins federal program",
                publisher=agency,
                tier=Tier.OFFICIAL,
            ),
        ),
    )
    made = replace(made, **changes)
    return replace(made, title=headline(made))


def record(of: Event, kind: RecordKind = RecordKind.OPENED, **changes: Any) -> Record:
    """A record of an invented event."""
    made = Record(
        id=RecordId(f"r{of.id}{kind}"),
        kind=kind,
        event=of,
        chain="sheriff",
        recorded_at=of.recorded_at,
        told=True,
    )
    return replace(made, **changes)


def alert() -> Alert:
    """One alert."""
    slack = replace(READER, channel="slack", cadence=Cadence.IMMEDIATE)
    return Alert(
        delivery_id="d" * 32,
        card=card(event(1), LINKS),
        personal=personal(slack, LETTERS, NOW),
    )


def corrected() -> Update:
    """The same alert after a correction."""
    now = event(1, model=Model.WSO)
    amended = record(
        now,
        RecordKind.AMENDED,
        reason="the signed agreement names another model",
        changed=(("model", "TFM", "WSO"),),
    )
    told = answer(amended, LINKS)
    opening = replace(alert(), card=card(now, LINKS), answers=(told,))
    opening = replace(opening, acknowledged=(("Dana", "2026-03-02 15:10 UTC"),))
    return Update(delivery_id="u", opening=opening, answers=(told,))


def burst() -> Burst:
    """Twenty-three signings of one workbook."""
    events = [
        event(n, jurisdiction=Jurisdiction(state="FL"), status=Rung.ON_ROSTER) for n in range(23)
    ]
    return Burst(
        delivery_id="b",
        headline=burst_headline(events),
        cards=tuple(card(one, LINKS) for one in events),
        personal=alert().personal,
    )


def weekly() -> DigestMessage:
    """A weekly digest with a correction."""
    window = Window(start=NOW - timedelta(days=7), end=NOW)
    wrong = event(90, status=Rung.RETRACTED)
    records = [
        record(event(n, recorded_at=NOW - timedelta(days=1 + (n * n) % 6, hours=n % 5)))
        for n in range(18)
    ]
    ended = event(
        40,
        event_type=EventType.AGREEMENT_TERMINATED,
        stage=Stage.VOTED,
        direction=Direction.AWAY,
        jurisdiction=Jurisdiction(state="NM", place="Elm County"),
        quote="Commissioners voted 4-1 to end the county's agreement with ICE in 90 days.",
        recorded_at=NOW - timedelta(days=2),
    )
    records.append(record(ended))
    taken_back = record(wrong, RecordKind.RETRACTED, reason="the newspaper corrected its article")
    records.append(replace(taken_back, recorded_at=NOW - timedelta(days=3)))
    made, _ = digest(
        listener(READER, NOW),
        window,
        records,
        Reach(by_digest=frozenset({wrong.id})),
        now=NOW,
    )
    return DigestMessage(
        delivery_id="w",
        body=body_from_json(made.body, LINKS),
        personal=personal(READER, LETTERS, NOW),
    )


def slack_page(posts: list[tuple[Rendered, bool]], dark: bool) -> str:
    """Posts (and whether each stands in the thread) as HTML."""
    colours = ("#1a1d21", "#d1d2d3", "#5aa9e6") if dark else ("#fff", "#1d1c1d", "#1264a3")
    style = STYLE
    for word, colour in zip(("BG", "FG", "LINK"), colours, strict=True):
        style = style.replace(word, colour)
    shown = "".join(
        f'<div class="m{" th" if threaded else ""}"><div class="a"></div><div>'
        f'<span class="n">Policy Monitor</span> <span class="t">APP 9:00</span>'
        f"{''.join(_block(block) for block in rendered.blocks)}</div></div>"
        for rendered, threaded in posts
    )
    return f"<meta charset=utf-8><style>{style}</style>{shown}"


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<h3>{html.escape(block['text']['text'])}</h3>"
        case "rich_text":
            return "".join(_rich(element) for element in block["elements"])
        case "context":
            return f'<div class="c">{html.escape(block["elements"][0]["text"])}</div>'
        case "actions":
            names = [e["text"]["text"] if "text" in e else "⋯" for e in block["elements"]]
            return "".join(f'<span class="b">{html.escape(name)}</span>' for name in names)
        case _:
            return ""


def _rich(element: dict[str, Any]) -> str:
    inner = element["elements"]
    match element["type"]:
        case "rich_text_list":
            return (
                "<ul>" + "".join(f"<li>{_inline(one['elements'])}</li>" for one in inner) + "</ul>"
            )
        case "rich_text_quote":
            return f'<div class="q">{_inline(inner)}</div>'
        case _:
            return f'<div class="r">{_inline(inner)}</div>'


def _inline(elements: list[dict[str, Any]]) -> str:
    found = ""
    for one in elements:
        text = html.escape(one.get("text", "@" + one.get("user_id", "")))
        style = one.get("style", {})
        if one["type"] == "link":
            text = f'<a href="#">{text}</a>'
        if style.get("bold"):
            text = f"<b>{text}</b>"
        found += f"<s>{text}</s>" if style.get("strike") else text
    return found


def mail_page(message: DigestMessage, directory: Path, dark: bool) -> str:
    """The mail's HTML part; its own dark styles switched on where wanted."""
    body = message.body
    pictures = (
        Picture(cid="map", alt="Map of events by state", data=state_map(body.by_state)),
        Picture(cid="trend", alt="Events by day", data=trend_chart(body.trend)),
    )
    page = html_of(message, mail_templates(), pictures)
    for picture in pictures:
        (directory / f"{picture.cid}.png").write_bytes(picture.data)
        page = page.replace(f"cid:{picture.cid}", f"{picture.cid}.png")
    if dark:
        page = page.replace("(prefers-color-scheme: dark)", "all")
    return page


def shoot(page: str, target: Path, width: int, height: int, directory: Path) -> None:
    """A screenshot, cut to its content and reduced to few colours."""
    source = directory / "page.html"
    source.write_text(page, encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    # Chromium's window is never narrower than 500 pixels: the page gets its width by an iframe.
    frame = directory / "frame.html"
    frame.write_text(
        f'<body style="margin:0"><iframe src="page.html" style="border:0;width:{width}px;'
        f'height:{height}px"></iframe>'
    )
    shot = directory / "shot.png"
    command += [f"--window-size={max(width, 500)},{height}", f"--screenshot={shot}", frame.as_uri()]
    subprocess.run(command, check=True, capture_output=True, cwd=directory)
    image = Image.open(shot).convert("RGB").crop((0, 0, width, height))
    _cut(image).quantize(48, dither=Image.Dither.NONE).save(target, optimize=True)


def _cut(image: Image.Image) -> Image.Image:
    """Without the empty rows at the bottom."""
    last = image.crop((0, image.height - 1, image.width, image.height)).tobytes()
    height = image.height
    while height > 50 and image.crop((0, height - 1, image.width, height)).tobytes() == last:
        height -= 1
    return image.crop((0, 0, image.width, min(image.height, height + 12)))


def thread(message: Message) -> list[tuple[Rendered, bool]]:
    """The message and its thread."""
    shown = message.opening if isinstance(message, Update) else message
    return [(post(shown, buttons=True), False), *((reply, True) for reply in replies(message))]


def main(directory: Path) -> None:
    """Write all pictures into the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp())
    slack = {
        "slack-alert-dark.png": (slack_page(thread(alert()), True), 390, 900),
        "slack-correction.png": (slack_page(thread(corrected()), False), 620, 1200),
        "slack-burst.png": (slack_page(thread(burst())[:1], False), 620, 900),
    }
    mails = {
        "mail-weekly-desktop.png": (mail_page(weekly(), scratch, False), 700, 2000),
        "mail-weekly-phone-dark.png": (mail_page(weekly(), scratch, True), 390, 2000),
    }
    for name, (page, width, height) in {**slack, **mails}.items():
        shoot(page, directory / name, width, height, scratch)
        print(name, (directory / name).stat().st_size)
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
