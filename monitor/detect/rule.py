"""A compiled rule, and the typed pack of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import ahocorasick_rs

from monitor.detect.language.guards import Guard
from monitor.detect.language.line import Trie
from monitor.detect.language.words import Pattern
from monitor.detect.pack_spec import RuleSpec
from monitor.detect.phrase import Node, Terms, compiled, keys, parse
from monitor.detect.scene import Scene
from monitor.kinds import RuleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One of the patterns must be within the scope."""

    patterns: tuple[Pattern, ...]
    scope: str
    words: str  #: the phrases as written, for explanations


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a law or policy is about; patterns are weighed against those of other topics."""

    name: str
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the pack: its block as written, and what its kind prepared from it."""

    number: int
    spec: RuleSpec
    version: str
    kind: RuleKind  # type: ignore[type-arg]
    prepared: object = field(repr=False)

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.spec.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What rule kinds compile with: terms, guards and topics of the whole pack."""

    terms: Terms
    guards: Mapping[str, Guard]
    topics: Mapping[str, Topic]

    def phrases(self, sources: tuple[str, ...], *, end: bool = False) -> tuple[Pattern, ...]:
        """Compile phrases. Raises PhraseProblem."""
        return tuple(compiled(parse(source), self.terms, end=end) for source in sources)

    def nodes(self, sources: tuple[str, ...]) -> tuple[Node, ...]:
        """Parse phrases. Raises PhraseProblem."""
        return tuple(parse(source) for source in sources)

    def keys(self, node: Node) -> frozenset[str]:
        """Words of which one must be there."""
        return keys(node, self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """All rules with their vocabularies, ready to read documents; immutable."""

    rules: tuple[Rule, ...]
    bench: Bench
    symbols: Trie
    whole_words: Mapping[str, tuple[int, ...]]  #: word of a view -> rules that may match there
    stems: Mapping[str, tuple[int, ...]]
    always: tuple[int, ...]  #: rules without a certain word
    anchor_words: tuple[str, ...]
    anchor_scan: ahocorasick_rs.AhoCorasick = field(repr=False)
    longest_stem: int
    governors: Mapping[str, tuple[str, bool]]
    version: str

    def anchors(self) -> tuple[str, ...]:
        """Words in lower case, one of which is in every document that a rule can match."""
        return self.anchor_words

    def anchored(self, text: str) -> bool:
        """Whether any anchor stands in the text (as folded, any case)."""
        return bool(self.anchor_scan.find_matches_as_indexes(text.lower()))

    def rules_for(self, words: frozenset[str]) -> list[int]:
        """Numbers of the rules that may match a line with these words, ascending."""
        found = set(self.always)
        for word in words:
            found.update(self.whole_words.get(word, ()))
            for length in range(3, min(len(word), self.longest_stem) + 1):
                found.update(self.stems.get(word[:length], ()))
        return sorted(found)

    def promising(self, scene: Scene) -> list[int]:
        """Indexes of the lines that are worth analysing, ascending."""
        return list(range(len(scene.spans)))

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of this id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)
