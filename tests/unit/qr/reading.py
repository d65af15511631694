"""Reads pictures of codes with decoders that are not ours, as a phone would."""

from __future__ import annotations

import io
import re
from typing import Any, NamedTuple

import pypdfium2
import resvg_py
import zxingcpp
from PIL import Image


class Read(NamedTuple):
    text: str
    version: int
    level: str


def read_picture(picture: Image.Image) -> Read:
    """The only code in it."""
    (found,) = zxingcpp.read_barcodes(picture)
    extra: Any = found.extra
    return Read(found.text, int(extra["Version"]), found.ec_level)


def open_png(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def rasterised_svg(data: bytes, dots_per_inch: int = 96) -> Image.Image:
    return open_png(bytes(resvg_py.svg_to_bytes(svg_string=data.decode(), dpi=dots_per_inch)))


def rasterised_pdf(data: bytes, dots_per_inch: int = 300) -> Image.Image:
    picture: Image.Image = opened_pdf(data)[0].render(scale=dots_per_inch / 72).to_pil()
    return picture.convert("L")


def opened_pdf(data: bytes) -> Any:
    """A sequence of pages with `get_metadata_dict()`."""
    return pypdfium2.PdfDocument(data)


def rasterised_terminal(text: str) -> Image.Image:
    """What the half blocks show, four pixels a module, with the colours that the text sets."""
    rows: list[list[int]] = []
    for line in text.splitlines():
        shown = re.fullmatch(r"\x1b\[38;5;16;48;5;231m([ ▀▄█]+)\x1b\[0m", line)
        assert shown is not None
        rows.append([0 if block in "▀█" else 255 for block in shown[1]])
        rows.append([0 if block in "▄█" else 255 for block in shown[1]])
    picture = Image.new("L", (len(rows[0]), len(rows)))
    picture.putdata([pixel for row in rows for pixel in row])
    return picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)
