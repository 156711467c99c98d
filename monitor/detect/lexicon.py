"""Which phrases can be in a line at all, told by its words before any pattern is tried.

A phrase demands sets of words: of each set one must be in the line. Sets are numbered, and every
word is known by the sets that it meets, as bits of one number: a few "or"s over the words of a line
tell which of hundreds of phrases are worth a search.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Words whose sets are remembered; the vocabulary of a language is not much larger.
_MOST_WORDS = 50_000
#: Stems have at least so many letters.
_SHORTEST_STEM = 3

#: Sets of words of which one each must be there; a stem comes as its first letters with a star.
Demands = frozenset[frozenset[str]]
#: The bit that all words meet, the hint to phrases without a certain word.
_ALWAYS = 1
#: What a line meets whose words were not looked up: everything.
ALL_MET = -1


#: (demands, rule, number of the phrase in it) of the phrases that a word may announce.
Leads = tuple[tuple[int, int, int], ...]
#: What one word means to the pack: bits of the sets that it is in, and where it leads.
_Word = tuple[int, Leads]
_NOTHING: _Word = (0, ())


@dataclass(slots=True, eq=False)
class Lexicon:
    """The demands of a pack's phrases; complete once the pack is loaded, then only read.

    Words are looked up once and remembered, up to a bound.
    """

    _bits: dict[frozenset[str], int] = field(default_factory=dict)
    _leads: dict[str, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))
    _always: set[tuple[int, int]] = field(default_factory=set)
    _by_word: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _longest: int = 0
    _known: dict[str, _Word] = field(default_factory=dict)

    def bits(self, demands: Demands) -> int:
        """The demands as a number, for comparison with what words meet."""
        found = 0
        for words in demands:
            if words not in self._bits:
                self._add(words)
            found |= self._bits[words]
        return found

    def _add(self, words: frozenset[str]) -> None:
        bit = self._bits[words] = _ALWAYS << (len(self._bits) + 1)
        for word in words:
            self._by_word[word] |= bit
            self._longest = max(self._longest, len(word))

    def hint(self, keys: frozenset[str]) -> int:
        """The bit met by words among which one of the keys is; a bit always met for no keys."""
        return self.bits(frozenset({keys})) if keys else _ALWAYS

    def lead(self, rule: int, phrase: int, keys: frozenset[str], demands: int) -> None:
        """A phrase of a rule is to be tried where one of the keys is and the demands are met."""
        if not keys:
            self._always.add((rule, phrase))
        for word in keys:
            self._leads[word].append((demands, rule, phrase))
            self._longest = max(self._longest, len(word))

    def read(self, words: Iterable[str]) -> tuple[int, list[Leads]]:
        """The bits of all demands that these words of a view meet, and where they lead."""
        met, known = _ALWAYS, self._known
        leads: list[Leads] = []
        for word in words:
            meets, own = known.get(word) or self._looked_up(word)
            if meets:
                met |= meets
            if own:
                leads.append(own)
        return met, leads

    def tries(self, met: int, leads: Iterable[Leads]) -> dict[int, list[int]]:
        """The rules that may match among words that meet and lead so, each with those of its
        phrases that may; both ascending."""
        found = {
            (rule, phrase)
            for own in leads
            for demands, rule, phrase in own
            if demands & met == demands
        }
        tries: dict[int, list[int]] = {}
        for rule, phrase in sorted(found | self._always if self._always else found):
            tries.setdefault(rule, []).append(phrase)
        return tries

    def _looked_up(self, word: str) -> _Word:
        if len(self._known) > _MOST_WORDS:
            self._known.clear()
        meaning = self._known[word] = self._meaning(word)
        return meaning

    def _meaning(self, word: str) -> _Word:
        lengths = range(_SHORTEST_STEM, min(len(word), self._longest) + 1)
        forms = [word, *(f"{word[:length]}*" for length in lengths)]
        meets = 0
        for form in forms:
            meets |= self._by_word.get(form, 0)
        leads = tuple(dict.fromkeys(lead for form in forms for lead in self._leads.get(form, ())))
        return (meets, leads) if meets or leads else _NOTHING
