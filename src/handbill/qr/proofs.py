"""Reads a print from its pages, before anybody gets it: the trade of a worker of `infra.workshop`,
and of nobody else.

The very file that is handed out is rasterised and read by a decoder that is not ours. A whole page
at 150 dpi, as a cheap printer would lay it down: there is exactly what is wanted on it and nothing
besides. Every code at 300 dpi from its own square alone: a poster at that is nine million pixels.
"""

from __future__ import annotations

import json
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image

from handbill.qr.code import QUIET_ZONE

WHOLE_DPI, CLOSE_DPI = 150, 300
WHITE = 255
_POINTS_PER_INCH = 72
_POINTS_PER_MM = _POINTS_PER_INCH / 25.4

Square = tuple[float, float, float]
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])

UNREAD = "nothing, or something else, is read from the place of its code"
UNCLEAN = "there is ink in the quiet zone of its code"
UNWANTED = "the page as a whole says something else than its cards"


def read(pdf: bytes, wanted: str, first: int) -> str:
    """`wanted` is a JSON list of the pages from `first` on, each a list of cards
    `[text, modules, squares]`: what the code says, how many modules its side has with the quiet
    zone, and where it is, `[left, below, side]` in millimetres from the lower left corner.

    A JSON list of faults: `[page, card on the page, what is wrong]`, none where all is well.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        faults = [
            (number, card, reason)
            for number, cards in enumerate(json.loads(wanted))
            for card, reason in _faults(document[first + number], cards)
        ]
    finally:
        document.close()
    return json.dumps(faults)


def _faults(page: Any, cards: list[tuple[str, int, list[Square]]]) -> list[tuple[int, str]]:
    whole = _texts(_rasterised(page, WHOLE_DPI))
    faults = []
    for number, (text, modules, squares) in enumerate(cards):
        for square in squares:
            close = _rasterised(page, CLOSE_DPI, square)
            if _texts(close) != [text]:
                faults.append((number, UNREAD))
            elif not _is_clean(close, modules):
                faults.append((number, UNCLEAN))
            elif text in whole:
                whole.remove(text)
            else:
                faults.append((number, UNWANTED))
    return faults or [(0, UNWANTED)] * bool(whole)


def _rasterised(page: Any, dpi: int, square: Square | None = None) -> Image.Image:
    cut = (0.0, 0.0, 0.0, 0.0)
    if square is not None:
        left, below, side = (length * _POINTS_PER_MM for length in square)
        width, height = page.get_size()
        cut = (left, below, width - left - side, height - below - side)
    bitmap = page.render(scale=dpi / _POINTS_PER_INCH, grayscale=True, crop=cut)
    picture: Image.Image = bitmap.to_pil()
    return picture


def _is_clean(square: Image.Image, modules: int) -> bool:
    """Nothing but white around the code, but for a pixel at either edge, where neighbours begin."""
    width, height = square.size
    ring = int(min(width, height) / modules * QUIET_ZONE) - 1
    sides = (
        (1, 1, width - 1, ring),
        (1, height - ring, width - 1, height - 1),
        (1, 1, ring, height - 1),
        (width - ring, 1, width - 1, height - 1),
    )
    return all(square.crop(side).getextrema() == (WHITE, WHITE) for side in sides)


def _texts(picture: Image.Image) -> list[str]:
    """Not the other way round: several phones do not read light modules on dark."""
    found = zxingcpp.read_barcodes(picture, formats=_QR, try_invert=False)
    return [one.text for one in found]
