"""The ledger over ICE's own files of 2025, against a ground truth made with hindsight.

Skips where the data is not there. `python -m bench.ledger_score DIR` prints every miss.
"""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from monitor.detect.ledger.columns import ListKind
from monitor.detect.ledger.normalise import state_code
from monitor.detect.ledger.oddities import OddityKind, oddities
from monitor.detect.ledger.publication import Publication, read_publication
from monitor.detect.ledger.state import LedgerState, LedgerStep
from monitor.detect.ledger.step import take
from monitor.domain.roster import LedgerOutcome, OutcomeKind
from monitor.domain.roster_fold import apply, counts, differences
from monitor.resolve.agency import fold
from monitor.services.ledger_replay import outcome_objects, read_directory
from tests.rosters import SHARED, START, knowledge

DATA = SHARED / "roster"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="ICE's workbooks (../shared/data/roster) are not on this machine"
)

SIGNINGS = {"signed", "signed_additional_model", "resigned", "model_switched"}
REQUIRED = {"new_agency", "additional_model", "returning_agency_other_model", "re-signed_after_gap"}
OPTIONAL = {"restored_same_agreement", "re-signed_under_new_name"}
REMOVED = {"agency_gone", "one_model_dropped_agency_stays"}
ASKED = {
    "re-dated": {"redated"},
    "signed_typo_fixed": {"signed_corrected"},
    "signed_filled": {"signed_corrected"},
    "type_changed": {"type_corrected"},
    "duplicate_row_added": {"duplicate_added"},
    "duplicate_row_removed": {"duplicate_removed"},
    "row_order_changed": {"reordered"},
    "resaved_same_content": {"resaved"},
    "schema_change": {"schema_changed"},
    "removed": {"missing"},
    "restored_same_agreement": {"restored"},
    "re-signed_after_gap": {"resigned"},
    "re-signed_under_new_name": {"resigned"},
    "new": {"signed", "signed_additional_model"},
}
Key = tuple[str, str, str, str]


class Replay:
    """The year once: publications, steps, outcomes as the measuring port prints them."""

    def __init__(self) -> None:
        tables, self.problems = read_directory(DATA / "workbooks")
        known = knowledge()
        self.publications: list[Publication] = []
        for one in tables:
            read = read_publication(one, now=START, counties=known.counties)
            assert isinstance(read, Publication)
            self.publications.append(read)
        self.steps = list(self.play(self.publications))
        self.content = {p.stem: p.raw_fingerprint for p in self.publications}
        self.at = {p.stem: p.modified_at for p in self.publications}
        self.found = [
            found
            for result in self.steps
            for outcome in result.outcomes
            for found in outcome_objects(outcome)
        ]
        with (DATA / "ground_truth.csv").open(encoding="utf-8") as lines:
            self.truth = list(csv.DictReader(lines))

    @staticmethod
    def play(
        publications: list[Publication], state: LedgerState | None = None
    ) -> Iterator[LedgerStep]:
        known = knowledge()
        current = state or LedgerState()
        for publication in publications:
            result = take(current, publication, rules=known.rules, places=known.places)
            current = result.state
            yield result

    def key(self, stem: object, state: object, agency: object, model: object) -> Key:
        return (self.content[str(stem)], str(state), fold(str(agency)), str(model))

    def truth_key(self, row: dict[str, str]) -> Key:
        return self.key(row["stem_next"], state_code(row["state"]), row["agency"], row["model"])


@pytest.fixture(scope="module")
def replay() -> Replay:
    return Replay()


def asked(row: dict[str, str]) -> set[str]:
    return ASKED.get(row["subclass"]) or ASKED.get(row["class"]) or {row["class"]}


def test_every_file_is_read(replay: Replay) -> None:
    assert not replay.problems
    assert len(replay.publications) == 394


def test_the_ground_truth_is_answered(replay: Replay) -> None:
    rows: dict[Key, list[str]] = defaultdict(list)
    sheets: dict[str, set[str]] = defaultdict(set)
    for found in replay.found:
        sheets[replay.content[str(found["file_next"])]].add(str(found["outcome"]))
        if found["agency"]:
            key = replay.key(found["file_next"], found["state"], found["agency"], found["model"])
            rows[key].append(str(found["outcome"]))
    sure = [row for row in replay.truth if row["confidence"] == "sure"]
    missed = []
    for row in sure:
        got = (
            set(rows[replay.truth_key(row)])
            if row["agency"]
            else sheets[replay.content[row["stem_next"]]]
        )
        if not got & asked(row):
            missed.append((row["class"], row["subclass"], row["agency"], got))
    assert len(missed) <= len(sure) * 0.005, missed


def test_every_signing_is_told_once_and_nothing_else_is(replay: Replay) -> None:
    told = Counter(
        replay.key(found["file_next"], found["state"], found["agency"], found["model"])
        for found in replay.found
        if found["told"] and found["outcome"] in SIGNINGS
    )
    new = [row for row in replay.truth if row["class"] == "new"]
    required = {replay.truth_key(row) for row in new if row["subclass"] in REQUIRED}
    allowed = {replay.truth_key(row) for row in new}
    assert {key: told[key] for key in required if told[key] != 1} == {}
    assert set(told) <= allowed
    assert all(
        found["file_told"] == found["file_next"]
        for found in replay.found
        if found["outcome"] in SIGNINGS
    )


