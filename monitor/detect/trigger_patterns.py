"""The automata of the trigger scan: one for the bytes as they are, one for the text they show.

The first reads a document as a parser would: markup is one token, and between two letters of a word
may stand any number of tokens that show nothing. A tag is read to the next bracket and to the next
one outside of quotes, both at once. It may find more than there is, never less: what it cannot
judge (letters of other alphabets that are read as ASCII, markup that never ends) it finds too.
Because nothing inside a tag begins a word, it has few states and stays as fast on any page.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Callable, Iterable
from functools import cache

import re2

from monitor.detect.language.folding import fold_char
from monitor.detect.trigger_markup import SPEAKING_ATTRIBUTES, speaking_codes

_MEMORY_BYTES = 64 << 20
_NUMBERED = re.compile(rb"([a-z]+)([0-9]+[a-z]?)")
#: What may stand beside a bare number that is a section of the law on the program.
_AFTER_NUMBER = (b"g", b"program", b"programs", b"agreement", b"agreements", b"partnership")
_BEFORE_NUMBER = (b"section", b"sections", b"sec", b"s", b"ss", b"usc", b"c")
#: Letters with the marks that folding takes off which are read as the letter, not as a doubt.
_MARKED = range(0xC0, 0x100)
_PLAIN_GAP = "[^a-z0-9<]*"
#: The sign of a section, as bytes, entity or escape.
_SECTION_SIGN = r"\xc2\xa7|&(?:(?:amp|#0*38|#x0*26);?)*(?:sect|#0*167|#x0*a7)|\\u00a7"

# Markup as tokens. ------------------------------------------------------------------------
_QUOTED = r"""(?:[^>"']|"[^"]*"|'[^']*')*>"""
_COMMENT_REST = r"(?:[^-]|-[^-]|--+[^->])*"
_COMMENT = rf"<+!--(?:>|->|{_COMMENT_REST}--+>)"
_AMP = r"&(?:(?:amp|#0*38|#x0*26);?)*"
#: The one kind of script that is text.
_LINKED_DATA = r"<+script[^>]*ld(?:\+|&[^;>]*;)json[^>]*>"
#: Entities and escapes, and more: what comes of them is looked at closely.
_ENTITY = r"[&#][#a-z0-9]*;?"
_ESCAPE = r"\\[a-z0-9]*"
#: So many letters of a long word are enough for the first look.
_TELLING = 12
#: One sign outside ASCII.
_SIGN = r"[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}"
_ELEMENTS = ("script", "style")


def first_look(words: Iterable[bytes]) -> re2._Regexp | None:
    """For raw bytes: finds every document in whose text the words may be. None for no words.

    Words are letters and digits in lower case without anything between.
    """
    given = set(words)
    gap = _gap()
    quote = rf"""(?:["'\\]|{_ENTITY}|{_SIGN})"""
    quotes = (rf"{quote}(?:{_tag()})*", rf"(?:{_tag()})*{quote}")
    short = {word for word in given if len(word) <= _TELLING or _NUMBERED.fullmatch(word)}
    whole = _wordwise(short, _letter, f"{gap}*", quotes)
    begun = _tree({w[:_TELLING].decode() for w in given - short}, _letter, f"{gap}*")
    found = "|".join(filter(None, (whole and f"(?:{whole})(?:[^a-z0-9]|$)", begun)))
    if not found:
        return None
    # What ends in text and begins in markup: a lone bracket, tags that hold text.
    bracket = "|".join(
        (
            rf"<+(?:[^a-z/?!<]|{_ENTITY}|{_ESCAPE})|<+!\[|<+meta",
            rf"<+(?:img|input)[\s/][^>]*(?:{'|'.join(SPEAKING_ATTRIBUTES)})\s*=",
            _LINKED_DATA,
        )
    )
    text = rf"[\x00-\x3b\x3d-\x7f]|{_SIGN}|{_tag()}|{_unshown()}|{bracket}"
    doubt = "|".join((_unclosed(), _strange_letters()))
    return _compiled(
        rf"^(?:{text})*<*(?:{doubt})|^(?:(?:{text})*(?:{gap}|{bracket}|<+|{_SIGN}))?(?:{found})"
    )


def close_look(words: Iterable[bytes]) -> re2._Regexp | None:
    """In shown text in ASCII: finds the words, and numbers in the company that makes them so."""
    quotes = (r"""["']\x01*""", r"""\x01*["']""")
    found = _wordwise(words, str, _PLAIN_GAP, quotes)
    return _compiled(rf"(?:^|[^a-z0-9])(?:{found})(?:[^a-z0-9]|$)") if found else None


def _compiled(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are bytes
    options.case_sensitive = False
    options.dot_nl = True
    options.never_capture = True
    options.max_mem = _MEMORY_BYTES
    return re2.compile(pattern.encode("latin-1"), options)


_Letter = Callable[[str], str]


def _wordwise(words: Iterable[bytes], letter: _Letter, gap: str, quotes: tuple[str, str]) -> str:
    """The words as one pattern, "" for none.

    Numbered words ("sb1164") are any head before any of the numbers: each bill in each of its
    forms would be more than the automaton's memory holds. A bare number counts beside words that
    make it a section of the law, or in quotes.
    """

    def any_of(some: Iterable[bytes]) -> str:
        return _tree([word.decode("ascii") for word in some], letter, gap)

    given = set(words)
    split = [found.groups() for found in map(_NUMBERED.fullmatch, given) if found]
    numbers = {word for word in given if word.isdigit()}
    plain = {word for word in given - numbers if not _NUMBERED.fullmatch(word)}
    patterns = [any_of(plain)] if plain else []
    if split:
        heads, tails = (any_of(set(side)) for side in zip(*split, strict=True))
        patterns.append(f"(?:{heads}){gap}(?:{tails})")
    if numbers:
        number = any_of(numbers)
        patterns.append(f"(?:{number}){gap}(?:{any_of(_AFTER_NUMBER)})")
        patterns.append(f"(?:{any_of(_BEFORE_NUMBER)}){gap}(?:{number})")
        patterns.append(f"{quotes[0]}(?:{number}){quotes[1]}")
    return "|".join(patterns)


def _tree(words: Iterable[str], letter: _Letter, gap: str) -> str:
    """One pattern for the words, in which what they begin with alike stands once."""
    by_first: dict[str, list[str]] = {}
    for word in sorted(set(words)):
        by_first.setdefault(word[:1], []).append(word[1:])
    branches = [
        letter(first)
        + (f"(?:{gap}(?:{_tree(rests, letter, gap)}))" if any(rests) else "")
        + ("?" if any(rests) and "" in rests else "")
        for first, rests in by_first.items()
        if first
    ]
    return "|".join(branches)


def _letter(char: str) -> str:
    """A letter or digit as itself, as an entity, or as embedded data escapes it."""
    marked = [code for code in _MARKED if fold_char(chr(code)).lower() == char]
    codes = sorted({ord(char), ord(char.upper()), *marked})
    tens = "|".join(map(str, codes))
    hexes = "|".join(f"{code:x}" for code in codes)
    forms = [char, *(_bytes(chr(code).encode()) for code in marked)]
    forms.append(rf"{_AMP}(?:#0*(?:{tens})|#x0*(?:{hexes}){_named(marked)});?")
    forms.append(rf"\\u00(?:{hexes})")
    return f"(?:{'|'.join(forms)})"


def _named(codes: list[int]) -> str:
    names = sorted({html.entities.codepoint2name[code].lower() for code in codes})
    return "".join(f"|{name}" for name in names)


def _gap() -> str:
    """One token that may stand between two letters of a word."""
    return rf"(?:{_tag()}|{_unshown()}|{_LINKED_DATA}|{_ENTITY}|{_ESCAPE}|[^a-z0-9<])"


def _tag() -> str:
    """A tag, but no script or style; brackets before it are text."""
    starts = sorted({name[:n] for name in _ELEMENTS for n in range(1, len(name))})
    opening = rf"[a-rt-z/?]|![^-\[>]|{_other_names(_ELEMENTS)}"
    return rf"<+(?:(?:{opening})(?:[^>]*>|{_QUOTED})|(?:{'|'.join(starts)})>)"


def _unshown() -> str:
    elements = (rf"{_element(name)}</{name}[^>]*>" for name in _ELEMENTS)
    return "|".join((_COMMENT, *elements))


def _element(name: str) -> str:
    """An element's opening and content up to where its end begins."""
    end = f"/{name}"
    partial = f"<(?:{'|'.join(end[:n] for n in range(1, len(end)))})?"
    failed = "|".join(f"<{end[:n]}[^<{end[n]}]" for n in range(len(end)))
    return rf"<+{name}(?:[\s/][^>]*)?>[^<]*(?:(?:{partial})*(?:{failed})[^<]*)*(?:{partial})*"


def _unclosed() -> str:
    """Markup that goes on to the end of the document."""
    elements = (f"{_element(name)}$" for name in _ELEMENTS)
    return "|".join((rf"<+(?:[a-z/?]|![^-\[])[^>]*$|<+!--{_COMMENT_REST}-*$", *elements))


def _other_names(names: tuple[str, ...]) -> str:
    """How names of tags begin that share letters with these, up to the letter that differs."""
    starts = sorted({name[:n] for name in names for n in range(1, len(name))})
    nexts = ({name[len(s)] for name in names if name.startswith(s)} for s in starts)
    begun = (f"{s}[^>{''.join(sorted(n))}]" for s, n in zip(starts, nexts, strict=True))
    return "|".join((*begun, *(rf"{name}[^\s/>]" for name in names)))


@cache
def _strange_letters() -> str:
    """Signs outside ASCII that are read as letters or digits, however they are written; bytes
    that are no UTF-8; brackets written as entities, behind which there may be more markup."""
    codes = [code for code in speaking_codes() if code not in _MARKED]
    strange = frozenset(codes)
    tails: dict[bytes, list[int]] = {}
    for code in codes:
        encoded = chr(code).encode()
        tails.setdefault(encoded[:-1], []).append(encoded[-1])
    signs = (f"{_bytes(lead)}[{_bytes(bytes(last))}]" for lead, last in sorted(tails.items()))
    named = sorted(
        name.rstrip(";").lower()
        for name, text in html.entities.html5.items()
        if any(ord(sign) in strange for sign in text)
    )
    tens = "|".join(map(str, codes))
    hexes = "|".join(f"{code:x}" for code in codes)
    escaped = "|".join(f"{code:04x}" for code in codes if code < 0x10000)
    return "|".join(
        (
            *signs,
            _SECTION_SIGN,
            rf"{_AMP}(?:{'|'.join(named)}|(?:lt|#0*60|#x0*3c);?[a-z/!?&])",
            rf"{_AMP}#(?:0*(?:{tens})|x0*(?:{hexes}))(?:[^0-9a-f]|$)",
            rf"\\u(?:{escaped}|003c|0026|005c)",
            r"[\x80-\xbf\xf8-\xff]|(?:[\xc0-\xf7]|[\xe0-\xf7][\x80-\xbf]|[\xf0-\xf7][\x80-\xbf]{2})"
            r"(?:[^\x80-\xbf]|$)",
        )
    )


def _bytes(raw: bytes) -> str:
    return "".join(rf"\x{value:02x}" for value in raw)
