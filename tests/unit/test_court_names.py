"""Short names of courts stand for the states in which these sit."""

from __future__ import annotations

import pytest

from tests.detection import read

CASE = "Ruiz v. The Sheriff, No. 18-7"


@pytest.mark.parametrize(
    ("cited", "state"),
    [
        ("(S.D. Fla. 2025)", "FL"),
        ("(D. Md. 2025)", "MD"),
        ("(N.D. Cal. 2025)", "CA"),
        ("(S.D.N.Y. 2025)", "NY"),
        ("(W.D. Wash. 2025)", "WA"),
        ("(N.D. Ohio 2025)", "OH"),
        ("(Colo. App. 2025)", "CO"),
    ],
)
def test_state_of_court(cited: str, state: str) -> None:
    text = f"The court held that jails may not keep people on ICE detainers {cited}."
    told = {(str(one.event_type), one.jurisdiction.state) for one in read(text, CASE)}
    assert ("court_ruling", state) in told


def test_states_are_still_read() -> None:
    text = "A judge in Bismarck, N.D., ruled on Tuesday that jails may not honor ICE detainers."
    assert {one.jurisdiction.state for one in read(text)} == {"ND"}
