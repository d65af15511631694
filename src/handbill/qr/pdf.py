"""A code as a PDF of exactly its size on paper: one page, vector shapes, a logo as a picture."""

from __future__ import annotations

import struct
import zlib

from handbill.kernel.colors import channels
from handbill.qr.code import QUIET_ZONE, Code
from handbill.qr.layout import SIDE_MM
from handbill.qr.logo_place import cleared, place
from handbill.qr.outlines import outlines
from handbill.qr.style import BLACK, PLAIN, CodeStyle

_POINTS_PER_MM = 72 / 25.4


def pdf(code: Code, style: CodeStyle = PLAIN, side_mm: float = SIDE_MM) -> bytes:
    """One page of exactly the code and its quiet zone, `side_mm` millimetres a side.

    Black is DeviceGray 0: printers lay it down in black ink alone, not in four colours. Raises
    Invalid on `logo` where there is no room for it.
    """
    points = side_mm * _POINTS_PER_MM
    content = zlib.compress("\n".join(_drawing(code, style, points)).encode(), 9)
    title = b"<" + ("\ufeff" + code.text).encode("utf-16-be").hex().upper().encode() + b">"
    logo = [] if style.logo is None else [_picture(style.logo)]
    return _file(
        [
            b"<</Type/Catalog/Pages 2 0 R/ViewerPreferences<</DisplayDocTitle true>>>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/Resources<<%s>>/MediaBox[0 0 %.4f %.4f]/Contents 4 0 R>>"
            % (b"/XObject<</Logo 5 0 R>>" if logo else b"", points, points),
            _stream(b"", content),
            *logo,
            b"<</Title%s/Producer(Handbill)>>" % title,
        ]
    )


def _drawing(code: Code, style: CodeStyle, points: float) -> list[str]:
    scale = points / code.side
    drawing = [f"1 g 0 0 {points:.4f} {points:.4f} re f {_ink(style.color)}"]
    # PDF counts upwards from the bottom: the scale turns the picture over.
    drawing.append(f"{scale:.6f} 0 0 {-scale:.6f} 0 {points:.4f} cm")
    for first, *rest in outlines(code if style.logo is None else cleared(code)):
        drawing.append(f"{first[0]} {first[1]} m")
        drawing += [f"{x} {y} l" for x, y in rest]
        drawing.append("h")
    drawing.append("f")
    if style.logo is not None:
        logo = place(code)
        corner, side = QUIET_ZONE + logo.start, logo.side
        # A picture fills the unit square, and here it is turned back.
        drawing.append(f"{side} 0 0 {-side} {corner} {corner + side} cm /Logo Do")
    return drawing


def _ink(color: str) -> str:
    if color == BLACK:
        return "0 g"
    return " ".join(f"{channel:.4f}" for channel in channels(color)) + " rg"


def _picture(png: bytes) -> bytes:
    """A prepared logo as it is: a PDF knows the filters of PNG (ISO 32000-1, 7.4.4.4)."""
    chunks = dict.fromkeys((b"PLTE", b"IDAT"), b"")
    at = 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if kind in chunks:
            chunks[kind] += png[at + 8 : at + 8 + length]
        at += length + 12
    side = struct.unpack_from(">I", png, 16)[0]
    colors = chunks[b"PLTE"]
    return _stream(
        b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8"
        b"/ColorSpace[/Indexed/DeviceRGB %d<%s>]"
        b"/DecodeParms<</Predictor 15/Colors 1/BitsPerComponent 8/Columns %d>>"
        % (side, side, len(colors) // 3 - 1, colors.hex().encode(), side),
        chunks[b"IDAT"],
    )


def _stream(facts: bytes, deflated: bytes) -> bytes:
    return b"<<%s/Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (
        facts,
        len(deflated),
        deflated,
    )


def _file(objects: list[bytes]) -> bytes:
    """The objects, numbered from 1, the catalogue first and the document's facts last."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    # Every line of this table is 20 bytes long (ISO 32000-1, 7.5.4).
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R/Info %d 0 R>>\n" % (len(objects) + 1, len(objects))
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)
