"""The receipt of a payment as a PDF file: what stands in it, and who gets one."""

from __future__ import annotations

import pypdfium2
import pytest

from handbill.kernel.errors import Unavailable
from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


async def paid(house: RunningHouse, payer: Payer, **fields: object) -> str:
    """The page of a payment that went through."""
    link = await house.make_link(**fields)
    status = await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    return status


def text_of(file: bytes) -> str:
    pages = pypdfium2.PdfDocument(file)
    return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in pages)


async def test_it_says_what_the_page_says(house: RunningHouse, payer: Payer) -> None:
    await house.change_merchant(legal_name="Sample Shop Ltd", tax_id="7701234567")
    status = await paid(house, payer, title="Two *hours* of #mathematics")
    page = await payer.look(status)
    answer = await payer.http.get(f"{status}/receipt.pdf")

    assert f'href="{status}/receipt.pdf"' in page.html
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="receipt-')
    receipt = (await house.payment())["txid"]
    assert text_of(answer.content) == (
        "Test: no money moves Sample shop Paid Thank you. The payment went through. ₽10.00"
        " For Two *hours* of #mathematics Paid with Bank card When 1 March 2026, 10:00 UTC"
        f" Receipt {receipt} Name Sample Shop Ltd Tax ID 7701234567 Handbill"
    )
    assert (await payer.http.get(f"{status}/receipt.pdf")).content == answer.content


async def test_it_lists_what_was_bought(house: RunningHouse, payer: Payer) -> None:
    products = [await house.make_product(), await house.make_product(header="Cake", price=20_000)]
    ids = [product["id"] for product in products]
    amount = {"default": 55_000, "currency": "RUB"}
    status = await paid(house, payer, products=ids, amount=amount)

    assert "Coffee ₽350.00 Cake ₽200.00" in (await payer.look(status)).text
    answer = await payer.http.get(f"{status}/receipt.pdf")
    assert "₽550.00 Coffee ₽350.00 Cake ₽200.00 Paid with" in text_of(answer.content)


async def test_it_says_that_the_money_went_back(house: RunningHouse, payer: Payer) -> None:
    status = await paid(house, payer)
    about = (await house.payment())["id"]
    refund = await house.shop.post(f"/api/v1/transactions/{about}/refunds", json={})
    assert refund.status_code == 201, refund.text
    await house.settle()

    text = text_of((await payer.http.get(f"{status}/receipt.pdf")).content)
    assert "Refunded The whole amount was sent back." in text


async def test_it_speaks_the_language_of_the_page(house: RunningHouse, payer: Payer) -> None:
    status = await paid(house, payer)
    answer = await payer.http.get(f"{status}/receipt.pdf?lang=ru")
    assert "10,00 ₽" in text_of(answer.content)
    answer = await payer.http.get(f"{status}/receipt.pdf?lang=ar")
    assert answer.status_code == 200


async def test_a_payment_that_did_not_go_through_has_none(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    acquirer = await payer.begin(link["url"])
    status = (await house.payment())["payment_url"]
    assert (await payer.look(f"{status}/receipt.pdf")).status == 404
    await payer.decide(acquirer, "decline_generic")
    await house.settle()
    assert (await payer.look(f"{status}/receipt.pdf")).status == 404
    assert "receipt.pdf" not in (await payer.look(status)).html


async def test_where_too_much_waits_the_payer_is_asked_to_come_back(
    house: RunningHouse, payer: Payer
) -> None:
    status = await paid(house, payer)
    await house.house.press.close()
    with pytest.raises(Unavailable):
        await house.house.press.run("handbill.infra.typesetting:pdf")

    answer = await payer.http.get(f"{status}/receipt.pdf")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
