"""Forms of English verbs, so that rules name a verb once and mean all of them."""

from __future__ import annotations

import re2

from monitor.detect.language.words import word_set

#: Verbs whose past forms no rule of spelling gives: past tense, then the participle if it differs.
_IRREGULAR: dict[str, tuple[str, ...]] = {
    "beat": ("beat", "beaten"), "become": ("became", "become"), "begin": ("began", "begun"),
    "bid": ("bid",), "break": ("broke", "broken"), "bring": ("brought",), "build": ("built",),
    "buy": ("bought",), "cast": ("cast",), "choose": ("chose", "chosen"),
    "come": ("came", "come"), "cut": ("cut",), "do": ("did", "done"), "draw": ("drew", "drawn"),
    "fall": ("fell", "fallen"), "fight": ("fought",), "find": ("found",),
    "forbid": ("forbade", "forbidden"), "forgo": ("forwent", "forgone"),
    "forsake": ("forsook", "forsaken"), "freeze": ("froze", "frozen"), "get": ("got", "gotten"),
    "give": ("gave", "given"), "go": ("went", "gone"),
    "green-light": ("green-lit", "green-lighted"), "greenlight": ("greenlit", "greenlighted"),
    "grow": ("grew", "grown"), "hear": ("heard",),
    "hit": ("hit",), "hold": ("held",), "keep": ("kept",), "lay": ("laid",), "lead": ("led",),
    "leave": ("left",), "lend": ("lent",), "let": ("let",), "lose": ("lost",), "make": ("made",),
    "mean": ("meant",), "override": ("overrode", "overridden"), "pay": ("paid",), "put": ("put",),
    "quit": ("quit",), "read": ("read",), "redo": ("redid", "redone"), "remake": ("remade",),
    "repay": ("repaid",), "rewrite": ("rewrote", "rewritten"), "rise": ("rose", "risen"),
    "say": ("said",), "seek": ("sought",), "send": ("sent",), "set": ("set",),
    "shake": ("shook", "shaken"), "shed": ("shed",), "shoot": ("shot",),
    "shrink": ("shrank", "shrunk"), "shut": ("shut",), "sink": ("sank", "sunk"), "sit": ("sat",),
    "speed": ("sped",), "split": ("split",), "stand": ("stood",), "strike": ("struck",),
    "swear": ("swore", "sworn"), "swell": ("swelled", "swollen"), "take": ("took", "taken"),
    "tear": ("tore", "torn"), "tell": ("told",), "throw": ("threw", "thrown"),
    "underwrite": ("underwrote", "underwritten"), "undo": ("undid", "undone"),
    "unwind": ("unwound",), "uphold": ("upheld",), "win": ("won",), "wind": ("wound",),
    "withdraw": ("withdrew", "withdrawn"), "withhold": ("withheld",), "write": ("wrote", "written"),
}  # fmt: skip
#: A verb of one syllable with one short vowel doubles its last letter: hopped, penned, begging.
_SHORT = re2.compile("(?:[^aeiou]+|qu)[aeiou][^aeiouwxy]")
#: Longer verbs that do, as their last syllable is the stressed one.
_DOUBLING = word_set(
    "admit allot annul begin commit compel concur confer defer equip forbid forget incur occur "
    "overstep patrol permit prefer re-commit re-up recommit refer reup submit transfer transmit"
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
    return verb + verb[-1] if verb in _DOUBLING or _SHORT.fullmatch(verb) else verb
