"""A tip on top: a share, an amount of the payer's own, or none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.payers import Payer, Seen, seen
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


async def tipping(house: RunningHouse, **fields: Any) -> str:
    link = await house.make_link(
        pay_config={"methods": ["card"], "tips": [500, 1000]},
        **{"amount": {"default": 99_900, "currency": "RUB"}, **fields},
    )
    return str(link["url"])


async def paid(house: RunningHouse, payer: Payer, page: Seen, url: str, **fields: str) -> Any:
    answer = await payer.press(url, page.token, method="card", **fields)
    assert answer.status_code == 303, answer.text
    await payer.decide(answer.headers["location"], "approve")
    await house.settle()
    return (await house.payments())[-1]


async def test_no_tip_is_what_stands_there_first(house: RunningHouse, payer: Payer) -> None:
    url = await tipping(house)
    page = await payer.look(url)
    assert page.amount == "₽999.00"
    assert 'name="tip" value="0" required checked' in page.html
    payment = await paid(house, payer, page, url, tip="0", tip_amount="")
    assert (payment["amount"], payment["tip_amount"]) == (99_900, 0)
    assert "tip_amount" not in house.told[0]


async def test_a_share_is_rounded_half_up_and_stands_before_pay(
    house: RunningHouse, payer: Payer
) -> None:
    url = await tipping(house, amount={"default": 990, "currency": "RUB"})
    page = seen(await payer.pay(url, tip="500"))
    assert (page.status, page.amount) == (409, "₽10.40")
    assert "Price ₽9.90 Tip ₽0.50" in page.text
    payment = await paid(house, payer, page, url, tip="500")
    assert (payment["amount"], payment["tip_amount"]) == (1_040, 50)
    assert (house.told[0]["amount"], house.told[0]["tip_amount"]) == (1_040, 50)
    assert house.created[0]["amount"] == 1_040


async def test_a_tip_of_the_payers_own_is_typed_like_any_amount(
    house: RunningHouse, payer: Payer
) -> None:
    url = await tipping(house)
    for typed, fault in (("", "Type the tip, or choose another."), ("x", "such as 1234.50.")):
        page = seen(await payer.pay(url, tip="own", tip_amount=typed))
        assert (page.status, fault in page.text) == (422, True)
    page = seen(await payer.press(url, page.token, update="yes", tip="own", tip_amount="1 000,50"))
    assert (page.status, page.amount) == (200, "₽1,999.50")
    payment = await paid(house, payer, page, url, tip="own", tip_amount="1 000,50")
    assert payment["tip_amount"] == 100_050


async def test_a_typed_amount_with_a_tip_is_seen_before_it_is_paid(
    house: RunningHouse, payer: Payer
) -> None:
    amount = {"default": 0, "currency": "RUB", "min": 1_000}
    url = await tipping(house, amount_type="dynamic", amount=amount)
    page = await payer.look(url)
    again = seen(await payer.press(url, page.token, method="card", amount="200", tip="1000"))
    assert (again.status, again.typed) == (409, "200")
    assert "Price ₽200.00 Tip ₽20.00" in again.text
    assert again.buttons["Pay ₽220.00"] == "card"
    payment = await paid(house, payer, again, url, amount="200", tip="1000")
    assert (payment["amount"], payment["tip_amount"]) == (22_000, 2_000)
    # Nothing is added: whoever types the amount has seen it.
    page = await house.new_payer().look(url)
    assert (await paid(house, payer, page, url, amount="300", tip="0"))["amount"] == 30_000


async def test_another_tip_is_another_try(house: RunningHouse, payer: Payer) -> None:
    url = await tipping(house)
    first = await payer.begin(url, tip="1000", total="109890 RUB")
    assert await payer.begin(url, tip="1000", total="109890 RUB") == first
    assert await payer.begin(url, tip="500", total="104895 RUB") != first
    assert [one["amount"] for one in house.created] == [109_890, 104_895]
