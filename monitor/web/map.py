"""State and county maps as inline SVG: geometry and classes only, no script, no style."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from monitor.domain.states import STATES

OUTLINES = Path(__file__).parent / "outlines.json"
STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One area: an SVG path, its name, its number and the step (0 to 5) that colours it."""

    key: str  #: state code or FIPS
    name: str
    path: str
    value: int
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaMap:
    """Shapes inside a view box, the bounds of the steps, and what has no place on the map."""

    view_box: str
    shapes: tuple[Shape, ...]
    bounds: tuple[int, ...]  #: upper bound of each step from 1 on
    elsewhere: tuple[tuple[str, str, int], ...] = ()  #: (key, name, value) that is not drawn


@lru_cache(maxsize=1)
def _outlines() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(OUTLINES.read_text("utf-8"))
    return found


def step_bounds(values: Mapping[str, int]) -> tuple[int, ...]:
    """Upper bounds of up to five steps, by equal shares of the areas that have any."""
    numbers = sorted(value for value in values.values() if value > 0)
    if not numbers:
        return ()
    picks = (numbers[min(len(numbers) - 1, len(numbers) * n // STEPS)] for n in range(1, STEPS))
    return tuple(sorted({*picks, numbers[-1]}))


def state_map(values: Mapping[str, int]) -> AreaMap:
    """All states, coloured by their numbers; territories stand in `elsewhere`."""
    outlines = _outlines()["states"]
    bounds = step_bounds(values)
    shapes = tuple(
        _shape(code, STATES[code], path, values.get(code, 0), bounds)
        for code, path in outlines.items()
    )
    rest = tuple(
        (code, STATES.get(code, code), number)
        for code, number in sorted(values.items())
        if code not in outlines and number
    )
    return AreaMap(view_box="-60 0 1040 620", shapes=shapes, bounds=bounds, elsewhere=rest)


def county_map(
    state_fips: str, values: Mapping[str, int], names: Mapping[str, str]
) -> AreaMap | None:
    """The counties of one state, None where there are no outlines (territories)."""
    outlines = {k: p for k, p in _outlines()["counties"].items() if k.startswith(state_fips)}
    if not outlines:
        return None
    bounds = step_bounds(values)
    shapes = tuple(
        _shape(fips, names.get(fips, fips), path, values.get(fips, 0), bounds)
        for fips, path in outlines.items()
    )
    rest = tuple(
        (fips, names.get(fips, fips), number)
        for fips, number in sorted(values.items())
        if fips not in outlines and number
    )
    box = _view_box(outlines.values())
    return AreaMap(view_box=box, shapes=shapes, bounds=bounds, elsewhere=rest)


def _shape(key: str, name: str, path: str, value: int, bounds: tuple[int, ...]) -> Shape:
    step = 0 if value <= 0 else 1 + sum(value > bound for bound in bounds)
    return Shape(key=key, name=name, path=path, value=value, step=min(step, STEPS))


def _view_box(paths: Iterable[str]) -> str:
    xs: list[float] = []
    ys: list[float] = []
    for path in paths:
        for ring in path.split("M")[1:]:
            x = y = 0.0
            for pair in ring.rstrip("z").replace("l", " ").split():
                dx, dy = pair.split(",")
                x, y = x + float(dx), y + float(dy)
                xs.append(x)
                ys.append(y)
    left, top = min(xs) - 1, min(ys) - 1
    return f"{left:.1f} {top:.1f} {max(xs) - left + 1:.1f} {max(ys) - top + 1:.1f}"
