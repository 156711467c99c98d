"""A compiled rule, and the typed pack of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

import ahocorasick_rs

from monitor.detect.clauses.guards import Guard, Guards
from monitor.detect.clauses.line import Line, Passage
from monitor.detect.clauses.symbols import Trie
from monitor.detect.language.patterns import LatePattern
from monitor.detect.lexicon import Lexicon
from monitor.detect.pack_spec import RuleSpec
from monitor.detect.phrase import (
    NONE,
    Node,
    PhraseProblem,
    Phrases,
    Terms,
    compiled,
    demands,
    keys,
    parse,
    united,
)
from monitor.detect.scene import Scene
from monitor.detect.set_aside import SetAside
from monitor.detect.slots.governor_names import Governors
from monitor.detect.taken import require_shown
from monitor.domain.vocabulary import DocumentKind
from monitor.kinds import RuleKind

#: Lines before and after an anchor in which the words that need it may stand.
ANCHOR_BEFORE = 1
ANCHOR_AFTER = 4
#: Lines at the head of a story whose title names the field that are analysed.
TITLED_LINES = 8
#: Lines of a bill's page that are analysed where their paragraph names the field.
BILL_LINES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One of the patterns must be within the scope."""

    phrases: Phrases
    scope: str
    words: str  #: the phrases as written, for explanations


#: The weight of a topic that decides.
_DECIDED = 1_000.0


