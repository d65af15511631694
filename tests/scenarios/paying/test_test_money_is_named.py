"""Nobody mistakes test money for money, on any page; and no live page says that it is a test."""

from __future__ import annotations

import pytest

from acquirer_sandbox import shops
from handbill.infra.database import Tx
from handbill.merchants import accounts
from handbill.merchants.model import Tenant
from tests.support.payers import Payer, Seen
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

BANNER = "Test: no money moves"


async def open_live_account(house: RunningHouse) -> None:
    """A live account at an acquirer, which for this test is the sandbox too."""

    def add(tx: Tx) -> None:
        shop = shops.open_shop(tx, "Live")
        secrets = {"secret_key": shop.secret_key, "notification_secret": shop.notification_secret}
        tenant = Tenant(house.merchant.id, False)
        accounts.add(tx, house.house.crypto, tenant, "sandbox", secrets, ("card", "sbp"))

    await house.house.db.write(add)


async def pages_of(house: RunningHouse, payer: Payer, mode: str) -> list[Seen]:
    """Pay, scan, taken, paid, receipt, used, deleted: each with text that would like to hide it."""
    shop = house.client({"x-api-key": house.merchant.api_keys[mode]})
    hiding = "</aside><style>.test{display:none}</style><!--"
    body = {
        "amount": {"default": 1_000, "currency": "RUB"},
        "amount_type": "fixed",
        "pay_config": {"methods": ["card", "sbp"]},
        "max_payments": 1,
        "title": hiding,
        "closed_message": hiding,
    }
    made = (await shop.post("/api/v1/links", json=body)).json()["data"]
    url, other = made["url"], house.new_payer()
    pages = [await payer.look(url)]
    status = await payer.begin(url, "sbp")
    pages += [await payer.look(status), await other.look(url), await payer.look(url)]
    await payer.decide(await payer.begin(url, "card"), "approve")
    await house.settle()
    pages += [await payer.look(status), await payer.look(url), await other.look(url)]
    await shop.delete(f"/api/v1/links/{made['id']}")
    pages.append(await other.look(url))
    assert [page.state for page in pages] == [
        *("pay", "scan", "taken", "pay", "charged", "paid_by_you", "used", "deleted")
    ]
    return pages


async def test_every_page_of_a_test_link_says_so_and_nothing_can_hide_it(
    house: RunningHouse, payer: Payer
) -> None:
    for page in await pages_of(house, payer, "test"):
        assert page.text.startswith(BANNER), page.state
        assert "<style" not in page.html
        assert "<!--" not in page.html
        assert "style-src 'self';" in page.headers["content-security-policy"]


async def test_no_page_of_a_live_link_says_so(house: RunningHouse, payer: Payer) -> None:
    await open_live_account(house)
    for page in await pages_of(house, payer, "live"):
        assert BANNER not in page.html, page.state
    assert ["test" in body for body in house.told] == [False]


async def test_a_test_key_sees_nothing_of_live_payments(house: RunningHouse, payer: Payer) -> None:
    await open_live_account(house)
    await pages_of(house, payer, "live")
    assert await house.payments() == []
