"""The 287(g) program where a sentence describes it and does not name it.

"An agreement that lets deputies serve ICE warrants", "the program that deputizes local officers as
immigration agents", "a warrant service officer deal": phrases that ask for the program read a
symbol of it before the word that stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from monitor.detect.language.tokens import Token
from monitor.detect.language.words import word_set

#: What may stand for the program, besides the symbol of an agreement.
_HEADS = word_set(
    "program programs initiative partnership contract contracts arrangement pilot training"
)
#: ... and what may be asked for, with its verb right behind it.
_ASKED = word_set("plan proposal request")
_LETS = word_set(
    "let lets letting allow allows allowed allowing permit permits permitted permitting empower "
    "empowers empowered empowering enable enables enabled enabling authorize authorizes authorized "
    "authorizing train trains trained training deputize deputizes deputized deputizing "
    "cross-deputize cross-deputizes cross-deputized cross-deputizing delegate delegates delegated "
    "delegating give gives gave giving grant grants granted granting turn turns turned turning "
    "certify certifies certified certifying qualify qualifies have having has which whereby"
)
_OFFICERS = word_set(
    "officers officer deputies deputy police jailers jailer troopers sheriff's guards guard staff "
    "staffers detectives constables wardens personnel employees locals lawmen cops "
    "sheriffs agencies authority powers departments soldiers guardsmen troops investigators members"
)
#: What an officer is let do, and how it goes on to immigration law.
_DOES = word_set(
    "enforce enforcing serve serving execute executing act acting carry perform performing "
    "question questioning interview check arrest arresting detain detaining hold holding identify "
    "process screen work working function double operate assist help aid in as for with of to "
    "investigate interrogate make do conduct handle round search"
)
_IMMIGRATION = word_set("immigration deportation immigrants undocumented migrants noncitizens")
#: Whom a jail only has room for: papers on beds are none of the program.
_HELD = frozenset({"detainee", "detainees", "beds", "bed"})
_SYMBOLS = frozenset({"ICE", "IMMIGRATION", "DETAINER"})
_MODELS = frozenset({"WARRANTMODEL", "JAILMODEL", "TRIBALMODEL"})
_OF_MODELS = _MODELS | {"TASKFORCEMODEL"}
#: What a model's words hold where they are no common words.
_NAMED = ("officer", "model", "program", "wso", "jem", "ttfm", "jail enforcement")
_TASK_FORCE = ("model", "tfm")
#: What task forces of another kind are called by.
_OF_CRIMES = word_set(
    "drug drugs gang gangs narcotics violent crime crimes fugitive fugitives terrorism "
    "trafficking opioid joint marshals"
)
#: How far behind a head its verb may stand, behind that the officers, what they do, immigration.
_RIGHT_BEHIND = 2
_TO_VERB, _TO_OFFICERS, _TO_DOING, _TO_IMMIGRATION = 7, 5, 3, 8
_STOPS = frozenset({".", ";", ":", "but", "if", "unless"})


def with_program(tokens: list[Token], words: Set[str]) -> list[Token]:
    """The tokens, and a symbol of the program before each word that stands for it.

    A sentence that names the program is left as it is; `words` are those of the tokens.
    """
    symbols = {token.symbol for token in tokens}
    if "PROGRAM" in symbols:
        return tokens
    lets = not (words.isdisjoint(_LETS) or words.isdisjoint(_OFFICERS))
    if not lets and symbols.isdisjoint(_OF_MODELS):
        return tokens
    out: list[Token] = []
    for at, token in enumerate(tokens):
        if _is_model(tokens, at) or (_is_head(token) and _lets_officers(tokens, at)):
            out.append(Token("287(g)", token.start, token.end, "PROGRAM"))
        out.append(token)
    return out


def _is_head(token: Token) -> bool:
    return token.symbol == "AGREEMENT" or (not token.symbol and token.word in _HEADS | _ASKED)


def _is_model(tokens: Sequence[Token], at: int) -> bool:
    """Whether a model is named that only the program has."""
    token = tokens[at]
    if token.symbol in _MODELS:
        return any(name in token.word for name in _NAMED)
    if token.symbol != "TASKFORCEMODEL":
        return False
    before, after = tokens[max(0, at - 2) : at], tokens[at + 1 : at + 2]
    if any(one.symbol == "ICE" for one in before):
        return True
    by_name = any(token.word.endswith(name) for name in _TASK_FORCE)
    program = bool(after) and after[0].word == "program"
    return by_name or (program and _OF_CRIMES.isdisjoint(one.word for one in before))


def _lets_officers(tokens: Sequence[Token], head: int) -> bool:
    """Whether what stands behind the head lets officers do what immigration officers do."""
    reach = _RIGHT_BEHIND if tokens[head].word in _ASKED else _TO_VERB
    verb = _next(tokens, head + 1, reach, _LETS)
    if verb is None:
        return False
    officers = _next(tokens, verb + 1, _TO_OFFICERS, _OFFICERS, "AGENCY")
    if officers is None:
        return False
    if tokens[verb].word.startswith(("deputiz", "cross-deputiz")):
        return True
    doing = _next(tokens, officers + 1, _TO_DOING, _DOES)
    return doing is not None and _of_immigration(tokens, doing + 1)


def _of_immigration(tokens: Sequence[Token], start: int) -> bool:
    """Whether what is done is immigration officers' work, not room in a jail."""
    told = False
    for token in tokens[start : start + _TO_IMMIGRATION]:
        if token.word in _HELD:
            return False
        if token.word in _STOPS or token.word == ",":
            break
        told = told or token.symbol in _SYMBOLS or token.word in _IMMIGRATION
    return told


def _next(
    tokens: Sequence[Token], start: int, reach: int, wanted: Set[str], symbol: str | None = None
) -> int | None:
    """Index of the first of the next words that is wanted, or has the symbol, before a stop."""
    for at in range(start, min(len(tokens), start + reach)):
        token = tokens[at]
        if token.word in _STOPS:
            return None
        if token.symbol == symbol or (not token.symbol and token.word in wanted):
            return at
    return None
