"""Every outcome once, in a history of our own; what is told, what waits, what is held."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.detect.ledger.findings import finding, oddity_finding
from monitor.detect.ledger.state import LedgerState
from monitor.detect.ledger.step import accept_held, reject_held
from monitor.domain.roster import LedgerOutcome, OutcomeKind, RowState
from monitor.domain.roster_fold import agreements_at, counts, differences
from monitor.domain.vocabulary import EventType, Model, Stage, Worth
from tests.rosters import FULL, PENDING, Line, flat, kinds, knowledge, play, sheriff, table, take

WSO = "Warrant Service Officer"
JEM = "Jail Enforcement Model"
COUNTIES = (
    "Polk",
    "Bell",
    "Webb",
    "Hill",
    "Llano",
    "Dallas",
    "Travis",
    "Nueces",
    "Lubbock",
    "Ector",
)
BASE = [sheriff(county) for county in COUNTIES]


def after(before: list[Line], now: list[Line]) -> list[LedgerOutcome]:
    """What the second of two publications says."""
    return flat(play([table(before, 0), table(now, 1)])[1].outcomes)


def only(before: list[Line], now: list[Line]) -> LedgerOutcome:
    found = after(before, now)
    assert len(found) == 1, [outcome.outcome.value for outcome in found]
    return found[0]


def test_the_first_publication_is_a_silent_baseline() -> None:
    (first,) = play([table(BASE, 0)])
    assert kinds(first) == ["baseline"]
    assert not any(outcome.told for outcome in flat(first.outcomes))
    assert first.counts.active == len(BASE)


def test_a_signing_and_one_more_model() -> None:
    new = sheriff("Starr")
    assert only(BASE, [*BASE, new]).outcome is OutcomeKind.SIGNED
    more = only(BASE, [*BASE, sheriff("Polk", model=WSO)])
    assert (more.outcome, more.told) == (OutcomeKind.SIGNED_ADDITIONAL_MODEL, True)


def test_two_models_of_a_new_agency_are_two_signings() -> None:
    found = after(BASE, [*BASE, sheriff("Starr"), sheriff("Starr", model=WSO)])
    assert [outcome.outcome for outcome in found] == [OutcomeKind.SIGNED, OutcomeKind.SIGNED]


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        ({"signed": "2025-02-20"}, OutcomeKind.REDATED, True),
        ({"signed": ""}, OutcomeKind.SIGNED_CORRECTED, False),
        ({"type": "Municipality"}, OutcomeKind.TYPE_CORRECTED, False),
        ({"county": "#N/A"}, OutcomeKind.COUNTY_BLANKED, False),
        ({"county": "Bell County"}, OutcomeKind.COUNTY_CORRECTED, True),
        ({"moa": "PolkTX_TFM.pdf"}, OutcomeKind.MOA_POSTED, True),
        ({"moa_text": ""}, OutcomeKind.MOA_TEXT_CHANGED, False),
        ({"addendum": "PolkTX_more.pdf"}, OutcomeKind.ADDENDUM_ADDED, True),
        ({"agency": "Polk Cnty Sheriffs Dept."}, OutcomeKind.RENAMED, True),
        ({"agency": "Plok County Sheriff's Office"}, OutcomeKind.RENAMED, True),
        ({"agency": "Polk County Jail"}, OutcomeKind.RENAMED, True),
        ({"agency": "Polk County  Sheriff\u2019s Office "}, OutcomeKind.COSMETIC, False),
        ({"state": "Texas "}, OutcomeKind.COSMETIC, False),
        ({"state": "TEXSA"}, OutcomeKind.COSMETIC, False),
        ({"state": "FLORIDA"}, OutcomeKind.STATE_CORRECTED, True),
        ({"model": "Task Force Officer"}, OutcomeKind.COSMETIC, False),
        ({"model": WSO}, OutcomeKind.MODEL_SWITCHED, True),
    ],
)
def test_an_edit_of_one_cell(change: dict[str, str], kind: OutcomeKind, told: bool) -> None:
    found = only(BASE, [replace(BASE[0], **change), *BASE[1:]])
    assert (found.outcome, found.told) == (kind, told)
    assert found.before is not None
    assert found.after is not None


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ({"moa": "a_TFM.pdf"}, {"moa": None}, OutcomeKind.MOA_WITHDRAWN),
        ({"moa": "a_TFM.pdf"}, {"moa": "b_TFM.pdf"}, OutcomeKind.MOA_REPLACED),
        ({"county": "#N/A"}, {"county": "Polk County"}, OutcomeKind.COUNTY_FILLED),
        ({"addendum": "a.pdf"}, {"addendum": None}, OutcomeKind.ADDENDUM_REMOVED),
        (
            {"addendum_text": "Link Pending"},
            {"addendum": "a.pdf", "addendum_text": "link"},
            OutcomeKind.ADDENDUM_POSTED,
        ),
        ({"signed": "02/262025"}, {}, OutcomeKind.SIGNED_CORRECTED),
        ({"signed": "5025-02-26"}, {}, OutcomeKind.SIGNED_CORRECTED),
        ({"signed": ""}, {}, OutcomeKind.SIGNED_CORRECTED),
        (
            {"moa": "http://www.ice.gov/doclib/a.pdf"},
            {"moa": "https://www.ice.gov/doclib/a.pdf"},
            OutcomeKind.COSMETIC,
        ),
    ],
)
def test_an_edit_back(
    before: dict[str, str | None], now: dict[str, str | None], kind: OutcomeKind
) -> None:
    old, new = replace(BASE[0], **before), replace(BASE[0], **now)
    assert only([old, *BASE[1:]], [new, *BASE[1:]]).outcome is kind


def test_a_row_typed_over_is_not_a_renaming() -> None:
    was = Line(agency="Fish and Wildlife Commission", moa="wild_TFM.pdf", type="State Agency")
    now = Line(agency="Environmental Protection Division", moa="wild_TFM.pdf", type="State Agency")
    steps = play([table([*BASE, was], 0), table([*BASE, now], 1), table([*BASE, now, was], 2)])
    (over,) = steps[1].outcomes
    assert over.outcome is OutcomeKind.ROW_OVERWRITTEN
    assert over.revises
    assert steps[1].counts.unconfirmed == 1
    assert kinds(steps[2]) == ["restored"]
    assert steps[2].counts.unconfirmed == 0


def test_an_agency_that_stays_keeps_its_own_row_and_id() -> None:
    """A body corrected on one row must not rename the sheriff who keeps another."""
    before = [*BASE, sheriff("Polk", model=WSO)]
    now = [*BASE, replace(before[-1], agency="Polk County Commissioners Court")]
    steps = play([table(before, 0), table(now, 1)])
    (renamed,) = steps[1].outcomes
    assert renamed.outcome is OutcomeKind.RENAMED
    assert renamed.before is not None
    assert renamed.after is not None
    assert renamed.before.agency_id != renamed.after.agency_id
    assert steps[1].counts == steps[0].counts
    again = take(steps[1].state, table([*now, sheriff("Polk", model=WSO)], 2))
    assert kinds(again) == ["signed_additional_model"]
    assert again.counts.ever_listed == steps[1].counts.ever_listed + 1


#: Counties that Texas and Florida both have.
SHARED_NAMES = ("Calhoun", "Franklin", "Hamilton", "Jackson", "Jefferson", "Lee", "Liberty", "Polk")


def test_a_short_list_that_has_a_namesake_of_a_missing_agreement() -> None:
    """Part of the file is missing, Polk of Florida with it, and Polk of Texas signs that day."""
    florida = sheriff("Polk", "FLORIDA")
    missing = [florida, *(sheriff(name, "FLORIDA") for name in SHARED_NAMES[:4])]
    others = [sheriff(county) for county in COUNTIES if county != "Polk"]
    others += [sheriff(county, model=WSO) for county in COUNTIES]
    others += [sheriff(county, "GEORGIA") for county in ("Bibb", "Cobb", "Floyd", "Hall", "Dawson")]
    others += [sheriff(county, "ALABAMA") for county in ("Etowah", "Cullman", "Baldwin", "Shelby")]
    texas = sheriff("Polk")
    whole, short = [*missing, *others], [*others, texas]
    steps = play([table(whole, 0), table(short, 1), table([*whole, texas], 2)])
    found = flat(steps[1].outcomes)
    (new,) = [outcome for outcome in found if outcome.told]
    assert new.outcome is OutcomeKind.SIGNED_ADDITIONAL_MODEL
    assert new.after is not None and (new.after.state, new.after.model) == ("TX", Model.TFM)
    gone = [o.before.state for o in found if o.outcome is OutcomeKind.MISSING and o.before]
    assert gone == ["FL"] * 5
    back = flat(steps[2].outcomes)
    assert [(o.outcome, o.told) for o in back] == [(OutcomeKind.RESTORED, False)] * 5
    assert steps[2].counts.active == steps[2].counts.ever_listed == len(whole) + 1


@pytest.mark.parametrize("missing", [2, 3])
def test_in_a_short_list_only_what_was_nowhere_changes_its_state(missing: int) -> None:
    """Massachusetts has no Crow Wing County; Kansas and Texas both have an Ellis County."""
    kept = [sheriff(county, model=WSO) for county in COUNTIES]
    kept += [sheriff(county, model=JEM) for county in COUNTIES]
    kept += [sheriff(county, "ALABAMA") for county in ("Etowah", "Cullman", "Baldwin", "Shelby")]
    gone = [sheriff(county) for county in COUNTIES[:missing]]
    linked = sheriff("Lee", "FLORIDA", moa="LeeFL_TFM.pdf")
    was = [sheriff("Crow Wing", "MASSACHUSETTS"), sheriff("Ellis", "TEXAS"), linked]
    now = [sheriff("Crow Wing", "MINNESOTA"), sheriff("Ellis", "KANSAS")]
    now += [replace(linked, state="IOWA")]
    found = after([*kept, *gone, *was], [*kept, *now])
    moved = {
        (o.before.county, o.after.state)
        for o in found
        if o.outcome is OutcomeKind.STATE_CORRECTED and o.before and o.after
    }
    sure = {("Crow Wing County", "MN"), ("Lee County", "IA")}
    assert moved == (sure if missing > 2 else {*sure, ("Ellis County", "KS")})
    signed = [o.after.state for o in found if o.outcome is OutcomeKind.SIGNED and o.after]
    assert signed == (["KS"] if missing > 2 else [])


def test_in_a_short_list_a_missing_model_is_not_switched() -> None:
    """The agency's jail agreement is in the part that is missing, its task force is new."""
    kept = [sheriff(county, model=WSO) for county in COUNTIES]
    kept += [sheriff(county, "ALABAMA") for county in ("Etowah", "Cullman", "Baldwin", "Shelby")]
    kept += [sheriff(county, "GEORGIA") for county in ("Bibb", "Cobb", "Floyd", "Hall", "Dawson")]
    kept += [sheriff(county) for county in COUNTIES[1:]]
    jail = sheriff("Gregg", model=JEM)
    gone = [jail, *(sheriff(county, "FLORIDA") for county in SHARED_NAMES[:4])]
    steps = play(
        [
            table([*kept, *gone], 0),
            table([*kept, sheriff("Gregg")], 1),
            table([*kept, *gone, sheriff("Gregg")], 2),
        ]
    )
    told = [(o.outcome, o.after and o.after.model) for o in flat(steps[1].outcomes) if o.told]
    assert told == [(OutcomeKind.SIGNED_ADDITIONAL_MODEL, Model.TFM)]
    assert [o for o in flat(steps[2].outcomes) if o.told] == []


