"""Fees by the merchant's rule: the total stands before Pay, and all tell the same amounts."""

from __future__ import annotations

import pytest

from handbill.merchants.fees import Fee, FeeRule
from tests.support.payers import Payer, seen
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

FIVE_PER_CENT = FeeRule(payer=Fee(500), merchant=Fee(500))


async def test_five_per_cent_on_both_sides_is_1000_1050_950_everywhere(
    house: RunningHouse, payer: Payer
) -> None:
    await house.change_merchant(fee_rule=FIVE_PER_CENT)
    link = await house.make_link()

    page = await payer.look(link["url"])
    assert page.amount == "₽10.50"
    assert page.buttons == {"Pay ₽10.50": "card"}
    assert "Price ₽10.00 Fee for paying online ₽0.50 Total ₽10.50" in page.text

    acquirer = await payer.begin(link["url"])
    assert house.created[0]["amount"] == 1_050
    assert "10.50 RUB" in (await payer.look(acquirer)).text
    status = await payer.decide(acquirer, "approve")
    await house.settle()

    receipt = await payer.look(status)
    assert receipt.amount == "₽10.50"
    assert "Fee, included ₽0.50" in receipt.text
    amounts = ("amount", "amount_with_fee", "amount_dest")
    payment = await house.payment()
    assert [payment[name] for name in amounts] == [1_000, 1_050, 950]
    assert [house.told[0][name] for name in amounts] == [1_000, 1_050, 950]


async def test_a_payer_who_types_the_amount_reads_what_is_added(
    house: RunningHouse, payer: Payer
) -> None:
    await house.change_merchant(fee_rule=FeeRule(payer=Fee(250, {"RUB": 1_000})))
    link = await house.make_link(amount_type="dynamic", amount={"default": 0, "currency": "RUB"})

    page = await payer.look(link["url"])
    assert "A fee of 2.5% + ₽10.00 is added" in page.text
    again = seen(await payer.press(link["url"], page.token, method="card", amount="100"))
    assert (again.status, again.typed) == (409, "100")
    assert "Price ₽100.00" in again.text
    assert "Fee for paying online ₽12.50 Total ₽112.50" in again.text
    assert await house.payments() == []

    answer = await payer.press(link["url"], again.token, method="card", amount="100")
    assert answer.status_code == 303
    payment = await house.payment()
    assert (payment["amount"], payment["amount_with_fee"]) == (10_000, 11_250)


async def test_a_fee_that_comes_while_the_page_is_open_is_shown_on_the_next_look(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    assert (await payer.look(link["url"])).amount == "₽10.00"
    house.clock.advance(1)
    await house.change_merchant(fee_rule=FIVE_PER_CENT)
    assert (await payer.look(link["url"])).amount == "₽10.50"
