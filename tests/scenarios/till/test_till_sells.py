"""A sale at the till, from the amount to the result, over HTTP and without script."""

from __future__ import annotations

import re

import pytest

from handbill.kernel.clock import MINUTE
from handbill.kernel.money import Money
from handbill.merchants import tills
from handbill.merchants.model import Tenant
from tests.support.cashier import Cashier, mark_in, path_of, ticket_of
from tests.support.payers import seen
from tests.support.running import RunningHouse
from tests.unit.qr.reading import rasterised_svg, read_picture

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One will do: what is stored is sold on both of them where it is given back."""
    return sqlite_url


async def test_an_amount_is_charged_paid_and_shown_with_the_payers_mark(
    house: RunningHouse, cashier: Cashier
) -> None:
    sale = await cashier.sell("1 234,50")
    page = await cashier.look(sale)
    assert (page.state, page.amount) == ("open", "₽1,234.50")
    assert "15 minutes left to scan" in page.text
    assert "Only this screen proves a payment." in page.text
    assert mark_in(page) is None
    code = await cashier.http.get(f"/till{sale}/qr.svg")
    assert read_picture(rasterised_svg(code.content)).text == await cashier.payer_page(sale)

    payer = house.new_payer()
    acquirer = await payer.begin(await cashier.payer_page(sale))
    assert (await cashier.look(sale)).state == "paying"
    status = await payer.decide(acquirer, "approve")
    await house.settle()

    paid = await cashier.look(sale)
    assert (paid.state, paid.amount) == ("paid", "₽1,234.50")
    receipt = await payer.look(status)
    assert mark_in(paid) == mark_in(receipt) is not None
    assert (await cashier.http.get(f"/till{sale}/qr.svg")).status_code == 200
    assert "/qr.svg" not in paid.html


async def test_products_are_charged_by_name_and_count(
    house: RunningHouse, cashier: Cashier
) -> None:
    coffee = await house.make_product()
    cake = await house.make_product(header="Lemon cake", price=38_000)
    sale = await cashier.sell("10", **{coffee["id"]: 2, cake["id"]: 1})

    page = await cashier.look(sale)
    assert page.amount == "₽1,090.00"
    for words in ("Coffee \u00d7 2", "₽700.00", "Lemon cake", "Typed amount ₽10.00"):
        assert words in page.text
    payment = await house.payment()
    assert (payment["type"], payment["amount"]) == ("payment", 109_000)
    assert list(payment["metadata"]) == ["till"]
    assert (
        "2 \u00d7 Coffee, Lemon cake"
        in (await house.new_payer().look(await cashier.payer_page(sale))).text
    )


async def test_an_amount_that_cannot_be_charged_is_given_back_with_the_reason(
    house: RunningHouse, cashier: Cashier
) -> None:
    for amount, words in {
        "": "Type an amount, or choose a product.",
        "0": "Type an amount, or choose a product.",
        "ten": "Type an amount such as 1234.50.",
        "10000000000.01": "Type at most ₽10,000,000,000.00.",
    }.items():
        page = seen(await cashier.ring_up(amount))
        assert (page.status, page.typed) == (422, amount)
        assert words in page.text
    assert await house.payments() == []


async def test_a_product_of_another_merchant_or_of_the_past_is_not_sold(
    house: RunningHouse, cashier: Cashier
) -> None:
    gone = await house.make_product()
    assert (await house.shop.delete(f"/api/v1/products/{gone['id']}")).status_code == 200
    for product, count in ((gone["id"], "1"), (gone["link"], "1"), ("x", "1"), (gone["id"], "-1")):
        page = await cashier.look()
        fields = {"ticket": ticket_of(page), f"item-{product}": count}
        assert (await cashier.post("/sales", **fields)).status_code == 422
    assert await house.payments() == []


async def test_pressing_charge_twice_is_one_sale(house: RunningHouse, cashier: Cashier) -> None:
    ticket = ticket_of(await cashier.look())
    first = path_of(await cashier.post("/sales", ticket=ticket, amount="5"))
    assert path_of(await cashier.post("/sales", ticket=ticket, amount="5")) == first

    other = seen(await cashier.post("/sales", ticket=ticket, amount="6"))
    assert (other.status, other.typed) == (409, "6")
    assert "had begun a sale already" in other.text
    again = path_of(await cashier.post("/sales", ticket=ticket_of(other), amount="6"))
    assert again != first
    assert [one["amount"] for one in await house.payments()] == [500, 600]


async def test_a_ticket_of_somebody_else_begins_nothing(
    house: RunningHouse, cashier: Cashier
) -> None:
    for ticket in ("", "x" * 30, ticket_of(await cashier.look())[:-2]):
        assert (await cashier.post("/sales", ticket=ticket, amount="5")).status_code == 409
    assert await house.payments() == []


async def test_a_sale_that_nobody_pays_ends_after_a_quarter_of_an_hour(
    house: RunningHouse, cashier: Cashier
) -> None:
    sale = await cashier.sell("5")
    await house.pass_time(14 * MINUTE + 1)
    assert "1 minute left to scan" in (await cashier.look(sale)).text
    await house.pass_time(MINUTE)
    page = await cashier.look(sale)
    assert page.state == "expired"
    assert (await house.payment())["status"] == "cancelled"


async def test_a_decline_leaves_the_code_for_another_try(
    house: RunningHouse, cashier: Cashier
) -> None:
    sale = await cashier.sell("5")
    await cashier.paid(sale, "decline_fraud")
    page = await cashier.look(sale)
    assert page.state == "declined"
    assert "/qr.svg" in page.html
    await cashier.paid(sale)
    assert (await cashier.look(sale)).state == "paid"


async def test_cancelling_ends_the_attempt_at_the_acquirer_first(
    house: RunningHouse, cashier: Cashier
) -> None:
    sale = await cashier.sell("5")
    payer = house.new_payer()
    acquirer = await payer.begin(await cashier.payer_page(sale))
    assert path_of(await cashier.post(f"{sale}/cancellation")) == sale
    assert (await cashier.look(sale)).state == "cancelled"
    asked = house.road.heard("POST", "/sandbox/v1/payments/")
    assert [one.path.rpartition("/")[2] for one in asked] == ["cancel"]
    assert (await payer.http.post(acquirer, data={"decision": "approve"})).status_code != 303
    await house.settle()
    assert (await cashier.look(sale)).state == "cancelled"


async def test_what_is_paid_cannot_be_cancelled(house: RunningHouse, cashier: Cashier) -> None:
    sale = await cashier.sell("5")
    await cashier.paid(sale)
    page = seen(await cashier.post(f"{sale}/cancellation"))
    assert (page.status, page.state) == (409, "paid")
    assert "could not be cancelled" in page.text


async def test_the_till_sells_in_its_currency(house: RunningHouse, cashier: Cashier) -> None:
    await house.make_product(header="In rubles")
    changed = await house.shop.patch("/api/v1/merchant", json={"till_currency": "KWD"})
    assert changed.json()["data"]["till_currency"] == "KWD"
    page = await cashier.look()
    assert "In rubles" not in page.text
    assert re.search(r'data-exponent="3"', page.html)
    sale = await cashier.sell("1.5")
    assert (await cashier.look(sale)).amount == "KWD 1.500"
    tenant = Tenant(house.merchant.id, True)
    till = await house.house.db.read(lambda tx: tills.get(tx, tenant))
    assert Money(1500, till.currency) == Money(1500, "KWD")


async def test_the_page_works_without_script(house: RunningHouse, cashier: Cashier) -> None:
    await house.make_product()
    new, sale = await cashier.look(), await cashier.look(await cashier.sell("5"))
    assert '<button class="button" data-charge-button>' in new.html
    assert 'type="number" min="0" max="99"' in new.html
    assert '<noscript><meta http-equiv="refresh" content="5; url=' in sale.html


async def test_products_are_searched_for(house: RunningHouse, cashier: Cashier) -> None:
    await house.make_product()
    await house.make_product(header="Lemon cake")
    found = await cashier.look("?q=LEMON")
    assert ("Lemon cake" in found.text, "Coffee" in found.text) == (True, False)
    assert "No product is called that." in (await cashier.look("?q=tea")).text
