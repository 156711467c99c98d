"""A line: one sentence (or title) as rules see it, with its clauses."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence, Set
from dataclasses import InitVar, dataclass, field
from itertools import pairwise

from monitor.detect.clauses.described import with_program
from monitor.detect.clauses.first_names import name_persons
from monitor.detect.clauses.symbols import Trie
from monitor.detect.language.dates import When, mark_dates, may_be_dated
from monitor.detect.language.numbers import VALUES, spelled_counts
from monitor.detect.language.sentences import Sentence
from monitor.detect.language.tokens import BREAKERS, Token, View, words_between
from monitor.detect.language.words import word_set
from monitor.detect.lexicon import ALL_MET, Leads, Lexicon
from monitor.detect.phrase import Phrases
from monitor.detect.slots.agency import AgencyReader
from monitor.detect.slots.bill import Amount, mark_spans
from monitor.detect.slots.place import PlaceReader
from monitor.detect.slots.place_kind import Place

#: Words between a subject and its verb that do not make a subject of their own.
_AUXILIARY = word_set(
    "has have had is are was were be been being also then now later today not never will "
    "would could should may might must shall can do does did to both all since just only "
    "again still yet soon already formally officially unanimously quietly narrowly , and or"
)
_RELATIVES = frozenset({"who", "which", "that", "whose", "whom"})
#: Verbs that a relative clause may have, besides those in -s and -ed.
_IRREGULAR = word_set(
    "gave put ran took won held set left cut chose led said told join sign enter refuse ignore "
    "defy reject limit adopt work help cooperate honor enforce decline fail resist comply "
    "participate"
)
#: "that made the police leave": the act still belongs to the relative clause.
_CAUSATIVE = word_set("let lets made makes make helped helps had has have saw sees")
#: Before an act they make it a verb of its own, not what somebody is let or made do.
_FINITE = frozenset({"was", "were", "is", "are", "has", "have"})
#: Openers of clauses that are only circumstances.
_ADVERBIAL = frozenset({"after", "before", "since", "because", "although", "though", "while"})
#: Those of them that a time may follow, and those that lead sentences without a comma.
_TIMES = frozenset({"after", "before", "since", "until", "till"})
_AFTER = frozenset({"after", "since", "despite"})
_SPANS = word_set("a day days week weeks month months hour hours shortly just soon right only")
_CIRCUMSTANCES = _ADVERBIAL | {
    "but", "whereas", "when", "until", "unless", "if", "as", "despite", "amid",
}  # fmt: skip
#: Verbs that only pass on what others did, and the length of a clause with one.
_REPORTS = word_set(
    "said says announced announces confirmed told wrote according show shows showed reports "
    "reported disclosed added indicates indicate reveals revealed"
)
_REPORT = 9
_LAWMAKERS = frozenset({"legislature", "legislators"})
#: Of some boroughs in Alaska.
_ASSEMBLY = "assembly"
_LAWMAKERS_TOO = _LAWMAKERS | {"lawmakers"}
_LOCAL = word_set("city county town village parish borough")
_OF_PLACES = _LAWMAKERS_TOO | {_ASSEMBLY}
#: Words before an opener that leads its sentence: "two days after".
_LEADING = 4
#: Tokens of the longest dateline: "ST. PAUL, Minn. (AP) -".
_DATELINE = 6
#: `Attorney General Herring (D) issued`: what stands for a party.
_PARTIES = frozenset("DRI")
#: Letters of the longest abbreviation that a text sets in brackets behind the name.
_SHORT = 6
_SUBJECTS = word_set(
    "this his its theirs hers sheriffs counties agencies officials cities lawmakers"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """Tokens `start` to `end` stand before the act in its clause; `opener` subordinates it."""

    start: int
    end: int
    opener: str  #: "who", "if", "that", ... or ""


@dataclass(slots=True)
class Passage:
    """A view in which phrases are looked for, each once."""

    view: bytes
    met: int  #: the demands of phrases that its words meet
    _found: dict[Phrases, str | None] = field(init=False, default_factory=dict)

    def found(self, phrases: Phrases) -> str | None:
        """The words by which one of the phrases is in it; remembered."""
        if not phrases.hints & self.met:
            return None
        if phrases not in self._found:
            self._found[phrases] = phrases.found(self.view)
        return self._found[phrases]


@dataclass(slots=True)
class Line:
    """One sentence: its tokens, its view, and where it stands."""

    sentence: Sentence
    tokens: list[Token]
    question: bool
    outside: str | None = None  #: what to quote for a line that is not in the text
    lexicon: InitVar[Lexicon | None] = None
    #: Offsets in the folded text where the further sentences of a title begin.
    breaks: tuple[int, ...] = field(init=False, default=())
    view: View = field(init=False)
    words: frozenset[str] = field(init=False)
    met: int = field(init=False)  #: the demands of phrases that the line's words meet
    leads: Sequence[Leads] = field(init=False)  #: where its words lead
    tries: Mapping[str, Sequence[int]] | None = None  #: phrases that may match, by rule
    passage: Passage = field(init=False)
    whens: dict[int, When | None] = field(init=False, default_factory=dict)  #: by act, once asked
    _clauses: dict[int, Clause] = field(init=False, default_factory=dict)

    def __post_init__(self, lexicon: Lexicon | None) -> None:
        """Build the view once."""
        self.view = View(self.tokens)
        self.words = self.view.words
        self.met, self.leads = (ALL_MET, ()) if lexicon is None else lexicon.read(self.words)
        self.passage = Passage(self.view.text, self.met)

    def found(self, phrases: Phrases) -> str | None:
        """The words by which one of the phrases is in the line; remembered."""
        return self.passage.found(phrases) if phrases.hints & self.met else None

    def own(self, act: int) -> Passage:
        """The sentence in which a token stands, where the line is a title of several."""
        if not self.breaks:
            return self.passage
        at = bisect_right(self.breaks, self.tokens[act].start)
        starts = [token.start for token in self.tokens]
        first = bisect_left(starts, self.breaks[at - 1]) if at else 0
        after = bisect_left(starts, self.breaks[at]) if at < len(self.breaks) else len(starts)
        return Passage(self.view.part(first, after), self.met)

    def core(self, act: int, last: int, *, relatives: bool = True) -> bytes:
        """The view of the sentence without who reports it and under which circumstances.

        What stands in ", Gov. Kehoe said" or in "after the House passed a law" belongs to another
        statement than the act between these two tokens. Without `relatives` the view also ends
        where a clause with "that" or "which" begins.
        """
        ends = _CIRCUMSTANCES if relatives else _CIRCUMSTANCES | {"that", "which"}
        return self.view.part(self._core_start(act), self._core_end(last, ends))

    def _core_start(self, act: int) -> int:
        words = [token.word if not token.symbol else "" for token in self.tokens[:act]]
        start = 0
        if words[:1] and words[0] in _CIRCUMSTANCES and "," in words:
            start = len(words) - words[::-1].index(",")
        return start

    def _core_end(self, last: int, ends: Set[str]) -> int:
        end = len(self.tokens)
        for at in range(last + 1, len(self.tokens)):
            token = self.tokens[at]
            further = token.word == ";" and self.outside is not None  # a title's other news
            if not token.symbol and (token.word in ends or further):
                end = at
                break
            reported = self.tokens[at : at + _REPORT]
            if token.word == "," and any(t.word in _REPORTS for t in reported if not t.symbol):
                end = at
                break
        return end

    def clause(self, act: int) -> Clause:
        """The clause whose verb is at token `act`; remembered."""
        if act not in self._clauses:
            self._clauses[act] = self._clause(act)
        return self._clauses[act]

    def _clause(self, act: int) -> Clause:
        end = at = self._before_aside(act)
        while at > 0:
            token = self.tokens[at - 1]
            if not token.symbol and token.word in BREAKERS:
                if self._dates_only(at, end):
                    at -= 1
                    continue  # "in the program since 2008, has also signed": a time, no clause
                if token.word not in _RELATIVES or not self._closed(at, act):
                    return self._led_by(token.word, at, end)
                end = at - 1  # the relative clause has its own verb: the act is the main one's
            elif token.word in {"and", "or", ","} and self._has_subject(at, end):
                return Clause(at, end, self._enclosing(at) if token.word != "," else "")
            at -= 1
        return Clause(0, end, "")

    def _dates_only(self, at: int, end: int) -> bool:
        """Whether the opener before `at` opens no clause: a time and a comma follow it."""
        dated = self.tokens[at - 1].word in _TIMES and at + 1 < end
        return dated and self.tokens[at].symbol == "WHEN" and self.tokens[at + 1].word == ","

    def _led_by(self, opener: str, start: int, end: int) -> Clause:
        """The clause after an opener; in `After a vote in Troy, Ohio, it signed` the next one.

        The comma behind a place with its state is part of the place. Where no comma follows at all
        the act is the main clause's: `After a night of talks the board voted to leave`.
        """
        if start <= self._head() and opener in _ADVERBIAL:
            if opener in _AFTER and self._leads(start - 1) and self._is_only_clause(end):
                return Clause(start, end, "")
            for at in range(end - 1, start, -1):
                token = self.tokens[at - 1]
                ends = token.symbol == "PLACE" and token.word.endswith(",")
                if ends and self._has_subject(at, end):
                    return Clause(at, end, "")
        return Clause(start, end, opener)

    def _head(self) -> int:
        """The last token before which a clause still leads its sentence, behind a dateline."""
        dashes = (
            at for at in range(min(_DATELINE, len(self.tokens))) if self.tokens[at].word == "-"
        )
        return _LEADING + next(dashes, -1) + 1

    def _leads(self, opener: int) -> bool:
        """Whether only a time stands before an opener: "two days after"."""
        return all(t.symbol or t.word in _SPANS or t.word == "-" for t in self.tokens[:opener])

    def _is_only_clause(self, act: int) -> bool:
        """Whether no comma follows an act, but perhaps before who reports it, at the very end."""
        rest = [token.word for token in self.tokens[act:]]
        if "," not in rest:
            return rest[-1:] != [";"]
        tail = rest[rest.index(",") + 1 :]
        return "," not in tail and 0 < len(tail) <= _LEADING and not _REPORTS.isdisjoint(tail)

    def _enclosing(self, at: int) -> str:
        """`after A did this and B did that`: what opens the first clause opens both."""
        for i in range(at - 2, -1, -1):
            token = self.tokens[i]
            if token.word == "," or (token.word in BREAKERS and token.word not in _ADVERBIAL):
                return ""
            if not token.symbol and token.word in _ADVERBIAL:
                return token.word
        return ""

    def _closed(self, start: int, act: int) -> bool:
        """Whether a relative clause from `start` has a verb of its own before the act."""
        at = start
        while at < act and self.tokens[at].word in _AUXILIARY and not self.tokens[at].symbol:
            at += 1
        if at >= act - 1 or self.tokens[at].symbol:
            return False
        verb = self.tokens[at].word
        if verb in _CAUSATIVE:  # "that lets deputies serve warrants was approved": two verbs
            return self.tokens[act - 1].word in _FINITE
        is_verb = at > start or verb.endswith(("s", "ed")) or verb in _IRREGULAR
        joined = {"and", "or", "to", "not", "then", ","}
        last = self.tokens[act - 1]
        if self.tokens[act].word.endswith("ing") and last.word not in _AUXILIARY:
            return False  # "that bars police from signing": not the main clause's verb
        return is_verb and (last.word not in joined or last.word == ",") and verb not in _SUBJECTS

    def _before_aside(self, act: int) -> int:
        """`the sheriff, who had refused, signed`: the aside is not the verb's clause."""
        if act == 0 or self.tokens[act - 1].word != ",":
            return act
        for at in range(act - 2, max(0, act - 20), -1):
            who = self.tokens[at + 1].word in {"who", "which", "whose"}
            if who and self.tokens[at].word == ",":
                return at
        return act

    def _has_subject(self, start: int, act: int) -> bool:
        return any(
            token.symbol not in {"", "WHEN"}
            or (token.word not in _AUXILIARY and not token.word.endswith("ly"))
            for token in self.tokens[start:act]
        )

    def is_leading(self, act: int) -> bool:
        """Whether an act is only the circumstance that its sentence begins with."""
        clause = self.clause(act)
        return clause.opener in _ADVERBIAL and clause.start <= self._head()

    def clause_end(self, act: int) -> int:
        """The token after the clause that begins with the verb at `act`."""
        for at in range(act + 1, len(self.tokens)):
            token = self.tokens[at]
            if not token.symbol and token.word in BREAKERS and token.word not in {"(", ")"}:
                return at
        return len(self.tokens)