@dataclass(frozen=True, slots=True)
class Demand:
    """What a line must hold before a phrase is looked for."""

    keys: frozenset[str]  #: words of which one must be there; empty: none is certain
    bits: int  #: all sets of words of which one each must be there, as the lexicon numbers them


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a law or policy is about; patterns are weighed against those of other topics."""

    name: str
    patterns: tuple[LatePattern, ...]
    demands: tuple[Demand, ...]  #: of each pattern
    hints: int  #: has a bit for each pattern, met by words that it cannot do without
    decides: Phrases = NONE
    weak: bool = False

    def weight(self, passage: Passage) -> float:
        """How many of the phrases the passage holds; a weak topic never outweighs another."""
        if passage.found(self.decides) is not None:
            return _DECIDED
        met = passage.met
        if not self.hints & met:
            return 0
        possible = [
            pattern
            for pattern, demand in zip(self.patterns, self.demands, strict=True)
            if demand.bits & met == demand.bits
        ]
        found = (pattern.spans(passage.view) is not None for pattern in possible)
        if self.weak:
            return 0.01 if any(found) else 0
        return sum(found)

    def start(self, view: bytes) -> int:
        """Where the first of its phrases begins; the view's length where there is none."""
        found = (pattern.spans(view) for pattern in self.patterns)
        return min((one[0][0] for one in found if one), default=len(view))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the pack: its block as written, and what its kind prepared from it."""

    number: int
    spec: RuleSpec
    version: str
    kind: RuleKind[Any, Any, Any]
    prepared: object = field(repr=False)

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.spec.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What rule kinds compile with: terms, guards and topics of the whole pack."""

    terms: Terms
    symbols: Trie
    guards: Mapping[str, Guard]
    topics: Mapping[str, Topic]
    lexicon: Lexicon = field(default_factory=Lexicon, repr=False)
    parsed: dict[str, Node] = field(default_factory=dict, repr=False)
    joined: dict[tuple[str, ...], Guards] = field(default_factory=dict, repr=False)
    made: dict[tuple[tuple[str, ...], bool], Phrases] = field(default_factory=dict, repr=False)

    def phrases(self, sources: tuple[str, ...]) -> tuple[LatePattern, ...]:
        """Compile phrases. Raises PhraseProblem."""
        return tuple(compiled(node, self.terms) for node in self.nodes(sources))

    def united(self, sources: tuple[str, ...], *, end: bool = False) -> Phrases:
        """Compile phrases into one; equal lists share it. Raises PhraseProblem."""
        key = (sources, end)
        if key not in self.made:
            nodes = self.nodes(sources)
            self.made[key] = united(nodes, self.terms, self.hints(nodes), end=end)
        return self.made[key]

    def hints(self, nodes: Iterable[Node]) -> int:
        """A bit for each phrase, met by the words of which it has one in any case."""
        return reduce(or_, (self.lexicon.hint(keys(one, self.terms)) for one in nodes), 0)

    def guarded(self, names: tuple[str, ...]) -> Guards:
        """Guards by name, joined; equal lists share it."""
        if names not in self.joined:
            self.joined[names] = Guards.of(tuple(self.guards[name] for name in names))
        return self.joined[names]

    def nodes(self, sources: tuple[str, ...]) -> tuple[Node, ...]:
        """Parse phrases; each is read once.

        Raises PhraseProblem, also for what no line shows; it tells of all of them.
        """
        problems = []
        for source in sources:
            try:
                self._read(source)
            except PhraseProblem as problem:
                problems.append(str(problem))
        if problems:
            raise PhraseProblem("; ".join(dict.fromkeys(problems)))
        return tuple(self.parsed[source] for source in sources)

    def _read(self, source: str) -> None:
        if source not in self.parsed:
            node = parse(source)
            require_shown(node, self.symbols)
            self.parsed[source] = node

    def demand(self, node: Node) -> Demand:
        """The words that a phrase cannot do without."""
        return Demand(keys(node, self.terms), self.lexicon.bits(demands(node, self.terms)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """All rules with their vocabularies, ready to read documents; immutable."""

    rules: tuple[Rule, ...]
    bench: Bench
    beside: tuple[int, ...]  #: rules that look elsewhere than at lines of the text
    anchor_words: frozenset[str] = field(repr=False)
    anchor_scan: ahocorasick_rs.AhoCorasick = field(repr=False)
    governors: Governors
    version: str
    set_aside: tuple[SetAside, ...] = ()
    preview: Phrases = NONE  #: titles of stories before an event, or about one

    def anchors(self) -> tuple[str, ...]:
        """Words in lower case, one of which is in every document that a rule can match."""
        return tuple(sorted(self.anchor_words))

    def anchored(self, text: str) -> list[int]:
        """Offsets of the anchors that stand as whole words in a folded text, ascending."""
        low = text.lower()
        return [
            start
            for _, start, end in self.anchor_scan.find_matches_as_indexes(low)
            if not (low[start - 1 : start].isalnum() and start)
            and (self._ends_a_word(low, end) or self._begins_shorter(low[start:end]))
        ]

    @staticmethod
    def _ends_a_word(low: str, end: int) -> bool:
        return low[end - 1].isdigit() or not low[end : end + 1].isalnum()

    def _begins_shorter(self, found: str) -> bool:
        """`ICE holding requests`: "ice hold" is no whole word there, but "ice" is."""
        words = found.split(" ")
        begins = (" ".join(words[:count]) for count in range(1, len(words)))
        return any(begin in self.anchor_words for begin in begins)

    def rules_for(self, line: Line) -> Iterable[int]:
        """Numbers of the rules that may match a line, ascending; it keeps which of their phrases
        may."""
        tries = self.bench.lexicon.tries(line.met, line.leads)
        line.tries = {self.rules[number].id: phrases for number, phrases in tries.items()}
        return tries

    def promising(self, scene: Scene) -> list[int]:
        """Indexes of the lines that are worth analysing, ascending: those near an anchor."""
        near: set[int] = set()
        for index in scene.anchored_lines():
            near.update(scene.beside(index, ANCHOR_BEFORE, ANCHOR_AFTER))
        if scene.title is not None and scene.title_anchored:
            near.update(scene.opening_lines(TITLED_LINES))
            near.update(filter(scene.in_story, range(min(TITLED_LINES, len(scene.spans)))))
        if scene.document.kind is DocumentKind.BILL and near:
            near |= scene.of_paragraphs(near, BILL_LINES)
        links = scene.story.links
        return [index for index in sorted(near) if scene.paragraph(index) not in links]

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of this id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)
