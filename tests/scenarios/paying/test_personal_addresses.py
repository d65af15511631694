"""A merchant fills in an amount and a reference for one payer, who cannot change them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from handbill.kernel.clock import MINUTE
from tests.support.payers import Payer, seen
from tests.support.running import JSON, RunningHouse
from tests.unit.qr.reading import open_png, read_picture

pytestmark = pytest.mark.anyio

INVOICES: dict[str, Any] = {
    "amount": {"default": 0, "currency": "RUB", "min": 10_000, "max": 500_000},
    "amount_type": "dynamic",
    "title": "Invoices",
    "metadata": {"shop": "north"},
}
MINE = {"amount": 123_450, "reference": "INV-2041", "email": "anna@example.com"}


async def personal(house: RunningHouse, link: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await house.shop.post(f"/api/v1/links/{link['id']}/personal", json=fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


async def invoice(house: RunningHouse, **fields: Any) -> str:
    """A personal address of a new link."""
    link = await house.make_link(**INVOICES)
    return str((await personal(house, link, **{**MINE, **fields}))["url"])


async def test_the_payer_sees_the_amount_and_pays_it(house: RunningHouse, payer: Payer) -> None:
    url = await invoice(house)
    page = await payer.look(url)
    assert (page.amount, page.buttons) == ("₽1,234.50", {"Pay ₽1,234.50": "card"})
    assert 'id="amount"' not in page.html

    await payer.decide(await payer.begin(url, amount="1"), "approve")
    await house.settle()

    payment = await house.payment()
    assert (payment["amount"], payment["status"]) == (123_450, "charged")
    assert payment["metadata"] == {"shop": "north", "reference": "INV-2041"}
    assert house.told[-1]["metadata"]["reference"] == "INV-2041"


async def test_the_email_goes_to_the_acquirer_and_nowhere_else(
    house: RunningHouse, payer: Payer, capfd: pytest.CaptureFixture[str]
) -> None:
    url = await invoice(house)
    page = await payer.look(url)
    await payer.decide(await payer.begin(url), "approve")
    await house.settle()

    assert house.created[-1]["payer"]["email"] == "anna@example.com"
    told = [url, page.html, str(house.told), str(await house.payments()), *capfd.readouterr()]
    assert not [text for text in told if "anna" in text]


async def test_an_amount_that_nobody_signed_is_ignored(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(title="Two coffees")
    page = await payer.look(link["url"] + "?amount=1&currency=RUB&reference=free")
    assert (page.status, page.amount) == (200, "₽10.00")
    await payer.begin(link["url"] + "?amount=1&reference=free")
    assert (await house.payment())["amount"] == 1_000
    assert (await house.payment())["metadata"] == {}


async def test_a_changed_address_says_so_and_takes_no_money(
    house: RunningHouse, payer: Payer
) -> None:
    url = await invoice(house)
    other = await house.make_link(**INVOICES)
    for changed in (
        url.replace("123450", "123451"),
        url.replace("INV-2041", "INV-2042"),
        url[:-1],
        url + "&amount=123450",
        url.replace(urlsplit(url).path, urlsplit(other["url"]).path),
    ):
        page = await payer.look(changed)
        assert (page.status, page.state) == (403, "address_changed")
        assert "not as it was made" in page.text
        for answer in (
            await payer.press(changed, "x", method="card"),
            await house.payer.post(changed, headers=JSON, data={"method": "card"}),
        ):
            assert answer.status_code == 403
        assert answer.json()["state"] == "address_changed"
    assert await house.payments() == []


async def test_it_ends_on_time(house: RunningHouse, payer: Payer) -> None:
    url = await invoice(house, expires="2026-03-01T10:05:00+00:00")
    open_page = await payer.look(url)

    house.clock.advance(5 * MINUTE)

    for page in (await payer.look(url), seen(await payer.press(url, open_page.token))):
        assert (page.status, page.state) == (410, "address_expired")
        assert "1,234.50" not in page.text
    answer = await house.payer.post(url, headers=JSON, data={"method": "card"})
    assert (answer.status_code, answer.json()["state"]) == (410, "address_expired")
    assert await house.payments() == []


async def test_it_ends_when_its_amount_no_longer_fits_the_link(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    url = (await personal(house, link, amount=1_000))["url"]
    assert (await payer.look(url)).amount == "₽10.00"

    amount = {"amount": {"default": 900}}
    await house.shop.patch(f"/api/v1/links/{link['id']}", json=amount)

    page = await payer.look(url)
    assert (page.status, page.state) == (410, "address_outdated")
    assert (await payer.look(link["url"])).amount == "₽9.00"


async def test_a_program_pays_at_the_same_address(house: RunningHouse) -> None:
    url = await invoice(house)
    answer = await house.payer.post(url, headers=JSON, json={"method": "card", "amount": "1"})
    assert answer.status_code == 201
    assert (await house.payment())["amount"] == 123_450


async def test_pressed_twice_it_is_one_payment_and_another_address_is_another(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(**INVOICES)
    first = (await personal(house, link, **MINE))["url"]
    second = (await personal(house, link, **{**MINE, "reference": "INV-2042"}))["url"]

    assert await payer.begin(first) == await payer.begin(first)
    assert "Continue that payment" in (await payer.look(first)).text
    assert "Continue that payment" not in (await payer.look(second)).text
    await payer.begin(second)

    references = [one["metadata"]["reference"] for one in await house.payments()]
    assert references == ["INV-2041", "INV-2042"]


async def test_another_try_leads_back_to_it(house: RunningHouse, payer: Payer) -> None:
    url = await invoice(house)
    status = await payer.decide(await payer.begin(url), "decline_insufficient_funds")
    await house.settle()

    page = await payer.look(status)

    assert page.buttons["Try again"] == url


async def test_it_does_not_come_from_memory(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(**INVOICES)
    mine = (await personal(house, link, **MINE))["url"]
    assert (await payer.look(link["url"])).typed == ""
    assert (await payer.look(mine)).amount == "₽1,234.50"
    assert (await payer.look(link["url"])).typed == ""
    assert (await payer.look(mine[:-1])).status == 403


async def test_a_page_that_was_open_too_long_opens_again_with_its_amount(
    house: RunningHouse, payer: Payer
) -> None:
    url = await invoice(house)
    page = seen(await payer.press(url, "not a token"))
    assert (page.status, page.buttons) == (409, {"Open it again": url})


async def test_its_code_holds_the_whole_of_it(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(**INVOICES)
    made = await personal(house, link, **MINE, expires=1_772_359_500)
    answer = await payer.http.get(made["qr_url"])
    assert answer.headers["cache-control"] == "private, max-age=86400"

    scanned = read_picture(open_png(answer.content)).text

    opened = await payer.http.get(scanned)
    assert (opened.status_code, opened.headers["location"]) == (302, made["url"])
    assert (await payer.look(opened.headers["location"])).amount == "₽1,234.50"
    assert (await payer.look(made["qr_url"][:-1])).status == 403
    assert (await payer.http.get(made["qr_url"] + "&size=500")).status_code == 200
    house.clock.advance(5 * MINUTE)
    assert (await payer.look(made["qr_url"])).status == 410


async def test_a_products_link_has_them_too(house: RunningHouse, payer: Payer) -> None:
    product = await house.make_product()
    made = await personal(house, {"id": product["link"]}, reference="Table 7")

    scanned = read_picture(open_png((await payer.http.get(made["qr_url"])).content)).text
    opened = str((await payer.http.get(scanned)).headers["location"])

    assert opened.startswith(f"{product['url']}?sig=")
    await payer.begin(opened)
    assert (await house.payment())["metadata"] == {"reference": "Table 7"}
    assert (await payer.look(opened.replace("%207", "%208"))).state == "address_changed"
