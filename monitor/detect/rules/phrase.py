"""Rule kind `phrase`: words in a sentence, with what must and must not stand around them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from monitor.detect.clauses.line import Line
from monitor.detect.matching import PhraseSpec, Prepared, in_line, prepare
from monitor.detect.scene import Scene, Sighting
from monitor.domain.vocabulary import DocumentKind
from monitor.kinds import RuleKind


class PhraseRule(PhraseSpec):
    """Phrases, of which one must match inside one sentence of the text or the title."""

    scope: Literal["any", "title", "text"] = Field(
        default="any", description="Where the phrase may stand."
    )
    on: Literal["any", "added"] = Field(
        default="any", description="added: on a changed page, only in sentences that are new."
    )
    documents: tuple[DocumentKind, ...] = Field(default=(), description="Only these kinds.")


def match(
    prepared: Prepared[PhraseRule], scene: Scene, lines: tuple[int, ...]
) -> tuple[Sighting, ...]:
    """Sightings in these lines, stopped ones too, each with the guard that stopped it."""
    options = prepared.options
    if options.documents and scene.document.kind not in options.documents:
        return ()
    found = []
    for index in lines:
        if options.scope == ("text" if index < 0 else "title"):
            continue
        line = scene.title if index < 0 else scene.line(index)
        if line is None or (options.on == "added" and not _is_new(scene, line)):
            continue
        sighting = in_line(prepared, scene, line, index)
        if sighting is not None:
            found.append(sighting)
    return tuple(found)


def _is_new(scene: Scene, line: Line) -> bool:
    """Whether the line is among the sentences that the last revision added."""
    change = scene.document.change
    if change is None or line.outside is not None:
        return False
    text = " ".join(scene.body.text[line.sentence.start : line.sentence.end].split()).lower()
    return any(text in " ".join(piece.split()).lower() for piece in change.added)


KIND = RuleKind(
    name="phrase",
    summary=(
        "Words in one sentence of the title or text. The phrase marks the act with angle "
        "brackets; guards look from there for modality, negation, history and wrong objects."
    ),
    options=PhraseRule,
    prepare=prepare,
    match=match,
    example="""\
id: agreement-signed-plain
about: An agency signed an agreement.
type: agreement_signed
stage: signed
direction: toward_cooperation
phrases: ["{agency} <signed> ... {agreement}"]
needs: [{any: ["{program}"], within: near}]
fixtures:
  fires: ["The Polk County Sheriff's Office signed a 287(g) agreement."]
  silent: ["The Polk County Sheriff's Office may sign a 287(g) agreement."]
""",
)
