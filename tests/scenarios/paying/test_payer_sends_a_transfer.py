"""A bank transfer: the payer's bank reads our code, and a person says that the money came."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.kernel.clock import DAY
from tests.support.payers import Payer
from tests.support.running import JSON, RunningHouse
from tests.support.transfers import EUROS, ROUBLES
from tests.unit.qr.reading import open_png, rasterised_svg, read_picture

pytestmark = pytest.mark.anyio


async def bank(house: RunningHouse, currency: str, requisites: dict[str, str]) -> None:
    body = {"provider": "transfer", "currency": currency, "requisites": requisites}
    answer = await house.shop.post("/api/v1/provider_accounts", json=body)
    assert answer.status_code == 201, answer.text


async def announce(house: RunningHouse, payer: Payer, **fields: object) -> tuple[str, str]:
    """Our page with the requisites, and the text that a bank reads from its code."""
    await bank(house, "RUB", ROUBLES)
    link = await house.make_link(
        **{"title": "Coffee", "pay_config": {"methods": ["card", "transfer"]}, **fields}
    )
    status = await payer.begin(link["url"], "transfer")
    picture = await payer.http.get(f"{status}/qr.svg")
    return status, read_picture(rasterised_svg(picture.content)).text


async def confirm(house: RunningHouse, **body: object) -> dict[str, Any]:
    waiting = await house.shop.get("/api/v1/transactions?waiting=transfer")
    [payment] = waiting.json()["data"]
    answer = await house.shop.post(f"/api/v1/transactions/{payment['id']}/confirm", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


async def test_a_transfer_is_paid_when_the_seller_says_so(
    house: RunningHouse, payer: Payer
) -> None:
    status, text = await announce(house, payer)
    page = await payer.look(status)
    assert page.state == "transfer"
    assert "not confirmed until the seller sees the money" in page.text
    assert all(value in page.text for value in ROUBLES.values())
    reference = text.partition("|Purpose=")[2].removesuffix(" Coffee")
    assert f"The purpose has to hold {reference}" in page.text.replace(" :", ":")
    saved = await payer.http.get(page.buttons["Save the code as a picture"])
    assert saved.headers["content-disposition"] == 'attachment; filename="payment.png"'
    assert read_picture(open_png(saved.content)).text == text

    await house.pass_time(6 * DAY)
    assert (await payer.look(status)).state == "transfer"
    found = await house.shop.get("/api/v1/transactions", params={"reference": reference.lower()})
    assert [one["id"] for one in found.json()["data"]] == [(await house.payment())["id"]]
    confirmed = await confirm(house)
    await house.settle()

    assert (confirmed["status"], confirmed["method"]) == ("charged", "transfer")
    paid = await payer.look(status)
    assert paid.state == "charged"
    assert "Save as a PDF file" in paid.buttons
    assert [body["status"] for body in house.told] == ["charged"]
    assert house.created == []


async def test_a_test_says_not_to_send_money(house: RunningHouse, payer: Payer) -> None:
    status, _ = await announce(house, payer)

    page = await payer.look(status)

    assert "Test: no money moves" in page.text
    assert "Do not send any money" in page.text


async def test_who_has_not_sent_the_money_is_told_that_somebody_else_has_paid(
    house: RunningHouse, payer: Payer
) -> None:
    status, _ = await announce(house, payer, max_payments=1)
    assert 'data-look=""' in (await payer.look(status)).html

    other = house.new_payer()
    [link] = (await house.shop.get("/api/v1/links")).json()["data"]
    await other.decide(await other.begin(link["url"], "card"), "approve")
    await house.settle()

    page = await payer.look(status)
    assert (page.state, 'data-look="taken"' in page.html) == ("transfer", True)
    late = await confirm(house)
    assert (late["status"], late["surplus"]) == ("charged", True)
    assert "decides whether what came twice is kept" in (await payer.look(status)).text


async def test_another_way_ends_the_transfer_and_leads_back(
    house: RunningHouse, payer: Payer
) -> None:
    status, _ = await announce(house, payer)
    other_way = (await payer.look(status)).buttons["Choose another way"]

    paid = await payer.decide(await payer.begin(other_way, "card"), "approve")
    await house.settle()

    assert paid == status
    assert (await payer.look(status)).state == "charged"
    waiting = await house.shop.get("/api/v1/transactions?waiting=transfer")
    assert waiting.json()["data"] == []


async def test_a_payer_chooses_by_the_currency_of_the_link(
    house: RunningHouse, payer: Payer
) -> None:
    await bank(house, "RUB", ROUBLES)
    await bank(house, "EUR", EUROS)
    euros = await house.make_link(
        amount={"default": 1230, "currency": "EUR"}, pay_config={"methods": ["transfer"]}
    )
    dollars = await house.make_link(
        amount={"default": 1230, "currency": "USD"}, pay_config={"methods": ["transfer"]}
    )

    page = await payer.look(await payer.begin(euros["url"], "transfer"))

    assert EUROS["iban"] in page.text
    assert "Amount in EUR 12.30" in page.text
    assert (await payer.look(dollars["url"])).state == "not_open_yet"


async def test_a_program_is_told_where_the_payer_goes_on(house: RunningHouse) -> None:
    await bank(house, "RUB", ROUBLES)
    link = await house.make_link(pay_config={"methods": ["transfer"]})

    answer = await house.client(JSON).post(link["url"], data={"method": "transfer"})

    assert answer.status_code == 201
    assert "/pay/status/" in answer.json()["data"]["payment_url"]


async def test_what_a_confirmation_says_is_checked_by_field(
    house: RunningHouse, payer: Payer
) -> None:
    await announce(house, payer)
    where = f"/api/v1/transactions/{(await house.payment())['id']}"
    for name, wrong in (("reference", "NOBODYS"), ("bank_entry", "a\nb"), ("bank_entry", "x" * 65)):
        refused = await house.shop.post(f"{where}/confirm", json={name: wrong})
        assert (refused.status_code, name in refused.text) == (422, True)
    await confirm(house, amount=900, bank_entry="2026-03-04/2")

    silent = await house.shop.post(f"{where}/review", json={"decision": "refund"})
    both = {"decision": "accept", "by_hand": True}
    mixed = await house.shop.post(f"{where}/review", json=both)
    judged = await house.shop.post(f"{where}/review", json={**both, "decision": "refund"})

    assert (silent.status_code, silent.json()["error"]) == (409, "refund_by_hand")
    assert mixed.status_code == 422
    assert judged.json()["data"]["status"] == "cancelled"
