"""Pictures for tests of codes: logos as merchants upload them, and codes made bad on purpose."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageOps

from handbill.qr.code import QUIET_ZONE, Code
from handbill.qr.formats import png
from tests.unit.qr.reading import open_png


def uploaded(size: tuple[int, int], color: str = "#d2232a") -> bytes:
    """A ring on transparent ground."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    width, height = size
    ring = (0, 0, width - 1, height - 1)
    ImageDraw.Draw(picture).ellipse(ring, outline=color, width=max(1, min(size) // 4))
    return written(picture)


def drawn(code: Code) -> Image.Image:
    return open_png(png(code)).convert("L")


def inverted(code: Code) -> Image.Image:
    return ImageOps.invert(drawn(code))


def without_quiet_zone(code: Code) -> Image.Image:
    picture = drawn(code)
    edge = picture.width * QUIET_ZONE // code.side
    return picture.crop((edge, edge, picture.width - edge, picture.height - edge))


def with_a_logo_of(code: Code, share: float) -> Image.Image:
    """Of the side of the code, in the middle."""
    picture = drawn(code)
    half, middle = round(len(code.rows) * 4 * share), picture.width // 2
    box = (middle - half, middle - half, middle + half, middle + half)
    ImageDraw.Draw(picture).rectangle(box, fill=255)
    return picture


def pale(code: Code, grey: int) -> Image.Image:
    return drawn(code).point([grey, *[255] * 255])


def written(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