@dataclass(slots=True)
class LineReader:
    """Makes lines of one text of one document; remembers places that the document has placed."""

    text: str  #: folded
    symbols: Trie
    places: PlaceReader
    agencies: AgencyReader
    outside: str | None = None  #: what to quote for lines of a title or a field
    lexicon: Lexicon | None = None

    def line(self, sentence: Sentence) -> Line:
        """Tokens in order: codes and numbers, vocabularies, places, agencies, dates."""
        tokens = self._coded(sentence)
        name_persons(tokens, self.text)
        tokens = self._vocabularies(tokens)
        words = frozenset([token.word for token in tokens])
        tokens = self.places.mark(tokens, words)
        if not words.isdisjoint(_OF_PLACES):
            _bodies_by_place(tokens)
        tokens = with_program(self.agencies.mark(tokens, words), words)
        if may_be_dated(words, self.text, sentence.start, sentence.end):
            tokens = mark_dates(tokens)
        if not words.isdisjoint(VALUES):
            tokens = _counted(tokens)
        if "(" in words:
            tokens = self._without_abbreviations(tokens)
        question = self.text[sentence.end - 1 : sentence.end] == "?"
        return Line(sentence, tokens, question, self.outside, self.lexicon)

    def _coded(self, sentence: Sentence) -> list[Token]:
        """The words of a sentence, its codes and numbers as symbols."""
        text, start, end = self.text, sentence.start, sentence.end
        tokens: list[Token] = []
        for marked in mark_spans(text, start, end):
            tokens += words_between(text, start, marked.start)
            tokens.append(marked)
            start = marked.end
        rest = words_between(text, start, end)
        return tokens + rest if tokens else rest

    def _without_abbreviations(self, tokens: list[Token]) -> list[Token]:
        """`the Idaho State Police (ISP) and ICE`: what only shortens a name parts no clause."""
        at = 1
        while at + 2 < len(tokens):
            if tokens[at].word == "(" and self._is_abbreviation(tokens, at + 1):
                del tokens[at : at + 3]
            else:
                at += 1
        return tokens

    def _is_abbreviation(self, tokens: Sequence[Token], at: int) -> bool:
        token = tokens[at]
        raw = self.text[token.start : token.end].rstrip("s")
        short = len(raw) <= _SHORT and raw.isalpha() and raw.isupper()
        short = short and (len(raw) > 1 or raw in _PARTIES)
        return short and token.symbol != "PLACE" and tokens[at + 1].word == ")"

    def _vocabularies(self, tokens: list[Token]) -> list[Token]:
        words = [("" if token.symbol else token.word) for token in tokens]
        if "once" in words:
            _without_once(tokens, words)
        out: list[Token] = []
        behind = 0
        for at, length, symbol in self.symbols.found(words):
            out += tokens[behind:at]
            behind = at + length
            joined = " ".join(words[at:behind])
            out.append(Token(joined, tokens[at].start, tokens[behind - 1].end, symbol))
        return out + tokens[behind:] if out else tokens