def test_towns_of_one_name_stay_two() -> None:
    police = Line(state="PENNSYLVANIA", agency="Washington Township Police Department")
    one = replace(police, county="Berks County", signed="2025-02-10")
    two = replace(police, county="Franklin County", signed="2025-03-01")
    found = only([*BASE, one], [*BASE, one, two])
    assert found.outcome is OutcomeKind.SIGNED
    gone = after([*BASE, one], [*BASE, two])
    assert {outcome.outcome for outcome in gone} == {OutcomeKind.SIGNED, OutcomeKind.MISSING}


@pytest.mark.parametrize(
    ("state", "was", "now"),
    [
        ("FLORIDA", "Baker", "Bay"),
        ("TEXAS", "Lamb", "Milam"),
        ("ALABAMA", "Marion", "Madison"),
        ("ARIZONA", "Pima", "Pinal"),
    ],
)
def test_neighbours_in_spelling_are_not_one_sheriff(state: str, was: str, now: str) -> None:
    found = after([*BASE, sheriff(was, state)], [*BASE, sheriff(now, state)])
    assert {outcome.outcome for outcome in found} == {OutcomeKind.SIGNED, OutcomeKind.MISSING}


def test_precincts_never_join() -> None:
    was = Line(agency="Liberty County Constable Precinct 2", county="Liberty County")
    found = after([*BASE, was], [*BASE, replace(was, agency="Liberty County Constable Precinct 6")])
    assert {outcome.outcome for outcome in found} == {OutcomeKind.SIGNED, OutcomeKind.MISSING}


