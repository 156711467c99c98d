"""Neutral headlines: who did what, with the verb of the stage and never that of the type."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.event import Event
from monitor.domain.vocabulary import EventType as E
from monitor.domain.vocabulary import Instrument, Model
from monitor.domain.vocabulary import Stage as S
from monitor.resolve.stages import FAMILY

_MODELS: Mapping[Model, str] = {
    Model.JEM: "287(g) Jail Enforcement agreement",
    Model.WSO: "287(g) Warrant Service Officer agreement",
    Model.TFM: "287(g) Task Force agreement",
    Model.TTFM: "287(g) Tribal Task Force agreement",
}
#: Sentences by (type, stage); None is the type's fallback. {who} starts, {model} names the thing.
_AGREEMENTS: Mapping[tuple[E, S | None], str] = {
    (E.AGREEMENT_PENDING, S.LETTER_OF_INTEREST): "{who} sent ICE a letter of interest in a {model}",
    (E.AGREEMENT_PENDING, S.CONSIDERED): "{who} is considering a {model}",
    (E.AGREEMENT_PENDING, S.APPLIED): "{who} applied for a {model}",
    (E.AGREEMENT_PENDING, S.ON_AGENDA): "{who}: a {model} is on the agenda",
    (E.AGREEMENT_PENDING, S.LISTED): "{who} is listed by ICE as pending for a {model}",
    (E.AGREEMENT_PENDING, S.ANNOUNCED): "{who} announced plans for a {model}",
    (E.AGREEMENT_PENDING, None): "{who} is considering a {model}",
    (E.AGREEMENT_SIGNED, S.APPROVED_BY_GOVERNING_BODY): "{who}: governing body voted to approve a "
    "{model}",
    (E.AGREEMENT_SIGNED, S.ANNOUNCED): "{who} announced a {model}",
    (E.AGREEMENT_SIGNED, S.LISTED): "{who} is listed by ICE with a {model}",
    (E.AGREEMENT_SIGNED, None): "{who} signed a {model}",
    (E.AGREEMENT_MODIFIED, S.RENEWED): "{who} renewed its {model}",
    (E.AGREEMENT_MODIFIED, S.EXPANDED): "{who} expanded its {model}",
    (E.AGREEMENT_MODIFIED, S.PAUSED): "{who} paused its {model}",
    (E.AGREEMENT_MODIFIED, S.RESUMED): "{who} resumed its {model}",
    (E.AGREEMENT_MODIFIED, None): "{who}: {model} amended",
    (E.AGREEMENT_TERMINATED, S.ORDERED): "{who}: end of the {model} ordered",
    (E.AGREEMENT_TERMINATED, S.NOTICE_GIVEN): "{who} gave notice to end its {model}",
    (E.AGREEMENT_TERMINATED, S.VOTED): "{who}: governing body voted to end the {model}",
    (E.AGREEMENT_TERMINATED, S.ANNOUNCED): "{who} announced the end of its {model}",
    (E.AGREEMENT_TERMINATED, S.REMOVED): "{who} is no longer listed by ICE with a {model}",
    (E.AGREEMENT_TERMINATED, None): "{who} ended its {model}",
    (E.AGREEMENT_REJECTED, S.VOTED_DOWN): "{who}: governing body voted down a {model}",
    (E.AGREEMENT_REJECTED, None): "{who} declined a {model}",
}
_LOCAL: Mapping[tuple[E, S | None], str] = {
    (E.SANCTUARY_PROPOSED, S.ON_AGENDA): "{who}: limits on cooperation with ICE are on the agenda",
    (E.SANCTUARY_PROPOSED, S.VOTED_DOWN): "{who}: limits on cooperation with ICE voted down",
    (E.SANCTUARY_PROPOSED, None): "{who}: limits on cooperation with ICE proposed",
    (E.SANCTUARY_ADOPTED, S.REAFFIRMED): "{who} reaffirmed limits on cooperation with ICE",
    (E.SANCTUARY_ADOPTED, None): "{who} adopted limits on cooperation with ICE",
    (E.SANCTUARY_REPEALED, None): "{who} repealed limits on cooperation with ICE",
    (E.DETAINER_POLICY_CHANGE, S.STOPPED_HONORING): "{who} stopped honoring ICE detainers",
    (E.DETAINER_POLICY_CHANGE, S.LIMITED_HONORING): "{who} limited which ICE detainers it honors",
    (E.DETAINER_POLICY_CHANGE, S.RESUMED_HONORING): "{who} resumed honoring ICE detainers",
    (E.DETAINER_POLICY_CHANGE, None): "{who} changed its policy on ICE detainers",
    (E.LAWSUIT_FILED, S.JOINED): "{who}: parties joined a lawsuit over cooperation with ICE",
    (E.LAWSUIT_FILED, S.APPEALED): "{who}: appeal filed over cooperation with ICE",
    (E.LAWSUIT_FILED, S.SETTLED): "{who}: lawsuit over cooperation with ICE settled",
    (E.LAWSUIT_FILED, None): "{who}: lawsuit filed over cooperation with ICE",
    (E.FEDERAL_DESIGNATION, S.DELISTED): "{who} was taken off a federal list of jurisdictions",
    (E.FEDERAL_DESIGNATION, None): "{who} was named on a federal list of jurisdictions",
    (E.FEDERAL_INCENTIVE, S.AWARDED): "{who}: money awarded to partners of ICE",
    (E.FEDERAL_INCENTIVE, None): "{who}: money offered to partners of ICE",
    (E.FEDERAL_PROGRAM_CHANGE, S.ENDED): "{who}: a federal cooperation program ended",
    (E.FEDERAL_PROGRAM_CHANGE, S.RESUMED): "{who}: a federal cooperation program resumed",
    (E.FEDERAL_PROGRAM_CHANGE, None): "{who}: a federal cooperation program changed",
    (E.OTHER_COOPERATION, None): "{who}: other cooperation with ICE, not a 287(g) agreement",
    (E.OVERSIGHT_REPORT, None): "{who}: report on cooperation with ICE",
}
#: Changes of a row on ICE's list, by the ledger's outcome: the list changed, not the agreement.
_ROW_CHANGES: Mapping[str, str] = {
    "moa_posted": "{who}: ICE posted the document of the {model}",
    "moa_withdrawn": "{who}: ICE took away the link to the document of the {model}",
    "moa_replaced": "{who}: ICE changed the link to the document of the {model}",
    "addendum_added": "{who}: ICE posted an addendum to the {model}",
    "addendum_posted": "{who}: ICE posted an addendum to the {model}",
    "addendum_removed": "{who}: ICE took away the addendum to the {model}",
    "redated": "{who}: ICE's list gives the {model} another date",
    "renamed": "{who}: the agency's name changed on ICE's list",
    "row_overwritten": "{who}: now stands on ICE's list in place of another agency",
    "state_corrected": "{who}: the state was corrected on ICE's list",
    "county_corrected": "{who}: the county was corrected on ICE's list",
    "model_switched": "{who}: ICE's list now shows a {model}",
    "mass_edit": "ICE's list: one column was edited in {rows} rows",
}
_LAW_VERBS: Mapping[S, str] = {
    S.PREFILED: "was prefiled",
    S.INTRODUCED: "was introduced",
    S.IN_COMMITTEE: "moved in committee",
    S.PASSED_ONE_CHAMBER: "passed one chamber",
    S.PASSED_BOTH: "passed both chambers",
    S.ENROLLED: "was sent to the governor",
    S.SIGNED_INTO_LAW: "was signed into law",
    S.WITHOUT_SIGNATURE: "became law without signature",
    S.VETO_OVERRIDDEN: "became law over a veto",
    S.CEREMONIAL_SIGNING: "was signed at a ceremony",
    S.ISSUED: "was issued",
    S.VETOED: "was vetoed",
    S.POCKET_VETO: "was left unsigned (pocket veto)",
    S.DIED: "died",
    S.HELD: "was held",
    S.RESCINDED: "was rescinded",
    S.INJUNCTION: "was enjoined",
    S.STAYED: "was stayed",
    S.STRUCK_DOWN: "was struck down",
}
_RULING_VERBS: Mapping[S, str] = {
    S.INJUNCTION: "court issued an injunction",
    S.STAYED: "court stayed a ruling",
    S.UPHELD: "court upheld cooperation with ICE",
    S.STRUCK_DOWN: "court struck down a measure on cooperation with ICE",
    S.DISMISSED: "court dismissed a case",
    S.REVERSED: "court reversed a ruling",
    S.ALLOWED_TO_PROCEED: "court let a case go ahead",
    S.SETTLED: "case was settled",
}
_INSTRUMENTS: Mapping[Instrument, str] = {
    Instrument.BILL: "bill",
    Instrument.RESOLUTION: "resolution",
    Instrument.EXECUTIVE_ORDER: "executive order",
    Instrument.DIRECTIVE: "directive",
    Instrument.ORDINANCE: "ordinance",
    Instrument.POLICY: "policy",
    Instrument.BALLOT: "ballot measure",
}


def headline(event: Event) -> str:
    """One neutral sentence without a full stop, e.g. "Smith County Sheriff's Office (TX) signed a
    287(g) Task Force agreement"; the verb is that of the stage."""
    family = FAMILY[event.event_type]
    if family in ("state_mandate", "state_limit"):
        return _law_headline(event, family)
    if event.event_type is E.COURT_RULING:
        verb = _RULING_VERBS.get(event.stage, "court ruled on cooperation with ICE")
        if "cooperation" not in verb:
            verb += " over cooperation with ICE"
        return f"{_who(event)}: {verb}"
    if event.event_type is E.PROGRAM_STATISTIC:
        return _statistic_headline(event)
    known = dict(event.attributes)
    change = _ROW_CHANGES.get(known.get("outcome", ""))
    if change is not None and event.event_type is E.AGREEMENT_MODIFIED:
        model = _MODELS.get(event.model or Model.UNKNOWN, "287(g) agreement")
        return change.format(who=_who(event), model=model, rows=known.get("rows", "many"))
    table = _AGREEMENTS if family == "agreement" else _LOCAL
    sentence = table.get((event.event_type, event.stage)) or table[(event.event_type, None)]
    model = _MODELS.get(event.model or Model.UNKNOWN, "287(g) agreement")
    return sentence.format(who=_who(event), model=model)


def _who(event: Event) -> str:
    where = event.jurisdiction
    county = dict(event.attributes).get("county_name", "")
    name = event.agency or where.place or county
    state = where.state or ""
    if name:
        return f"{name} ({state})" if state and f"({state})" not in name else name
    return state or "Federal government"


def _law_headline(event: Event, family: str) -> str:
    state = event.jurisdiction.state or "Federal"
    what = event.bill or _INSTRUMENTS.get(event.instrument or Instrument.BILL, "measure")
    measure = f"{state} {what}"
    aim = "requiring" if family == "state_mandate" else "limiting"
    verb = _LAW_VERBS.get(event.stage, "changed")
    return f"{measure} {aim} cooperation with ICE {verb}"


def _statistic_headline(event: Event) -> str:
    unit = (event.unit or "figure").replace("_", " ")
    who = _who(event)
    if event.amount is None:
        return f"{who}: new figures on cooperation with ICE ({unit})"
    return f"{who}: {event.amount:,.10g} {unit} reported"
