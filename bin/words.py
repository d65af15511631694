"""From the words in the source to the catalogues of the translators, and back to what is missing.

English stands in the source, so it has no catalogue. A translation is kept as long as its message
stands there word for word; nothing is guessed from a message that looks like it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from handbill.kernel.languages import DEFAULT, NAMES
from handbill.web.pages.catalogues import file_of

SOURCE = Path(__file__).parent.parent / "src" / "handbill"
KEYWORDS = {"N_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("web/templates/**.html", "jinja2.ext:babel_extract")]
FOR_TRANSLATORS = ["Translators:"]
LINE_LENGTH = 100
TRANSLATED = tuple(code for code in NAMES if code != DEFAULT)

# The usual order of the Arabic forms, which Babel's table does not have.
_ARABIC = (
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3"
    " : n%100>=11 ? 4 : 5);"
)


def extract() -> Catalog:
    """Every message of the source, in the order of the files."""
    found = Catalog()
    walked = extract_from_dir(
        SOURCE, METHODS, keywords=KEYWORDS, comment_tags=FOR_TRANSLATORS, strip_comment_tags=True
    )
    for name, line, message, comments, _ in walked:
        found.add(message, locations=[(name, line)], auto_comments=comments)
    return found


def read(code: str) -> Catalog:
    path = file_of(code)
    if not path.exists():
        return Catalog(locale=code.replace("-", "_"))
    with path.open("rb") as file:
        return read_po(file, locale=code.replace("-", "_"))


def updated(source: Catalog, code: str) -> str:
    """The catalogue of a language as it should stand in its file."""
    before, after = read(code), Catalog(locale=code.replace("-", "_"))
    for message in source:
        if message.id:
            known = before.get(message.id)
            after.add(
                message.id,
                known.string if known is not None else "",
                locations=message.locations,
                auto_comments=message.auto_comments,
                user_comments=known.user_comments if known is not None else (),
            )
    text = io.BytesIO()
    write_po(text, after, width=LINE_LENGTH, omit_header=True, include_lineno=False)
    return _header(code) + text.getvalue().decode().rstrip("\n") + "\n"


def missing(code: str, source: Catalog) -> list[Message]:
    """Messages without a translation, or without one of its plural forms."""
    known = read(code)
    return [one for one in source if one.id and not _is_whole(known.get(one.id))]


def in_forms(text: str | Sequence[str | None] | None) -> list[str]:
    """A message or its translation: one text, or one for each plural form."""
    return [one or "" for one in ([text] if text is None or isinstance(text, str) else text)]


def _is_whole(message: Message | None) -> bool:
    return message is not None and all(in_forms(message.string))


def _header(code: str) -> str:
    forms = _ARABIC if code == "ar" else get_plural(code.replace("-", "_")).plural_forms
    lines = (
        f"Language: {code.replace('-', '_')}",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {forms}",
    )
    return "\n".join(['msgid ""', 'msgstr ""', *(f'"{line}\\n"' for line in lines), "", ""])


def main(arguments: list[str]) -> int:
    """`arguments`: the codes of some languages, all without them; `--check` writes nothing."""
    if unknown := set(arguments) - {*TRANSLATED, "--check"}:
        print(
            f"not known: {', '.join(unknown)}; known are {', '.join(TRANSLATED)}", file=sys.stderr
        )
        return 2
    source, stale = extract(), []
    for code in [code for code in TRANSLATED if code in arguments] or TRANSLATED:
        path, text = file_of(code), updated(source, code)
        if not path.exists() or path.read_text() != text:
            stale.append(code)
            if "--check" not in arguments:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        lacking = missing(code, source)
        print(f"{code}: {len(source) - len(lacking)} of {len(source)}")
        for message in lacking:
            print(f"    {in_forms(message.id)[0]}")
    if "--check" in arguments and stale:
        print(f"out of date: {', '.join(stale)}; run bin/words", file=sys.stderr)
    return int("--check" in arguments and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
