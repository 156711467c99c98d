"""Compare the ledger's replay with the ground truth beside it: `python bench/ledger_score.py DIR`.

DIR holds `workbooks/` and `ground_truth.csv` (see docs/ledger.md). Prints every miss, every told
signing or removal that the truth does not have, and a table by class.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path

from monitor.detect.ledger.normalise import state_code
from monitor.detect.ledger.places import Places
from monitor.detect.ledger.publication import read_publication
from monitor.detect.ledger.state import LedgerRules
from monitor.domain.roster import Agreement
from monitor.domain.roster_fold import apply, counts, differences
from monitor.resolve.agency import fold
from monitor.resolve.gazetteer import Gazetteer
from monitor.services.ledger_replay import outcome_objects, read_directory, steps

ROOT = Path(__file__).resolve().parent.parent
SIGNINGS = {"signed", "signed_additional_model", "resigned"}
ASKED: dict[tuple[str, str], set[str]] = {
    ("new", "new_agency"): {"signed", "signed_additional_model"},
    ("new", "returning_agency_other_model"): {"signed", "signed_additional_model"},
    ("new", "additional_model"): {"signed_additional_model", "signed"},
    ("new", "re-signed_after_gap"): {"resigned"},
    ("new", "re-signed_under_new_name"): {"resigned"},
    ("new", "restored_same_agreement"): {"restored"},
    ("removed", "model_switch"): {"model_switched", "missing"},
    ("model_switch", ""): {"model_switched", "signed_additional_model"},
    ("re-dated", ""): {"redated"},
    ("signed_typo_fixed", ""): {"signed_corrected"},
    ("signed_filled", ""): {"signed_corrected"},
    ("type_changed", ""): {"type_corrected"},
    ("duplicate_row_added", ""): {"duplicate_added"},
    ("duplicate_row_removed", ""): {"duplicate_removed"},
    ("removed", ""): {"missing"},
    ("row_order_changed", ""): {"reordered"},
    ("resaved_same_content", ""): {"resaved"},
    ("schema_change", ""): {"schema_changed"},
}
SHEET = {"row_order_changed", "resaved_same_content", "hidden_rows", "schema_change"}


def asked(row: dict[str, str]) -> set[str]:
    """The outcomes that answer a row of the truth."""
    exact = ASKED.get((row["class"], row["subclass"]))
    return exact or ASKED.get((row["class"], "")) or {row["class"]}


class Score:
    """The replay beside the truth."""

    def __init__(self, data: Path) -> None:
        gazetteer = Gazetteer.parse(
            (ROOT / "monitor/data/counties.csv").read_text(encoding="utf-8"),
            (ROOT / "monitor/data/places.csv").read_text(encoding="utf-8"),
        )
        tables, problems = read_directory(data / "workbooks")
        print(f"{len(tables)} tables, problems: {problems}")
        started = time.perf_counter()
        self.rules = load_rules()
        self.places = Places(is_place=lambda s, n: gazetteer.place(s, n) is not None)
        self.steps = list(steps(tables, rules=self.rules, counties=gazetteer, places=self.places))
        print(f"replayed in {time.perf_counter() - started:.1f} s; {self.steps[-1].counts}")
        self.fold_check()
        self.content: dict[str, str] = {}
        self.at: dict[str, object] = {}
        self.order: list[str] = []
        for table in tables:
            read = read_publication(table, now=table.modified_at, counties=gazetteer)
            stem = table.file_name.removesuffix(".xlsx")
            self.content[stem] = read.raw_fingerprint
            self.at[stem] = table.modified_at
            if read.kind.value == "participating" and read.raw_fingerprint not in self.order:
                self.order.append(read.raw_fingerprint)
        self.found = [
            found
            for s in self.steps
            for outcome in s.outcomes
            for found in outcome_objects(outcome)
        ]
        with (data / "ground_truth.csv").open(encoding="utf-8") as lines:
            self.truth = list(csv.DictReader(lines))

    def fold_check(self) -> None:
        """The fold over the log must stand where the ledger stands, after every publication."""
        standing: dict[str, Agreement] = {}
        bad = 0
        for s in self.steps:
            for outcome in s.outcomes:
                apply(standing, outcome)
            kept = {key: entry.agreement for key, entry in s.state.entries.items()}
            seen = {k: v for k, v in standing.items() if not k.startswith("unread-")}
            wrong = differences(seen, kept)
            if wrong or counts(standing) != s.counts:
                bad += 1
                last = s.state.last.stem if s.state.last else ""
                print("FOLD", last, counts(standing), s.counts, wrong[:5])
        print("publications where the fold disagrees:", bad)

    def key(self, stem: str, state: str, agency: str, model: str) -> tuple[str, str, str, str]:
        return (self.content.get(stem, stem), state, fold(agency or ""), model)

    def run(self) -> int:
        for s in self.steps:
            for note in s.notes:
                print("NOTE", note)
        used = self.rows()
        self.extras(used)
        self.signings(used)
        self.pending()
        self.removals()
        return 0

    def rows(self) -> set[int]:
        """Every row of the truth looked up among the outcomes of the same publication."""
        index: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
        sheets: dict[str, list[int]] = defaultdict(list)
        for number, found in enumerate(self.found):
            stem = found["file_next"] or ""
            sheets[self.content.get(stem, stem)].append(number)
            if found["agency"]:
                key = self.key(stem, found["state"] or "", found["agency"], found["model"])
                index[key].append(number)
        hit: Counter[str] = Counter()
        all_: Counter[str] = Counter()
        used: set[int] = set()
        for row in self.truth:
            label = (
                f"{row['class']}/{row['subclass']}"
                if row["class"] in {"new", "removed"}
                else row["class"]
            )
            all_[label] += 1
            if row["class"] in SHEET:
                numbers = sheets[self.content[row["stem_next"]]]
            else:
                numbers = index[
                    self.key(
                        row["stem_next"],
                        state_code(row["state"]) or "",
                        row["agency"],
                        row["model"],
                    )
                ]
            match = [n for n in numbers if self.found[n]["outcome"] in asked(row)]
            if match:
                hit[label] += 1
                used.update(match)
            else:
                got = (
                    [self.found[n]["outcome"] for n in numbers][:8]
                    if row["class"] not in SHEET
                    else ""
                )
                print(
                    "MISS",
                    label,
                    row["date_next"],
                    row["state"],
                    "|",
                    row["agency"],
                    "|",
                    row["model"],
                    row["signed_prev"],
                    row["signed_next"],
                    row["confidence"],
                    row["note"][:90],
                    "GOT",
                    got,
                )
        for label in sorted(all_):
            print(f"{label:50} {hit[label]:5} of {all_[label]:5}")
        sure = sum(all_.values())
        print(f"all {sum(hit.values())} of {sure}: {sum(hit.values()) / sure:.4f}")
        return used

    def extras(self, used: set[int]) -> None:
        """Outcomes on rows of the participating list that the truth does not have."""
        skip = {"baseline", "removed", "pending_added", "pending_left", "mass_edit", "swapped"}
        first = self.order[0]
        count: Counter[str] = Counter()
        for number, found in enumerate(self.found):
            stem = self.content.get(found["file_next"] or "", "")
            if (
                number in used
                or found["outcome"] in skip
                or stem not in self.order
                or stem == first
            ):
                continue
            count[found["outcome"]] += 1
            if found["outcome"] not in {"cosmetic", "hidden_rows", "resaved", "reordered"}:
                print("EXTRA", json.dumps(found))
        print("extra outcomes", dict(count))

    def pending(self) -> None:
        """`from_pending` of signings against the truth's promoted_from_pending."""
        index = {
            (self.content.get(f["file_next"], ""), f["state"], fold(f["agency"]), f["model"]): f
            for f in self.found
            if f["outcome"] in SIGNINGS and f["agency"]
        }
        tally: Counter[tuple[bool, bool]] = Counter()
        for row in self.truth:
            if row["class"] != "new":
                continue
            key = self.key(
                row["stem_next"], state_code(row["state"]) or "", row["agency"], row["model"]
            )
            found = index.get(key)
            if found is None:
                continue
            want = bool(row["promoted_from_pending"])
            tally[(want, found["from_pending"])] += 1
            if want != found["from_pending"]:
                print(
                    "PENDING",
                    want,
                    row["promoted_from_pending"],
                    row["date_next"],
                    row["state"],
                    row["agency"],
                    row["model"],
                    row["note"][:80],
                )
        print("from pending (truth, ours):", dict(tally))

    def signings(self, used: set[int]) -> None:
        """Told signings: once each, late by at most three publications, and no others."""
        told = [
            (n, f)
            for n, f in enumerate(self.found)
            if f["told"] and f["outcome"] in SIGNINGS | {"model_switched", "restored"}
        ]
        for number, found in told:
            if number not in used:
                print("EXTRA SIGNING", json.dumps(found))
        wanted = [r for r in self.truth if r["class"] == "new"]
        print(f"told signings {len(told)}, new in the truth {len(wanted)}")
        names = Counter(
            (f["state"], fold(f["agency"]), f["model"], f["signed_next"]) for _, f in told
        )
        for name, n in names.items():
            if n > 1:
                print("TOLD TWICE", name, n)

    def removals(self) -> None:
        """Told removals against the truth's, with the days from absence to telling."""
        last = max(self.at.values())
        removed = {}
        for found in self.found:
            if found["outcome"] == "removed" and found["told"]:
                key = self.key(found["file_next"], found["state"], found["agency"], found["model"])
                if key in removed:
                    print("REMOVED TWICE", key)
                removed[key] = found
        good = set()
        for row in self.truth:
            if row["class"] != "removed":
                continue
            key = self.key(
                row["stem_next"], state_code(row["state"]) or "", row["agency"], row["model"]
            )
            found = removed.get(key)
            due = row["subclass"] in {
                "agency_gone",
                "one_model_dropped_agency_stays",
                "model_switch",
            }
            days = (
                (self.at[found["file_told"]] - self.at[found["file_next"]]).days if found else None
            )
            if found:
                good.add(key)
            fresh = last - self.at[row["stem_next"]] < timedelta(days=12)
            if due and not found and not fresh:
                print(
                    "NOT TOLD REMOVED", row["date_next"], row["state"], row["agency"], row["model"]
                )
            if found and days > 30:
                print("LATE", days, key)
            if not due and found:
                print(
                    "TOLD, later undone",
                    row["subclass"],
                    row["date_next"],
                    row["agency"],
                    row["model"],
                    days,
                )
        for key, found in removed.items():
            if key not in good:
                print("EXTRA REMOVED", json.dumps(found))
        print(f"told removals {len(removed)}")


def load_rules() -> LedgerRules:
    """The rules of the package."""
    return LedgerRules()


if __name__ == "__main__":
    sys.exit(Score(Path(sys.argv[1])).run())