def test_a_state_has_one_police() -> None:
    """Patrol became police department: one date, one model, one state, no document to tell by."""
    was = Line(state="LOUISIANA", agency="Louisiana State Patrol", type="State Agency")
    now = replace(was, agency="Louisiana State Police Department")
    assert only([*BASE, was], [*BASE, now]).outcome is OutcomeKind.RENAMED


def test_the_nearest_name_wins_where_two_appear() -> None:
    gulf = Line(state="FLORIDA", agency="Gulf County BOCC")
    now = [
        Line(state="FLORIDA", agency="Pasco County BOCC"),
        Line(state="FLORIDA", agency="Gulf County Sheriff's Office"),
    ]
    found = {o.outcome: o for o in after([*BASE, gulf], [*BASE, *now])}
    renamed = found[OutcomeKind.RENAMED]
    assert renamed.after is not None
    assert renamed.after.agency == "Gulf County Sheriff's Office"
    assert OutcomeKind.SIGNED in found


def test_duplicates_are_no_signing_and_no_removal() -> None:
    plain = Line(state="FLORIDA", agency="Zephyrhills Police Department", type="Municipality")
    city = replace(plain, agency="City of Zephyrhills Police Department")
    steps = play(
        [table([*BASE, plain], 0), table([*BASE, plain, city], 1), table([*BASE, city], 2)]
    )
    assert [kinds(s) for s in steps[1:]] == [["duplicate_added"], ["duplicate_removed"]]
    assert not any(o.told for s in steps[1:] for o in s.outcomes)
    assert steps[2].counts == steps[0].counts


