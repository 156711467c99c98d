"""Rule kind `field`: words in a structured value, such as a bill's status or last action."""

from __future__ import annotations

from pydantic import Field

from monitor.detect.matching import PhraseSpec, Prepared, in_line, prepare
from monitor.detect.scene import Scene, Sighting
from monitor.domain.vocabulary import DocumentKind
from monitor.kinds import RuleKind


class FieldRule(PhraseSpec):
    """Phrases, of which one must match in the value of one of the named fields."""

    fields: tuple[str, ...] = Field(
        min_length=1, description="Names of fields, any case; the first that matches counts."
    )
    documents: tuple[DocumentKind, ...] = Field(default=(), description="Only these kinds.")


def match(
    prepared: Prepared[FieldRule], scene: Scene, lines: tuple[int, ...]
) -> tuple[Sighting, ...]:
    """At most one sighting: the first named field in which a phrase matches."""
    del lines  # values of fields are no lines of the text
    options = prepared.options
    if options.documents and scene.document.kind not in options.documents:
        return ()
    values = {name.lower(): value for name, value in scene.document.fields}
    for name in options.fields:
        value = values.get(name.lower())
        line = scene.line_outside(value) if value else None
        sighting = in_line(prepared, scene, line, -1) if line is not None else None
        if sighting is not None:
            return (sighting,)
    return ()


KIND = RuleKind(
    name="field",
    summary=(
        "Words in a structured value that a source gives beside the text: a bill's status, its "
        "last action, an agenda item's result. What the measure does is read from title and text."
    ),
    options=FieldRule,
    prepare=prepare,
    match=match,
    example="""\
id: field-signed-plain
about: A bill's status says that it was signed.
kind: field
fields: [status, last_action]
types: {mandate: state_mandate_enacted, limit: state_limit_enacted}
stage: signed_into_law
place: state
phrases: ["<signed> by ..2 {governor}"]
fixtures:
  fires:
    - text: "Requires sheriffs to sign 287(g) agreements in Ohio."
      kind: bill
      fields: {status: Signed by Governor}
  silent:
    - text: "Requires sheriffs to sign 287(g) agreements in Ohio."
      kind: bill
      fields: {status: In committee}
""",
)
