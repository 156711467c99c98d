"""The closed vocabularies of the field (docs/architecture.md, Words)."""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """What kind of thing happened; a new one is a migration."""

    AGREEMENT_PENDING = "agreement_pending"
    AGREEMENT_SIGNED = "agreement_signed"
    AGREEMENT_MODIFIED = "agreement_modified"
    AGREEMENT_TERMINATED = "agreement_terminated"
    AGREEMENT_REJECTED = "agreement_rejected"
    SANCTUARY_PROPOSED = "sanctuary_proposed"
    SANCTUARY_ADOPTED = "sanctuary_adopted"
    SANCTUARY_REPEALED = "sanctuary_repealed"
    DETAINER_POLICY_CHANGE = "detainer_policy_change"
    STATE_MANDATE_INTRODUCED = "state_mandate_introduced"
    STATE_MANDATE_PASSED = "state_mandate_passed"
    STATE_MANDATE_ENACTED = "state_mandate_enacted"
    STATE_MANDATE_BLOCKED = "state_mandate_blocked"
    STATE_LIMIT_INTRODUCED = "state_limit_introduced"
    STATE_LIMIT_PASSED = "state_limit_passed"
    STATE_LIMIT_ENACTED = "state_limit_enacted"
    STATE_LIMIT_BLOCKED = "state_limit_blocked"
    LAWSUIT_FILED = "lawsuit_filed"
    COURT_RULING = "court_ruling"
    FEDERAL_DESIGNATION = "federal_designation"
    FEDERAL_INCENTIVE = "federal_incentive"
    FEDERAL_PROGRAM_CHANGE = "federal_program_change"
    PROGRAM_STATISTIC = "program_statistic"
    OTHER_COOPERATION = "other_cooperation"
    OVERSIGHT_REPORT = "oversight_report"


#: Types that are worth a person's review, never an alert by themselves.
REVIEW_ONLY = frozenset({EventType.OTHER_COOPERATION, EventType.OVERSIGHT_REPORT})


class Stage(StrEnum):
    """How far the thing has come; headlines take their verb from here, never from the type."""

    # agreements
    LETTER_OF_INTEREST = "letter_of_interest"
    CONSIDERED = "considered"
    APPLIED = "applied"
    ON_AGENDA = "on_agenda"
    APPROVED_BY_GOVERNING_BODY = "approved_by_governing_body"
    ANNOUNCED = "announced"
    SIGNED = "signed"
    LISTED = "listed"
    RENEWED = "renewed"
    AMENDED = "amended"
    EXPANDED = "expanded"
    PAUSED = "paused"
    RESUMED = "resumed"
    DECLINED = "declined"
    VOTED_DOWN = "voted_down"
    ORDERED = "ordered"
    NOTICE_GIVEN = "notice_given"
    VOTED = "voted"
    TERMINATED = "terminated"
    REMOVED = "removed"
    # local policy
    PROPOSED = "proposed"
    ADOPTED = "adopted"
    REAFFIRMED = "reaffirmed"
    REPEALED = "repealed"
    STOPPED_HONORING = "stopped_honoring"
    LIMITED_HONORING = "limited_honoring"
    RESUMED_HONORING = "resumed_honoring"
    # state law
    PREFILED = "prefiled"
    INTRODUCED = "introduced"
    IN_COMMITTEE = "in_committee"
    PASSED_ONE_CHAMBER = "passed_one_chamber"
    PASSED_BOTH = "passed_both"
    ENROLLED = "enrolled"
    SIGNED_INTO_LAW = "signed_into_law"
    WITHOUT_SIGNATURE = "without_signature"
    VETO_OVERRIDDEN = "veto_overridden"
    CEREMONIAL_SIGNING = "ceremonial_signing"
    ISSUED = "issued"
    VETOED = "vetoed"
    POCKET_VETO = "pocket_veto"
    DIED = "died"
    HELD = "held"
    RESCINDED = "rescinded"
    # courts
    FILED = "filed"
    JOINED = "joined"
    APPEALED = "appealed"
    INJUNCTION = "injunction"
    STAYED = "stayed"
    UPHELD = "upheld"
    STRUCK_DOWN = "struck_down"
    DISMISSED = "dismissed"
    REVERSED = "reversed"
    ALLOWED_TO_PROCEED = "allowed_to_proceed"
    RULED = "ruled"
    SETTLED = "settled"
    # federal
    DELISTED = "delisted"
    OFFERED = "offered"
    AWARDED = "awarded"
    STARTED = "started"
    ENDED = "ended"
    REPORTED = "reported"


class Direction(StrEnum):
    """Which way the thing points, said without judging it."""

    TOWARD = "toward_cooperation"
    AWAY = "away_from_cooperation"
    MIXED = "mixed"
    NEUTRAL = "neutral"
    FEDERAL_PRESSURE = "federal_pressure"


class Model(StrEnum):
    """The support type of a 287(g) agreement; what is not known surfaces as UNKNOWN."""

    JEM = "JEM"
    WSO = "WSO"
    TFM = "TFM"
    TTFM = "TTFM"
    UNKNOWN = "unknown"


class Instrument(StrEnum):
    """What carries a state measure or a local policy."""

    BILL = "bill"
    RESOLUTION = "resolution"
    EXECUTIVE_ORDER = "executive_order"
    DIRECTIVE = "directive"
    ORDINANCE = "ordinance"
    POLICY = "policy"
    BALLOT = "ballot"


class Rung(StrEnum):
    """The ladder of certainty; the first three climb, the rest are sideways."""

    REPORTED = "reported"
    OFFICIAL = "official"
    ON_ROSTER = "on_roster"
    DISPUTED = "disputed"
    RETRACTED = "retracted"
    SUPERSEDED = "superseded"


class Tier(StrEnum):
    """The rank of a publisher, best first."""

    ROSTER = "roster"  #: ICE's own workbook
    OFFICIAL = "official"  #: the agency, ICE/DHS, a legislature, a court
    AGGREGATOR = "aggregator"  #: structured republication of official facts (LegiScan …)
    PRESS = "press"
    DISCOVERY = "discovery"  #: search engines, tips: never evidence by itself


class Worth(StrEnum):
    """What a match is worth."""

    ALERT = "alert"
    REVIEW = "review"


class DocumentKind(StrEnum):
    """What sort of text a claim was read from."""

    NEWS = "news"
    RELEASE = "release"
    BILL = "bill"
    AGENDA = "agenda"
    ORDINANCE = "ordinance"
    RULING = "ruling"
    PAGE = "page"
    TABLE = "table"


class RecordKind(StrEnum):
    """The lines of the append-only log."""

    OPENED = "opened"
    CORROBORATED = "corroborated"
    CLIMBED = "climbed"
    AMENDED = "amended"
    MERGED = "merged"
    SPLIT = "split"
    REVIEWED = "reviewed"
    DISPUTED = "disputed"
    RETRACTED = "retracted"
    SUPERSEDED = "superseded"
    ABSORBED = "absorbed"
