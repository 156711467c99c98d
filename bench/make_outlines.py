"""Generate monitor/web/outlines.json: simplified outlines of states and counties for the maps.

    npm pack us-atlas@3.0.1   # unpack; Census cartographic boundaries 2017, public domain (ISC)
    python bench/make_outlines.py ATLAS_DIR monitor/web/outlines.json

Coordinates are the Albers projection of the atlas (975 x 610), shapes are simplified arc by arc
(so neighbours stay together) and written as SVG paths "Mx,yldx,dy dx,dy…z".
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

_CODES = (
    "01AL 02AK 04AZ 05AR 06CA 08CO 09CT 10DE 11DC 12FL 13GA 15HI 16ID 17IL 18IN 19IA 20KS "
    "21KY 22LA 23ME 24MD 25MA 26MI 27MN 28MS 29MO 30MT 31NE 32NV 33NH 34NJ 35NM 36NY 37NC "
    "38ND 39OH 40OK 41OR 42PA 44RI 45SC 46SD 47TN 48TX 49UT 50VT 51VA 53WA 54WV 55WI 56WY "
)
STATE_CODES = {pair[:2]: pair[2:] for pair in _CODES.split()}
Point = tuple[float, float]


def simplified(points: list[Point], tolerance: float) -> list[Point]:
    """Ramer-Douglas-Peucker, ends kept."""
    if len(points) < 3:
        return points
    (x0, y0), (x1, y1) = points[0], points[-1]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    far, where = 0.0, 0
    for index, (x, y) in enumerate(points[1:-1], 1):
        if length:
            away = abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length
        else:
            away = ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5
        if away > far:
            far, where = away, index
    if far <= tolerance:
        return [points[0], points[-1]]
    left, right = points[: where + 1], points[where:]
    return simplified(left, tolerance)[:-1] + simplified(right, tolerance)


def paths(file: Path, name: str, tolerance: float, smallest: int) -> dict[str, str]:
    """SVG path by id of one object of a topology."""
    topology = json.loads(file.read_text())
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs: list[list[Point]] = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(simplified(points, tolerance))

    def ring(indices: list[int]) -> list[Point]:
        found: list[Point] = []
        for index in indices:
            part = arcs[index] if index >= 0 else arcs[~index][::-1]
            found += part if not found else part[1:]
        return found

    shapes = {}
    for geometry in topology["objects"][name]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        rings = sorted((ring(r) for polygon in polygons for r in polygon), key=len, reverse=True)
        kept = [r for r in rings[1:] if len(r) >= smallest]
        shapes[geometry["id"]] = "".join(_path(r) for r in [rings[0], *kept])
    return shapes


def _path(points: list[Point]) -> str:
    tenths = [(round(x * 10), round(y * 10)) for x, y in points]
    steps = [tenths[0]]
    previous = tenths[0]
    for x, y in tenths[1:]:
        step = (x - previous[0], y - previous[1])
        if step != (0, 0):
            steps.append(step)
        previous = (x, y)
    text = [f"{_short(x)},{_short(y)}" for x, y in steps]
    return f"M{text[0]}l{' '.join(text[1:])}z"


def _short(tenths: int) -> str:
    whole = f"{tenths / 10:.1f}".removesuffix(".0")
    return whole.replace("0.", ".", 1) if whole.startswith(("0.", "-0.")) else whole


def main() -> None:
    """Write the file."""
    atlas, out = Path(sys.argv[1]), Path(sys.argv[2])
    states = paths(atlas / "states-albers-10m.json", "states", 0.9, 7)
    counties = paths(atlas / "counties-albers-10m.json", "counties", 0.25, 5)
    data = {
        "about": "Simplified from US Census cartographic boundaries 2017 (public domain), "
        "by way of us-atlas; see bench/make_outlines.py",
        "states": {STATE_CODES[k]: v for k, v in sorted(states.items()) if k in STATE_CODES},
        "counties": dict(sorted(counties.items())),
    }
    out.write_text(json.dumps(data, indent=0) + "\n")


if __name__ == "__main__":
    main()
