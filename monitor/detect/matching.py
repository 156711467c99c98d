"""Phrases against lines: what must be there, what must not, and what the measure is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import re2
from pydantic import Field

from monitor.detect.clauses.guards import Guards, Stop, Surroundings
from monitor.detect.clauses.line import Line, Passage
from monitor.detect.clauses.tense import carried, goes_on, history, month_gone
from monitor.detect.current import gone_with, own_lines
from monitor.detect.language.patterns import LatePattern, Spans
from monitor.detect.language.words import word_set
from monitor.detect.pack_spec import ContextSpec, Phrase, RuleSpec
from monitor.detect.phrase import Phrases
from monitor.detect.rule import Bench, Context, Demand, Topic
from monitor.detect.scene import Scene, Sighting
from monitor.domain.vocabulary import DocumentKind


class PhraseSpec(RuleSpec):
    """What all kinds that look for phrases share."""

    phrases: tuple[Phrase, ...] = Field(min_length=1)
    needs: tuple[ContextSpec, ...] = Field(default=(), description="All of these must be there.")
    without: tuple[Phrase, ...] = Field(
        default=(), description="None of these may be in the sentence."
    )
    without_title: tuple[Phrase, ...] = Field(
        default=(), description="None of these may be in the title."
    )
    without_around: tuple[Phrase, ...] = Field(
        default=(), description="None of these may be in the lines around, the title among them."
    )
    guards: tuple[str, ...] = Field(default=(), description="Guards besides those for everywhere.")
    lift: tuple[str, ...] = Field(default=(), description="Guards that do not apply to this rule.")
    agency: Literal["needed", "wanted", "none"] = Field(
        default="wanted", description="Whether the finding names an agency, and must."
    )
    place: Literal["needed", "wanted", "federal", "state"] = Field(
        default="wanted",
        description="federal: no state is given; state: the state only; needed: else a review.",
    )
    review_topics: tuple[str, ...] = Field(
        default=(), description="Topics of `types` that are worth a review only."
    )
    fresh_days: int = Field(
        default=50, ge=0, le=4_000, description="Older stated days make the match background."
    )


SpecT = TypeVar("SpecT", bound=PhraseSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared(Generic[SpecT]):
    """A phrase rule, compiled."""

    options: SpecT
    patterns: tuple[LatePattern, ...]
    demands: tuple[Demand, ...]  #: of each pattern
    needs: tuple[Context, ...]
    without: Phrases
    without_title: Phrases
    without_around: Phrases
    guards: Guards
    topics: tuple[Topic, ...]


def prepare(options: SpecT, bench: Bench) -> Prepared[SpecT]:
    """Compile the block. Raises PhraseProblem or ValueError with the reason."""
    for name in (*options.guards, *options.lift):
        if name not in bench.guards:
            raise ValueError(f"unknown guard '{name}'")
    nodes = bench.nodes(options.phrases)
    return Prepared(
        options=options,
        patterns=bench.phrases(options.phrases),
        demands=tuple(map(bench.demand, nodes)),
        needs=tuple(_context(need, bench) for need in options.needs),
        without=bench.united(options.without),
        without_title=bench.united(options.without_title),
        without_around=bench.united(options.without_around),
        guards=bench.guarded(
            tuple(
                name
                for name, guard in bench.guards.items()
                if name not in options.lift and (guard.everywhere or name in options.guards)
            )
        ),
        topics=tuple(_topic(name, bench) for name in options.types),
    )


def _context(need: ContextSpec, bench: Bench) -> Context:
    words = " or ".join(need.any)
    return Context(phrases=bench.united(need.any), scope=need.within, words=words)


def _topic(name: str, bench: Bench) -> Topic:
    if name not in bench.topics:
        raise ValueError(f"unknown topic '{name}'")
    return bench.topics[name]


def in_line(prepared: Prepared[Any], scene: Scene, line: Line, index: int) -> Sighting | None:
    """The best sighting in a line (its index in the scene, -1: outside of the text), or None.

    One that nothing stops comes before one that is weakened, before one that is stopped.
    """
    best: Sighting | None = None
    for number in _tried(prepared, line):
        for found in _occurrences(prepared.patterns[number], line):
            sighting = _sighting(prepared, scene, line, index, found)
            if sighting.stop is None:
                return sighting
            if best is None or (sighting.stop.weakens and not _weak(best)):
                best = sighting
    return best


def _tried(prepared: Prepared[Any], line: Line) -> Iterable[int]:
    """Numbers of the phrases whose words are in the line, ascending."""
    if line.tries is not None:
        return line.tries.get(prepared.options.id, ())
    met, demands = line.met, enumerate(prepared.demands)
    return [number for number, demand in demands if demand.bits & met == demand.bits]


def _weak(sighting: Sighting) -> bool:
    return sighting.stop is not None and sighting.stop.weakens


def _occurrences(pattern: LatePattern, line: Line) -> Iterator[Spans]:
    """Up to three places in one line, since the first may be stopped and the second not."""
    at = 0
    for _ in range(3):
        hit = pattern.spans(line.view.text, at)
        if hit is None:
            return
        yield hit
        at = max(hit[0][0], _act(hit)[0]) + 1


def _act(found: Spans) -> tuple[int, int]:
    """The span of the act's words, of the whole match where the phrase marks none."""
    return found[1] if len(found) > 1 and found[1][0] >= 0 else found[0]


