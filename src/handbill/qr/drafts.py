"""Makes the codes of a print and looks at its pictures: the trade of a worker of `infra.workshop`,
and of nobody else.

A code takes milliseconds of one processor. Five hundred of them would hold up the server, which
shares its interpreter with whatever it does beside them.
"""

from __future__ import annotations

import io
import json
from typing import cast

from PIL import Image

from handbill.qr.code import QUIET_ZONE, Level, make
from handbill.qr.logo_place import cleared, place
from handbill.qr.outlines import outlines

PIXELS_MAX = 25_000_000
"""As of an upload; the catalogue keeps far smaller ones."""


def drafts(texts: str, level: str, has_logo: int) -> str:
    """A JSON list: of each text how many modules the whole side has, the corners of its shapes, and
    where a logo stands (its first module and its side), or null. Raises Invalid on `logo`."""
    made = [make(text, cast(Level, level)) for text in json.loads(texts)]
    return json.dumps(
        [
            (
                code.side,
                list(outlines(cleared(code) if has_logo else code)),
                (place(code).start + QUIET_ZONE, place(code).side) if has_logo else None,
            )
            for code in made
        ]
    )


def is_whole(picture: bytes) -> int:
    """1 where it can be drawn. The typesetter would give up the whole sheet for a broken one."""
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                return 0
            opened.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return 0
    return 1
