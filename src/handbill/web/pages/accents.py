"""A merchant's colour on the pages: any colour is taken, and none makes a page unreadable.

The colour keeps its hue; its lightness moves until text and buttons have the contrast of WCAG 2.2
(1.4.3: 4.5 to 1) on both the light and the dark sheet. A style sheet of its own, because no style
stands inside a page.
"""

from __future__ import annotations

import colorsys
import re
from functools import lru_cache
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.kernel import colors
from handbill.kernel.errors import NotFound

CONTRAST_MIN = 4.6
"""A little over 4.5, for the rounding to eight bits a channel."""
SHEETS = ("#fffdf8", "#1b1c18")
"""`--sheet` of page.css, light and dark."""
INKS = ("#fffdf8", "#1d1c18")
"""What can be written on a button."""
DAY_SECONDS = 86_400
TINT = 0.1
"""How much of the colour lies in the ground behind a mark."""
_COLOR = re.compile(r"[0-9a-f]{6}")
_STEPS = 100


class Accent(NamedTuple):
    """The tokens of page.css that hang on the accent, for one sheet."""

    accent: str
    accent_strong: str
    on_accent: str
    tint: str


def accent(color: str, sheet: str) -> Accent:
    """`color` and `sheet` as `#rrggbb`. The nearest lightness that can be read on the sheet, as
    text and as a button under a pressed finger."""
    own, strong = _readable(color, sheet), _readable(color, sheet, further=0.08)
    return Accent(own, strong, _ink(own, strong), _mixed(own, sheet, TINT))


class Accents:
    """`/pay/accent/0b5b48.css`. Made of its address alone, so nothing is stored and any may ask."""

    def routes(self) -> list[Route]:
        return [Route("/pay/accent/{name}.css", self._serve, methods=["GET"])]

    async def _serve(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not _COLOR.fullmatch(name):
            raise NotFound("There is no such colour.")
        headers = {
            "cache-control": f"public, max-age={DAY_SECONDS}",
            "cross-origin-resource-policy": "same-origin",
        }
        return Response(style_sheet(f"#{name}"), headers=headers, media_type="text/css")


@lru_cache(maxsize=256)
def style_sheet(color: str) -> str:
    light, dark = (_rules(accent(color, sheet)) for sheet in SHEETS)
    return f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def _rules(tokens: Accent) -> str:
    return ";".join(
        f"--{name.replace('_', '-')}:{value}" for name, value in tokens._asdict().items()
    )


def _ink(*grounds: str) -> str:
    return max(INKS, key=lambda ink: min(colors.contrast(ink, ground) for ground in grounds))


def _readable(color: str, sheet: str, further: float = 0.0) -> str:
    """Moves away from the sheet's own lightness until it can be read on it, and bears writing."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*colors.channels(color))
    away = -1 if colors.luminance(sheet) > 0.5 else 1
    for step in range(_STEPS + 1):
        tried = min(1.0, max(0.0, lightness + away * step / _STEPS))
        found = colors.text(*colorsys.hls_to_rgb(hue, tried, saturation))
        grounds = (sheet, _mixed(found, sheet, TINT), _ink(found))
        if min(colors.contrast(found, ground) for ground in grounds) >= CONTRAST_MIN:
            lightness = min(1.0, max(0.0, tried + away * further))
            return colors.text(*colorsys.hls_to_rgb(hue, lightness, saturation))
    raise AssertionError("black on white and white on black can always be read")


def _mixed(color: str, ground: str, share: float) -> str:
    pairs = zip(colors.channels(color), colors.channels(ground), strict=True)
    return colors.text(*(one * share + other * (1 - share) for one, other in pairs))
