"""Detection: a document in, findings out; pure, and bounded whatever the document is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.detect import bills
from monitor.detect.bill_page import staged_page
from monitor.detect.document import Document
from monitor.detect.fill import Filler
from monitor.detect.lead import Heading, Lead, Placed, asides_of
from monitor.detect.merge import distinct, joined
from monitor.detect.rule import Pack, Rule
from monitor.detect.scene import Scene, Sighting, lay_out
from monitor.detect.set_aside import Aside, set_aside
from monitor.detect.slots.names import names_of
from monitor.domain.claim import Finding
from monitor.domain.vocabulary import Worth
from monitor.resolve.gazetteer import Gazetteer

#: Sightings of one document that become findings; a list of a thousand agencies stops there.
MAX_FINDINGS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A rule's sighting in a document."""

    rule: Rule
    sighting: Sighting


def findings(document: Document, pack: Pack, gazetteer: Gazetteer) -> tuple[Finding, ...]:
    """What the document asserts, in the order of its text, one finding per event and subject.

    Quotes are verbatim with offsets into `document.text`; where only the title says it, the quote
    is the title and both offsets are -1. `event_key` and `keys` are left empty. Shadow rules give
    no findings here. A bill with a history in its fields gives one finding for each stage, the page
    of a bill tracker one for the last step that it shows.
    """
    shown = staged_page(document)
    if bills.is_structured(shown):
        about = bills.matter(shown)
        paged = shown is not document  # the words of its list of steps are not to be read again
        found = _findings(
            about,
            pack,
            gazetteer,
            lambda rule: not rule.spec.shadow and not (paged and _reads(rule)),
        )
        told = bills.staged(shown, found)
        if not paged or any(one.worth is Worth.ALERT for one in told):
            return told
    return _findings(document, pack, gazetteer, lambda rule: not rule.spec.shadow)


def _reads(rule: Rule) -> bool:
    """Whether a rule looks at lines of the text, not at fields."""
    return rule.kind.name == "phrase"


def shadow_findings(document: Document, pack: Pack, gazetteer: Gazetteer) -> tuple[Finding, ...]:
    """What the rules marked `shadow` would say; they give nothing to `findings`."""
    if not any(rule.spec.shadow for rule in pack.rules):
        return ()
    return _findings(document, pack, gazetteer, lambda rule: rule.spec.shadow)


def findings_of(
    document: Document, pack: Pack, gazetteer: Gazetteer, rule_id: str
) -> tuple[Finding, ...]:
    """What one rule finds by itself, whether others find it too and whether it is a shadow."""
    return _findings(document, pack, gazetteer, lambda rule: rule.id == rule_id)


def _findings(
    document: Document, pack: Pack, gazetteer: Gazetteer, wanted: Callable[[Rule], bool]
) -> tuple[Finding, ...]:
    found, heading = _placed(document, pack, gazetteer, wanted)
    return distinct(found, heading)


def told_in_passing(document: Document, pack: Pack, gazetteer: Gazetteer) -> tuple[Finding, ...]:
    """What would be an alert, had the document told it at the head of its story."""
    found, heading = _placed(document, pack, gazetteer, lambda rule: not rule.spec.shadow)
    return tuple(one.finding for one in asides_of(joined(found), heading))


def _placed(
    document: Document, pack: Pack, gazetteer: Gazetteer, wanted: Callable[[Rule], bool]
) -> tuple[list[Placed], Heading]:
    names = names_of(gazetteer)
    lexicon, heads = pack.bench.lexicon, pack.governors
    scene = lay_out(document, pack.bench.symbols, names, pack.anchored, lexicon, heads)
    if not relevant(scene) or put_aside(scene, pack) is not None:
        return [], Heading(False, False)
    filler = Filler(scene, names, pack)
    lead = Lead(scene)
    found: list[Placed] = []
    for seen in live(sightings(scene, pack)):
        if not wanted(seen.rule):
            continue
        for finding in filler.findings(seen.rule, seen.sighting):
            found.append(lead.placed(seen.sighting, finding))
        if len(found) >= MAX_FINDINGS:
            break
    return found, lead.heading(pack.preview)


def relevant(scene: Scene) -> bool:
    """Whether the document holds an anchor at all; fields and changes are always read."""
    if scene.document.fields or scene.document.change is not None:
        return True
    return scene.title_anchored or bool(scene.anchors)


def put_aside(scene: Scene, pack: Pack) -> Aside | None:
    """Why the document is not read though it holds an anchor; fields and changes always are."""
    if scene.document.fields or scene.document.change is not None:
        return None
    return set_aside(scene, pack.set_aside)


def sightings(scene: Scene, pack: Pack) -> Iterable[Seen]:
    """All sightings of all rules, stopped ones too, line by line."""
    for number, lines in sorted(_candidates(scene, pack).items()):
        rule = pack.rules[number]
        for sighting in rule.kind.match(rule.prepared, scene, tuple(lines)):
            yield Seen(rule=rule, sighting=sighting)


def live(seen: Iterable[Seen]) -> list[Seen]:
    """Sightings that nothing stopped, in the order of the text, the title first."""
    going = [one for one in seen if one.sighting.stop is None or one.sighting.stop.weakens]
    return sorted(going, key=lambda one: (one.sighting.index, one.sighting.first))


def _candidates(scene: Scene, pack: Pack) -> dict[int, list[int]]:
    """Rule number -> lines that hold one of its certain words."""
    found: dict[int, list[int]] = defaultdict(list)
    for number in pack.beside:
        found[number] = []
    indexes = ([-1] if scene.title is not None else []) + pack.promising(scene)
    for index in indexes:
        line = scene.title if index < 0 else scene.line(index)
        if line is None:
            continue
        for number in pack.rules_for(line):
            found[number].append(index)
    return found
