"""A long print is set in parts: bound into one file they are as good as set at once."""

from __future__ import annotations

import ctypes
import json
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from handbill.infra import typesetting
from handbill.infra.binding import bound

SOURCE = """
#let sheet = json(bytes(sys.inputs.sheet))
#set document(title: sheet.title, date: none)
#set text(font: "Libertinus Serif", lang: "ru")
#for (number, words) in sheet.pages.enumerate() {
  if number > 0 { pagebreak() }
  words
  image(bytes(sheet.picture), format: "svg", alt: "12 0 R (" + words + ")")
}
"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0L9 9"/></svg>'
TITLE = "Счёт (№ 5 0 R)"


def part(*pages: str) -> bytes:
    sheet = {"title": TITLE, "pages": pages, "picture": PICTURE}
    file, _ = typesetting.pages(SOURCE, json.dumps(sheet), "[]")
    return file


def words(file: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(file)]


def heard(page: Any) -> list[str]:
    """What a reader who is blind is told of the figures of a page."""
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    waiting = [
        pdfium.FPDF_StructTree_GetChildAtIndex(tree, number)
        for number in range(pdfium.FPDF_StructTree_CountChildren(tree))
    ]
    found: list[str] = []
    while waiting:
        element = waiting.pop()
        length = pdfium.FPDF_StructElement_GetAltText(element, None, 0)
        said = ctypes.create_string_buffer(length)
        pdfium.FPDF_StructElement_GetAltText(element, said, length)
        found += [said.raw.decode("utf-16-le").rstrip("\0")]
        waiting += [
            pdfium.FPDF_StructElement_GetChildAtIndex(element, number)
            for number in range(pdfium.FPDF_StructElement_CountChildren(element))
        ]
    pdfium.FPDF_StructTree_Close(tree)
    return [words for words in found if words]


def test_the_pages_of_all_files_follow_each_other() -> None:
    file = bound(part("one", "two"), part("three"), part("four", "five", "six"))

    assert [page.strip() for page in words(file)] == ["one", "two", "three", "four", "five", "six"]


def test_title_language_and_tags_stay() -> None:
    file = bound(part("one"), part("two", "three"))

    document = pypdfium2.PdfDocument(file)
    assert document.get_metadata_dict()["Title"] == TITLE
    assert document.is_tagged()
    assert b"/Lang(ru)" in file
    assert b"<xmpTPg:NPages>3</xmpTPg:NPages>" in file
    assert [heard(page) for page in document] == [
        [f"12 0 R ({n})"] for n in ("one", "two", "three")
    ]


def test_the_same_files_make_the_same_file() -> None:
    assert bound(part("one"), part("two")) == bound(part("one"), part("two"))


def test_what_no_typesetter_made_is_refused() -> None:
    with pytest.raises(ValueError, match="typesetter"):
        bound(part("one"), b"%PDF-1.7 and nothing more")
