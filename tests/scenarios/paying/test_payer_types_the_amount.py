"""A dynamic link: the payer types the amount as people write amounts."""

from __future__ import annotations

import pytest

from tests.support.payers import Payer, seen
from tests.support.running import JSON, RunningHouse

pytestmark = pytest.mark.anyio

DONATION = {"default": 50_000, "currency": "RUB", "min": 10_000, "max": 500_000}


async def donations(house: RunningHouse, **amount: object) -> str:
    """The address of a dynamic link."""
    link = await house.make_link(
        amount_type="dynamic", amount={**DONATION, **amount}, title="Reading room"
    )
    return str(link["url"])


async def test_the_field_holds_the_suggestion_and_says_its_bounds(
    house: RunningHouse, payer: Payer
) -> None:
    page = await payer.look(await donations(house))
    assert page.typed == "500"
    assert "From ₽100.00 to ₽5,000.00." in page.text
    assert page.buttons == {"Pay": "card"}


async def test_what_a_person_types_is_what_is_paid(house: RunningHouse, payer: Payer) -> None:
    url = await donations(house)
    for typed, minor in (
        ("1 234,50", 123_450),
        ("1,234.50", 123_450),
        ("1\u00a0234,5", 123_450),
        ("1'234", 123_400),
        (" 777 ", 77_700),
        ("100", 10_000),
        ("5000.00", 500_000),
    ):
        status = await payer.decide(await payer.begin(url, amount=typed), "approve")
        await house.settle()
        assert (await payer.look(status)).state == "charged"
        assert (await house.payments())[-1]["amount"] == minor
        assert house.told[-1]["amount"] == minor


async def test_what_cannot_be_taken_comes_back_as_typed_with_the_reason(
    house: RunningHouse, payer: Payer
) -> None:
    url = await donations(house)
    bounds, example = "from ₽100.00 to ₽5,000.00", "such as 1234.50"
    for typed, fault in (
        ("99,99", bounds),
        ("5000.01", bounds),
        ("0", bounds),
        ("", example),
        ("  ", example),
        ("five hundred", example),
        ("-500", example),
        ('5<b>"0', example),
    ):
        page = seen(await payer.pay(url, amount=typed))
        assert (page.status, page.state, page.typed) == (422, "pay", typed)
        assert f"Type an amount {fault}." in page.text
    assert await house.payments() == []
    again = await payer.press(url, page.token, method="card", amount="500")
    assert again.status_code == 303


async def test_a_link_with_one_bound_or_none_names_the_bound_that_counts(
    house: RunningHouse, payer: Payer
) -> None:
    unbound = {"min": None, "max": None}
    for amount, typed, fault in (
        ({"max": None}, "1", "Type at least ₽100.00."),
        ({"min": None}, "6000", "Type at most ₽5,000.00."),
        (unbound, "0", "Type at least ₽0.01."),
        (unbound, "99999999999", "Type at most ₽10,000,000,000.00."),
    ):
        page = seen(await payer.pay(await donations(house, **amount), amount=typed))
        assert (page.status, page.typed) == (422, typed)
        assert fault in page.text


async def test_currencies_have_their_own_places(house: RunningHouse, payer: Payer) -> None:
    for currency, typed, minor, refused, example in (
        ("JPY", "1,234", 1_234, "12.50", "1234"),
        ("KWD", "1.234", 1_234, "1.2345", "1234.500"),
    ):
        amount = {"default": 0, "currency": currency, "min": 1, "max": 10_000}
        link = await house.make_link(amount_type="dynamic", amount=amount)
        wrong = seen(await payer.pay(link["url"], amount=refused))
        assert wrong.status == 422
        assert f"Type an amount such as {example}." in wrong.text
        await payer.begin(link["url"], amount=typed)
        assert [one["amount"] for one in await house.payments()][-1] == minor


async def test_a_form_may_give_minor_units_instead(house: RunningHouse, payer: Payer) -> None:
    url = await donations(house)
    too_much = seen(await payer.pay(url, amount_minor="500001"))
    assert (too_much.status, too_much.typed) == (422, "5000.01")
    assert (await payer.pay(url, amount_minor="500000")).status_code == 303
    assert (await house.payment())["amount"] == 500_000


async def test_a_script_reads_which_field_was_refused(house: RunningHouse) -> None:
    url = await donations(house)
    for fields, name in (
        ({"amount": "1"}, "amount"),
        ({}, "amount"),
        ({"amount_minor": "1e3"}, "amount_minor"),
        ({"amount_minor": "9" * 20}, "amount_minor"),
        ({"amount": "500", "method": "lightning"}, "method"),
    ):
        answer = await house.payer.post(url, headers=JSON, data=fields)
        assert answer.status_code == 422
        assert answer.json()["details"].keys() == {name}
