"""Pictures for mails: a tile map of the states and a trend, as opaque PNG; same input, same bytes.

Mail programs invert or drop what is transparent, so everything stands on white. A table with the
same numbers always stands beside a picture.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

#: Column and row of each state in the tile map (the layout used by NPR's visuals team), the
#: territories in a row below.
TILES: dict[str, tuple[int, int]] = {
    "AK": (0, 0), "ME": (10, 0), "VT": (9, 1), "NH": (10, 1),
    "WA": (0, 2), "ID": (1, 2), "MT": (2, 2), "ND": (3, 2), "MN": (4, 2), "IL": (5, 2),
    "WI": (6, 2), "MI": (7, 2), "NY": (8, 2), "RI": (9, 2), "MA": (10, 2),
    "OR": (0, 3), "NV": (1, 3), "WY": (2, 3), "SD": (3, 3), "IA": (4, 3), "IN": (5, 3),
    "OH": (6, 3), "PA": (7, 3), "NJ": (8, 3), "CT": (9, 3),
    "CA": (0, 4), "UT": (1, 4), "CO": (2, 4), "NE": (3, 4), "MO": (4, 4), "KY": (5, 4),
    "WV": (6, 4), "VA": (7, 4), "MD": (8, 4), "DE": (9, 4),
    "AZ": (1, 5), "NM": (2, 5), "KS": (3, 5), "AR": (4, 5), "TN": (5, 5), "NC": (6, 5),
    "SC": (7, 5), "DC": (8, 5),
    "OK": (3, 6), "LA": (4, 6), "MS": (5, 6), "AL": (6, 6), "GA": (7, 6),
    "HI": (0, 7), "TX": (3, 7), "FL": (8, 7),
    "AS": (0, 8), "GU": (1, 8), "MP": (2, 8), "PR": (9, 8), "VI": (10, 8),
}  # fmt: skip

_TILE = 52
_GAP = 4
_MARGIN = 12
_WHITE = (255, 255, 255)
_INK = (31, 41, 55)
_PALE = (148, 163, 184)
_EMPTY = (241, 245, 249)
#: Light to dark blue; readable with every kind of colour vision, neutral about direction.
_SCALE = ((205, 224, 241), (150, 190, 224), (92, 148, 200), (43, 105, 168), (16, 64, 120))


def state_map(by_state: Sequence[tuple[str, int]]) -> bytes:
    """A PNG of the tile map, each state with its number; what is no state is counted below it."""
    numbers = {state: number for state, number in by_state if state in TILES}
    elsewhere = sum(number for state, number in by_state if state not in TILES)
    width = 11 * (_TILE + _GAP) + 2 * _MARGIN
    height = 9 * (_TILE + _GAP) + 2 * _MARGIN + 22
    image = Image.new("RGB", (width, height), _WHITE)
    draw = ImageDraw.Draw(image)
    most = max(numbers.values(), default=0)
    for state, (column, row) in TILES.items():
        _tile(draw, state, numbers.get(state, 0), most, (column, row))
    if elsewhere:
        note = f"Federal or not on the map: {elsewhere}"
        draw.text((_MARGIN, height - 30), note, fill=_INK, font=_font(14))
    return _png(image)


def trend_chart(points: Sequence[tuple[str, int]]) -> bytes:
    """A PNG of bars, one per day or week, first and last labelled, the highest with its number."""
    width, height, floor = 640, 170, 136
    image = Image.new("RGB", (width, height), _WHITE)
    draw = ImageDraw.Draw(image)
    most = max((number for _, number in points), default=0) or 1
    step = (width - 2 * _MARGIN) / max(1, len(points))
    highest = max(range(len(points)), key=lambda at: points[at][1], default=0)
    for at, (_, number) in enumerate(points):
        left = _MARGIN + at * step
        top = floor - round((floor - 28) * number / most)
        if number:
            draw.rectangle((left, top, left + max(2, step - 3), floor), fill=_SCALE[3])
        if at == highest:
            draw.text((left, top - 18), str(number), fill=_INK, font=_font(14))
    draw.line((_MARGIN, floor + 1, width - _MARGIN, floor + 1), fill=_PALE)
    if points:
        draw.text((_MARGIN, floor + 8), points[0][0], fill=_INK, font=_font(14))
        last = points[-1][0]
        end = width - _MARGIN - draw.textlength(last, font=_font(14))
        draw.text((end, floor + 8), last, fill=_INK, font=_font(14))
    return _png(image)


def _tile(
    draw: ImageDraw.ImageDraw, state: str, number: int, most: int, at: tuple[int, int]
) -> None:
    left = _MARGIN + at[0] * (_TILE + _GAP)
    top = _MARGIN + at[1] * (_TILE + _GAP)
    level = 0 if not number else 1 + (len(_SCALE) - 1) * (number - 1) // max(1, most - 1 or 1)
    fill = _SCALE[level - 1] if level else _EMPTY
    ink = _WHITE if level > 3 else (_INK if level else _PALE)
    draw.rectangle((left, top, left + _TILE, top + _TILE), fill=fill)
    draw.text((left + 6, top + 4), state, fill=ink, font=_font(15))
    if number:
        draw.text((left + 6, top + 24), str(number), fill=ink, font=_font(20))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own embedded font: no font of the machine changes the picture."""
    return ImageFont.load_default(size)


def _png(image: Image.Image) -> bytes:
    packed = image.quantize(32, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    packed.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
