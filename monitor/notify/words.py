"""The words that messages use for the closed vocabularies; neutral, the same on every surface."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from monitor.domain.moment import Precision, StatedDate
from monitor.domain.states import STATES
from monitor.domain.vocabulary import Direction, EventType, Model, RecordKind, Rung, Stage

#: (one, many): a group of events of the type. Verbs of single events come from their stage.
KINDS: dict[EventType, tuple[str, str]] = {
    EventType.AGREEMENT_PENDING: ("agreement pending", "agreements pending"),
    EventType.AGREEMENT_SIGNED: ("agreement signed or approved", "agreements signed or approved"),
    EventType.AGREEMENT_MODIFIED: ("agreement changed", "agreements changed"),
    EventType.AGREEMENT_TERMINATED: ("agreement ended or ending", "agreements ended or ending"),
    EventType.AGREEMENT_REJECTED: ("agreement turned down", "agreements turned down"),
    EventType.SANCTUARY_PROPOSED: ("sanctuary policy proposed", "sanctuary policies proposed"),
    EventType.SANCTUARY_ADOPTED: ("sanctuary policy adopted", "sanctuary policies adopted"),
    EventType.SANCTUARY_REPEALED: ("sanctuary policy repealed", "sanctuary policies repealed"),
    EventType.DETAINER_POLICY_CHANGE: ("detainer policy change", "detainer policy changes"),
    EventType.STATE_MANDATE_INTRODUCED: (
        "state mandate introduced",
        "state mandates introduced",
    ),
    EventType.STATE_MANDATE_PASSED: ("state mandate passed", "state mandates passed"),
    EventType.STATE_MANDATE_ENACTED: ("state mandate enacted", "state mandates enacted"),
    EventType.STATE_MANDATE_BLOCKED: ("state mandate blocked", "state mandates blocked"),
    EventType.STATE_LIMIT_INTRODUCED: ("state limit introduced", "state limits introduced"),
    EventType.STATE_LIMIT_PASSED: ("state limit passed", "state limits passed"),
    EventType.STATE_LIMIT_ENACTED: ("state limit enacted", "state limits enacted"),
    EventType.STATE_LIMIT_BLOCKED: ("state limit blocked", "state limits blocked"),
    EventType.LAWSUIT_FILED: ("lawsuit filed", "lawsuits filed"),
    EventType.COURT_RULING: ("court ruling", "court rulings"),
    EventType.FEDERAL_DESIGNATION: ("federal designation", "federal designations"),
    EventType.FEDERAL_INCENTIVE: ("federal incentive", "federal incentives"),
    EventType.FEDERAL_PROGRAM_CHANGE: ("federal program change", "federal program changes"),
    EventType.PROGRAM_STATISTIC: ("program statistic", "program statistics"),
    EventType.OTHER_COOPERATION: ("other cooperation", "other cooperation"),
    EventType.OVERSIGHT_REPORT: ("oversight report", "oversight reports"),
}

#: The same where all events of a group share their stage, which then gives the verb.
KINDS_BY_STAGE: dict[tuple[EventType, Stage], tuple[str, str]] = {
    (EventType.AGREEMENT_SIGNED, Stage.SIGNED): ("agreement signed", "agreements signed"),
    (EventType.AGREEMENT_SIGNED, Stage.LISTED): (
        "agreement newly listed by ICE",
        "agreements newly listed by ICE",
    ),
    (EventType.AGREEMENT_SIGNED, Stage.ANNOUNCED): (
        "agreement announced",
        "agreements announced",
    ),
    (EventType.AGREEMENT_SIGNED, Stage.APPROVED_BY_GOVERNING_BODY): (
        "agreement approved by a governing body",
        "agreements approved by governing bodies",
    ),
    (EventType.AGREEMENT_PENDING, Stage.LISTED): (
        "agreement newly listed as pending",
        "agreements newly listed as pending",
    ),
    (EventType.AGREEMENT_TERMINATED, Stage.REMOVED): (
        "agreement no longer listed by ICE",
        "agreements no longer listed by ICE",
    ),
    (EventType.AGREEMENT_TERMINATED, Stage.VOTED): (
        "vote to end an agreement",
        "votes to end agreements",
    ),
    (EventType.AGREEMENT_TERMINATED, Stage.TERMINATED): ("agreement ended", "agreements ended"),
}

CERTAINTY: dict[Rung, str] = {
    Rung.REPORTED: "Reported, not yet confirmed officially",
    Rung.OFFICIAL: "Stated officially",
    Rung.ON_ROSTER: "Shown by ICE's roster",
    Rung.DISPUTED: "Disputed",
    Rung.RETRACTED: "Retracted",
    Rung.SUPERSEDED: "Superseded by a later event",
}

MODELS: dict[Model, str] = {
    Model.JEM: "Jail Enforcement Model",
    Model.WSO: "Warrant Service Officer",
    Model.TFM: "Task Force Model",
    Model.TTFM: "Tribal Task Force Model",
    Model.UNKNOWN: "model not stated",
}

DIRECTIONS: dict[Direction, str] = {
    Direction.TOWARD: "toward cooperation",
    Direction.AWAY: "away from cooperation",
    Direction.MIXED: "mixed",
    Direction.NEUTRAL: "neutral",
    Direction.FEDERAL_PRESSURE: "federal pressure",
}

#: What a later record did, as the first words of its answer in the thread.
HAPPENED: dict[RecordKind, str] = {
    RecordKind.OPENED: "New",
    RecordKind.CORROBORATED: "Another source says the same",
    RecordKind.CLIMBED: "More certain now",
    RecordKind.AMENDED: "Correction",
    RecordKind.MERGED: "Same event as one told before",
    RecordKind.SPLIT: "Correction: these are separate events",
    RecordKind.REVIEWED: "Reviewed",
    RecordKind.DISPUTED: "Disputed",
    RecordKind.RETRACTED: "Retraction",
    RecordKind.SUPERSEDED: "Superseded by a later event",
    RecordKind.ABSORBED: "Recorded without notice",
}

FIELDS: dict[str, str] = {
    "event_type": "kind",
    "stage": "stage",
    "status": "certainty",
    "tier": "best source",
    "state": "state",
    "county": "county",
    "place": "place",
    "agency": "agency",
    "model": "model",
    "bill": "bill",
    "occurred": "date",
    "passed": "passed",
    "effective": "in force from",
    "amount": "number",
    "title": "headline",
    "source_text": "wording",
}


def kind_counted(kind: EventType, number: int, stages: Collection[Stage] = ()) -> str:
    """ "1 agreement signed or approved"; with one common stage, "23 agreements signed"."""
    one, many = KINDS[kind]
    if len(stages) == 1:
        (stage,) = stages
        one, many = KINDS_BY_STAGE.get((kind, stage), (one, many))
    return f"{number} {one if number == 1 else many}"


def kind_title(kind: EventType) -> str:
    """The type as the title of a group."""
    many = KINDS[kind][1]
    return many[0].upper() + many[1:]


def state_name(state: str | None) -> str:
    """The state's name; "Federal" for none."""
    return STATES.get(state, state) if state else "Federal"


def day_words(stated: StatedDate) -> str:
    """A stated day with the precision it was stated in."""
    match stated.precision:
        case Precision.DAY:
            return stated.day.isoformat()
        case Precision.WEEK:
            return f"week of {stated.day.isoformat()}"
        case Precision.MONTH:
            return f"{stated.day:%Y-%m}"
        case Precision.YEAR:
            return f"{stated.day:%Y}"


def value_words(name: str, value: str) -> str:
    """A changed value in words: vocabularies by their labels, the rest as it is."""
    tables: dict[str, Mapping[str, str]] = {
        "status": {str(rung): words for rung, words in CERTAINTY.items()},
        "model": {str(model): words for model, words in MODELS.items()},
        "event_type": {str(kind): one for kind, (one, _) in KINDS.items()},
        "state": STATES,
    }
    return tables.get(name, {}).get(value, value.replace("_", " ") if name == "stage" else value)