def _sighting(
    prepared: Prepared[Any], scene: Scene, line: Line, index: int, found: Spans
) -> Sighting:
    (start, end), (act, act_end) = found[0], _act(found)
    first = line.view.token_at(act + 1)
    last = line.view.token_at(end - 2 if (act, act_end) == (start, end) else act_end - 1)
    stop = _stop(prepared, scene, line, index, first, last)
    topic = None
    if prepared.topics and (stop is None or stop.weakens):
        topic = _topic_of(prepared, scene, line, index, first)
        if topic is None:
            stop = Stop("topic", "what the measure does is not said")
        elif topic in prepared.options.review_topics:
            stop = stop or Stop("topic", topic, weakens=True)
    return Sighting(
        line=line,
        index=index,
        first=first,
        last=last,
        start_token=line.view.token_at(start + 1),
        end_token=line.view.token_at(end - 2),
        topic=topic,
        stop=stop,
    )


def _stop(
    prepared: Prepared[Any], scene: Scene, line: Line, index: int, first: int, last: int
) -> Stop | None:
    law = bool(prepared.topics)  # what a law says about others is not what happened to it
    excluded = _excluded_here(prepared.without, line, first, last, law=law)
    if excluded is None and scene.title is not None:
        excluded = _excluded("without_title", prepared.without_title, scene.title)
    if excluded is None and prepared.without_around:
        excluded = _excluded_around(prepared.without_around, scene, index)
    if excluded is not None:
        return excluded
    for need in prepared.needs:
        if not scene.holds(need.phrases, need.scope, index):
            return Stop("needs", f"{need.words} ({need.scope})")
    near = scene.near(index) if prepared.guards.look_near else ()
    opening, published = scene.opening(line, index), scene.document.published
    around = Surroundings(line, first, last, scene.title, near, opening, published)
    stop = prepared.guards.first_stop(around)
    if stop is not None and not stop.weakens:
        return stop
    old = _history(prepared, scene, line, index, first)
    return Stop("history", old) if old else stop


def _history(
    prepared: Prepared[Any], scene: Scene, line: Line, index: int, first: int
) -> str | None:
    """The words that date the act long before publication, here or in the sentence before."""
    published, fresh_days = scene.document.published, prepared.options.fresh_days
    if scene.document.kind is DocumentKind.PAGE:
        fresh_days = min(fresh_days, _PAGE_DAYS)
    old = history(line, first, published, fresh_days)
    if old is None and index > 0:
        before = scene.line(index - 1)
        old = carried(line, first, before, published) if goes_on(line) else None
        old = old or gone_with(line, before, published)
    if old is None and prepared.topics:
        old = month_gone(line, first, published)  # of a law the day is news, not the month
    return old


def _topic_of(
    prepared: Prepared[Any], scene: Scene, line: Line, index: int, first: int
) -> str | None:
    """The topic with most phrases after the act, else in the sentence, the title, or near."""
    end = _object_end(line, first)
    own = Passage(line.view.part(first, end), line.met)
    scopes: tuple[str, ...] = _TOPIC_SCOPES
    if _DESCRIBED.search(own.view):
        another = end < len(line.tokens) and line.tokens[end].word != "and"
        scopes = () if another else ("sentence",)
    elif _two_measures(prepared, line, end, own.view):
        scopes = ()
    if scene.document.kind is DocumentKind.BILL:
        scopes = (*scopes, "document")  # a bill's page is about that bill throughout
    weak: str | None = None
    rest = (tuple(_told(one.passage) for one in _around(scene, s, index)) for s in scopes)
    for views in ((_told(own),), *rest):
        score = {topic.name: sum(map(topic.weight, views)) for topic in prepared.topics}
        ranked = sorted(score.items(), key=lambda row: -row[1])
        if ranked[0][1] >= 1:
            clear = len(ranked) == 1 or ranked[0][1] > ranked[1][1]
            return ranked[0][0] if clear else _nearest_topic(prepared, views)
        if ranked[0][1] and line.outside is None:
            return ranked[0][0]
        weak = weak or (ranked[0][0] if ranked[0][1] else None)  # a title is short: look below it
    anywhere = scopes is _TOPIC_SCOPES and scene.in_story(index)
    weak = weak or _in_brackets(prepared, line)
    return weak or (_only_topic(prepared, scene) if anywhere else None)


def _in_brackets(prepared: Prepared[Any], line: Line) -> str | None:
    """`HB 127 (sheriffs must cooperate with ICE) passed`: the one topic that brackets tell."""
    if b"|( " not in line.view.text:
        return None
    said = [topic.name for topic in prepared.topics if topic.weight(line.passage) >= 1]
    return said[0] if len(said) == 1 else None


