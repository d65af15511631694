"""A printed code as the camera of a phone sees it. A simulation: no photograph is taken.

The printer: dots of 150 or 300 to the inch, and ink that runs a little. The camera: a frame of
1920 pixels across a field of 70 degrees, which is what a phone looks for codes in, whatever its
sensor has; a lens out of focus, a hand that is not still, noise. Two views: one straight in
daylight, one slanted by 30 degrees in a dim room. A frame is the same every time: the noise is
drawn by lot once, from a seed.

Runs in a worker process only (`infra.workshop`): the server must not load Pillow.
"""

from __future__ import annotations

import random
from functools import cache
from math import cos, radians, sin, tan

import msgspec
from PIL import Image, ImageChops, ImageFilter

from handbill.qr.layout import MM_PER_INCH

FRAME_PIXELS = 1_920
FIELD_DEGREES = 70
FOCAL_PIXELS = FRAME_PIXELS / 2 / tan(radians(FIELD_DEGREES / 2))
BLUR_PIXELS = 4.2
"""A point becomes a spot that wide: lens, focus and hand together."""
INK_DOTS = 0.4
"""Standard deviation of how far ink runs, in dots of the printer."""
TABLE = 70
"""Grey of what the print lies on: it shows whether the quiet zone is there."""

_MARGIN = 1.25
"""Of the frame around the print, so that a turned one has room."""
_TURNS = (0, -9, 6)
"""Degrees by which the hand turns from frame to frame."""
_NOISE_SIDE = 768
_NOISE_STEP = 53
_SEED = 18_004
_EVEN_DEVIATION = 73.9 / 2
"""Of the mean of four even numbers from 0 to 255."""

FRAMES = len(_TURNS)
"""A phone looks at many a second, and needs one that it can read."""

_Matrix = tuple[tuple[float, float, float], ...]


class View(msgspec.Struct, frozen=True):
    """Degrees by which the paper is slanted and turned; how bright white paper and the blackest
    ink are, and how much noise there is, of 255."""

    name: str
    slant: float
    turn: float
    paper: int
    ink: int
    noise: float


VIEWS = (
    View("straight", slant=0, turn=4, paper=205, ink=35, noise=5),
    View("slanted", slant=30, turn=10, paper=150, ink=60, noise=7),
)


def dots(code: Image.Image, side_mm: float, dpi: int) -> int:
    """Of a side in print. No more than the picture has: finer ones would change nothing."""
    return max(1, min(code.width, round(side_mm * dpi / MM_PER_INCH)))


def printed(code: Image.Image, dots: int) -> Image.Image:
    """In grey, one pixel a dot."""
    hard = code.resize((dots, dots), Image.Resampling.NEAREST)
    return hard.filter(ImageFilter.GaussianBlur(INK_DOTS))


def near(paper: Image.Image, widths: float) -> Image.Image:
    """Two pixels for each that is seen from as far as `widths` of the print, at most: a smaller
    step is then honest interpolation."""
    side = round(2 * FOCAL_PIXELS / widths)
    return paper if paper.width <= side else paper.resize((side, side), Image.Resampling.BOX)


def seen(near: Image.Image, widths: float, view: View, frame: int) -> Image.Image:
    """What `near` gave, in one of `FRAMES`, which differ in how the phone is held and in their
    noise."""
    side = round(FOCAL_PIXELS / widths * _MARGIN)
    lit = near.point([round(view.ink + v * (view.paper - view.ink) / 255) for v in range(256)])
    framed = lit.transform(
        (side, side),
        Image.Transform.PERSPECTIVE,
        _perspective(near.width, side, widths, view.slant, view.turn + _TURNS[frame]),
        Image.Resampling.BILINEAR,
        fillcolor=TABLE,
    )
    soft = framed.filter(ImageFilter.BoxBlur((BLUR_PIXELS - 1) / 2))
    corner = frame * _NOISE_STEP
    noise = _noise(view.noise).crop((corner, corner, corner + side, corner + side))
    return ImageChops.add(soft, noise, 1, -128)


def _perspective(
    side: int, frame: int, widths: float, slant_degrees: float, turn_degrees: float
) -> tuple[float, ...]:
    """From a pixel of the frame to one of the print, as Pillow wants it: a, b, c, d, e, f, g, h of
    x = (a u + b v + c) / (g u + h v + 1) and y = (d u + e v + f) / (g u + h v + 1)."""
    slant, turn = radians(slant_degrees), radians(turn_degrees)
    # A point of the paper, in widths: turned in its plane, slanted about the upright, put away.
    plane = (
        (cos(slant) * cos(turn), -cos(slant) * sin(turn), 0.0),
        (sin(turn), cos(turn), 0.0),
        (sin(slant) * cos(turn), -sin(slant) * sin(turn), widths),
    )
    shift = frame / 2
    to_frame = ((FOCAL_PIXELS, 0.0, shift), (0.0, FOCAL_PIXELS, shift), (0.0, 0.0, 1.0))
    to_print = ((side, 0.0, side / 2), (0.0, side, side / 2), (0.0, 0.0, 1.0))
    back = _product(to_print, _inverse(_product(to_frame, plane)))
    last = back[2][2]
    return tuple(value / last for row in back for value in row)[:8]


def _product(one: _Matrix, other: _Matrix) -> _Matrix:
    columns = tuple(zip(*other, strict=True))
    return tuple(
        (_dot(row, columns[0]), _dot(row, columns[1]), _dot(row, columns[2])) for row in one
    )


def _dot(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(x * y for x, y in zip(one, other, strict=True))


def _inverse(matrix: _Matrix) -> _Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / whole, (c * h - b * i) / whole, (b * f - c * e) / whole),
        ((f * g - d * i) / whole, (a * i - c * g) / whole, (c * d - a * f) / whole),
        ((d * h - e * g) / whole, (b * g - a * h) / whole, (a * e - b * d) / whole),
    )


@cache
def _noise(deviation: float) -> Image.Image:
    """Around 128. The mean of four even ones is near enough to the bell of a sensor."""
    lots = random.Random(_SEED)
    size = (_NOISE_SIDE, _NOISE_SIDE)
    even = [Image.frombytes("L", size, lots.randbytes(_NOISE_SIDE**2)) for _ in range(4)]
    halves = [Image.blend(even[0], even[1], 0.5), Image.blend(even[2], even[3], 0.5)]
    scale = deviation / _EVEN_DEVIATION
    mean = Image.blend(halves[0], halves[1], 0.5)
    return mean.point([max(0, min(255, round(128 + (v - 127.5) * scale))) for v in range(256)])
