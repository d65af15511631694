"""The documents show every page that there is, and none that is gone."""

from __future__ import annotations

from handbill.qr.papers import TEMPLATES
from tests.browser.pictures import INDEX, LEAVING, PAPER, PICTURES, VIEWS, names


def test_every_page_of_the_gallery_has_its_pictures() -> None:
    left = (*LEAVING, PAPER)
    drawn = {file.stem for file in PICTURES.glob("*.webp") if not file.stem.startswith(left)}

    assert drawn == {f"{name}-{view}" for name in names() for view in VIEWS}, "run bin/pictures"


def test_every_template_has_its_picture() -> None:
    drawn = {file.stem.removeprefix(PAPER) for file in PICTURES.glob(f"{PAPER}*.webp")}

    assert set(TEMPLATES) - drawn == set(), "run bin/pictures"


def test_the_index_shows_every_picture() -> None:
    text = (PICTURES / INDEX).read_text()

    assert [file.name for file in PICTURES.glob("*.webp") if file.name not in text] == []
