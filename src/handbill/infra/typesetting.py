"""Sets a page in type, as a PDF or a picture: the trade of a worker of `infra.workshop`, and of
nobody else.

What is set comes in as data. PDF/UA-1 is asked for, because a reader may be blind, and because it
refuses a letter that no font of this machine has: nobody gets a page with boxes on it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import cache, reduce

import typst

STANDARD: typst.PDFStandard = "ua-1"
_POINTS_PER_INCH = 72
_NO_LETTER = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_KEPT_FOR = 12
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
# What fonts have all of, or none of.
_TOGETHER = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")


def pdf(source: str, editions: str, texts: str, at_seconds: int) -> bytes:
    """`source` finds a sheet and texts in its inputs. `editions` is a JSON list of sheets that say
    the same: the first is wanted, the next taken where there are no letters for it. `texts` is a
    JSON list of words of others, in any letters: a text that cannot be set is None in it, a picture
    sign is left out of it.

    The same every time for the same input on the same machine; `at_seconds` is its date. Raises
    typst.TypstError where the last edition cannot be set either.
    """
    return _settled(source, editions, texts, at_seconds)[0]


def png(source: str, editions: str, texts: str) -> bytes:
    """The same as a picture, a pixel for a point. Set as a PDF first: a picture would have boxes
    in the place of letters that are missing."""
    _, sheet, own = _settled(source, editions, texts, 0)
    return _one_file(
        typst.compile(
            source.encode(),
            format="png",
            ppi=_POINTS_PER_INCH,
            sys_inputs=_inputs(sheet, own),
            font_paths=_fonts(),
        )
    )


def pages(source: str, sheet: str, texts: str) -> tuple[bytes, str]:
    """A PDF of several pages of `sheet`, which has one edition; and the `texts` as they were
    set: what they are for must not be lost with them."""
    file, _, own = _settled(source, f"[{sheet}]", texts, 0)
    _forget()
    return file, json.dumps(own)


def first_page(source: str, sheet: str, texts: str, ppi: int) -> bytes:
    """A picture of it; `ppi` pixels to an inch."""
    _, settled, own = _settled(source, f"[{sheet}]", texts, 0)
    made = typst.compile(
        source.encode(),
        format="png",
        ppi=ppi,
        sys_inputs=_inputs(settled, own),
        font_paths=_fonts(),
    )
    return made[0] if isinstance(made, list) else _one_file(made)


def _settled(
    source: str, editions: str, texts: str, at_seconds: int
) -> tuple[bytes, dict[str, object], list[str | None]]:
    """The file, and what could be set in it."""
    left: list[dict[str, object]] = json.loads(editions)
    own: list[str | None] = json.loads(texts)
    while True:
        try:
            return _compiled(source, left[0], own, at_seconds), left[0], own
        except typst.TypstError as error:
            missing = _missing(error.diagnostic)
            if not missing:
                raise
            without = [reduce(_without, missing, text) for text in own]
            if without != own:
                own = without
            elif len(left) > 1:
                left = left[1:]
            else:
                raise


def _forget() -> None:
    """The typesetter keeps what it has laid out until it has set ten documents more. A long one is
    a hundred mebibytes, and the next is long too."""
    for _ in range(_KEPT_FOR):
        typst.compile(b"", format="pdf", font_paths=_fonts())


def _missing(diagnostic: str) -> list[str]:
    """All letters that no font has: a print of hundreds of texts is not set hundreds of times."""
    found = dict.fromkeys(_NO_LETTER.findall(diagnostic))
    return [_ESCAPED.sub(lambda code: chr(int(code[1], 16)), letters) for letters in found]


def _compiled(
    source: str, sheet: dict[str, object], own: Sequence[str | None], at_seconds: int
) -> bytes:
    return _one_file(
        typst.compile(
            source.encode(),
            format="pdf",
            sys_inputs=_inputs(sheet, own),
            pdf_standards=[STANDARD],
            font_paths=_fonts(),
            timestamp=at_seconds,
        )
    )


def _inputs(sheet: dict[str, object], own: Sequence[str | None]) -> dict[str, str]:
    return {"sheet": json.dumps(sheet), "texts": json.dumps(own)}


def _one_file(made: object) -> bytes:
    """Raises TypeError where a picture has more than one page."""
    if not isinstance(made, bytes):
        raise TypeError("a sheet is one file")
    return made


@cache
def _fonts() -> typst.Fonts:
    """Those of the system, and a few that typst brings along. Looked for once."""
    return typst.Fonts()


def _without(text: str | None, letters: str) -> str | None:
    if text is None:
        return None
    if all(_is_picture(letter) for letter in letters):
        return "".join(c for c in text if not _is_picture(c)).strip() or None
    lost = letters in text or any(_go_together(letter, letters[0]) for letter in text)
    return None if lost else text


def _is_picture(letter: str) -> bool:
    """An emoji, or what holds several together."""
    return unicodedata.category(letter) in ("So", "Sk", "Cf", "Cn") or letter == "\ufe0f"


def _go_together(one: str, other: str) -> bool:
    names = (unicodedata.name(letter, "").split("-")[0].split(" ")[0] for letter in (one, other))
    return all(name in _TOGETHER for name in names)
