"""Which types and stages tell of one happening, and how far apart its tellings may be dated.

Tables only. The lags come from comparing news with ICE's roster: an announced signing appears
within days, a termination told in the news leaves the list up to 90 days later (facts of 2025).
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.vocabulary import EventType as E
from monitor.domain.vocabulary import Stage as S

#: Types about one subject share a family: its keys find both the same event and what it follows.
FAMILY: Mapping[E, str] = {
    E.AGREEMENT_PENDING: "agreement",
    E.AGREEMENT_SIGNED: "agreement",
    E.AGREEMENT_MODIFIED: "agreement",
    E.AGREEMENT_TERMINATED: "agreement",
    E.AGREEMENT_REJECTED: "agreement",
    E.SANCTUARY_PROPOSED: "local_policy",
    E.SANCTUARY_ADOPTED: "local_policy",
    E.SANCTUARY_REPEALED: "local_policy",
    E.DETAINER_POLICY_CHANGE: "local_policy",
    E.STATE_MANDATE_INTRODUCED: "state_mandate",
    E.STATE_MANDATE_PASSED: "state_mandate",
    E.STATE_MANDATE_ENACTED: "state_mandate",
    E.STATE_MANDATE_BLOCKED: "state_mandate",
    E.STATE_LIMIT_INTRODUCED: "state_limit",
    E.STATE_LIMIT_PASSED: "state_limit",
    E.STATE_LIMIT_ENACTED: "state_limit",
    E.STATE_LIMIT_BLOCKED: "state_limit",
    E.LAWSUIT_FILED: "court",
    E.COURT_RULING: "court",
    E.FEDERAL_DESIGNATION: "designation",
    E.FEDERAL_INCENTIVE: "incentive",
    E.FEDERAL_PROGRAM_CHANGE: "program",
    E.PROGRAM_STATISTIC: "statistic",
    E.OTHER_COOPERATION: "other_cooperation",
    E.OVERSIGHT_REPORT: "oversight",
}

LAW_FAMILIES = frozenset({"state_mandate", "state_limit"})
LOCAL_FAMILIES = frozenset({"agreement", "local_policy", "other_cooperation", "oversight"})
FEDERAL_FAMILIES = frozenset({"designation", "incentive", "program", "statistic"})

#: Stages of one type that are one happening told with different verbs. A stage named nowhere
#: stands alone: two such stages at one place are two events.
_GROUPS: Mapping[E, tuple[tuple[S, ...], ...]] = {
    E.AGREEMENT_PENDING: (
        (S.LETTER_OF_INTEREST, S.CONSIDERED, S.ANNOUNCED),
        (S.APPLIED, S.LISTED),
    ),
    E.AGREEMENT_SIGNED: ((S.SIGNED, S.ANNOUNCED, S.LISTED),),
    E.AGREEMENT_MODIFIED: ((S.AMENDED, S.EXPANDED),),
    E.AGREEMENT_TERMINATED: (
        (S.TERMINATED, S.ORDERED, S.NOTICE_GIVEN, S.ANNOUNCED, S.REMOVED),
    ),
    E.AGREEMENT_REJECTED: ((S.DECLINED, S.VOTED_DOWN),),
    E.SANCTUARY_PROPOSED: ((S.PROPOSED, S.ON_AGENDA, S.INTRODUCED, S.CONSIDERED),),
    E.SANCTUARY_ADOPTED: ((S.ADOPTED, S.ISSUED, S.ENROLLED),),
    E.DETAINER_POLICY_CHANGE: (
        (S.STOPPED_HONORING, S.LIMITED_HONORING, S.ANNOUNCED),
        (S.RESUMED_HONORING, S.ANNOUNCED),
    ),
    E.STATE_MANDATE_PASSED: ((S.PASSED_BOTH, S.ENROLLED),),
    E.STATE_LIMIT_PASSED: ((S.PASSED_BOTH, S.ENROLLED),),
    E.STATE_MANDATE_ENACTED: (
        (S.SIGNED_INTO_LAW, S.WITHOUT_SIGNATURE, S.VETO_OVERRIDDEN, S.ISSUED),
    ),
    E.STATE_LIMIT_ENACTED: (
        (S.SIGNED_INTO_LAW, S.WITHOUT_SIGNATURE, S.VETO_OVERRIDDEN, S.ISSUED),
    ),
    E.STATE_MANDATE_BLOCKED: ((S.VETOED, S.POCKET_VETO), (S.DIED, S.HELD)),
    E.STATE_LIMIT_BLOCKED: ((S.VETOED, S.POCKET_VETO), (S.DIED, S.HELD)),
    E.COURT_RULING: (
        (S.RULED, S.UPHELD, S.DISMISSED),
        (S.RULED, S.INJUNCTION, S.STRUCK_DOWN),
        (S.ALLOWED_TO_PROCEED, S.REVERSED),
    ),
    E.FEDERAL_PROGRAM_CHANGE: ((S.ANNOUNCED, S.STARTED, S.OFFERED), (S.ENDED, S.ANNOUNCED)),
    E.FEDERAL_INCENTIVE: ((S.ANNOUNCED, S.OFFERED, S.STARTED),),
}  # fmt: skip

#: Days between two tellings of one stage, where place or agency is known on both sides.
_WINDOW_DAYS: Mapping[E, int] = {
    E.AGREEMENT_PENDING: 60,
    E.AGREEMENT_SIGNED: 45,
    E.AGREEMENT_MODIFIED: 30,
    E.AGREEMENT_TERMINATED: 95,
    E.AGREEMENT_REJECTED: 45,
    E.SANCTUARY_ADOPTED: 14,  # a city that adopts one measure soon adopts another
    E.SANCTUARY_REPEALED: 14,
    E.DETAINER_POLICY_CHANGE: 30,
    E.LAWSUIT_FILED: 30,
    E.COURT_RULING: 14,
    E.FEDERAL_DESIGNATION: 14,
    E.FEDERAL_INCENTIVE: 14,
    E.FEDERAL_PROGRAM_CHANGE: 14,
    E.PROGRAM_STATISTIC: 7,
    E.OTHER_COOPERATION: 45,
    E.OVERSIGHT_REPORT: 60,
}
_DEFAULT_WINDOW_DAYS = 30
#: A bill reaches a stage once a session, so its number bridges a long time.
BILL_WINDOW_DAYS = 200
#: Where only the state is known, another law of that state may be meant.
VAGUE_WINDOW_DAYS = 8


def same_stage(event_type: E, left: S, right: S) -> bool:
    """Whether two stages of one type may be the same happening told with different verbs."""
    return left is right or any(
        left in group and right in group for group in _GROUPS.get(event_type, ())
    )


def stage_word(event_type: E, stage: S) -> str:
    """The word for a stage in event keys: that of the first group it is in."""
    for group in _GROUPS.get(event_type, ()):
        if stage in group:
            return group[0].value
    return stage.value


def window_days(event_type: E) -> int:
    """How many days apart two tellings of one happening of this type may be dated."""
    return _WINDOW_DAYS.get(event_type, _DEFAULT_WINDOW_DAYS)
