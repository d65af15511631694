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

WHOLE_DPI, CLOSE_DPI = 150, 300
_POINTS_PER_INCH = 72
_POINTS_PER_MM = _POINTS_PER_INCH / 25.4

_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])

UNREAD = "unread"
"""Nothing, or something else, is read from the square of the code."""
UNWANTED = "unwanted"
"""The page as a whole says something else than its cards."""


def read(pdf: bytes, wanted: str, first: int) -> str:
    """`wanted` is a JSON list of the pages from `first` on, each a list of `[text, area]`: a code
    and its square, in millimetres from the upper left corner of the page.

    A JSON list of faults: `[page, card on the page, UNREAD or UNWANTED]`, none where all is well.
    """
    faults: list[tuple[int, int, str]] = []
    document = pypdfium2.PdfDocument(pdf)
    try:
        for number, cards in enumerate(json.loads(wanted)):
            page = document[first + number]
            faults += [(number, card, reason) for card, reason in _faults(page, cards)]
            page.close()
    finally:
        document.close()
    return json.dumps(faults)


def _faults(page: Any, cards: list[tuple[str, list[float]]]) -> list[tuple[int, str]]:
    whole = _texts(page.render(scale=WHOLE_DPI / _POINTS_PER_INCH, grayscale=True))
    faults = []
    for number, (text, area) in enumerate(cards):
        close = _texts(
            page.render(scale=CLOSE_DPI / _POINTS_PER_INCH, grayscale=True, crop=_crop(page, area))
        )
        if close != [text]:
            faults.append((number, UNREAD))
        elif text not in whole:
            faults.append((number, UNWANTED))
        else:
            whole.remove(text)
    return faults or [(0, UNWANTED)] * bool(whole)


def _crop(page: Any, area: list[float]) -> tuple[float, float, float, float]:
    """What is cut away on the left, below, on the right and above, in points."""
    x, y, width, height = (length * _POINTS_PER_MM for length in area)
    return x, page.get_height() - y - height, page.get_width() - x - width, y


def _texts(bitmap: Any) -> list[str]:
    picture = bitmap.to_pil()
    found = zxingcpp.read_barcodes(picture, formats=_QR)
    return [one.text for one in found]
