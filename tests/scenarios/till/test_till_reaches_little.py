"""What a till sees and can do, and what it cannot: the rest of the house is closed to its key."""

from __future__ import annotations

import pytest

from handbill.bootstrap.first_start import open_merchant
from handbill.kernel.clock import DAY
from handbill.web.api import OPERATIONS
from tests.support.cashier import Cashier, mark_in, till_key
from tests.support.payers import seen
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

FREE_FOR_ALL = {"getMerchant"}
"""Operations that any key may call: who am I."""


async def test_the_key_of_a_till_does_nothing_by_the_api(house: RunningHouse) -> None:
    client = house.client({"x-api-key": await till_key(house)})
    nothing = "019ca8d7-2d00-7098-9f04-adb140211064"
    allowed = set()
    for one in OPERATIONS:
        answer = await client.request(one.method, one.path.replace("{id}", nothing), json={})
        if answer.status_code != 403:
            allowed.add(one.name)
    assert allowed == FREE_FOR_ALL
    changed = await client.patch("/api/v1/merchant", json={"till_pin": "1111"})
    assert (changed.status_code, changed.json()["error"]) == (403, "forbidden")


async def test_a_sale_of_somebody_else_or_of_the_other_mode_is_not_there(
    house: RunningHouse, cashier: Cashier
) -> None:
    db, crypto = house.house.db, house.house.crypto
    other = await db.write(lambda tx: open_merchant(tx, crypto, "Other", None, sandbox=True))
    sale = await cashier.sell("5")
    await cashier.paid(sale)
    stranger, live = Cashier(house), Cashier(house)
    await stranger.sign_in(await till_key(house, merchant=other.id))
    await live.sign_in(await till_key(house, test=False))
    for one in (stranger, live):
        for path in (sale, f"{sale}/qr.svg", f"{sale}/refund"):
            assert (await one.look(path)).status == 404
        for path in (f"{sale}/refund", f"{sale}/cancellation"):
            assert (await one.post(path, amount="5", pin="1")).status_code == 404
        assert "Nothing was sold in the last seven days." in (await one.look("/sales")).text
    assert "Test: no money moves" not in (await live.look()).text


async def test_the_last_ten_come_from_tills_and_printed_codes(
    house: RunningHouse, cashier: Cashier
) -> None:
    link = await house.make_link(title="Table 7")
    payer = house.new_payer()
    status = await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    body = {"params": {"type": "payment", "amount": 99, "currency": "RUB", "txid": "web-1"}}
    assert (await house.shop.post("/api/v1/transactions", json=body)).status_code == 201
    page = await cashier.look("/sales")
    assert "Table 7" in page.text
    assert "₽0.99" not in page.text  # nobody has begun to pay it
    assert mark_in(page) == mark_in(await payer.look(status)) is not None

    for number in range(10):
        await cashier.sell(str(number + 1))
    page = await cashier.look("/sales")
    assert page.html.count('<span class="sales-amount">') == 10
    assert "Table 7" not in page.text


async def test_what_is_older_than_a_week_is_out_of_reach(
    house: RunningHouse, cashier: Cashier
) -> None:
    sale = await cashier.sell("5")
    await cashier.paid(sale)
    house.clock.advance(7 * DAY)
    assert (await cashier.look(sale)).status == 404
    assert "Nothing was sold in the last seven days." in (await cashier.look("/sales")).text


async def test_what_was_sold_elsewhere_is_not_cancelled_at_a_till(
    house: RunningHouse, cashier: Cashier
) -> None:
    link = await house.make_link(title="Online")
    await house.new_payer().begin(link["url"])
    sale = f"/sales/{(await house.payment())['id']}"
    page = await cashier.look(sale)
    assert (page.state, "Cancel this sale" in page.text) == ("paying", False)
    assert (await cashier.post(f"{sale}/cancellation")).status_code == 404
    assert (await cashier.look(f"{sale}/qr.svg")).status == 404
    assert (await house.payment())["status"] == "pending"


async def test_a_held_place_is_freed_at_the_acquirer_first(
    house: RunningHouse, cashier: Cashier
) -> None:
    link = await house.make_link(title="The last chair", max_payments=1)
    first, second = house.new_payer(), house.new_payer()
    acquirer = await first.begin(link["url"])
    assert (await second.look(link["url"])).state == "taken"
    page = await cashier.look("/places")
    assert ("The last chair" in page.text, "₽10.00" in page.text) == (True, True)
    payment = await house.payment()

    for _ in range(2):  # the second time it is free already
        answer = await cashier.post(f"/places/{payment['id']}/release")
        assert answer.status_code == 303
    asked = house.road.heard("POST", "/sandbox/v1/payments/")
    assert [one.path.rpartition("/")[2] for one in asked] == ["cancel"]
    assert "No place is held now." in (await cashier.look("/places")).text
    assert (await house.payment())["status"] == "cancelled"
    assert (await first.http.post(acquirer, data={"decision": "approve"})).status_code != 303
    assert (await second.look(link["url"])).state == "pay"


async def test_a_place_that_is_paid_for_meanwhile_stays_paid(
    house: RunningHouse, cashier: Cashier
) -> None:
    link = await house.make_link(title="The last chair", max_payments=1)
    payer = house.new_payer()
    acquirer = await payer.begin(link["url"])
    await payer.decide(acquirer, "approve")  # and our worker has not heard of it yet
    payment = await house.payment()
    page = seen(await cashier.post(f"/places/{payment['id']}/release"))
    assert (page.status, "could not be freed" in page.text) == (409, True)
    assert (await house.payment())["status"] == "charged"
    assert (await cashier.post(f"/places/{payment['id'][:-1]}0/release")).status_code == 404
