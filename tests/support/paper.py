"""Paper in the hand of a test: what a phone reads from it, and what a person does."""

from __future__ import annotations

import pypdfium2
import zxingcpp

DOTS_PER_INCH = 150


def codes_on(pdf: bytes) -> list[str]:
    """What the codes of all pages hold, page by page."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=DOTS_PER_INCH / 72).to_pil().convert("L")
        found += sorted(one.text for one in zxingcpp.read_barcodes(picture))
    return found


def text_on(pdf: bytes) -> str:
    """Without the places where an address may break."""
    pages = pypdfium2.PdfDocument(pdf)
    text = " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in pages)
    return text.replace("\u200b", "")
