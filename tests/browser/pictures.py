"""Draws every page and state, and everything for paper, for `docs/pictures/`: `bin/pictures`.

The pages are those of the gallery, and of till and dashboard those that their tests leave: what the
documents show is what the tests look at.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright

from handbill.web.pages.language import english, speak
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.samples import gallery
from tests.browser.stage import Stage
from tests.unit.qr import printing

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PHONE, DESK = (360, 740), (1280, 800)
HEIGHT_MAX = 2_400
LEFT = Path(__file__).parents[2] / "screenshots"
LEAVING = {
    "till-": "The till, on a phone and on a tablet",
    "dashboard-": "The dashboard, on a phone and on a desk",
}
"""What tests leave, by the beginnings of its names."""
UNSHOWN: Mapping[str, tuple[str, ...]] = {"till-": (), "dashboard-": ("-tablet", "-arabic-phone")}
"""Screens that the tests look at and that show a reader nothing new."""
PAPER = "print-"
INDEX = "README.md"

VIEWS: Mapping[str, tuple[tuple[int, int], str]] = {
    "phone": (PHONE, "light"),
    "dark": (PHONE, "dark"),
    "desk": (DESK, "light"),
}


# Pages whose words tell which language they are in are shown in some others, too.
TONGUES = {"ru": "pay-products", "ar": "pay-fee", "ja": "status-charged"}


def names() -> list[str]:
    """Of the pages that the gallery draws."""
    return [*gallery(), *(f"{name}-{code}" for code, name in TONGUES.items())]


async def draw(page: Page, stage: Stage, name: str, html: bytes) -> None:
    await stage.show(page, html, scripts=b"<script" in html)
    for view, (screen, scheme) in VIEWS.items():
        await page.set_viewport_size({"width": screen[0], "height": screen[1]})
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        keep(Image.open(io.BytesIO(await page.screenshot(full_page=True))), f"{name}-{view}")


def keep(shot: Image.Image, name: str) -> None:
    """Without loss: letters stay sharp, and flat colours pack well."""
    shot = shot.convert("RGB").crop((0, 0, shot.width, min(shot.height, HEIGHT_MAX)))
    shot.save(PICTURES / f"{name}.webp", lossless=True, quality=50, method=3)
    print(name)


async def draw_all() -> None:
    stage, pages = Stage(), gallery()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = await browser.new_page()
        for name, render in pages.items():
            await draw(page, stage, name, render(stage.renderer, english()))
        for code, name in TONGUES.items():
            await draw(page, stage, f"{name}-{code}", pages[name](stage.renderer, speak(code)))
        await browser.close()


def keep_left(prefix: str) -> list[str]:
    shots = [x for x in sorted(LEFT.glob(f"{prefix}*.png")) if not x.stem.endswith(UNSHOWN[prefix])]
    for shot in shots:
        keep(Image.open(shot), shot.stem)
    return [shot.stem for shot in shots]


def draw_papers() -> list[str]:
    drawn = asyncio.run(printing.pictures())
    for name, picture in drawn:
        keep(picture, name)
    return [name for name, _ in drawn]


def index(left: Mapping[str, Sequence[str]], papers: Sequence[str]) -> str:
    """One page that shows them all."""
    lines = [
        "# Every page, in every state",
        "",
        "Drawn by `bin/pictures`: on a phone by day and by night (360 pixels wide), and on a desk"
        " (1,280). What each state means and answers: [pages](../reference/pages.md).",
        "",
    ]
    for name in names():
        shown = " ".join(f'<img src="{name}-{view}.webp" width="240">' for view in VIEWS)
        lines += [f"## {name}", "", shown, ""]
    for prefix, heading in LEAVING.items():
        lines += [f"## {heading}", ""]
        lines += [f'<img src="{name}.webp" width="240">' for name in left[prefix]]
        lines.append("")
    lines += ["## On paper", "", "Every [template](../reference/templates.md), a whole sheet.", ""]
    lines += [f'<img src="{name}.webp" width="240" alt="{name}">' for name in papers]
    lines.append("")
    return "\n".join(lines)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.webp"):
        old.unlink()
    asyncio.run(draw_all())
    left = {prefix: keep_left(prefix) for prefix in LEAVING}
    (PICTURES / INDEX).write_text(index(left, draw_papers()))


if __name__ == "__main__":
    main()
