"""Forms of English verbs, so that rules name a verb once and mean all of them."""

from __future__ import annotations

from monitor.detect.language.words import word_set

#: Verbs whose past forms no rule of spelling gives: past tense, then the participle if it differs.
_IRREGULAR: dict[str, tuple[str, ...]] = {
    "become": ("became", "become"), "begin": ("began", "begun"), "break": ("broke", "broken"),
    "bring": ("brought",), "build": ("built",), "buy": ("bought",), "choose": ("chose", "chosen"),
    "come": ("came", "come"), "cut": ("cut",), "do": ("did", "done"), "draw": ("drew", "drawn"),
    "fall": ("fell", "fallen"), "find": ("found",), "forbid": ("forbade", "forbidden"),
    "freeze": ("froze", "frozen"), "get": ("got", "gotten"), "give": ("gave", "given"),
    "go": ("went", "gone"), "grow": ("grew", "grown"), "hold": ("held",), "keep": ("kept",),
    "lay": ("laid",), "leave": ("left",), "let": ("let",), "lose": ("lost",), "make": ("made",),
    "override": ("overrode", "overridden"), "pay": ("paid",), "put": ("put",), "quit": ("quit",),
    "rise": ("rose", "risen"), "rewrite": ("rewrote", "rewritten"), "say": ("said",),
    "send": ("sent",), "set": ("set",),
    "shoot": ("shot",), "shut": ("shut",), "sit": ("sat",), "stand": ("stood",),
    "sink": ("sank", "sunk"), "strike": ("struck",),
    "take": ("took", "taken"), "tear": ("tore", "torn"), "tell": ("told",),
    "throw": ("threw", "thrown"), "uphold": ("upheld",), "win": ("won",),
    "withdraw": ("withdrew", "withdrawn"), "withhold": ("withheld",), "write": ("wrote", "written"),
}  # fmt: skip
#: Verbs that double their last letter.
_DOUBLING = word_set(
    "admit allot ban bar begin commit compel cut drag drop equip flip forbid get grab jam let nab "
    "permit pin plan put quit refer rip scan scrap set shun shut sit slam snub step stop strip "
    "submit tap tip top transfer trim win wrap"
)
#: Verbs that do so in American or in British print only.
_EITHER = word_set("cancel travel signal label")


def forms(verb: str) -> tuple[str, ...]:
    """Past tense, participles and third person of a verb in lower case; not its bare form."""
    past = _IRREGULAR.get(verb) or (_past(verb),)
    found = [*past, _third(verb), _participle(verb)]
    if verb in _EITHER:
        found += [verb + verb[-1] + "ed", verb + verb[-1] + "ing"]
    return tuple(dict.fromkeys(found))


def _past(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return _doubled(verb) + "ed"


def _third(verb: str) -> str:
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def _participle(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return _doubled(verb) + "ing"


def _doubled(verb: str) -> str:
    return verb + verb[-1] if verb in _DOUBLING else verb
