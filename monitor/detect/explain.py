"""Why, and why not: what matched in a document, what stopped it, and the nearest miss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.detect.clauses.line import Line
from monitor.detect.document import Document
from monitor.detect.engine import findings, put_aside, relevant, sightings, told_in_passing
from monitor.detect.matching import Prepared
from monitor.detect.phrase import Act, Choice, Gap, Node, PhraseProblem, Sequence_, compiled, parse
from monitor.detect.rule import Pack, Rule
from monitor.detect.scene import Scene, Sighting, lay_out
from monitor.detect.set_aside import Aside
from monitor.detect.slots.names import names_of
from monitor.domain.claim import Finding
from monitor.domain.vocabulary import Worth
from monitor.resolve.gazetteer import Gazetteer

#: Lines in which the nearest miss of a rule is looked for.
_NEAREST_LINES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A phrase that matched and does not count, or counts less (`weakened`)."""

    rule: str
    guard: str
    words: str  #: what the guard found, or what it did not find
    sentence: str
    matched: str
    weakened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestMiss:
    """The sentence that came nearest to a phrase of the rule, and what it lacks."""

    rule: str
    phrase: str
    found: int  #: parts of the phrase that are there
    parts: int
    lacks: str  #: the first part that is not there, as written
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the pack, or one rule of it, makes of a document."""

    anchored: bool  #: False: no anchor in the document, so no rule was tried
    aside: Aside | None  #: why the whole document was set aside, so no rule was tried
    findings: tuple[Finding, ...]
    stopped: tuple[Stopped, ...]
    nearest: tuple[NearestMiss, ...]
    views: tuple[str, ...]  #: the lines as phrases see them, symbols in capitals


def explain(
    document: Document, pack: Pack, gazetteer: Gazetteer, rule_id: str | None = None
) -> Explanation:
    """Explain one rule, or all; nearest misses are given for one rule only.

    Raises KeyError for a rule that is not in the pack.
    """
    rule = pack.rule(rule_id) if rule_id is not None else None
    if rule_id is not None and rule is None:
        raise KeyError(rule_id)
    names, lexicon = names_of(gazetteer), pack.bench.lexicon
    scene = lay_out(document, pack.bench.symbols, names, pack.anchored, lexicon, pack.governors)
    anchored = relevant(scene)
    aside = put_aside(scene, pack) if anchored else None
    seen = tuple(sightings(scene, pack)) if anchored and aside is None else ()
    found = findings(document, pack, gazetteer)
    mine = tuple(one for one in found if rule is None or one.rule == rule.id)
    stopped = tuple(
        _stopped(one.rule, one.sighting, scene)
        for one in seen
        if one.sighting.stop is not None and (rule is None or one.rule.number == rule.number)
    )
    reviews = {(one.rule, one.quote) for one in mine if one.worth is Worth.REVIEW}
    passing = told_in_passing(document, pack, gazetteer)
    lowered = tuple(_lowered(one) for one in passing if (one.rule, one.quote) in reviews)
    nearest = _nearest(rule, scene, pack) if rule is not None and not mine else None
    return Explanation(
        anchored=anchored,
        aside=aside,
        findings=mine,
        stopped=(*lowered, *stopped),
        nearest=(nearest,) if nearest is not None else (),
        views=tuple(_shown(line) for line in _lines(scene)),
    )


def _lines(scene: Scene) -> Iterator[Line]:
    if scene.title is not None:
        yield scene.title
    for index in range(min(len(scene.spans), _NEAREST_LINES)):
        yield scene.line(index)


def _shown(line: Line) -> str:
    return line.view.text.decode("ascii").replace("|", "").strip()


def _sentence(line: Line, scene: Scene) -> str:
    if line.outside is not None:
        return line.outside
    start, end = scene.body.span(line.sentence.start, line.sentence.end)
    return scene.document.text[start:end]


def _stopped(rule: Rule, sighting: Sighting, scene: Scene) -> Stopped:
    stop = sighting.stop
    line = sighting.line
    words = line.view.part(sighting.start_token, sighting.end_token + 1)
    return Stopped(
        rule=rule.id,
        guard=stop.guard if stop else "",
        words=stop.words if stop else "",
        sentence=_sentence(line, scene),
        matched=words.decode("ascii").replace("|", "").strip(),
        weakened=bool(stop and stop.weakens),
    )


def _lowered(finding: Finding) -> Stopped:
    return Stopped(
        rule=finding.rule,
        guard="head",
        words="told below the head of the story, or in one about what is to come",
        sentence=finding.quote.text,
        matched="",
        weakened=True,
    )


def _nearest(rule: Rule, scene: Scene, pack: Pack) -> NearestMiss | None:
    """The phrase and line with the largest share of parts present."""
    if not isinstance(rule.prepared, Prepared):
        return None
    best: tuple[float, NearestMiss] | None = None
    for phrase in rule.prepared.options.phrases:
        parts = tuple(_parts(parse(phrase)))
        for line in _lines(scene):
            miss = _miss(rule, phrase, parts, line, scene, pack)
            share = miss.found / max(1, miss.parts)
            if miss.found and (best is None or share > best[0]):
                best = (share, miss)
    return best[1] if best else None


def _miss(
    rule: Rule, phrase: str, parts: tuple[Node, ...], line: Line, scene: Scene, pack: Pack
) -> NearestMiss:
    there = [_has(part, line, pack) for part in parts]
    lacking = next((part for part, has in zip(parts, there, strict=True) if not has), None)
    return NearestMiss(
        rule=rule.id,
        phrase=phrase,
        found=sum(there),
        parts=len(parts),
        lacks=written(lacking) if lacking is not None else "the order or nearness of its parts",
        sentence=_sentence(line, scene),
    )


def _has(part: Node, line: Line, pack: Pack) -> bool:
    try:
        return compiled(part, pack.bench.terms).spans(line.view.text) is not None
    except PhraseProblem:
        return False


def _parts(node: Node) -> Iterator[Node]:
    """The parts that must be there, without gaps and options."""
    match node:
        case Sequence_(parts=parts):
            for part in parts:
                yield from _parts(part)
        case Gap() | Choice(optional=True):
            return
        case Act(body=body):
            yield from _parts(body)
        case _:
            yield node


def written(node: Node) -> str:
    """A phrase's part as one writes it."""
    match node:
        case Sequence_(parts=parts):
            return " ".join(written(part) for part in parts)
        case Choice(options=options, optional=optional):
            body = "|".join(written(option) for option in options)
            return f"[{body}]" if optional else f"({body})"
        case Act(body=body):
            return f"<{written(body)}>"
        case Gap(most=most, wide=wide):
            return "...." if wide else f"..{most}"
        case _:
            return _atom(node)


def _atom(node: Node) -> str:
    name = getattr(node, "name", None)
    if name is not None:
        return f"{{{name}}}"
    return f"{getattr(node, 'text', '')}{'*' if getattr(node, 'stem', False) else ''}"