def test_a_removal_is_told_after_three_lists_and_seven_days() -> None:
    gone = BASE[1:]
    lists = [
        table(BASE, 0),
        *(table([*gone, sheriff("Starr", moa=f"{n}.pdf")], n) for n in range(1, 12)),
    ]
    steps = play(lists)
    assert kinds(steps[1]) == ["signed", "missing"]
    told = [(n, o) for n, s in enumerate(steps) for o in s.outcomes if o.outcome == "removed"]
    ((number, removed),) = told
    assert number == 8
    assert removed.told
    assert (removed.file_next, removed.file_told) == ("file1", "file8")
    assert steps[8].counts.ended == 1
    assert all(s.counts.ever_listed == 11 for s in steps[1:])


def test_saving_again_confirms_no_removal() -> None:
    gone = table(BASE[1:], 1)
    saved = [replace(gone, modified_at=table([], n).modified_at) for n in range(2, 30)]
    steps = play([table(BASE, 0), gone, *saved])
    assert kinds(steps[-1]) == ["resaved"]
    assert steps[-1].counts.unconfirmed == 1


def test_what_comes_back_in_time_was_never_told() -> None:
    steps = play([table(BASE, 0), table(BASE[1:], 1), table(BASE, 6)])
    assert kinds(steps[2]) == ["restored", "reordered"] or kinds(steps[2]) == ["restored"]
    assert not any(o.told for s in steps for o in s.outcomes)


