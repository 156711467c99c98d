"""What the ledger knows besides the rows: reviewed names, counties, towns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import yaml

from monitor.detect.ledger.places import Places
from monitor.detect.ledger.publication import Counties
from monitor.detect.ledger.state import LedgerRules
from monitor.domain.errors import ConfigError
from monitor.domain.states import CODES_BY_NAME
from monitor.resolve.agency import AgencyAliases, agency_key
from monitor.resolve.gazetteer import Gazetteer

_CODES = frozenset(CODES_BY_NAME.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerKnowledge:
    """The arguments that every step of a ledger takes."""

    rules: LedgerRules
    counties: Counties
    places: Places


def ledger_knowledge(aliases_yaml: str, gazetteer: Gazetteer) -> LedgerKnowledge:
    """Knowledge from the reviewed names (agency_aliases.yaml) and the gazetteer.

    Raises ConfigError for names that are not as the file's own head describes.
    """
    return LedgerKnowledge(
        rules=LedgerRules(aliases=parse_aliases(aliases_yaml)),
        counties=gazetteer,
        places=Places(
            is_place=lambda state, name: gazetteer.place(state, name) is not None,
        ),
    )


def parse_aliases(text: str) -> AgencyAliases:
    """The reviewed names. Raises ConfigError with every problem of the file."""
    try:
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError as cause:
        raise ConfigError(f"agency_aliases.yaml is not YAML: {cause}") from cause
    if not isinstance(data, Mapping) or not set(data) <= {"same", "distinct"}:
        raise ConfigError("agency_aliases.yaml: only `same` and `distinct` stand at the top")
    problems: list[str] = []
    same: dict[str, str] = {}
    for entry in _entries(data, "same", problems):
        first, *others = _keys(entry)
        same.update({other: first for other in others if other != first})
    distinct = {
        frozenset(same.get(key, key) for key in pair)
        for entry in _entries(data, "distinct", problems)
        for pair in combinations(_keys(entry), 2)
    }
    problems += [f"distinct names fold to one: {set(pair)}" for pair in distinct if len(pair) < 2]
    if problems:
        raise ConfigError("agency_aliases.yaml is wrong", tuple(problems))
    return AgencyAliases(same=same, distinct=frozenset(distinct))


def _entries(
    data: Mapping[str, object], part: str, problems: list[str]
) -> list[Mapping[str, object]]:
    """The well-formed entries of a part; what is wrong with the others goes to `problems`."""
    good: list[Mapping[str, object]] = []
    listed = data.get(part) or []
    for number, entry in enumerate(listed if isinstance(listed, list) else [listed], 1):
        fault = _fault(entry)
        if fault:
            problems.append(f"{part} {number}: {fault}")
        elif isinstance(entry, Mapping):
            good.append(entry)
    return good


def _fault(entry: object) -> str:
    if not isinstance(entry, Mapping) or set(entry) != {"state", "names", "reason"}:
        return "give state, names and reason, nothing else"
    if entry["state"] not in _CODES:
        return f"state {entry['state']!r} is not a two-letter code"
    names = entry["names"]
    if not isinstance(names, list) or len(names) < 2 or not all(map(str, names)):
        return "give at least two names"
    return "" if str(entry["reason"]).strip() else "give a reason"


def _keys(entry: Mapping[str, object]) -> list[str]:
    names = entry["names"]
    listed = names if isinstance(names, list) else []
    return [agency_key(str(entry["state"]), str(name)).key for name in listed]
