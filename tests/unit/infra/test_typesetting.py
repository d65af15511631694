"""Pages set in type: what comes in as data stays data, and no letter becomes a box."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pypdfium2
import pytest
import typst

from handbill.infra.typesetting import pdf

SOURCE = """
#let sheet = json(bytes(sys.inputs.sheet))
#let texts = json(bytes(sys.inputs.texts))
#set document(title: sheet.title)
#set text(font: ("DejaVu Sans", "Libertinus Serif"))
#sheet.words
#texts.map(text => if text == none { "left out" } else { text }).join(" / ")
"""
NOBODY_HAS_IT = "\U00010920"  # a letter of Lydian


def read(file: bytes) -> str:
    pages = pypdfium2.PdfDocument(file)
    return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in pages)


def made(texts: Sequence[str], *editions: str) -> bytes:
    sheets = [{"title": "A receipt", "words": words} for words in editions or ("Paid",)]
    return pdf(SOURCE, json.dumps(sheets), json.dumps(texts), 1_772_359_200)


@pytest.mark.parametrize(
    "text",
    [
        "#panic()",
        "*bold* _it_ $x^2$ `raw` @ref <label>",
        '"; #read("/etc/passwd") //',
        "\\u{41} [x] {y} #{1+1}",
        "= Heading",
    ],
)
def test_a_text_is_never_read_as_markup(text: str) -> None:
    assert text in read(made([text]))


def test_a_text_without_letters_here_is_left_out_and_the_others_stay() -> None:
    assert read(made(["Coffee", NOBODY_HAS_IT, "Tea"])) == "Paid Coffee / left out / Tea"


def test_a_picture_sign_is_left_out_of_its_text() -> None:
    assert read(made(["Croissant \U0001fae8"])) == "Paid Croissant"


def test_another_edition_is_taken_where_there_are_no_letters_for_the_first() -> None:
    assert read(made(["Coffee"], NOBODY_HAS_IT, "Paid in full")) == "Paid in full Coffee"


def test_without_any_edition_that_can_be_set_there_is_no_page() -> None:
    with pytest.raises(typst.TypstError):
        made(["Coffee"], NOBODY_HAS_IT)


def test_the_same_is_the_same_to_the_byte() -> None:
    assert made(["Coffee", NOBODY_HAS_IT]) == made(["Coffee", NOBODY_HAS_IT])


def test_a_page_says_that_it_can_be_read_aloud() -> None:
    file = made(["Coffee"])
    assert b"pdfuaid:part" in file
    assert pypdfium2.PdfDocument(file).is_tagged()
