"""Every colour that is written or drawn with can be seen on every ground that it stands on, light
and dark. WCAG 2.2: 1.4.3 asks 4.5 to 1 of text, 1.4.11 asks 3 to 1 of edges and marks."""

from __future__ import annotations

import re

import pytest

from handbill.kernel.colors import contrast
from handbill.web.pages.assets import DIRECTORY

STYLE = (DIRECTORY / "page.css").read_text()
TOKEN = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6});")
DARK = "@media (prefers-color-scheme: dark)"

TEXT_MIN, EDGE_MIN = 4.5, 3.0
GROUNDS = ("paper", "sheet", "tint", "danger-tint")
TEXTS = [
    *((ink, ground) for ink in ("ink", "soft") for ground in GROUNDS),
    *(("accent", ground) for ground in ("paper", "sheet", "tint")),
    *(("danger", ground) for ground in ("sheet", "danger-tint")),
    *(("on-accent", ground) for ground in ("accent", "accent-strong")),
    ("test-ink", "test"),
]
EDGES = [
    *(("edge", ground) for ground in ("sheet", "tint")),  # of fields and second buttons
    *(("accent", ground) for ground in GROUNDS),  # the ring of what has the focus
    ("danger", "sheet"),  # a refused field, the edge of a warning
]


def tokens() -> dict[str, dict[str, str]]:
    """The colours of each scheme; what the dark one does not name, it has of the light one."""
    light, _, rest = STYLE.partition(DARK)
    dark = rest[: rest.index("\n}\n")]
    named = dict(TOKEN.findall(light))
    return {"light": named, "dark": named | dict(TOKEN.findall(dark))}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("least", "pairs"), [(TEXT_MIN, TEXTS), (EDGE_MIN, EDGES)], ids=["text", "edges"]
)
def test_it_can_be_seen(scheme: str, least: float, pairs: list[tuple[str, str]]) -> None:
    colors = tokens()[scheme]
    found = {pair: contrast(colors[pair[0]], colors[pair[1]]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < least} == {}


def test_no_other_colour_is_named_outside_of_the_tokens() -> None:
    """But white and black, of codes, logos and paper."""
    rules = re.sub(r":root \{.*?\n\s*\}\n", "", STYLE, flags=re.DOTALL)
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)) <= {"#fff", "#000", "#333"}
