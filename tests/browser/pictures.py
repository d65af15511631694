"""Draws every page and state for `docs/pictures/`: `bin/pictures`.

The pages are those of the gallery, so what the documents show is what the tests look at.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright

from handbill.web.pages.language import Language, english
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.samples import Rendered, gallery
from tests.browser.stage import Stage

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PHONE, DESK = (360, 740), (1280, 800)
HEIGHT_MAX = 2_400

VIEWS: Mapping[str, tuple[tuple[int, int], str]] = {
    "phone": (PHONE, "light"),
    "dark": (PHONE, "dark"),
    "desk": (DESK, "light"),
}


async def draw(page: Page, stage: Stage, name: str, html: bytes) -> None:
    await stage.show(page, html, scripts=b"<script" in html)
    for view, (screen, scheme) in VIEWS.items():
        await page.set_viewport_size({"width": screen[0], "height": screen[1]})
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        shot = Image.open(io.BytesIO(await page.screenshot(full_page=True))).convert("RGB")
        shot = shot.crop((0, 0, shot.width, min(shot.height, HEIGHT_MAX)))
        shot.save(PICTURES / f"{name}-{view}.webp", lossless=True, quality=100, method=6)
        print(f"{name}-{view}")


async def draw_all(pages: Mapping[str, Rendered], language: Language) -> None:
    stage = Stage()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = await browser.new_page()
        for name, render in pages.items():
            await draw(page, stage, name, render(stage.renderer, language))
        await browser.close()


def main(names: list[str]) -> None:
    """All of them, or those whose names begin with one of `names`."""
    PICTURES.mkdir(exist_ok=True)
    every = gallery()
    wanted = {n: r for n, r in every.items() if not names or n.startswith(tuple(names))}
    if not names:
        for old in PICTURES.glob("*.webp"):
            old.unlink()
    asyncio.run(draw_all(wanted, english()))


if __name__ == "__main__":
    main(sys.argv[1:])