def test_what_comes_back_after_its_removal_is_told_back() -> None:
    lists = [table(BASE, 0)]
    lists += [table([*BASE[1:], sheriff("Starr", moa=f"{n}.pdf")], n) for n in (1, 5, 9)]
    steps = play([*lists, table([*BASE, sheriff("Starr")], 20)])
    back = next(o for o in steps[-1].outcomes if o.outcome is OutcomeKind.RESTORED)
    assert back.told
    told = finding(back)
    assert told is not None
    assert told.event_type is EventType.AGREEMENT_MODIFIED


def test_a_new_date_after_a_gap_is_a_new_agreement() -> None:
    again = [replace(BASE[0], signed="2025-03-04"), *BASE[1:]]
    steps = play([table(BASE, 0), table(BASE[1:], 1), table(again, 2)])
    back = next(o for o in steps[2].outcomes if o.outcome is OutcomeKind.RESIGNED)
    assert back.told
    assert back.before is not None


def test_a_row_nobody_can_place_is_held_and_its_agreement_stands() -> None:
    lost = [replace(BASE[0], state="ATLANTIS"), *BASE[1:]]
    steps = play([table(BASE, 0), table(lost, 1), table(BASE, 2)])
    assert steps[1].counts.held == 1
    assert steps[1].counts.ever_listed == len(BASE)
    assert not any(o.told for s in steps for o in s.outcomes)
    assert steps[2].counts.active == len(BASE)


def test_an_unknown_model_of_a_new_agency_waits_until_it_can_be_read() -> None:
    new = sheriff("Starr", model="Hybrid")
    steps = play([table(BASE, 0), table([*BASE, new], 1), table([*BASE, sheriff("Starr")], 2)])
    assert (steps[1].counts.held, steps[1].counts.active) == (1, len(BASE))
    assert steps[2].counts.held == 0
    assert "signed" in kinds(steps[2])


MANY = [
    sheriff(county.name.removesuffix(" County"), moa=f"{county.fips}_TFM.pdf")
    for county in knowledge().counties.counties("TX")  # type: ignore[attr-defined]
    if county.name.endswith(" County")
][:120]


def test_one_column_edited_in_many_rows_is_one_mass_edit() -> None:
    lost = [replace(line, moa=None) if n < 40 else line for n, line in enumerate(MANY)]
    steps = play([table(MANY, 0), table(lost, 1), table(MANY, 2)])
    (mass,) = steps[1].outcomes
    assert mass.outcome is OutcomeKind.MASS_EDIT
    assert mass.told
    assert len(mass.members) == 40
    assert not any(member.told for member in mass.members)
    assert {m.outcome for m in steps[2].outcomes[0].members} == {OutcomeKind.MOA_POSTED}


def test_every_link_lost_at_once_holds_the_column_only() -> None:
    bare = [replace(line, moa=None) for line in MANY]
    new = sheriff("Zavala", moa=None)
    steps = play([table(MANY, 0), table([*bare, new], 1), table([*MANY, new], 2)])
    assert kinds(steps[1]) == ["held", "signed"]
    assert steps[1].notes
    assert "signed" not in kinds(steps[2])
    assert not [o for o in flat(steps[2].outcomes) if o.outcome is OutcomeKind.MOA_POSTED]
    stayed = play([table(MANY, 0), table(bare, 1), table([*bare, new], 2)])
    assert {m.outcome for m in flat(stayed[2].outcomes)} >= {OutcomeKind.MOA_WITHDRAWN}


