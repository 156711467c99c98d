"""A figure that somebody publishes, beside what ICE's roster lists on that day. Pure.

Releases, stories and reports count agreements, agencies, counties and states in different units,
so a figure is compared only where its unit is one that the roster can count. A contradiction is
shown, never resolved: both numbers stand in the finding's note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from monitor.domain.claim import Finding
from monitor.domain.moment import Precision
from monitor.domain.roster import Agreement, RowState
from monitor.domain.vocabulary import EventType, Model

T = TypeVar("T")
#: Below this share of the roster's figure a difference is timing or rounding, not contradiction.
TOLERANCE = 0.02
_LISTED = frozenset({RowState.ACTIVE, RowState.UNCONFIRMED})
_LOWER_BOUNDS = ("more than", "over ", "at least", "exceed", "nearly", "almost", "about", "some ")
#: These words bound a figure from below; the roster may list more without contradicting it.
_FROM_BELOW = ("more than", "over ", "at least", "exceed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFigures:
    """What one roster publication lists, counted in every unit that people use.

    `by_state` and `by_model` count agreements; `state_agencies` counts agencies by state.
    """

    day: date  #: of the publication
    agreements: int
    agencies: int
    states: int
    counties: int
    by_model: Mapping[Model, int]
    by_state: Mapping[str, int]
    state_agencies: Mapping[str, int]


def figures(agreements: Iterable[Agreement], day: date) -> RosterFigures:
    """The figures of a roster whose agreements stand as given, as published on `day`."""
    rows = [a.row for a in agreements if a.state in _LISTED]
    agencies = {(row.state, row.agency_id) for row in rows}
    return RosterFigures(
        day=day,
        agreements=len(rows),
        agencies=len(agencies),
        states=len({row.state for row in rows}),
        counties=len({row.county_fips for row in rows if row.county_fips}),
        by_model=_counted(row.model for row in rows),
        by_state=_counted(row.state for row in rows),
        state_agencies=_counted(state for state, _ in agencies),
    )


def _counted(values: Iterable[T]) -> dict[T, int]:
    counts: dict[T, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def compared(finding: Finding, roster: RosterFigures | None) -> Finding:
    """The finding, with both numbers in its note where the roster of that day says otherwise.

    Left as it is: no figure, a unit that the roster cannot count, or a figure that agrees. The
    attributes "roster_count", "roster_day" and "contradiction" are set where it was compared.
    """
    if roster is None or finding.event_type is not EventType.PROGRAM_STATISTIC:
        return finding
    listed = _listed(finding, roster)
    if finding.amount is None or listed is None:
        return finding
    attributes = dict(finding.attributes)
    attributes |= {"roster_count": str(listed), "roster_day": roster.day.isoformat()}
    if agrees(finding, listed):
        return replace(finding, attributes=tuple(sorted(attributes.items())))
    attributes["contradiction"] = "roster"
    more = f"{listed - finding.amount:+,.10g}"
    note = (
        f"says {finding.amount:,.10g} {finding.unit}; "
        f"the roster of {roster.day.isoformat()} lists {listed:,} ({more})"
    )
    return replace(
        finding,
        note="; ".join(filter(None, (finding.note, note))),
        attributes=tuple(sorted(attributes.items())),
    )


def comparable_day(finding: Finding, published: date | None) -> date | None:
    """The day whose roster the figure is to be held against; None where it names no single day."""
    if finding.occurred is not None:
        exact = finding.occurred.precision is Precision.DAY
        return finding.occurred.day if exact else None
    return published


def agrees(finding: Finding, listed: int) -> bool:
    """Whether the roster's count is one that the words of the figure allow."""
    amount = finding.amount or 0.0
    slack = max(1.0, TOLERANCE * listed)
    words = finding.quote.text.lower()
    if any(bound in words for bound in _FROM_BELOW):
        return amount - slack <= listed <= amount * 1.25 + slack
    if any(word in words for word in _LOWER_BOUNDS):
        slack = max(slack, 0.05 * listed)
    return abs(listed - amount) <= slack


def _listed(finding: Finding, roster: RosterFigures) -> int | None:
    """The roster's count in the finding's unit and place; None where it has none."""
    unit = (finding.unit or "").lower().rstrip("s")
    state = finding.jurisdiction.state
    if finding.jurisdiction.county or finding.jurisdiction.place:
        return None
    if finding.model is not None:  # an agency has one agreement of a model
        countable = unit.startswith(("agreement", "agenc", "partner"))
        return roster.by_model.get(finding.model, 0) if countable and not state else None
    if state:
        return _IN_STATE[unit](roster, state) if unit in _IN_STATE else None
    return _IN_NATION[unit](roster) if unit in _IN_NATION else None


_IN_NATION: Mapping[str, Callable[[RosterFigures], int]] = {
    "agreement": lambda roster: roster.agreements,
    "agencie": lambda roster: roster.agencies,
    "agency": lambda roster: roster.agencies,
    "partner": lambda roster: roster.agencies,
    "state": lambda roster: roster.states,
    "countie": lambda roster: roster.counties,
    "county": lambda roster: roster.counties,
}
_IN_STATE: Mapping[str, Callable[[RosterFigures, str], int]] = {
    "agreement": lambda roster, state: roster.by_state.get(state, 0),
    "agencie": lambda roster, state: roster.state_agencies.get(state, 0),
    "agency": lambda roster, state: roster.state_agencies.get(state, 0),
    "partner": lambda roster, state: roster.state_agencies.get(state, 0),
}
