"""The fields of the filter grammar: their words, short forms and how a value is read.

`read_value` turns one written value into its canonical values (a short form such as `sanctuary`
stands for several), or raises ValueError with the message for the person.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum

from monitor.domain.filter_dates import resolve_day
from monitor.domain.filter_text import bill_key, normal_phrase
from monitor.domain.states import STATES
from monitor.domain.vocabulary import (
    Direction,
    EventType,
    Instrument,
    Model,
    Rung,
    Stage,
    Tier,
    Worth,
)

#: Finds the counties (FIPS) that a written name may mean; a gazetteer's, or none.
CountyFinder = Callable[[str], tuple[str, ...]]

MAX_NEAR_KM = 1000

#: The value of `state:` for events of no state (federal ones).
FEDERAL = "federal"

_TYPES: dict[str, tuple[str, ...]] = {
    "pending": (EventType.AGREEMENT_PENDING,),
    "signed": (EventType.AGREEMENT_SIGNED,),
    "modified": (EventType.AGREEMENT_MODIFIED,),
    "ended": (EventType.AGREEMENT_TERMINATED,),
    "terminated": (EventType.AGREEMENT_TERMINATED,),
    "rejected": (EventType.AGREEMENT_REJECTED,),
    "agreement": tuple(t for t in EventType if t.startswith("agreement_")),
    "sanctuary": tuple(t for t in EventType if t.startswith("sanctuary_")),
    "mandate": tuple(t for t in EventType if t.startswith("state_mandate_")),
    "limit": tuple(t for t in EventType if t.startswith("state_limit_")),
    "law": tuple(t for t in EventType if t.startswith("state_")),
    "detainer": (EventType.DETAINER_POLICY_CHANGE,),
    "lawsuit": (EventType.LAWSUIT_FILED,),
    "ruling": (EventType.COURT_RULING,),
    "court": (EventType.LAWSUIT_FILED, EventType.COURT_RULING),
    "federal": tuple(t for t in EventType if t.startswith("federal_")),
    "designation": (EventType.FEDERAL_DESIGNATION,),
    "incentive": (EventType.FEDERAL_INCENTIVE,),
    "program": (EventType.FEDERAL_PROGRAM_CHANGE,),
    "statistic": (EventType.PROGRAM_STATISTIC,),
    "cooperation": (EventType.OTHER_COOPERATION,),
    "oversight": (EventType.OVERSIGHT_REPORT,),
}
_MODELS: dict[str, tuple[str, ...]] = {
    "task_force": (Model.TFM,),
    "task_force_model": (Model.TFM,),
    "jail_enforcement": (Model.JEM,),
    "jail_enforcement_model": (Model.JEM,),
    "warrant_service_officer": (Model.WSO,),
    "tribal_task_force_model": (Model.TTFM,),
}
_DIRECTIONS: dict[str, tuple[str, ...]] = {
    "toward": (Direction.TOWARD,),
    "away": (Direction.AWAY,),
    "pressure": (Direction.FEDERAL_PRESSURE,),
}

#: Words that mean a type even without `type:`; quote them to look for the word itself.
BARE_TYPES = ("signed", "ended", "pending", "rejected", "sanctuary")

_CLOSED: dict[str, tuple[type[StrEnum] | tuple[str, ...], dict[str, tuple[str, ...]]]] = {
    "type": (EventType, _TYPES),
    "model": (Model, _MODELS),
    "status": (Rung, {"roster": (Rung.ON_ROSTER,)}),
    "tier": (Tier, {}),
    "direction": (Direction, _DIRECTIONS),
    "stage": (Stage, {}),
    "worth": (Worth, {}),
    "instrument": (Instrument, {}),
    "target": (("local_agencies", "ice"), {"local": ("local_agencies",)}),
}
DATE_FIELDS = ("since", "until", "recorded_since", "recorded_until")
#: All fields, in the order of the canonical form.
FIELDS = (
    "type", "state", "county", "place", "near", "agency", "model", "bill", "status", "tier",
    "direction", "stage", "worth", "instrument", "target", "source", *DATE_FIELDS, "text",
)  # fmt: skip

_SOURCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}")
_NEAR = re.compile(r"\s*(.+?)\s*~\s*([0-9]{1,4})\s*(km|mi)?\s*", re.IGNORECASE)


class ValueProblem(ValueError):
    """A value that the field does not know; `suggestion` may name a better one."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