def _without_once(tokens: Sequence[Token], words: list[str]) -> None:
    """`once more`, `once again` say again; only `once it did` opens a clause."""
    for at, (token, following) in enumerate(pairwise(tokens)):
        if token.word == "once" and following.word in {"more", "again"}:
            token.word = words[at] = "again"


def _bodies_by_place(tokens: Sequence[Token]) -> None:
    """`Ulster County Legislature`, `Juneau Assembly` are local, `Ohio legislators` a state's."""
    for before, token in pairwise(tokens):
        place = before.value
        if token.word == _ASSEMBLY and isinstance(place, Place) and place.kind != "state":
            token.symbol = "BODY"
        if token.word in _LAWMAKERS_TOO and token.symbol and isinstance(place, Place):
            token.symbol = "LEGISLATURE" if place.kind == "state" else "BODY"
        if token.symbol == "LEGISLATURE" and before.word in _LOCAL:  # "city lawmakers"
            token.symbol = "BODY"


def _counted(tokens: list[Token]) -> list[Token]:
    """Counts in words as the symbols that counts in digits are."""
    for at, length, symbol, value in reversed(spelled_counts(tokens)):
        span = tokens[at : at + length]
        word = "-".join(str(VALUES[token.word]) for token in span if token.word in VALUES)
        tokens[at : at + length] = [Token(word, span[0].start, span[-1].end, symbol, Amount(value))]
    return tokens