def test_an_implausible_list_is_held_and_the_next_decides() -> None:
    half = MANY[:50]
    steps = play([table(MANY, 0), table(half, 1), table([*MANY, sheriff("Zavala")], 2)])
    assert kinds(steps[1]) == ["held"]
    assert steps[1].counts == steps[0].counts
    assert kinds(steps[2]) == ["signed"]
    assert steps[2].notes == ("file1: rejected, file2 is believable",)
    confirmed = play([table(MANY, 0), table(half, 1), table(half[1:], 2)])
    missing = [o for o in confirmed[2].outcomes if o.outcome is OutcomeKind.MISSING]
    assert len(missing) == 71
    assert {(o.file_next, o.file_told) for o in missing} == {("file1", "file2"), ("file2", "file2")}


def test_a_person_decides_over_a_held_list() -> None:
    known = knowledge()
    state = play([table(MANY, 0), table(MANY[:50], 1)])[-1].state
    taken = accept_held(state, rules=known.rules, places=known.places)
    assert taken.counts.unconfirmed == 70
    refused = reject_held(state)
    assert refused.counts.active == 120
    assert refused.state.held is None
    assert reject_held(refused.state).notes == ("no publication is held",)


def test_a_missing_column_changes_nothing() -> None:
    nameless = table(BASE, 1, header=tuple(h for h in FULL if h != "STATE"))
    steps = play([table(BASE, 0), nameless])
    assert steps[1].state == steps[0].state
    assert "required columns are missing: state" in steps[1].notes[0]


def test_a_participating_list_without_dates_is_not_taken_for_the_pending_one() -> None:
    dateless = table(MANY, 1, header=tuple(h for h in FULL if h != "SIGNED"))
    steps = play([table(MANY, 0), dateless])
    assert kinds(steps[1]) == ["held"]
    assert not steps[1].state.pending


def test_a_person_decides_over_a_held_pending_list() -> None:
    known = knowledge()
    dateless = table(MANY, 1, header=tuple(h for h in FULL if h != "SIGNED"))
    state = play([table(MANY, 0), dateless])[-1].state
    assert reject_held(state).state.pending_held is None
    taken = accept_held(state, rules=known.rules, places=known.places)
    assert len(taken.state.pending) == len(MANY)


def test_the_publishers_errors_come_with_the_step_that_shows_them() -> None:
    """A neighbour's document, one document twice, an old year, another county: for review."""
    now = [
        replace(BASE[0], moa="DallasCoTX_TFM_MOA.pdf"),
        *BASE[1:],
        sheriff("Starr", signed="2024-02-26"),
    ]
    now[5] = replace(BASE[5], moa="DallasCoTX_TFM_MOA.pdf")
    now[3] = replace(BASE[3], county="Bell County", moa="HillCoTX_WSO_MOA.pdf")
    steps = play([table(BASE, 0), table(now, 1), table([*now, sheriff("Brooks")], 2)])
    found = {(odd.kind.value, odd.row.agency.split()[0]) for odd in steps[1].oddities}
    assert found == {
        ("foreign_file", "Polk"),
        ("shared_file", "Polk"),
        ("shared_file", "Dallas"),
        ("other_model", "Hill"),
        ("other_county", "Hill"),
        ("impossible_date", "Starr"),
    }
    assert steps[2].oddities == ()
    review = oddity_finding(steps[1].oddities[0])
    assert review.worth is Worth.REVIEW


def test_an_older_list_changes_nothing() -> None:
    steps = play([table(BASE, 5), table(BASE[1:], 1)])
    assert steps[1].state == steps[0].state
    assert "older" in steps[1].notes[0]


def test_the_sheet_as_a_whole() -> None:
    no_county = tuple(h for h in FULL if h != "COUNTY")
    steps = play(
        [
            table(BASE, 0, header=no_county),
            table(BASE, 1),
            table([BASE[1], BASE[0], *BASE[2:]], 2),
            table([BASE[1], BASE[0], *BASE[2:]], 3),
            table(BASE, 4, hidden=[3, 4], name="pendingAgencies1"),
        ]
    )
    assert kinds(steps[1])[0] == "schema_changed"
    assert kinds(steps[2]) == ["reordered"]
    assert kinds(steps[3]) == ["resaved"]
    assert kinds(steps[4]) == ["swapped", "hidden_rows", "reordered"]


