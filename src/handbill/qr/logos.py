"""Logos made fit for codes, and laid on pictures of them.

Runs in a worker process only (`infra.workshop`): the server must not load Pillow.
"""

from __future__ import annotations

import io

from PIL import Image

from handbill.qr.style import LOGO_BYTES_MAX, LOGO_SIDE_MAX

COLORS_MAX = 254
"""What a palette holds beside the two colours of a code."""
_FEWER = (COLORS_MAX, 64, 16)


def prepare(data: bytes) -> bytes:
    """Square, on opaque white, at most `style.LOGO_SIDE_MAX` pixels a side, with a palette: what
    `CodeStyle.logo` takes. `data` is an upload that `catalog.pictures` has rebuilt."""
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGBA")
    image.thumbnail((LOGO_SIDE_MAX, LOGO_SIDE_MAX), Image.Resampling.LANCZOS)
    side = max(image.size)
    ground = Image.new("RGBA", (side, side), "white")
    ground.alpha_composite(image, ((side - image.width) // 2, (side - image.height) // 2))
    for colors in _FEWER:  # a photograph may need fewer to stay a small file
        prepared = _written(ground.convert("RGB").quantize(colors))
        if len(prepared) <= LOGO_BYTES_MAX:
            break
    return prepared


def laid_on(picture: bytes, logo: bytes, side: int) -> bytes:
    """`picture` with `logo` in its middle, `side` pixels wide: `picture` has two colours, and the
    modules under it are white."""
    with Image.open(io.BytesIO(picture)) as opened:
        dpi = opened.info.get("dpi")
        code = opened.convert("RGB").quantize(2)
    with Image.open(io.BytesIO(logo)) as opened:
        small = opened.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    colors = small.quantize(COLORS_MAX)
    two = (code.getpalette() or [])[:6]
    code.putpalette(two + (colors.getpalette() or []))
    corner = (code.width - side) // 2
    code.paste(colors.point([min(255, value + 2) for value in range(256)]), (corner, corner))
    return _written(code, dpi)


def _written(image: Image.Image, dpi: tuple[float, float] | None = None) -> bytes:
    palette = image.getpalette() or []
    image.putpalette(palette + [255] * (768 - len(palette)))  # a full one: 8 bits a pixel, always
    file = io.BytesIO()
    image.save(file, "PNG", **({} if dpi is None else {"dpi": dpi}))
    return file.getvalue()