def closest(word: str, words: tuple[str, ...]) -> str | None:
    """The known word most like this one, None when none is near."""
    found = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return found[0] if found else None


def closed_values(field: str) -> tuple[str, ...]:
    """The canonical values of a field with a closed list, () for an open field."""
    if field == "state":
        return (*STATES, FEDERAL)
    return tuple(str(value) for value in _CLOSED[field][0]) if field in _CLOSED else ()


def read_value(
    field: str, value: str, today: date, counties: CountyFinder | None
) -> tuple[str, ...]:
    """Canonical values of one written value. Raises ValueProblem."""
    if field in _CLOSED:
        return _closed(field, value)
    if field in DATE_FIELDS:
        return (_day(field, value, today),)
    match field:
        case "state":
            return (_state(value),)
        case "county":
            return _county(value, counties)
        case "near":
            return (_near(value),)
        case "bill":
            return (_words(field, bill_key(value)),)
        case "source":
            return (_source(value),)
        case _:
            return (_words(field, normal_phrase(value)),)


def _closed(field: str, value: str) -> tuple[str, ...]:
    values, shorts = _CLOSED[field]
    word = "_".join(value.lower().replace("-", " ").split())
    exact = {str(known).lower(): str(known) for known in values}
    if word in exact:
        return (exact[word],)
    if word in shorts:
        return tuple(str(known) for known in shorts[word])
    near = closest(word, (*exact, *shorts))
    known = ", ".join(str(known) for known in values)
    raise ValueProblem(
        f"{field} does not know {value!r}; it knows {known}", exact.get(near or "", near)
    )


def _day(field: str, value: str, today: date) -> str:
    day = resolve_day(value, today, end=field.endswith("until"))
    if day is None:
        raise ValueProblem(
            f"{field} wants a day like 2025-06-01, 2025-06, 2025, 7d, 2w, 3m, 1y, today or "
            f"yesterday, not {value!r}"
        )
    return day.isoformat()


def _state(value: str) -> str:
    if value.upper() in STATES:
        return value.upper()
    if value.lower() in (FEDERAL, "us"):
        return FEDERAL
    names = {normal_phrase(name): code for code, name in STATES.items()}
    name = normal_phrase(value)
    if name in names:
        return names[name]
    near = closest(name, tuple(names))
    raise ValueProblem(
        f"no state is called {value!r}; use a code such as TX, a name, or {FEDERAL}",
        names[near] if near else None,
    )


def _county(value: str, counties: CountyFinder | None) -> tuple[str, ...]:
    if re.fullmatch(r"[0-9]{5}", value):
        return (value,)
    found = counties(value) if counties is not None else ()
    if not found:
        raise ValueProblem(f'no county {value!r}; use five FIPS digits or "Name, ST"')
    return found


def _near(value: str) -> str:
    match = _NEAR.fullmatch(value)
    if match is None:
        raise ValueProblem(f'near wants "48113~50km" or "Dallas, TX~50km", not {value!r}')
    km = round(int(match[2]) * (1.609344 if (match[3] or "km").lower() == "mi" else 1))
    if not 1 <= km <= MAX_NEAR_KM:
        raise ValueProblem(f"near reaches from 1 to {MAX_NEAR_KM} km, not {km}")
    return f"{match[1]}~{km}km"


def _source(value: str) -> str:
    if not _SOURCE_ID.fullmatch(value):
        raise ValueProblem(f"{value!r} is not the id of a source")
    return value


def _words(field: str, normal: str) -> str:
    if not normal:
        raise ValueProblem(f"{field} needs at least one letter or digit")
    return normal
