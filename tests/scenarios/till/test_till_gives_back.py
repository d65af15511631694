"""Money back at the till: with the PIN, once, and never more than was paid."""

from __future__ import annotations

import asyncio

import pytest

from handbill.kernel.clock import MINUTE
from tests.scenarios.api.shapes import IN_ROUBLES
from tests.support.cashier import Cashier, path_of, ticket_of
from tests.support.payers import seen
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

PIN = "4821"


async def set_pin(house: RunningHouse, pin: str | None = PIN) -> None:
    answer = await house.shop.patch("/api/v1/merchant", json={"till_pin": pin})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["till_pin_set"] is (pin is not None)
    assert pin is None or pin not in answer.text


async def refunds(house: RunningHouse) -> list[tuple[str, int, str]]:
    [payment] = await house.payments()
    answer = await house.shop.get(f"/api/v1/transactions/{payment['id']}/refunds")
    return [(one["status"], one["amount"], one["reason"]) for one in answer.json()["data"]]


@pytest.fixture
async def paid(house: RunningHouse, cashier: Cashier) -> str:
    """A sale over 10.00 that was paid, and a PIN."""
    await set_pin(house)
    sale = await cashier.sell("10")
    await cashier.paid(sale)
    return sale


async def test_the_pin_gives_all_of_it_back(
    house: RunningHouse, cashier: Cashier, paid: str
) -> None:
    assert path_of(await cashier.refund(paid, PIN)) == paid
    await house.settle()
    assert (await cashier.look(paid)).state == "refunded"
    assert await refunds(house) == [("succeeded", 1000, "till")]
    assert (await house.payment())["status"] == "refunded"


async def test_a_part_goes_back_and_then_at_most_the_rest(
    house: RunningHouse, cashier: Cashier, paid: str
) -> None:
    await cashier.refund(paid, PIN, "2,50")
    await house.settle()
    page = await cashier.look(paid)
    assert (page.state, "Refunded so far: ₽2.50." in page.text) == ("paid", True)
    assert "₽2.50 refunded" in (await cashier.look("/sales")).text

    for amount, words in (("7.51", "At most ₽7.50 can be refunded."), ("x", "Type an amount")):
        refused = seen(await cashier.refund(paid, PIN, amount))
        assert (refused.status, refused.typed, words in refused.text) == (422, amount, True)
    page = await cashier.look(f"{paid}/refund")
    assert page.typed == "7.50"
    assert [one[1] for one in await refunds(house)] == [250]


async def test_a_wrong_pin_gives_nothing_and_five_lock_it(
    house: RunningHouse, cashier: Cashier, paid: str
) -> None:
    for left in ("4 tries are", "3 tries are", "2 tries are", "1 try is"):
        page = seen(await cashier.refund(paid, "0000"))
        assert (page.status, f"{left} left." in page.text) == (403, True)
    locked = "Refunds are locked for 15 minutes."
    for pin in ("0000", PIN):
        page = seen(await cashier.refund(paid, pin))
        assert (page.status, locked in page.text) == (429, True)
    assert await refunds(house) == []
    house.clock.advance(15 * MINUTE)
    assert path_of(await cashier.refund(paid, PIN)) == paid


async def test_without_a_pin_no_till_gives_anything_back(
    house: RunningHouse, cashier: Cashier, paid: str
) -> None:
    await set_pin(house, None)
    page = await cashier.look(f"{paid}/refund")
    assert "No PIN is set" in page.text
    answer = await cashier.post(f"{paid}/refund", ticket=ticket_of(page), amount="10", pin=PIN)
    assert answer.status_code == 409
    assert await refunds(house) == []


async def test_pressed_many_times_at_once_it_is_one_refund(
    house: RunningHouse, cashier: Cashier, paid: str
) -> None:
    page = await cashier.look(f"{paid}/refund")
    fields = {"ticket": ticket_of(page), "amount": "4", "pin": PIN}
    answers = await asyncio.gather(*(cashier.post(f"{paid}/refund", **fields) for _ in range(8)))
    assert {path_of(answer) for answer in answers} == {paid}
    await house.settle()
    assert await refunds(house) == [("succeeded", 400, "till")]

    again = await cashier.post(f"{paid}/refund", ticket="forged", amount="4", pin=PIN)
    assert again.status_code == 409


async def test_what_was_not_paid_cannot_be_given_back(
    house: RunningHouse, cashier: Cashier
) -> None:
    await set_pin(house)
    sale = await cashier.sell("10")
    assert "There is nothing to refund" in (await cashier.look(f"{sale}/refund")).text
    answer = await cashier.post(
        f"{sale}/refund",
        ticket=ticket_of(await cashier.look(f"{sale}/refund")),
        amount="10",
        pin=PIN,
    )
    assert answer.status_code == 409
    assert await refunds(house) == []


async def test_a_pin_that_is_none_is_refused_by_name(house: RunningHouse) -> None:
    for pin in ("123", "123456789", "12345a", 1234):
        answer = await house.shop.patch("/api/v1/merchant", json={"till_pin": pin})
        assert answer.status_code == 422
        assert list(answer.json()["details"]) == ["till_pin"]
    assert (await house.shop.get("/api/v1/merchant")).json()["data"]["till_pin_set"] is False


async def test_a_bank_transfer_is_not_said_to_go_back(
    house: RunningHouse, cashier: Cashier
) -> None:
    await set_pin(house)
    account = await house.shop.post("/api/v1/provider_accounts", json=IN_ROUBLES)
    assert account.status_code == 201, account.text
    link = await house.make_link(pay_config={"methods": ["transfer"]})
    await house.new_payer().begin(link["url"], "transfer")
    payment = await house.payment()
    await house.shop.post(f"/api/v1/transactions/{payment['id']}/confirm", json={})

    page = seen(await cashier.refund(f"/sales/{payment['id']}", PIN))

    assert page.status == 409
    assert "only from the seller's bank" in page.text
    assert await refunds(house) == []