def _around(scene: Scene, scope: str, index: int) -> Iterable[Line]:
    """The lines of a scope; what stands beside the sentence only where it is about here and now."""
    lines = scene.within(scope, index)
    return own_lines(scene, lines) if scope in _BESIDE else lines


def _two_measures(prepared: Prepared[Any], line: Line, end: int, own: bytes) -> bool:
    """`signed SB 9 and vetoed the trust act`: what is said of the second is not the first's."""
    if b" BILL " not in own:
        return False
    rest = Passage(line.view.part(end, len(line.tokens)), line.met)
    said = _MEASURES.search(rest.view) is not None
    return said and any(topic.weight(rest) for topic in prepared.topics)


def _told(said: Passage) -> Passage:
    """What is said without what stands in parentheses, which parts a verb from its object.

    The noun "order" must not be taken for the verb either.
    """
    view = _ASIDES.sub(b"", said.view) if b"|( " in said.view else said.view
    if b" order " in view:
        view = _ORDERS.sub(rb" \1 decree", view)
    return said if view is said.view else Passage(view, said.met)


#: On a page of prose steps are no older; a bill's own page keeps its last one for years.
_PAGE_DAYS = 150
#: Lines right before a story's beginning in which its measure may be named.
_ABOVE = 12
#: How many times oftener than any other a document must name the topic of its measure.
_PLAINLY = 3


def _only_topic(prepared: Prepared[Any], scene: Scene) -> str | None:
    """The topic of the whole document: the one it has alone, or plainly of its measure."""
    lines = [*own_lines(scene, scene.within("document", -1)), *scene.above(_ABOVE)]
    strong = [topic for topic in prepared.topics if not topic.weak]
    for told in (lines, [line for line in lines if line.words & _MEASURE_WORDS]):
        said = [_told(line.passage) for line in told]
        ranked = sorted((-sum(map(topic.weight, said)), topic.name) for topic in strong)
        (most, name), others = ranked[0], ranked[1:]
        least = 0 if told is lines else most / _PLAINLY
        if most < 0 and all(weight >= least for weight, _ in others):
            return name
    return None


def _nearest_topic(prepared: Prepared[Any], views: tuple[Passage, ...]) -> str | None:
    """Where two topics weigh the same, the one that the text names first."""
    for view in views:
        starts = sorted((one.start(view.view), one.name) for one in prepared.topics if not one.weak)
        if len(starts) > 1 and starts[0][0] < starts[1][0]:
            return starts[0][1]
    return None


def _excluded_here(
    phrases: Phrases, line: Line, first: int, last: int, *, law: bool
) -> Stop | None:
    if line.found(phrases) is None:
        return None
    words = phrases.found(line.core(first, last, relatives=not law))
    return Stop("without", words) if words is not None else None


def _excluded(name: str, phrases: Phrases, line: Line) -> Stop | None:
    words = line.found(phrases)
    return Stop(name, words) if words is not None else None


def _excluded_around(phrases: Phrases, scene: Scene, index: int) -> Stop | None:
    found = (line.found(phrases) for line in scene.within("around", index))
    words = next((words for words in found if words is not None), None)
    return Stop("without_around", words) if words is not None else None


_TOPIC_SCOPES: tuple[str, ...] = ("sentence", "title", "near", "following")
_BESIDE = frozenset(["near", "following"])
#: "signed a bill that lets breweries sell ...": what it does is said, no need to look elsewhere.
_DESCRIBED = re2.compile(
    rb" (?:a|an|another|two|three) (?:[^ |]+ ){0,3}(?:bills?|laws?|measures?) (?:on )?(?:WHEN )?"
    rb"(?:\|that|\|which|to|allowing|letting|creating|raising|cutting|expanding|naming) "
)


_MEASURES = re2.compile(rb" (?:and|but) [a-z]+ed (?:BILL|(?:[a-z]+ ){1,4}(?:act|bill|measure)) ")
#: Words of lines that speak of a measure.
_MEASURE_WORDS = word_set(
    "bill BILL measure legislation law act order ORDER directive proposal ban"
)
_ORDERS = re2.compile(
    rb" (an|the|his|her|its|this|that|executive|new|emergency|administrative|sweeping) order\b"
)
_ASIDES = re2.compile(rb"\|\( [^()]*\|\) ")


def _is_verb(word: str) -> bool:
    return word.endswith(("ed", "s")) or word in {"will", "would", "then", "also", "has", "had"}


def _object_end(line: Line, first: int) -> int:
    """The token where the act's object ends: at "but", or at "and" with a verb of its own."""
    for at in range(first + 1, len(line.tokens)):
        token = line.tokens[at]
        if token.symbol:
            continue
        following = line.tokens[at + 1].word if at + 1 < len(line.tokens) else ""
        if token.word in {"but", ";", "while"} or (
            token.word == "and"
            and _is_verb(following)
            and (at > first + 3 or line.tokens[at - 1].symbol == "BILL")
        ):
            return at
    return len(line.tokens)
