"""What is asked of every page, whatever it shows: questions to a browser that has it open. Each
gives the faults that it found, in words or as the HTML of the culprit."""

from __future__ import annotations

from collections.abc import Sequence

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

TARGET_PIXELS_MIN = 44
"""Of what is pressed or typed into: a thumb. WCAG 2.2 (2.5.8) asks 24 of everything else."""

_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

_SMALL_TARGETS = """least => {
    const shown = one => one.getClientRects().length > 0;
    const size = one => one.getBoundingClientRect();
    const inText = one => getComputedStyle(one).display === "inline" && one.closest("p, dd");
    const fields = "select, textarea, input:not([type=hidden], [type=checkbox], [type=radio])";
    const large = `button, a.button, ${fields}`;
    const small = one =>
        size(one).height < (one.matches(large) ? least : 24) || size(one).width < 24;
    return [...document.querySelectorAll(`${large}, a, summary, label:has(input)`)]
        .filter(one => shown(one) && !inText(one) && small(one)).map(one => one.outerHTML);
}"""

_ORDER = """() => {
    const faults = [], all = selector => [...document.querySelectorAll(selector)];
    if (!document.title.trim()) faults.push("no title");
    if (all("main").length !== 1) faults.push("not one main");
    const shown = one => one.getClientRects().length > 0;
    if (all("h1").filter(shown).length !== 1) faults.push("not one h1");
    let above = 0;
    for (const heading of all("h1, h2, h3, h4, h5, h6").filter(shown)) {
        const level = Number(heading.tagName[1]);
        if (level > above + 1) faults.push(`a level is left out: ${heading.outerHTML}`);
        above = level;
    }
    // Whom to ask stands at the same place of every page: last (3.2.6).
    if (all(".seller").some(one => one.nextElementSibling)) faults.push("the seller is not last");
    const jumping = all("[tabindex]").filter(one => one.tabIndex > 0);
    return [...faults, ...jumping, ...all("img:not([alt])")].map(one => one.outerHTML ?? one);
}"""

_CUT_OFF = """() => [...document.querySelectorAll("main *")].filter(one => {
    if (!one.innerText || !one.getClientRects().length || one.closest("pre")) return false;
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    const hides = style.overflowX !== "visible" || style.overflowY !== "visible";
    const outside = box.right > innerWidth + 1 || box.left < -1;
    const larger = one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1;
    return outside || hides && larger;
}).map(one => one.outerHTML)"""

# What a reader may set by a style of their own (WCAG 2.2, 1.4.12); the policy of a page does not
# stand in the way of such a sheet.
_SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important } p { margin-block-end: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
}"""


async def overflow(page: Page) -> int:
    """Pixels by which one would have to scroll sideways."""
    return int(await page.evaluate(_OVERFLOW))


async def small_targets(page: Page) -> list[str]:
    return list(await page.evaluate(_SMALL_TARGETS, TARGET_PIXELS_MIN))


async def faults_of_order(page: Page) -> list[str]:
    """Headings, landmarks and the order in which the keyboard walks."""
    return list(await page.evaluate(_ORDER))


async def cut_off(page: Page) -> list[str]:
    """What is not wholly to be seen."""
    return list(await page.evaluate(_CUT_OFF))


_FOCUS = """() => {
    const one = document.activeElement, box = one.getBoundingClientRect();
    if (one === document.body) return null;
    const labelled = one.labels?.[0] ?? one;
    const rings = [one, labelled.querySelector("span") ?? one, one.closest(".blank") ?? one];
    const points = [[box.left + box.width / 2, box.top + box.height / 2],
        [box.left + 3, box.top + 3], [box.right - 3, box.bottom - 3]];
    const seen = ([x, y]) => {
        const top = document.elementFromPoint(x, y);
        return top && (top.contains(one) || labelled.contains(top));
    };
    return {
        html: one.outerHTML.slice(0, 200),
        isSeen: points.some(seen),
        hasRing: rings.some(ring => parseFloat(getComputedStyle(ring).outlineWidth) >= 2
            && getComputedStyle(ring).outlineStyle !== "none"),
    };
}"""


async def walk(page: Page) -> list[str]:
    """From the top of the page with the Tab key alone: what gets the focus, each once. Fails where
    the focus cannot be seen: no ring around it, or all of it beneath something else."""
    found: list[str] = []
    while True:
        await page.keyboard.press("Tab")
        focus = await page.evaluate(_FOCUS)
        if focus is None or focus["html"] in found:
            return found
        assert focus["isSeen"], f"hidden: {focus['html']}"
        assert focus["hasRing"], f"no ring: {focus['html']}"
        found.append(focus["html"])


async def space_out(page: Page) -> None:
    """More room between lines, words and letters, until the page is opened again."""
    await page.evaluate(_SPACED)


async def faults_by_axe(page: Page, rules: Sequence[str] = ()) -> str:
    """Empty where there are none."""
    found = await Axe().run(page, options={"runOnly": list(rules)} if rules else None)
    return found.generate_report() if found.violations_count else ""
