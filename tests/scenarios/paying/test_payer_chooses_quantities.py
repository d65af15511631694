"""How many of each: the payer chooses, the server works out, and what was bought is kept."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.merchants.fees import Fee, FeeRule
from tests.support.payers import Payer, Seen, seen
from tests.support.running import JSON, RunningHouse

pytestmark = pytest.mark.anyio


class Menu:
    """A link over an espresso (150.00) and a quarter of a loaf (100.00), up to five of each."""

    def __init__(self, link: dict[str, Any]) -> None:
        self.link = link
        self.url = str(link["url"])
        self.espresso, self.bread = (str(one["id"]) for one in link["products"])

    def fields(self, espresso: object, bread: object) -> dict[str, str]:
        counts = {self.espresso: espresso, self.bread: bread}
        return {f"quantity.{name}": str(count) for name, count in counts.items()}

    def counts(self, page: Seen) -> list[str]:
        """What stands in the fields."""
        return [
            page.html.partition(f'name="quantity.{name}" value="')[2].partition('"')[0]
            for name in (self.espresso, self.bread)
        ]


async def menu(house: RunningHouse, **config: Any) -> Menu:
    espresso = await house.make_product(header="Espresso", price=15_000)
    bread = await house.make_product(header="Bread", price=40_000, qty="0.250")
    return Menu(
        await house.make_link(
            amount={"default": 25_000, "currency": "RUB"},
            products=[espresso["id"], bread["id"]],
            pay_config={"methods": ["card"], "quantity_max": 5, **config},
        )
    )


async def charged(house: RunningHouse, payer: Payer, acquirer: str) -> dict[str, Any]:
    status = await payer.decide(acquirer, "approve")
    await house.settle()
    assert (await payer.look(status)).state == "charged"
    return (await house.payments())[-1]


async def test_without_script_the_total_is_seen_before_it_is_paid(
    house: RunningHouse, payer: Payer
) -> None:
    asked = await menu(house)
    page = await payer.look(asked.url)
    assert (page.amount, asked.counts(page)) == ("₽250.00", ["1", "1"])
    assert "script-src 'self'" in page.headers["content-security-policy"]

    fields = asked.fields(3, 0)
    again = seen(await payer.press(asked.url, page.token, method="card", **fields))
    assert (again.status, again.amount, asked.counts(again)) == (409, "₽450.00", ["3", "0"])
    assert "The total is ₽450.00. Nothing has been charged yet" in again.text
    assert await house.payments() == []

    answer = await payer.press(asked.url, again.token, method="card", **fields)
    payment = await charged(house, payer, answer.headers["location"])
    line = {
        "product": asked.espresso,
        "title": "Espresso",
        "qty": "1",
        "quantity": 3,
        "amount": 45_000,
    }
    assert (payment["amount"], payment["lines"]) == (45_000, [line])
    assert house.created[0]["amount"] == 45_000
    assert house.told[0]["lines"] == [line]


async def test_the_total_can_be_asked_for_and_what_is_not_filled_in_yet_is_no_mistake(
    house: RunningHouse, payer: Payer
) -> None:
    asked = await menu(house, contact="email")
    page = await payer.look(asked.url)
    total = seen(await payer.press(asked.url, page.token, update="yes", **asked.fields(2, 2)))
    assert (total.status, total.amount) == (200, "₽500.00")
    assert "Type your e-mail address." not in total.text
    answer = await payer.press(
        asked.url, total.token, method="card", email="anna@here.example", **asked.fields(2, 2)
    )
    assert answer.status_code == 303


async def test_a_total_that_a_script_has_shown_is_paid_at_once(
    house: RunningHouse, payer: Payer
) -> None:
    asked = await menu(house)
    begun = await payer.begin(asked.url, total="50000 RUB", **asked.fields(2, 2))
    assert (await charged(house, payer, begun))["amount"] == 50_000
    for total in ("49999 RUB", "50000 USD", "50000", "1 RUB"):
        answer = await house.new_payer().pay(asked.url, total=total, **asked.fields(2, 2))
        assert answer.status_code == 409


@pytest.mark.parametrize(
    ("espresso", "bread", "fault"),
    [
        ("6", "1", "Choose a number from 0 to 5."),
        ("-1", "1", "Choose a number from 0 to 5."),
        ("1.5", "1", "Choose a number from 0 to 5."),
        ("0", "", "Choose at least one."),
    ],
)
async def test_a_quantity_that_cannot_be_had_comes_back_with_the_reason(
    house: RunningHouse, payer: Payer, espresso: str, bread: str, fault: str
) -> None:
    asked = await menu(house)
    page = seen(await payer.pay(asked.url, **asked.fields(espresso, bread)))
    assert (page.status, asked.counts(page)) == (422, [espresso, bread])
    assert fault in page.text
    assert await house.payments() == []


async def test_other_quantities_end_the_first_try_and_begin_another(
    house: RunningHouse, payer: Payer
) -> None:
    asked = await menu(house)
    first = await payer.begin(asked.url, total="40000 RUB", **asked.fields(2, 1))
    assert await payer.begin(asked.url, total="40000 RUB", **asked.fields(2, 1)) == first
    # The same total with other lines is another payment.
    other = {"total": "25000 RUB", **asked.fields(1, 1)}
    assert await payer.begin(asked.url, **other) != first
    late = await payer.http.post(first, data={"decision": "approve"})
    assert late.status_code == 409
    assert [one["amount"] for one in house.created] == [40_000, 25_000]


async def test_a_products_own_link_sells_several_of_it(house: RunningHouse, payer: Payer) -> None:
    product = await house.make_product(price=15_000)
    address = f"/api/v1/links/{product['link']}"
    changed = await house.shop.patch(address, json={"pay_config": {"quantity_max": 3}})
    assert changed.status_code == 200, changed.text
    body = {f"quantity.{product['id']}": 3, "method": "card"}
    answer = await house.payer.post(product["url"], headers=JSON, json=body)
    assert answer.status_code == 201
    payment = await house.payment()
    assert (payment["amount"], payment["lines"][0]["quantity"]) == (45_000, 3)


async def test_a_changed_price_ends_the_choice_and_the_page_says_so_honestly(
    house: RunningHouse, payer: Payer
) -> None:
    asked = await menu(house)
    page = await payer.look(asked.url)
    await house.shop.patch(f"/api/v1/products/{asked.espresso}", json={"price": 16_000})

    refused = seen(await payer.press(asked.url, page.token, method="card", **asked.fields(1, 1)))
    assert refused.status == 422
    assert "The seller has changed what can be chosen here. Choose again." in refused.text
    fallen = await payer.look(asked.url)
    assert fallen.amount == "₽250.00"
    assert "quantity." not in fallen.html
    assert "₽160.00" not in fallen.text
    detached = await house.shop.patch(f"/api/v1/links/{asked.link['id']}", json={"products": []})
    assert detached.status_code == 200, detached.text
    refused = seen(await payer.press(asked.url, page.token, method="card", **asked.fields(1, 1)))
    assert "The seller has changed what can be chosen here." in refused.text
    plain = await payer.press(asked.url, fallen.token, method="card")
    assert plain.status_code == 303
    assert (await house.payment())["lines"] == []


async def test_quantities_need_lines_that_add_up(house: RunningHouse) -> None:
    asked = await menu(house)
    one = f"/api/v1/links/{asked.link['id']}"
    for body, name in (
        ({"amount": {"default": 24_000}}, "pay_config.quantity_max"),
        ({"products": [asked.bread]}, "pay_config.quantity_max"),
        ({"products": []}, "pay_config.quantity_max"),
        ({"amount_type": "dynamic"}, "pay_config.quantity_max"),
        ({"pay_config": {"quantity_max": 1_000}}, "pay_config.quantity_max"),
    ):
        answer = await house.shop.patch(one, json=body)
        assert (answer.status_code, list(answer.json()["details"])) == (422, [name])
    await house.shop.patch(f"/api/v1/products/{asked.espresso}", json={"price": 16_000})
    told = (await house.shop.patch(one, json={"title": "Breakfast"})).json()
    assert {warned["code"] for warned in told["warnings"]} >= {"quantities_not_offered"}
    cleared = await house.shop.patch(one, json={"pay_config": {"quantity_max": None}})
    assert cleared.json()["data"]["pay_config"] == {"methods": ["card"]}


async def test_a_hundred_and_one_kopecks_of_fees_and_parts_come_out_even(
    house: RunningHouse, payer: Payer
) -> None:
    """Refunds in parts give back lines, tip and fee to the kopeck."""
    await house.change_merchant(fee_rule=FeeRule(payer=Fee(333), merchant=Fee(250)))
    asked = await menu(house, tips=[750])
    body = {**asked.fields(1, 2), "tip": "750"}
    total = 35_000 + 2_625 + (37_625 * 333 + 5_000) // 10_000
    begun = await payer.begin(asked.url, total=f"{total} RUB", **body)
    payment = await charged(house, payer, begun)
    amounts = (payment["amount"], payment["tip_amount"], payment["amount_with_fee"])
    assert amounts == (37_625, 2_625, total)

    for amount in (10_001, 12_345, None):
        said = {} if amount is None else {"amount": amount}
        address = f"/api/v1/transactions/{payment['id']}/refunds"
        assert (await house.shop.post(address, json=said)).status_code == 201
    await house.settle()
    assert (await house.payment())["status"] == "refunded"
    books = (await house.shop.get("/api/v1/balance")).json()["data"]["balances"]
    assert [one["income"] for one in books] == [0]
