"""Rule kind `change`: what a page lost or gained between two revisions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from monitor.detect.matching import PhraseSpec, Prepared, in_line, prepare
from monitor.detect.scene import Scene, Sighting
from monitor.domain.item import Change
from monitor.kinds import RuleKind

#: Pieces of one change that are looked at.
_MOST = 200


class ChangeRule(PhraseSpec):
    """Phrases, of which one must match in a piece that was added or removed."""

    on: Literal["removed", "links_added", "links_removed"] = Field(
        description="Sentences removed, or addresses of links added or removed."
    )


def match(
    prepared: Prepared[ChangeRule], scene: Scene, lines: tuple[int, ...]
) -> tuple[Sighting, ...]:
    """Sightings in the changed pieces, in their order; none for a first revision."""
    del lines  # what was removed is no line of the text any more
    change = scene.document.change
    if change is None:
        return ()
    found = []
    for piece in _pieces(change, prepared.options.on)[:_MOST]:
        line = scene.line_outside(piece)
        sighting = in_line(prepared, scene, line, -1) if line is not None else None
        if sighting is not None:
            found.append(sighting)
    return tuple(found)


def _pieces(change: Change, on: str) -> tuple[str, ...]:
    match on:
        case "removed":
            return change.removed
        case "links_added":
            return tuple(map(_words, change.links_added))
        case _:
            return tuple(map(_words, change.links_removed))


def _words(address: str) -> str:
    """An address as words: `/doc/287g-moa_2025.pdf` -> `doc 287g moa 2025 pdf`."""
    plain = address.split("://", 1)[-1]
    for mark in "/-_.?=&%+#":
        plain = plain.replace(mark, " ")
    return plain


KIND = RuleKind(
    name="change",
    summary=(
        "What a watched page lost or gained: a sentence that is gone, a link that came or went. "
        "New sentences are read by phrase rules with `on: added`."
    ),
    options=ChangeRule,
    prepare=prepare,
    match=match,
    example="""\
id: change-agreement-link
about: A link to a memorandum appeared on an agency's page.
kind: change
on: links_added
type: agreement_signed
stage: listed
direction: toward_cooperation
worth: review
phrases: ["{program} ..6 <{agreement}>"]
fixtures:
  fires:
    - text: "Polk County Sheriff's Office, Florida."
      links_added: ["https://sheriff.example/docs/287g-moa.pdf"]
  silent:
    - text: "Polk County Sheriff's Office, Florida."
      links_added: ["https://sheriff.example/docs/jail-menu.pdf"]
""",
)
