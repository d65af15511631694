"""What is printed in tests and in the pictures of the documentation: plain cards, and hard ones."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pypdfium2
import zxingcpp
from PIL import Image, ImageDraw

from handbill.bootstrap import presses
from handbill.infra.workshop import Workshop
from handbill.qr import prints
from handbill.qr.papers import TEMPLATES
from handbill.qr.prints import Card, Sheet

TEXT = "https://PAY.EXAMPLE.COM/L/8M2K7QPX4D"
COFFEE = Card(TEXT, "pay.example.com/L/8M2K7QPX4D", "A loaf every Friday", "€4.50", "Table 7")
PICTURE_SIDE = 900
"""Pixels of the longer side, in the documentation."""
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"

_SCAN = "Scan with the camera to pay"
_PLAIN = Sheet("table", "en", False, "Brot & Zeit", _SCAN, color="#0b5b48")


def sheet(template: str, **changed: Any) -> Sheet:
    return msgspec.structs.replace(_PLAIN, template=template, **changed)


def card(**changed: Any) -> Card:
    return msgspec.structs.replace(COFFEE, **changed)


def cards(count: int) -> list[Card]:
    numbers = range(1, count + 1)
    return [card(text=f"{TEXT[:-3]}{number:03}", place=f"Table {number}") for number in numbers]


def hard() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """What has broken prints elsewhere: what is changed in the sheet, and in the card."""
    arabic = "امسح الرمز بالكاميرا للدفع"
    dinars, table = "١٬٢٣٤٫٥٠٠ د.ك.", "طاولة ٧"  # noqa: RUF001
    nothing = {"title": "", "price": "", "place": ""}
    return {
        "plain": ({}, {}),
        "test": ({"test_words": "TEST: no money moves", "color": "#a35014", "logo": logo(600)}, {}),
        "long": (
            {"seller": f"{LONG} & Co. KG", "test_words": f"TEST {LONG}", "color": "#ffd200"},
            {"title": f"{LONG} {LONG} " * 3, "price": "₽1 234 567 890,00", "place": LONG},
        ),
        "arabic": (
            {"lang": "ar", "rtl": True, "seller": "مخبز الساحة", "scan_words": arabic},
            {"title": "قهوة عربية مع الهيل والتمر", "price": dinars, "place": table},
        ),
        "cjk": (
            {"lang": "ja", "seller": "珈琲の木", "scan_words": "カメラで読み取って支払う"},
            {"title": "季節のブレンドコーヒーと自家製チーズケーキ", "place": "テーブル7"},
        ),
        "emoji": ({"seller": "Croissanterie 🥐"}, {"title": "Croissant 🥐 & 👩‍🍳 🇫🇷"}),
        "nothing": ({"seller": "", "scan_words": "", "color": "#ffffff"}, nothing),
        "pictures": ({"logo": logo(200), "picture": photograph()}, {}),
        "broken": ({"logo": logo(200)[:300], "picture": b"GIF89a"}, {"price": ""}),
    }


async def pictures() -> list[tuple[str, Image.Image]]:
    """Every template with all that it can show, a whole piece of paper each; then the test mark and
    another direction. For `docs/pictures/`."""
    press = Workshop(*presses.MODULES)
    shown = []
    for template in TEMPLATES.values():
        made = await prints.pdf(
            press, sheet(template.name, picture=photograph()), cards(template.per_page)
        )
        shown.append((f"print-{template.name}", _on_a_table(made.pdf)))
    for name in ("test", "arabic"):
        on_sheet, on_card = hard()[name]
        made = await prints.pdf(press, sheet("table", **on_sheet), [card(**on_card)])
        shown.append((f"print-table-{name}", _on_a_table(made.pdf)))
    await press.close()
    return shown


def _on_a_table(pdf: bytes) -> Image.Image:
    """White paper on something darker, or nobody sees where it ends."""
    page = pypdfium2.PdfDocument(pdf)[0]
    scale = PICTURE_SIDE / max(page.get_size())
    paper: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    ground = Image.new("RGB", (paper.width + 48, paper.height + 48), "#cfc8b8")
    ground.paste(paper, (24, 24))
    return ground


def logo(width: int) -> bytes:
    image = Image.new("RGB", (width, 200), "white")
    ImageDraw.Draw(image).rounded_rectangle((10, 10, width - 10, 190), 40, fill="#a35014")
    return _written(image, "PNG")


def photograph() -> bytes:
    image = Image.new("RGB", (600, 450), "#4b2e19")
    draw = ImageDraw.Draw(image)
    for step in range(220):
        box = (step, step * 0.9, 600 - step, 450 - step * 0.9)
        draw.ellipse(box, fill=(120 + step // 2, 75 + step // 3, 40 + step // 4))
    return _written(image, "JPEG")


def rasterised(pdf: bytes, page: int, dpi: int) -> Image.Image:
    picture: Image.Image = pypdfium2.PdfDocument(pdf)[page].render(scale=dpi / 72).to_pil()
    return picture.convert("L")


def read(picture: Image.Image) -> list[str]:
    return sorted(found.text for found in zxingcpp.read_barcodes(picture))


def said(pdf: bytes, page: int = 0) -> str:
    text = pypdfium2.PdfDocument(pdf)[page].get_textpage().get_text_range()
    return " ".join(text.replace("\ufffe", "").split())


def _written(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()
