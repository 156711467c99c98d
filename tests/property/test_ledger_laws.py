"""Laws of the ledger over random histories: the log gives the list, and noise tells nothing."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.detect.ledger.codec import decode, encode
from monitor.detect.ledger.publication import value
from monitor.detect.ledger.state import LedgerState, LedgerStep
from monitor.domain.item import Table, TableRow
from monitor.domain.roster import LedgerOutcome, OutcomeKind, RosterRow
from monitor.domain.roster_fold import agreements_at, counts, differences
from tests.rosters import PENDING, Line, flat, play, sheriff, table, take

COUNTIES = ("Polk", "Bell", "Webb", "Hill", "Lamb", "Baker", "Bay", "Milam", "Lee", "Leon")
MODELS = ("Task Force Model", "Warrant Service Officer", "Jail Enforcement Model")
SIGNINGS = {
    OutcomeKind.SIGNED,
    OutcomeKind.SIGNED_ADDITIONAL_MODEL,
    OutcomeKind.RESIGNED,
    OutcomeKind.RESTORED,
    OutcomeKind.DUPLICATE_ADDED,
}


def one_list(chance: random.Random) -> list[Line]:
    """A list without the same agency and model twice, as ICE means it."""
    found: dict[tuple[str, str, str], Line] = {}
    for _ in range(chance.randint(3, 14)):
        county, state = chance.choice(COUNTIES), chance.choice(("TEXAS", "FLORIDA"))
        model = chance.choice(MODELS)
        line = replace(
            sheriff(county, state), model=model, signed=f"2025-02-0{chance.randint(1, 3)}"
        )
        if chance.random() < 0.5:
            line = replace(line, agency=f"{county} Police Department", type="Municipality")
        if chance.random() < 0.5:
            line = replace(line, moa=f"{county}{state[:2]}_{model[:4]}.pdf")
        found[(line.state, line.agency, line.model)] = line
    return list(found.values())


def one_history(seed: int) -> list[list[Line]]:
    """Lists of one history: each keeps most rows of the one before and edits, drops, adds some."""
    chance = random.Random(seed)
    history = [one_list(chance)]
    for _ in range(chance.randint(1, 6)):
        kept = [line for line in history[-1] if chance.random() < 0.8]
        kept = [edited(line, chance) if chance.random() < 0.3 else line for line in kept]
        fresh = [line for line in one_list(chance) if chance.random() < 0.4]
        merged = {(line.state, line.agency, line.model): line for line in (*kept, *fresh)}
        rows = list(merged.values())
        if chance.random() < 0.3:
            chance.shuffle(rows)
        history.append(rows)
    return history


def edited(line: Line, chance: random.Random) -> Line:
    """One cell changed, by a typing error or in earnest."""
    at = chance.randrange(2, len(line.agency) - 8)
    typo = line.agency[:at] + line.agency[at + 1] + line.agency[at] + line.agency[at + 2 :]
    changes = (
        *({"signed": "2025-02-07"}, {"type": "State Agency"}, {"county": "#N/A"}),
        *({"agency": typo}, {"moa": "other_file.pdf"}, {"moa": None}, {"model": MODELS[0]}),
        *({"state": "TEXSA" if line.state == "TEXAS" else "FLORDIA"}, {"state": "ATLANTIS"}),
    )
    return replace(line, **chance.choice(changes))


seeds = st.integers(0, 2**32 - 1)
histories = seeds.map(one_history)
lists = seeds.map(lambda seed: one_list(random.Random(seed)))
few = settings(max_examples=60)


def run(history: list[list[Line]]) -> list[LedgerStep]:
    return play(table(rows, number * 3) for number, rows in enumerate(history))


def contents(rows: tuple[RosterRow, ...]) -> Counter[RosterRow]:
    return Counter(value(row) for row in rows)


def applied(rows: tuple[RosterRow, ...], outcomes: list[LedgerOutcome]) -> Counter[RosterRow]:
    """The list after outcomes, from the list before and the outcomes alone."""
    now = contents(rows)
    moved: set[tuple[str, int, int]] = set()
    for outcome in outcomes:
        before, after = outcome.before, outcome.after
        if outcome.outcome in SIGNINGS and after:
            now[value(after)] += 1
        elif outcome.outcome in {OutcomeKind.MISSING, OutcomeKind.DUPLICATE_REMOVED} and before:
            now[value(before)] -= 1
        elif before and after and outcome.outcome is not OutcomeKind.REMOVED:
            once = (outcome.fingerprint, before.number, after.number)
            now[value(before)] -= once not in moved
            now[value(after)] += once not in moved
            moved.add(once)
    return +now


@few
@given(histories)
def test_the_outcomes_applied_to_the_list_before_give_the_list_after(
    history: list[list[Line]],
) -> None:
    steps = run(history)
    for before, after in pairwise(steps):
        if any(outcome.outcome is OutcomeKind.HELD for outcome in after.outcomes):
            continue
        got = applied(before.state.rows, flat(after.outcomes))
        assert got == contents(after.state.rows)


@few
@example(one_history(2265))  # a row listed twice, of which one copy changes its model
@example(one_history(2484))  # a state corrected onto an agreement that is missing
@example(one_history(2931))  # the same, and one model more two lists later
@example(one_history(4345))  # a copy leaves while the other cannot be read
@example(one_history(6528))  # a row typed over in three cells at once
@given(histories)
def test_the_fold_of_the_log_stands_where_the_ledger_stands(history: list[list[Line]]) -> None:
    log: list[LedgerOutcome] = []
    for result in run(history):
        log.extend(result.outcomes)
        standing = agreements_at(log)
        kept = {key: entry.agreement for key, entry in result.state.entries.items()}
        assert not differences(standing, kept)
        assert counts(standing) == result.counts


@few
@given(histories)
def test_the_sum_never_shrinks_and_nothing_is_told_twice(history: list[list[Line]]) -> None:
    steps = run(history)
    sums = [result.counts.ever_listed for result in steps]
    assert sums == sorted(sums)
    told = [
        (o.outcome, o.agreement_id, o.file_next, o.column)
        for result in steps
        for o in flat(result.outcomes)
        if o.told
    ]
    assert len(told) == len(set(told))


@few
@given(histories)
def test_a_replay_gives_the_same_log(history: list[list[Line]]) -> None:
    once, twice = run(history), run(history)
    assert [r.outcomes for r in once] == [r.outcomes for r in twice]
    assert encode(once[-1].state) == encode(twice[-1].state)


@few
@given(histories)
def test_the_state_survives_as_bytes(history: list[list[Line]]) -> None:
    for result in run(history):
        assert decode(encode(result.state)) == result.state


@few
@given(histories, st.integers(1, 5))
def test_a_ledger_resumed_from_bytes_goes_on_as_if_it_never_stopped(
    history: list[list[Line]], at: int
) -> None:
    tables = [table(rows, number * 3) for number, rows in enumerate(history)]
    whole = play(tables)
    cut = min(at, len(tables) - 1)
    state: LedgerState = decode(encode(whole[cut - 1].state))
    resumed = play(tables[cut:], state)
    assert [r.outcomes for r in resumed] == [r.outcomes for r in whole[cut:]]


WRAP = "https://gcc02.safelinks.protection.outlook.com/?url={}&data=05%7Ca.b%40c.example%7C0"


def noisy(one: Table, seed: int) -> Table:
    """The same list as another hand would save it: order, space, quotes, case, wrapped links."""
    chance = random.Random(seed)

    def cell(text: str, column: str) -> str:
        if column in {"STATE", "TYPE"} and chance.random() < 0.3:
            text = text.title()
        if chance.random() < 0.3:
            text = text.replace("'", "\u2019").replace(" ", "\u00a0", 1)
        return text + " " * chance.randrange(3) if column != "SIGNED" else text

    def link(target: str | None) -> str | None:
        if target is None or chance.random() < 0.5:
            return target
        kinds = (WRAP.format(target.replace("/", "%2F").replace(":", "%3A")), "http" + target[5:])
        return chance.choice(kinds)

    rows = [
        TableRow(
            number=0,
            cells=tuple(cell(text, name) for text, name in zip(row.cells, one.header, strict=True)),
            links=tuple(map(link, row.links)),
            hidden=chance.random() < 0.2,
        )
        for row in one.rows
    ]
    chance.shuffle(rows)
    numbered = tuple(replace(row, number=n) for n, row in enumerate(rows, 2))
    return replace(one, rows=numbered)


@few
@given(lists, seeds)
def test_order_space_quotes_and_wrapping_tell_nothing(rows: list[Line], seed: int) -> None:
    state = play([table(rows, 0)])[0].state
    again = take(state, noisy(table(rows, 1), seed))
    assert not any(outcome.told for outcome in flat(again.outcomes))
    assert again.counts == play([table(rows, 0)])[0].counts
    quiet = {OutcomeKind.COSMETIC, OutcomeKind.REORDERED, OutcomeKind.HIDDEN_ROWS}
    allowed = quiet | {OutcomeKind.MASS_EDIT, OutcomeKind.RESAVED}
    assert {outcome.outcome for outcome in flat(again.outcomes)} <= allowed


@few
@given(histories, seeds)
def test_noise_on_the_way_changes_no_told_outcome(history: list[list[Line]], seed: int) -> None:
    """A noisy history tells the same agreements the same things."""
    tables = [table(rows, number * 3) for number, rows in enumerate(history)]
    plain = play(tables)
    loud = play([tables[0], *(noisy(one, seed + n) for n, one in enumerate(tables[1:]))])

    def told(steps: list[LedgerStep]) -> list[Counter[tuple[str, str]]]:
        return [
            Counter((o.outcome.value, o.agreement_id) for o in flat(s.outcomes) if o.told)
            for s in steps
        ]

    unique = all(len({(r.state, r.model) for r in rows}) == len(rows) for rows in history)
    if unique:  # where several rows could pair, order may choose among equals
        assert told(loud) == told(plain)
    assert [s.counts for s in loud] == [s.counts for s in plain]


@few
@given(histories, st.integers(0, 5))
def test_a_list_left_out_never_tells_a_removal_of_what_stays(
    history: list[list[Line]], dropped: int
) -> None:
    """A removal is only ever told of a row that the last list does not have."""
    tables = [table(rows, number * 3) for number, rows in enumerate(history)]
    steps = play([one for number, one in enumerate(tables) if number != dropped])
    for result in steps:
        live = {(row.agency_id, row.model) for row in result.state.rows}
        for outcome in result.outcomes:
            if outcome.outcome is OutcomeKind.REMOVED and outcome.before:
                assert (outcome.before.agency_id, outcome.before.model) not in live


@few
@given(st.lists(lists, min_size=1, max_size=4))
def test_pending_lists_tell_each_application_once(history: list[list[Line]]) -> None:
    steps = play(table(rows, n, header=PENDING) for n, rows in enumerate(history))
    told = [
        (o.after.state, o.after.agency, o.after.model)
        for result in steps
        for o in result.outcomes
        if o.told and o.after
    ]
    assert len(told) == len(set(told))
    for result in steps:
        assert decode(encode(result.state)) == result.state


#: Counties that all of these states have.
NAMESAKES = ("Jackson", "Jefferson", "Madison", "Franklin", "Lee", "Polk")
THEIR_STATES = ("TEXAS", "FLORIDA", "GEORGIA", "ARKANSAS")


def one_partial(seed: int) -> tuple[list[Line], list[Line], list[Line]]:
    """(whole, partial, new): rows that part of a file lacks, and new namesakes of those."""
    chance = random.Random(seed)
    names = [(c, s, m) for c in NAMESAKES for s in THEIR_STATES for m in MODELS]
    lines = [
        replace(sheriff(county, state), model=model, signed=f"2025-02-0{chance.randint(1, 2)}")
        for county, state, model in chance.sample(names, 60)
    ]
    missing = chance.sample(lines, chance.randint(4, 8))
    taken = {(line.agency, line.state, line.model) for line in lines}
    new = []
    for line in chance.sample(missing, chance.randint(1, 3)):
        other = replace(line, state=chance.choice(THEIR_STATES))
        if chance.random() < 0.4:
            other = replace(line, model=chance.choice(MODELS))
        if (other.agency, other.state, other.model) not in taken:
            taken.add((other.agency, other.state, other.model))
            new.append(other)
    return lines, [*(line for line in lines if line not in missing), *new], new


@few
@given(seeds.map(one_partial))
def test_a_partial_list_loses_no_signing_and_tells_no_change(
    case: tuple[list[Line], list[Line], list[Line]],
) -> None:
    whole, partial, new = case
    steps = play([table(whole, 0), table(partial, 1), table([*whole, *new], 2)])
    told = [o for o in flat(steps[1].outcomes) if o.told]
    assert {o.outcome for o in told} <= {OutcomeKind.SIGNED, OutcomeKind.SIGNED_ADDITIONAL_MODEL}
    listed = Counter((o.after.agency, o.after.state, o.after.model) for o in told if o.after)
    wanted = steps[1].state.rows[len(partial) - len(new) :]
    assert listed == Counter((row.agency, row.state, row.model) for row in wanted)
    assert [o for o in flat(steps[2].outcomes) if o.told] == []
    assert steps[2].counts.active == steps[2].counts.ever_listed == len(whole) + len(new)
