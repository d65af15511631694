"""SEPA codes: the published samples, what segno makes of the same, and text that adds no line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from segno import helpers

from handbill.kernel.errors import Invalid
from handbill.kernel.money import Money
from handbill.providers import epc, requisites
from handbill.qr.code import make
from handbill.qr.formats import png
from tests.support.transfers import EUROS
from tests.unit.qr.reading import open_png, read_picture

MUSTERMANN = {"name": "Franz Mustermänn", "iban": "DE71110220330123456789", "bic": "BHBLDEHHXXX"}
"""The payee of the other sample in EPC069-12."""


def test_the_sample_of_the_council_is_written_letter_by_letter() -> None:
    to = requisites.parse("EUR", EUROS)

    assert requisites.payload(to, Money(1230, "EUR"), "Client:Marie Louise La Lune") == (
        "BCD\n002\n1\nSCT\n\nFrançois D'Alsace S.A.\nFR1420041010050500013M02606\nEUR12.30\n\n\n"
        "Client:Marie Louise La Lune"
    )


def test_without_words_the_lines_end_with_the_amount() -> None:
    text = requisites.payload(requisites.parse("EUR", MUSTERMANN), Money(5, "EUR"), "")

    assert text.split("\n")[4:] == [
        *("BHBLDEHHXXX", "Franz Mustermänn", "DE71110220330123456789", "EUR0.05")
    ]


@pytest.mark.parametrize("fields", [EUROS, MUSTERMANN], ids=["without BIC", "with BIC"])
@pytest.mark.parametrize("words", ["7KX2M4QF9T Zwei Stunden Mathematik", "7KX2M4QF9T Café crème"])
def test_a_phone_reads_the_same_as_from_the_code_that_segno_makes(
    fields: dict[str, str], words: str
) -> None:
    text = requisites.payload(requisites.parse("EUR", fields), Money(198_055, "EUR"), words)
    of_segno: Any = helpers.make_epc_qr(
        fields["name"],
        fields["iban"],
        Decimal("1980.55"),
        text=words,
        bic=fields.get("bic"),
        encoding="utf-8",
    )

    code = make(text)

    read, theirs = read_picture(open_png(png(code))), _read(of_segno)
    assert (read.text, read.level) == (text, "M")
    assert read.text.split("\n") == theirs.split("\n")
    assert code.version <= 13


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "N" * 71),
        ("name", "ООО Ромашка"),  # noqa: RUF001
        ("iban", "DE71110220330123456788"),
        ("iban", "DE7111022033012345678"),
        ("iban", "BR1800360305000010009795493C1"),
        ("bic", "BHBLDEHHXX"),
        ("account", "40702810138250123017"),
    ],
)
def test_a_fault_is_told_by_its_field(field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        requisites.parse("EUR", {**MUSTERMANN, field: value})

    assert list(refused.value.faults) == [field]


def test_outside_the_economic_area_the_bank_is_named() -> None:
    swiss = {"name": "Ada", "iban": "CH93 0076 2011 6238 5295 7"}
    with pytest.raises(Invalid) as refused:
        requisites.parse("EUR", swiss)

    assert list(refused.value.faults) == ["bic"]
    assert requisites.parse("EUR", {**swiss, "bic": "poficheb"}) == epc.Requisites(
        "Ada", "CH9300762011623852957", "POFICHEB"
    )


@pytest.mark.parametrize(
    "amount", [Money(0, "EUR"), Money(epc.AMOUNT_MAX + 1, "EUR"), Money(100, "RUB")], ids=str
)
def test_an_amount_that_the_code_cannot_say_is_refused(amount: Money) -> None:
    with pytest.raises(ValueError, match="SEPA"):
        epc.payload(epc.Requisites(**EUROS), amount, "")


def test_another_currency_has_no_code() -> None:
    with pytest.raises(Invalid) as refused:
        requisites.parse("USD", EUROS)

    assert refused.value.faults == {"currency": ["must be one of: RUB, EUR"]}


def test_words_in_other_letters_are_left_out_and_the_reference_stays() -> None:
    text = epc.payload(epc.Requisites(**EUROS), Money(100, "EUR"), "7KX2M4QF9T Кофе Crème ☕")

    assert text.endswith("\n7KX2M4QF9T Crème")


@given(
    st.text(max_size=400), st.integers(1, epc.AMOUNT_MAX), st.text("éÄ", min_size=1, max_size=70)
)
def test_no_words_add_a_line_or_make_it_longer_than_it_may_be(
    words: str, minor: int, name: str
) -> None:
    text = epc.payload(epc.Requisites(name, EUROS["iban"]), Money(minor, "EUR"), words)

    lines = text.split("\n")
    assert len(text.encode()) <= epc.BYTES_MAX
    assert len(lines) in (8, 11)
    assert lines[4:7] == ["", name, EUROS["iban"]]
    assert lines[7] == f"EUR{Money(minor, 'EUR').decimal():f}"
    assert len(lines) == 8 or (lines[8:10] == ["", ""] and 1 <= len(lines[10]) <= epc.TEXT_MAX)
    assert not set("".join(lines)) & set("\r\x0b\x0c\x85\u2028\u2029")
    said = requisites.shown(text)
    assert (said["iban"], said["amount"]) == (EUROS["iban"], lines[7][3:])


def test_the_longest_code_is_of_version_13() -> None:
    longest = epc.Requisites("é" * 69 + "e", "MT84MALT011000012345MTLCAST001S")

    text = epc.payload(longest, Money(epc.AMOUNT_MAX, "EUR"), "é" * 200)

    assert (len(text.encode()), make(text).version) == (331, 13)


def _read(code: Any) -> str:
    """What a phone reads from a code of segno."""
    rows = tuple(bytes(row) for row in code.matrix)
    ours = make("-")
    drawn = type(ours)("-", int(code.version), "M", rows)
    return read_picture(open_png(png(drawn))).text