def test_the_pending_list() -> None:
    first = [sheriff("Starr"), sheriff("Zapata"), sheriff("Kenedy")]
    pending = [table(first, 0, header=PENDING)]
    listed = [table(BASE, 0.1)]
    more = table([*first, sheriff("Brooks"), BASE[0]], 1, header=PENDING)
    signed = table([*BASE, sheriff("Starr"), sheriff("Zapatta")], 2)
    fewer = [
        table([sheriff("Brooks"), *(sheriff(c) for c in ("Duval", "Jim Wells", "Kleberg")[:n])], at)
        for n, at in ((1, 3), (2, 7), (3, 11))
    ]
    fewer = [replace(one, header=PENDING) for one in fewer]
    last = [table([sheriff("Brooks"), sheriff("Jim Hogg")], 15, header=PENDING)]
    steps = play([*pending, *listed, more, signed, *fewer, *last])
    assert kinds(steps[0]) == ["baseline"]
    added = [(o.outcome.value, o.told) for o in steps[2].outcomes]
    assert added == [("pending_added", True), ("pending_added", False)]
    assert [(o.outcome.value, o.from_pending) for o in steps[3].outcomes] == [
        ("signed", True),
        ("signed", True),
    ]
    left = [o for s in steps[4:] for o in s.outcomes if o.outcome is OutcomeKind.PENDING_LEFT]
    assert [o.before.agency.split()[0] for o in left if o.before] == ["Kenedy"]
    assert not left[0].told


def test_an_empty_pending_list_is_legal() -> None:
    steps = play([table([sheriff("Starr")], 0, header=PENDING), table([], 1, header=PENDING)])
    assert steps[1].state.pending_last is not None
    assert steps[1].outcomes == ()


def test_findings_take_their_verb_from_the_stage() -> None:
    signed = finding(only(BASE, [*BASE, sheriff("Starr")]))
    assert signed is not None
    assert (signed.event_type, signed.stage) == (EventType.AGREEMENT_SIGNED, Stage.LISTED)
    assert signed.jurisdiction.county == "48427"
    assert signed.model is Model.TFM
    assert signed.quote.text[signed.quote.start : signed.quote.end] == signed.quote.text
    redated = finding(only(BASE, [replace(BASE[0], signed="2025-02-20"), *BASE[1:]]))
    assert redated is not None
    assert "was 2025-02-26, now 2025-02-20" in redated.note
    typed = only(BASE, [replace(BASE[0], type="Municipality"), *BASE[1:]])
    assert finding(typed) is None


def test_every_kind_of_outcome_is_covered_here() -> None:
    """The closed list and this file's words, so that a new outcome cannot go without a case."""
    text = __import__("pathlib").Path(__file__).read_text(encoding="utf-8")
    other = {"absorbed"}  # in test_ledger_history
    for kind in OutcomeKind:
        assert kind.value in other or kind.name in text or f'"{kind.value}"' in text, kind


def test_the_log_alone_gives_the_roster_of_any_day() -> None:
    steps = play(
        [
            table(BASE, 0),
            table([*BASE[1:], sheriff("Starr")], 1),
            table([*BASE[1:], sheriff("Starr", model=WSO)], 2),
            table([*BASE[1:], sheriff("Starr", model=WSO), sheriff("Polk", model=JEM)], 12),
        ]
    )
    log = [outcome for s in steps for outcome in s.outcomes]
    for s in steps:
        assert s.state.last is not None
        then = agreements_at(log, s.state.last.modified_at)
        assert counts(then) == s.counts
    kept = {key: entry.agreement for key, entry in steps[-1].state.entries.items()}
    assert not differences(agreements_at(log), kept)
    assert {a.state for a in kept.values()} >= {RowState.ENDED, RowState.ACTIVE}


def test_an_empty_ledger_sums_to_nothing() -> None:
    assert play([], LedgerState()) == []
