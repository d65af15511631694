"""A code as PNG, SVG, PDF or text for a terminal: always black on opaque white.

The writers are our own because each is a few lines and the generator's lack what print needs: a
picture of an exact size, shapes without seams, a page in millimetres, the same bytes every time.
"""

from __future__ import annotations

import struct
import zlib
from html import escape

from handbill.kernel.errors import Invalid
from handbill.qr.code import Code
from handbill.qr.outlines import Point, outlines

PIXELS_PER_MODULE = 8
SIZE_MIN, SIZE_MAX = 64, 2_048
"""Bounds of a picture's side, in pixels."""
PDF_SIDE_MM = 40.0

_POINTS_PER_MM = 72 / 25.4
_BLACK_ON_WHITE, _PLAIN = "\x1b[38;5;16;48;5;231m", "\x1b[0m"


def png(code: Code, size: int | None = None) -> bytes:
    """1 bit a pixel. `size` is the side of the whole picture: every module gets the same whole
    number of pixels, so edges stay sharp, and what is left over becomes white around it.

    Raises Invalid on `size` where it is out of bounds or below one pixel a module.
    """
    side, scale = _layout(code, size)
    offset = (side - len(code.rows) * scale) // 2
    white = b"\x00" + _packed(0, side)
    dark = (1 << scale) - 1
    lines = [white] * offset
    for row in code.rows:
        bits = 0
        for module in row:
            bits = bits << scale | (dark if module else 0)
        bits <<= side - offset - len(row) * scale
        lines += [b"\x00" + _packed(bits, side)] * scale
    lines += [white] * (side - len(lines))
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)  # 1 bit, greyscale
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(lines), 9))
        + _chunk(b"IEND", b"")
    )


def svg(code: Code, size: int | None = None) -> bytes:
    """Vector shapes and a title for screen readers; `size` is its natural side in CSS pixels.

    Raises Invalid on `size` where `png` would.
    """
    side, _ = _layout(code, size)
    path = "".join(_svg_outline(corners) for corners in outlines(code))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {code.side} {code.side}" '
        f'width="{side}" height="{side}" role="img" shape-rendering="crispEdges">'
        f"<title>{escape(code.text)}</title>"
        f'<rect width="{code.side}" height="{code.side}" fill="#fff"/>'
        f'<path fill="#000" d="{path}"/></svg>\n'
    ).encode()


def pdf(code: Code, side_mm: float = PDF_SIDE_MM) -> bytes:
    """One page of exactly the code and its quiet zone, `side_mm` millimetres a side.

    Black is DeviceGray 0: printers lay it down in black ink alone, not in four colours.
    """
    points = side_mm * _POINTS_PER_MM
    scale = points / code.side
    drawing = [f"1 g 0 0 {points:.4f} {points:.4f} re f 0 g"]
    # PDF counts upwards from the bottom: the scale turns the picture over.
    drawing.append(f"{scale:.6f} 0 0 {-scale:.6f} 0 {points:.4f} cm")
    for first, *rest in outlines(code):
        drawing.append(f"{first[0]} {first[1]} m")
        drawing += [f"{x} {y} l" for x, y in rest]
        drawing.append("h")
    drawing.append("f")
    content = zlib.compress("\n".join(drawing).encode(), 9)
    title = b"<" + ("\ufeff" + code.text).encode("utf-16-be").hex().upper().encode() + b">"
    return _pdf_file(
        [
            b"<</Type/Catalog/Pages 2 0 R/ViewerPreferences<</DisplayDocTitle true>>>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/Resources<<>>/MediaBox[0 0 %.4f %.4f]/Contents 4 0 R>>"
            % (points, points),
            b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(content), content),
            b"<</Title%s/Producer(Handbill)>>" % title,
        ]
    )


def terminal(code: Code) -> str:
    """Two modules a character. The colours are set and not left to the terminal: on a light one
    its own would turn the code white on black, which several phones do not read."""
    rows = code.framed()
    rows.append(bytes(code.side))  # the number of rows is odd
    lines = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        blocks = "".join(" ▄▀█"[2 * u + low] for u, low in zip(upper, lower, strict=True))
        lines.append(f"{_BLACK_ON_WHITE}{blocks}{_PLAIN}\n")
    return "".join(lines)


def check_size(size: int | None) -> None:
    """Raises Invalid on `size` where it is out of the bounds of every code."""
    if size is not None and not SIZE_MIN <= size <= SIZE_MAX:
        raise Invalid({"size": [f"must be from {SIZE_MIN} to {SIZE_MAX}"]})


def _layout(code: Code, size: int | None) -> tuple[int, int]:
    """Pixels of the whole side, pixels of a module."""
    if size is None:
        return code.side * PIXELS_PER_MODULE, PIXELS_PER_MODULE
    check_size(size)
    if size < code.side:
        raise Invalid({"size": [f"must be at least {code.side} for this code"]})
    return size, size // code.side


def _packed(bits: int, width: int) -> bytes:
    """One line of a PNG from an integer whose set bits are dark; the last byte is filled up."""
    light = ~bits & ((1 << width) - 1)  # in greyscale 1 is white
    return (light << (-width % 8)).to_bytes((width + 7) // 8, "big")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _svg_outline(corners: list[Point]) -> str:
    x, y = corners[0]
    path = f"M{x} {y}"
    for ahead in corners[1:]:
        path += f"h{ahead[0] - x}" if ahead[1] == y else f"v{ahead[1] - y}"
        x, y = ahead
    return path + "z"


def _pdf_file(objects: list[bytes]) -> bytes:
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
