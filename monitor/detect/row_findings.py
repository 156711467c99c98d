"""Changes of the rows of a watched table as findings, as feeds.yaml says what they mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.detect.rowdiff import RowChange, RowChangeKind
from monitor.domain.claim import Finding, Jurisdiction, Quote
from monitor.domain.vocabulary import Direction, EventType, Stage, Worth
from monitor.resolve.gazetteer import Gazetteer

RULE, RULE_VERSION = "rows", "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMeaning:
    """What a told change of a row means."""

    event_type: EventType
    stage: Stage
    direction: Direction
    worth: Worth


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlaces:
    """The columns that name state, county, town and agency; "" where there is none."""

    state: str = ""
    county: str = ""
    place: str = ""
    agency: str = ""


def row_findings(
    changes: tuple[RowChange, ...],
    meanings: Mapping[RowChangeKind, RowMeaning],
    places: RowPlaces,
    gazetteer: Gazetteer,
) -> tuple[Finding, ...]:
    """One finding for each told change that has a meaning, in the order of the changes."""
    return tuple(
        _finding(change, meanings[change.kind], places, gazetteer)
        for change in changes
        if change.told and change.kind in meanings
    )


def _finding(
    change: RowChange, meaning: RowMeaning, places: RowPlaces, gazetteer: Gazetteer
) -> Finding:
    values = dict(change.row.values)
    text = " | ".join(value for _, value in change.row.values if value)
    moved = "; ".join(f"{name}: was {was}, now {now}" for name, was, now in change.columns)
    return Finding(
        event_type=meaning.event_type,
        stage=meaning.stage,
        direction=meaning.direction,
        jurisdiction=_jurisdiction(values, places, gazetteer),
        agency=values.get(places.agency) or None,
        quote=Quote(text=text, start=0, end=len(text)),
        rule=RULE,
        rule_version=RULE_VERSION,
        worth=meaning.worth,
        note=moved,
        attributes=(("row", str(change.row.number)),) if change.row.number else (),
    )


def _jurisdiction(
    values: Mapping[str, str], places: RowPlaces, gazetteer: Gazetteer
) -> Jurisdiction:
    state = gazetteer.state_code(values.get(places.state, "")) if places.state else None
    county = gazetteer.county(state, values.get(places.county, "")) if state else None
    return Jurisdiction(
        state=state,
        county=county.fips if county else None,
        place=values.get(places.place) or None,
    )
