"""Words that stand around and inside the names of towns."""

from __future__ import annotations

from functools import lru_cache

from monitor.detect.language.words import word_set

OFFICES = word_set(
    "sheriff mayor rep sen senator representative judge president chief commissioner supervisor "
    "councilman councilwoman councilmember alderman attorney general secretary deputy officer"
)
OF_CITIES = (["city"], ["town"], ["village"], ["borough"], ["township"], ["mayor"], ["residents"])
#: Words with a capital that stand before a town's name without being part of it.
BESIDE_NAMES = word_set(
    "mayor former nearby neighboring suburban downtown greater metro outgoing then in at near from "
    "to for by on with as when while after before since if democrat republican democratic chief "
    "councilman councilwoman councilmember alderman commissioner supervisor rep sen officer sgt "
    "capt lt judge sheriff asked said both all most many some two three four five six seven eight "
    "nine ten meanwhile last now today yesterday also however still but or photo file via like "
    "where under inside outside around across despite until how why what who will does did is are "
    "was were can could should would may might has have had not no yes national local public us"
)
IN_NAMES = word_set("new city center university college of the village town")
CIVIC = word_set(
    "police pd city town village mayor officials leaders commissioners council councilors "
    "aldermen voters residents lawmakers metro metropolitan agenda supes"
)
NOT_NAMES = word_set(
    "office department agency jail center university college school district chief bureau patrol "
    "division association union committee house senate gov governor attorney general ice dhs doj "
    "the a an county counties city state sheriff sheriffs police board council commission "
    "judge court every each other another some new that this its their his her our their and "
    "of in sanctuary village town township borough monday tuesday wednesday thursday friday "
    "saturday sunday january february march april may june july august september october november "
    "december republican democratic both all many several most few two three four five six seven "
    "eight nine ten dozens neighboring nearby participating campus"
)
#: Bodies of counties: of a name that is hardly a town's they make a county's.
COUNTY_BODIES = frozenset(["legislators", "commissioners", "supervisors", "freeholders"])
#: Who is a county's, also where the word is left out: "Hennepin sheriff", "Passaic exec".
OF_COUNTIES = word_set("sheriff sheriffs sheriff's exec executive freeholders")
#: All who make a bare name a county's.
OFFICERS = OF_COUNTIES | COUNTY_BODIES
#: What follows a town's dateline ("RACINE (AP) - ").
DASHES = frozenset([":", "-", "\u2013", "\u2014", "--", "("])
#: Datelines of news from the capital, and of a city that is a state's name too.
NO_DATELINES = frozenset(["washington", "new york"])
#: What only towns do in headlines; persons sign, veto and reject.
HEADLINE_ACTS = word_set("adopts passes votes oks okays becomes enacts prohibits forbids bans bars")
#: ... and what persons do as well: for names of two words, which are no surname's.
MORE_HEADLINE_ACTS = HEADLINE_ACTS | word_set(
    "approves declares ends drops repeals rescinds considers joins rejects weighs backs reverses "
    "undoes relents balks sues leaves quits exits cancels scraps delays tables postpones signs "
    "withdraws agrees decides reconsiders pauses limits restricts revokes terminates"
)
#: What a town has made: "Mount Prospect's ordinance".
MEASURES = word_set("ordinance resolution proclamation selectmen trustees selectboard jail")
#: Small words inside names.
SMALL = frozenset({"of", "the", "and", "du", "la", "de"})


@lru_cache(maxsize=4096)
def title_case(name: str) -> str:
    """A name in lower case as it is printed."""
    words = [w if w in SMALL and i else _capital(w) for i, w in enumerate(name.split())]
    return " ".join(words)


def _capital(word: str) -> str:
    if word == "st":
        return "St."
    if word.startswith("mc") and len(word) > 3:
        return "Mc" + word[2:].capitalize()
    return "-".join(part.capitalize() for part in word.split("-"))
