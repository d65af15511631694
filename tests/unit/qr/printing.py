"""What is printed in tests and in the pictures of the documentation: plain cards, and hard ones."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pypdfium2
import zxingcpp
from PIL import Image, ImageDraw

from handbill.qr.prints import Card, Sheet

TEXT = "https://PAY.EXAMPLE.COM/L/8M2K7QPX4D"
COFFEE = Card(TEXT, "pay.example.com/L/8M2K7QPX4D", "A loaf every Friday", "€4.50", "Table 7")
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"

_SCAN = "Scan with the camera to pay"
_PLAIN = Sheet("table", "en", False, "Brot & Zeit", _SCAN, color="#0b5b48")


def sheet(template: str, **changed: Any) -> Sheet:
    return msgspec.structs.replace(_PLAIN, template=template, **changed)


def card(**changed: Any) -> Card:
    return msgspec.structs.replace(COFFEE, **changed)


def cards(count: int) -> list[Card]:
    return [
        card(text=f"{TEXT[:-3]}{number:03}", place=f"Table {number}") for number in range(count)
    ]


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
