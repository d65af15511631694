"""What the simulated camera sees of a table card, for `docs/explanation/printed-codes.md`:
`python -m tests.unit.qr.simulated` draws it anew."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from handbill.qr import camera
from handbill.qr.code import make
from tests.unit.qr.drawing import drawn

PICTURE = Path(__file__).parents[3] / "docs" / "explanation" / "simulated-camera.webp"
SIDE_MM, DPI = 40, 150
WIDTHS = (5, 9)
GAP = 8


def draw() -> Image.Image:
    """From 20 and from 36 cm, each straight and slanted."""
    code = drawn(make("https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK"))
    paper = camera.printed(code, camera.dots(code, SIDE_MM, DPI))
    frames = [
        camera.seen(camera.near(paper, widths), widths, view, 0)
        for widths in WIDTHS
        for view in camera.VIEWS
    ]
    width = sum(frame.width + GAP for frame in frames) - GAP
    strip = Image.new("L", (width, max(frame.height for frame in frames)), 255)
    x = 0
    for frame in frames:
        strip.paste(frame, (x, (strip.height - frame.height) // 2))
        x += frame.width + GAP
    return strip


if __name__ == "__main__":
    draw().save(PICTURE, lossless=True, quality=90, method=6)