def test_every_removal_is_told_once_and_in_time(replay: Replay) -> None:
    removed: dict[Key, list[timedelta]] = defaultdict(list)
    for found in replay.found:
        if found["outcome"] == "removed" and found["told"]:
            key = replay.key(found["file_next"], found["state"], found["agency"], found["model"])
            removed[key].append(
                replay.at[str(found["file_told"])] - replay.at[str(found["file_next"])]
            )
    last = max(replay.at.values())
    rows = [row for row in replay.truth if row["class"] == "removed"]
    due = {
        replay.truth_key(row)
        for row in rows
        if row["subclass"] in REMOVED and last - replay.at[row["stem_next"]] >= timedelta(days=12)
    }
    assert {key for key in due if len(removed[key]) != 1} == set()
    assert all(timedelta(days=7) <= wait <= timedelta(days=30) for k in due for wait in removed[k])
    assert {key for key, told in removed.items() if told} <= {replay.truth_key(row) for row in rows}


def test_the_sum_closes_after_every_publication(replay: Replay) -> None:
    standing: dict[str, object] = {}
    for result in replay.steps:
        for outcome in result.outcomes:
            apply(standing, outcome)  # type: ignore[arg-type]
        kept = {key: entry.agreement for key, entry in result.state.entries.items()}
        assert not differences(standing, kept)  # type: ignore[arg-type]
        assert counts(standing) == result.counts  # type: ignore[arg-type]


def test_the_published_counts_come_out(replay: Replay) -> None:
    """Agreements and models per publication, as counted by hand and by the press."""
    with (DATA / "counts.csv").open(encoding="utf-8") as lines:
        wanted = {row["published"]: row for row in csv.DictReader(lines)}
    checked = 0
    for publication in replay.publications:
        row = wanted.get(publication.modified_at.strftime("%Y-%m-%dT%H:%M"))
        if row is None or publication.kind is not ListKind.PARTICIPATING:
            continue
        models = Counter(one.model.value for one in publication.rows)
        assert len(publication.rows) == int(row["rows"])
        assert [models[m] for m in ("JEM", "TFM", "WSO")] == [
            int(row[m]) for m in ("JEM", "TFM", "WSO")
        ]
        assert len({one.state for one in publication.rows}) == int(row["jurisdictions"])
        checked += 1
    assert checked >= 140


def test_no_mailbox_and_no_wrapper_reaches_an_outcome(replay: Replay) -> None:
    text = repr([result.outcomes for result in replay.steps])
    assert "@" not in text.replace("[mailbox]", "")
    assert "safelinks" not in text


def removals(steps: list[LedgerStep]) -> set[tuple[str, str]]:
    def rows(outcome: LedgerOutcome) -> tuple[str, str]:
        assert outcome.before is not None
        return (f"{outcome.before.state} {fold(outcome.before.agency)}", outcome.before.model.value)

    return {
        rows(outcome)
        for result in steps
        for outcome in result.outcomes
        if outcome.outcome is OutcomeKind.REMOVED and outcome.told
    }


def drop(replay: Replay, at: int, days: float) -> tuple[set[tuple[str, str]], datetime]:
    """What is told as removed when publication `at` is never seen, for so many days after."""
    publications = replay.publications
    end = publications[at].modified_at + timedelta(days=days)
    rest = [p for p in publications[at + 1 :] if p.modified_at <= end]
    state = replay.steps[at - 1].state if at else None
    return removals(list(replay.play(rest, state))), end


def check_drops(replay: Replay, positions: list[int], days: float) -> None:
    """Every removal told without a publication is one that is told with it too."""
    whole = removals(replay.steps)
    for at in positions:
        told, _ = drop(replay, at, days)
        assert told <= whole, (replay.publications[at].stem, told - whole)


def participating(replay: Replay) -> list[int]:
    return [
        number
        for number, publication in enumerate(replay.publications)
        if number and publication.kind is ListKind.PARTICIPATING
    ]


def test_a_dropped_publication_tells_no_false_removal(replay: Replay) -> None:
    positions = participating(replay)
    check_drops(replay, positions[:: max(1, len(positions) // 20)][:20], days=9)


@pytest.mark.long
def test_no_dropped_publication_tells_a_false_removal(replay: Replay) -> None:
    """Every tenth is dropped and the month after it played; all of them with MONITOR_SOAK=1."""
    every = 1 if os.environ.get("MONITOR_SOAK") == "1" else 10
    check_drops(replay, participating(replay)[3::every], days=25)


def test_the_publishers_own_errors_are_found(replay: Replay) -> None:
    last = replay.steps[-1].state
    assert last.last is not None
    found = oddities(last.rows, last.last.modified_at, knowledge().counties)
    by_kind = {(odd.kind, odd.row.agency) for odd in found}
    assert (OddityKind.FOREIGN_FILE, "Montour County Sheriff's Office") in by_kind
    assert (OddityKind.SHARED_FILE, "Sebastian Police Department") in by_kind
    assert (OddityKind.OTHER_MODEL, "Rush County Sheriff's Office") in by_kind
    assert len(found) < 20
