"""Our reader of catalogues reads what Babel's reads."""

from __future__ import annotations

from io import BytesIO

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from handbill.kernel.languages import NAMES
from handbill.web.pages import catalogues
from handbill.web.pages.catalogues import Catalogue

SMALL = r"""# A comment of somebody.
msgid ""
msgstr ""
"Language: uk\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
"n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"

#. What a translator should know.
#: web/templates/pay.html
msgid "Say \"yes\" \\ once"
msgstr "Скажи \"так\" \\\n\t цей раз"

#: web/pages/render.py
#, python-format
msgid ""
"A long message, "
"in parts, for %(name)s."
msgstr ""
"Довге повідомлення, "
"частинами, для %(name)s."

msgid "%(num)d day"
msgid_plural "%(num)d days"
msgstr[0] "%(num)d день"
msgstr[1] "%(num)d дні"
msgstr[2] "%(num)d днів"

msgid "%(num)d hour"
msgid_plural "%(num)d hours"
msgstr[0] "%(num)d година"
msgstr[1] ""
msgstr[2] ""

msgid "Not yet"
msgstr ""

#~ msgid "Gone"
#~ msgstr "Зникло"
"""
NUMBERS = (0, 1, 2, 3, 5, 10, 11, 12, 21, 22, 25, 100, 101, 102, 111, 1_000_000)


def agree(ours: Catalogue, theirs: Catalog) -> int:
    """Compares every translated message in every form; how many there were."""
    compared = 0
    for message in theirs:
        if not message.id or not message.string:
            continue
        if isinstance(message.id, str):
            assert ours.gettext(message.id) == message.string
            compared += 1
        elif all(message.string):
            singular, plural = message.id
            forms = {ours.ngettext(singular, plural, number) for number in NUMBERS}
            assert forms == set(message.string)
            compared += 1
    return compared


def test_escapes_lines_and_forms_are_read_as_babel_reads_them() -> None:
    assert agree(Catalogue(SMALL), read_po(BytesIO(SMALL.encode()))) == 3


def test_the_form_is_that_of_the_number() -> None:
    catalogue = Catalogue(SMALL)
    found = [catalogue.ngettext("%(num)d day", "%(num)d days", number) for number in (1, 3, 11, 21)]
    assert found == ["%(num)d день", "%(num)d дні", "%(num)d днів", "%(num)d день"]


def test_what_is_not_translated_whole_stays_english() -> None:
    catalogue = Catalogue(SMALL)
    assert catalogue.gettext("Not yet") == "Not yet"
    assert catalogue.gettext("Gone") == "Gone"
    assert catalogue.ngettext("%(num)d hour", "%(num)d hours", 1) == "%(num)d hour"
    assert catalogue.ngettext("%(num)d hour", "%(num)d hours", 5) == "%(num)d hours"


@pytest.mark.parametrize("code", [code for code in NAMES if code != "en"])
def test_every_catalogue_is_read_as_babel_reads_it(code: str) -> None:
    path = catalogues.file_of(code)
    with path.open("rb") as file:
        agree(Catalogue(path.read_text()), read_po(file))
