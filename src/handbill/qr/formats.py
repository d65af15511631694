"""A code as PNG, SVG, PDF or text for a terminal: always dark on opaque white.

The writers are our own because each is a few lines and the generator's lack what print needs: a
picture of an exact size, shapes without seams, a page in millimetres, the same bytes every time.
"""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape

from handbill.qr.code import QUIET_ZONE, Code
from handbill.qr.layout import Extent, Layout, laid_out
from handbill.qr.logo_place import cleared, place
from handbill.qr.outlines import Point, outlines
from handbill.qr.style import BLACK, PLAIN, WHITE, CodeStyle

_METRES_PER_INCH = 0.0254
_GREYSCALE, _PALETTE = 0, 3
_BLACK_ON_WHITE, _PLAIN = "\x1b[38;5;16;48;5;231m", "\x1b[0m"


def png(code: Code, layout: Layout | None = None, color: str = BLACK) -> bytes:
    """1 bit a pixel, the code in the middle. With a logo it is `drawing.png`: that takes a library
    which the server does not load."""
    drawn = layout or laid_out(code, Extent())
    offset = (drawn.side - len(code.rows) * drawn.scale) // 2
    white = b"\x00" + _packed(0, drawn.side)
    dark = (1 << drawn.scale) - 1
    lines = [white] * offset
    for row in code.rows:
        bits = 0
        for module in row:
            bits = bits << drawn.scale | (dark if module else 0)
        bits <<= drawn.side - offset - len(row) * drawn.scale
        lines += [b"\x00" + _packed(bits, drawn.side)] * drawn.scale
    lines += [white] * (drawn.side - len(lines))
    kind = _GREYSCALE if color == BLACK else _PALETTE
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", drawn.side, drawn.side, 1, kind, 0, 0, 0)),
            _chunk(b"PLTE", bytes.fromhex(color[1:] + WHITE[1:])) if kind == _PALETTE else b"",
            _dots(drawn.dpi) if drawn.dpi is not None else b"",
            _chunk(b"IDAT", zlib.compress(b"".join(lines), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def svg(code: Code, style: CodeStyle = PLAIN, extent: Extent | None = None) -> bytes:
    """Vector shapes and a title for screen readers. Its natural side is in CSS pixels, or in the
    millimetres of `extent`.

    Raises Invalid on `size` where a PNG would, and on `logo` where there is no room for it.
    """
    asked = extent or Extent()
    side = f"{asked.mm}mm" if asked.mm is not None else laid_out(code, asked).side
    drawn = code if style.logo is None else cleared(code)
    path = "".join(_svg_outline(corners) for corners in outlines(drawn))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {code.side} {code.side}" '
        f'width="{side}" height="{side}" role="img" shape-rendering="crispEdges">'
        f"<title>{escape(code.text)}</title>"
        f'<rect width="{code.side}" height="{code.side}" fill="#fff"/>'
        f'<path fill="{style.color}" d="{path}"/>{_svg_logo(code, style)}</svg>\n'
    ).encode()


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


def _packed(bits: int, width: int) -> bytes:
    """One line of a PNG from an integer whose set bits are dark; the last byte is filled up."""
    light = ~bits & ((1 << width) - 1)  # 1 is white: so in greyscale, and so in our palette
    return (light << (-width % 8)).to_bytes((width + 7) // 8, "big")


def _dots(dpi: int) -> bytes:
    """How large it is on paper: a PNG counts dots of a metre."""
    dots = round(dpi / _METRES_PER_INCH)
    return _chunk(b"pHYs", struct.pack(">IIB", dots, dots, 1))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _svg_outline(corners: list[Point]) -> str:
    x, y = corners[0]
    path = f"M{x} {y}"
    for ahead in corners[1:]:
        path += f"h{ahead[0] - x}" if ahead[1] == y else f"v{ahead[1] - y}"
        x, y = ahead
    return path + "z"


def _svg_logo(code: Code, style: CodeStyle) -> str:
    if style.logo is None:
        return ""
    logo = place(code)
    corner = QUIET_ZONE + logo.start
    data = base64.b64encode(style.logo).decode()
    return (
        f'<image x="{corner}" y="{corner}" width="{logo.side}" height="{logo.side}" '
        f'href="data:image/png;base64,{data}"/>'
    )
