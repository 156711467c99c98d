"""Whether a document is worth extracting at all: a scan of its raw bytes for trigger words.

It may only ever err on the side of reading. Markup can stand inside a word ("287<b>(g)</b>",
"sanc&shy;tuary", "287&#40;g&#41;"), so after a fast look at the bytes as they are, the same words
are looked for with tags, entities, punctuation and white space taken out on both sides. What is
not plain text in a charset that holds ASCII is let through.

Most documents hold nothing that could become a word in any of these ways. One automaton over the
bytes as they are, in which whatever may stand inside a word may stand between any two letters,
tells them at a tenth of the cost; only what it cannot exclude is looked at closely.

Every step is one pass over the bytes: time is bounded by size, whatever the markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ahocorasick_rs
import re2

from monitor.detect.bill_forms import bill_forms
from monitor.detect.language.folding import fold_char

#: Words shorter than this, squeezed, are looked for as whole words only.
_SHORT = 4
_KEEP = b"0123456789abcdefghijklmnopqrstuvwxyz"
_LOWER = bytes(range(256)).lower()
_DROP = bytes(b for b in range(256) if bytes([b]).lower() not in [bytes([k]) for k in _KEEP])
_TAG = re.compile(rb"<[a-zA-Z/!?][^<>]*+>")
_TAG_START = re.compile(rb"<[a-zA-Z/!?]")
#: A bracket in an attribute's value: then it matters whose quotes are counted.
_BRACKET_IN_QUOTES = re.compile(rb"""=\s*+(?:"[^"<>]*+[<>]|'[^'<>]*+[<>])""")
#: Entities that may stand for letters or digits, or hide others: these are undone one by one.
_SPEAKING_ENTITY = re.compile(
    rb"""&(?:\#(?!0*+(?:3[2-9]|4[0-7]|160|17[0-9]|18[0-9]|82[0-9]{2})(?![0-9])
            |x0*+(?:2[0-9a-f]|a0|ad|20[0-9a-f]{2})(?![0-9a-f]))
        |(?!quot|nbsp|apos|amp|lt|gt|shy|hellip|copy|[lr][sd]quo|[nm]dash|[lr]par|zwn?j|bull|
            middot|laquo|raquo|reg|trade|ensp|emsp|thinsp|sect)[a-z]{2,30};
        |lt;[a-z/!?]|amp;(?:\#|[a-z]{2,30};))""",
    re.IGNORECASE | re.VERBOSE,
)
_MUTE_ENTITY = re.compile(
    rb"&(?:\#x?[0-9a-f]{1,7};?|(?:quot|nbsp|amp|lt|gt|shy|copy|reg|sect|laquo|raquo|middot)|"
    rb"[a-z]{2,30};);?",
    re.IGNORECASE,
)
#: General punctuation and the marks of Latin-1, as UTF-8.
_MUTE_PUNCTUATION = re.compile(rb"\xe2\x80[\x80-\xbf]")
_MUTE_LATIN = re.compile(rb"\xc2[\x80-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb-\xbf]")
_NEXT_IN_TAG = re.compile(rb"""[>"']""")
_ESCAPE = re.compile(rb"\\u([0-9a-f]{4})", re.IGNORECASE)
_NOT_ASCII = re.compile("[^\x00-\x7f]+")
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([a-z0-9_:.-]+)""", re.IGNORECASE)
#: Charsets in which every ASCII letter is its own byte and that byte nothing else.
_ASCII_BASED = re.compile(
    rb"(?:utf-?8|us-ascii|ascii|iso-?8859-?\d+|latin-?\d|windows-125\d|cp125\d|koi8-[ru]|"
    rb"macintosh|x-mac-\w+|euc-\w+|gb2312)",
    re.IGNORECASE,
)
_NOT_TEXT = (b"%PDF", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff")
#: Elements whose content is not shown; an element can also split a word.
_UNSHOWN = (
    (b"<!--", b"-->"),
    (b"<script", b"</script"),
    (b"<style", b"</style"),
)


def squeezed(text: str) -> bytes:
    """Letters and digits of a text alone, in lower case ASCII: "287 (g)" gives b"287g"."""
    return _squeeze(_folded(text).encode("ascii", "ignore"))


def _squeeze(raw: bytes) -> bytes:
    return raw.translate(_LOWER, _DROP)


def _folded(text: str) -> str:
    return text if text.isascii() else _NOT_ASCII.sub(lambda m: _fold_run(m[0]), text)


def _fold_run(run: str) -> str:
    return "".join(map(fold_char, run))


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerScan:
    """The compiled scan; `relevant` is thread-safe and keeps nothing."""

    words: ahocorasick_rs.BytesAhoCorasick | None  #: squeezed, four letters and more
    plain: ahocorasick_rs.BytesAhoCorasick | None  #: the same as usually written, for a first look
    short: tuple[re.Pattern[bytes], ...]  #: whole words, with other signs between their letters
    numbers: tuple[re.Pattern[bytes], ...]  #: whole numbers; in shown text only
    possible: re2._Regexp | None  #: finds whatever the close look could find, and more

    @classmethod
    def build(cls, anchors: Iterable[str], watched: Iterable[str] = ()) -> TriggerScan:
        """A scan for anchor words and phrases, and for watched bill numbers and names of acts.

        A bill number ("SB 1164") is also found in its long form ("Senate Bill No. 1164"). A mere
        number counts in shown text, and followed by "g" (the program's letter) anywhere.
        """
        terms = {term.strip() for term in anchors} | {
            form for term in watched for form in bill_forms(term.strip())
        }
        kept = _needed(terms)
        long = [term for term in kept if not _is_short(squeezed(term))]
        short = sorted({squeezed(term) for term in kept} - {squeezed(term) for term in long})
        numbers = [word for word in short if word.isdigit()]
        letters = [word for word in short if not word.isdigit()]
        squeezed_words = {squeezed(term) for term in long} | {word + b"g" for word in numbers}
        return cls(
            words=_automaton(squeezed_words),
            plain=_automaton({term.lower().encode() for term in long}),
            short=tuple(map(_whole_word, letters)),
            numbers=tuple(map(_whole_word, numbers)),
            possible=_possible(squeezed_words, letters, numbers),
        )

    def relevant(self, raw: bytes) -> bool:
        """False only where no term can be in the text of this document, however it is marked up."""
        if not raw:
            return False
        if _undecidable(raw):
            return True
        if self.possible is None:
            return False
        if _straight(raw) and not self.possible.search(raw):
            seams = _seams(raw)
            if not (seams and self.possible.search(seams)):
                return False
        return self.close_look(raw)

    def close_look(self, raw: bytes) -> bool:
        """The same for text in a charset that holds ASCII, by undoing what may hide a word."""
        if _hits(self.plain, raw.lower()):
            return True
        raw = _spoken(_unescaped(raw))
        if self._found(raw, self.short):  # attributes and scripts: descriptions, embedded data
            return True
        return any(self._found(form, (*self.short, *self.numbers)) for form in _shown(raw))

    def _found(self, form: bytes, short: tuple[re.Pattern[bytes], ...]) -> bool:
        """A short match that goes on to the left is part of another word, as in "police"."""
        if _hits(self.words, _squeeze(form)):
            return True
        lowered = form.lower()
        return any(
            not lowered[found.start() - 1 : found.start()].isalnum()
            for pattern in short
            for found in pattern.finditer(lowered)
        )


def _is_short(word: bytes) -> bool:
    """Too short, or a mere number: found in other words and in addresses all the time."""
    return len(word) < _SHORT or word.isdigit()


def _needed(terms: Iterable[str]) -> list[str]:
    """The terms without those that hold another term as whole words, which is found anyway."""
    worded = {tuple(_folded(term).lower().split()) for term in terms} - {()}
    return sorted(
        " ".join(words)
        for words in worded
        if not any(
            words[i:j] in worded
            for i in range(len(words))
            for j in range(i + 1, len(words) + 1)
            if (i, j) != (0, len(words))
        )
    )


#: What may stand inside a word, in the bytes as they are: markup, entities, anything but letters
#: and digits. Comments and scripts are looked at by their seams, as the automaton would have to
#: remember every beginning of a word through all of them.
_BETWEEN = r"""(?:<[^>]*>|<(?:[^>"']|"[^"]*"|'[^']*')*>|&#?[a-z0-9]{1,30};?|[^a-z0-9])"""
#: Text on either side of a comment or script that is looked at for a word that goes on behind it.
_SEAM_BYTES = 2000
#: Parts seams: no term holds it.
_APART = b" qqq "
#: Letters with the marks that folding takes off, as UTF-8; other letters are not straight.
_MARKED = {
    "a": r"\xc3[\x80-\x85\xa0-\xa5]",
    "c": r"\xc3[\x87\xa7]",
    "e": r"\xc3[\x88-\x8b\xa8-\xab]",
    "i": r"\xc3[\x8c-\x8f\xac-\xaf]",
    "n": r"\xc3[\x91\xb1]",
    "o": r"\xc3[\x92-\x96\xb2-\xb6]",
    "u": r"\xc3[\x99-\x9c\xb9-\xbc]",
}
#: Bytes outside ASCII that are neither mute signs, nor these letters, nor pictures.
_NOT_STRAIGHT = re.compile(
    rb"[\xc0\xc1\xc4-\xe1\xe3-\xef\xf1-\xff]|\xc2[^\x80-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb-\xbf]"
    rb"|\xc3[^\x80-\x85\x87-\x8f\x91-\x96\x99-\x9c\xa0-\xa5\xa7-\xaf\xb1-\xb6\xb9-\xbc]"
    rb"|\xe2[^\x80]|\xf0(?!\x9f[\x90-\xa3])"
)
_POSSIBLE_BYTES = 64 << 20


def _straight(raw: bytes) -> bool:
    """Whether no letter is written in a way that the automaton does not know."""
    return (
        b"\\u" not in raw
        and (raw.isascii() or not _NOT_STRAIGHT.search(raw))
        and not (b"&" in raw and _SPEAKING_ENTITY.search(raw))
    )


def _seams(raw: bytes) -> bytes:
    """What stands around comments, scripts and styles, without them; b"" where there are none."""
    shown = _without_unshown(raw)
    if shown is raw:
        return b""
    pieces = (
        piece
        if len(piece) <= 2 * _SEAM_BYTES
        else piece[:_SEAM_BYTES] + _APART + piece[-_SEAM_BYTES:]
        for piece in shown.split(b"\x01")
    )
    return b"\x01".join(pieces)


def _possible(words: set[bytes], short: list[bytes], numbers: list[bytes]) -> re2._Regexp | None:
    """The automaton; None where there is nothing to look for."""
    begin = rf"(?:^|{_BETWEEN})"
    patterns = _joined(words)
    patterns += [f"{begin}{pattern}(?:[^a-z0-9]|$)" for pattern in _joined(short)]
    patterns += [f"{begin}{_spread(word)}(?:[^0-9]|$)" for word in numbers]
    if not patterns:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are bytes
    options.case_sensitive = False
    options.dot_nl = True
    options.never_capture = True
    options.max_mem = _POSSIBLE_BYTES
    return re2.compile("|".join(patterns).encode("latin-1"), options)


def _joined(words: Iterable[bytes]) -> list[str]:
    """The words as patterns; numbered ones ("sb1164") as any head before any of the numbers.

    Each bill in each of its forms would be more than the automaton's memory holds; this finds
    more than was asked for, which the close look sorts out.
    """
    numbered = {found[1]: set[bytes]() for found in map(_NUMBERED.fullmatch, words) if found}
    plain: list[bytes] = []
    for word in sorted(words):
        found = _NUMBERED.fullmatch(word)
        if found:
            numbered[found[1]].add(found[2])
        else:
            plain.append(word)
    patterns = [_spread(word) for word in plain]
    tails = sorted({tail for some in numbered.values() for tail in some})
    if tails:
        heads = "|".join(map(_spread, sorted(numbered)))
        patterns.append(f"(?:{heads}){_BETWEEN}*(?:{'|'.join(map(_spread, tails))})")
    return patterns


_NUMBERED = re.compile(rb"([a-z]+)([0-9]+[a-z]?)")


def _spread(word: bytes) -> str:
    """The word with anything between its letters that may stand inside a word."""
    letters = (
        f"(?:{letter}|{_MARKED[letter]})" if letter in _MARKED else letter
        for letter in word.decode("ascii")
    )
    return f"{_BETWEEN}*".join(letters)


def _automaton(patterns: set[bytes]) -> ahocorasick_rs.BytesAhoCorasick | None:
    return ahocorasick_rs.BytesAhoCorasick(sorted(patterns)) if patterns else None


def _hits(automaton: ahocorasick_rs.BytesAhoCorasick | None, raw: bytes) -> bool:
    return automaton is not None and bool(automaton.find_matches_as_indexes(raw))


def _whole_word(word: bytes) -> re.Pattern[bytes]:
    """Letters may be parted by up to eight other signs: dots, blanks, marks of tags."""
    letters = (re.escape(bytes([b])) for b in word)
    end = rb"(?![0-9])" if word.isdigit() else rb"(?![a-z0-9])"
    return re.compile(rb"[^a-z0-9]{0,8}".join(letters) + end)


def _undecidable(raw: bytes) -> bool:
    """Not text, or text in a charset in which letters may hide from a scan of bytes."""
    head = raw[:2048]
    if b"\x00" in head or raw.startswith(_NOT_TEXT) or b"\x1b" in head:
        return True
    return any(not _ASCII_BASED.fullmatch(m[1]) for m in _CHARSET.finditer(head))


def _unescaped(raw: bytes) -> bytes:
    r"""Letters that embedded data writes as \u0041."""
    if b"\\u" not in raw:
        return raw
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)).encode("utf-8", "ignore"), raw)


def _shown(raw: bytes) -> Iterator[bytes]:
    """The text in the forms in which it may be whole, cheapest first."""
    shown = _without_unshown(raw)
    yield _TAG.sub(b"\x01", shown)
    if _BRACKET_IN_QUOTES.search(shown):
        yield _without_quoted_tags(shown)


def _spoken(raw: bytes) -> bytes:
    """Entities and letters outside ASCII as the ASCII that they are read as, or as a mark.

    A mark parts nothing: it is squeezed out of long words and allowed inside short ones.

    Brackets that were escaped stay away, so that what is left of "<" and ">" is markup; escaped
    twice, as in feeds, they are markup one level down.
    """
    if b"&" in raw and not _SPEAKING_ENTITY.search(raw):
        raw = _MUTE_ENTITY.sub(b"\x01", raw)
    if not raw.isascii():
        raw = _MUTE_LATIN.sub(b"\x01", _MUTE_PUNCTUATION.sub(b"\x01", raw))
    if b"&" not in raw and raw.isascii():
        return raw
    text = _decoded(raw)
    for _ in range(3):
        if "&" in text:
            text = html.unescape(text)
    return _folded(text).encode("ascii", "ignore")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _without_unshown(raw: bytes) -> bytes:
    """Comments, scripts and styles taken out; an unclosed one stays as it is."""
    lowered = raw.lower()
    for opening, closing in _UNSHOWN:
        if opening in lowered:
            cut = _without(raw, lowered, opening, closing)
            if len(cut) != len(raw):
                raw, lowered = cut, cut.lower()
    return raw


def _without(raw: bytes, lowered: bytes, opening: bytes, closing: bytes) -> bytes:
    pieces: list[bytes] = []
    at = 0
    while (start := lowered.find(opening, at)) >= 0:
        end = lowered.find(closing, start)
        if end < 0:
            break
        pieces.append(raw[at:start])
        pieces.append(b"\x01")
        at = end + len(closing)
        if opening != b"<!--":
            close = lowered.find(b">", at)
            at = close + 1 if close >= 0 else at
    pieces.append(raw[at:])
    return b"".join(pieces)


def _without_quoted_tags(raw: bytes) -> bytes:
    """Tags taken out with everything inside their quotes, tags in quotes included."""
    pieces: list[bytes] = []
    at = 0
    while found := _TAG_START.search(raw, at):
        end = _tag_end(raw, found.start())
        if end < 0:
            break
        pieces.append(raw[at : found.start()])
        pieces.append(b"\x01")
        at = end
    pieces.append(raw[at:])
    return b"".join(pieces)


def _tag_end(raw: bytes, start: int) -> int:
    at = start + 1
    while found := _NEXT_IN_TAG.search(raw, at):
        if found[0] == b">":
            return found.end()
        at = raw.find(found[0], found.end()) + 1
        if at == 0:
            return -1
    return -1
